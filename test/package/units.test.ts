import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { isThere } from '../peers/debian.ts'

const PACKAGING = fileURLToPath(new URL('../../packaging/', import.meta.url))
const UNITS = readdirSync(join(PACKAGING, 'systemd')).filter((name) => /\.(service|timer)$/.test(name))

const isHere = isThere({
  what: 'units of systemd',
  debian: 'systemd',
  isHere: spawnSync('systemd-analyze', ['--version']).status === 0,
})

describe.skipIf(!isHere)('units of systemd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'till-units-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(UNITS)('%s is understood, to the last line', (name) => {
    // An account that is not there yet is all that may be missing here.
    for (const unit of UNITS) {
      const text = readFileSync(join(PACKAGING, 'systemd', unit), 'utf8')
      writeFileSync(join(folder, unit), text.replace(/^(User|Group)=till$/gm, '$1=root'))
    }
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', join(folder, name)], {
      encoding: 'utf8',
    })
    expect({ said: `${stdout}${stderr}`, status }).toEqual({ said: '', status: 0 })
  })

  test.each(UNITS.filter((name) => name.endsWith('.service')))('%s is closed to what it does not need', (name) => {
    const args = ['security', '--offline=true', '--threshold=20', join(PACKAGING, 'systemd', name)]
    const { stdout, status } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
    expect(status, stdout).toBe(0)
  })
})

test('a look by one runbook keeps the old result when it could not be made', () => {
  const text = readFileSync(join(PACKAGING, 'systemd/till-plan@.service'), 'utf8')
  const script = /^ExecStart=\/bin\/sh -c '(.*)' sh %i /m.exec(text)?.[1]?.replaceAll('$$', '$') ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'till-units-'))
  const run = (code: number): number | null => {
    writeFileSync(join(folder, 'till'), `#!/bin/sh\necho "$1 $2 $3 ${code}"; exit ${code}\n`, { mode: 0o755 })
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
    return spawnSync('/bin/sh', ['-c', script, 'sh', 'printer-check', join(folder, 'result')], { env }).status
  }
  expect([run(3), run(2)]).toEqual([3, 2])
  expect(readFileSync(join(folder, 'result'), 'utf8')).toBe('plan printer-check --json 3\n')
  rmSync(folder, { recursive: true })
})

test('the image is made of what is there, and does not run as root', () => {
  const lines = readFileSync(join(PACKAGING, 'Dockerfile'), 'utf8').split('\n')
  expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toBe('USER till')
  const copied = lines.flatMap((line) => /^COPY (?!--from)(.+) \S+$/.exec(line)?.[1]?.split(' ') ?? [])
  const root = join(PACKAGING, '..')
  const kept: readonly string[] =
    readFileSync(join(PACKAGING, 'Dockerfile.dockerignore'), 'utf8').match(/(?<=^!).+$/gm) ?? []
  expect([...copied, ...kept].filter((path) => !existsSync(join(root, path)))).toEqual([])
  // What the package holds must not be left out of the context that it is packed in.
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
  const made = ['dist', 'oclif.manifest.json']
  const wanted = files.filter((path) => !path.startsWith('!')).map((path) => path.split('/')[0] ?? '')
  expect(wanted.filter((path) => !made.includes(path) && !kept.includes(path))).toEqual([])
  expect(execFileSync('sh', ['-n', '-c', scripts(lines)], { encoding: 'utf8' })).toBe('')
})

/** What RUN lines hand to the shell. */
function scripts(lines: readonly string[]): string {
  const text = lines.join('\n').replaceAll('\\\n', ' ')
  return [...text.matchAll(/^RUN (.+)$/gm)].map(([, script]) => script).join('\n')
}
