import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { thisProcess } from '../../src/stores/process-identity.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) console.warn('Skipped: processes that /proc hides; it takes root to hide them.')

test.skipIf(!isRoot)('a process that /proc hides from this account is not taken for dead', () => {
  const module = fileURLToPath(new URL('../../src/stores/process-identity.ts', import.meta.url))
  const gone = { ...thisProcess(), pid: 4_000_000 }
  const script = `import { whereabouts } from ${JSON.stringify(module)}
    console.log(JSON.stringify([${JSON.stringify(thisProcess())}, ${JSON.stringify(gone)}].map(whereabouts)))`
  const reading = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
  const asNobody = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    ...reading,
    process.execPath,
    '--import',
    'tsx',
  ]
  const hidden = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
  const args = ['--mount', 'sh', '-c', hidden, 'sh', ...asNobody, '--input-type=module', '--eval', script]
  expect(JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' }))).toEqual(['elsewhere', 'dead'])
})
