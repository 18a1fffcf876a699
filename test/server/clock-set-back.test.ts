import { spawn } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { ended } from '../cli/project.ts'
import { TILL } from '../peers/till.ts'
import { NORTH, RULES, SENDERS, ServedProject } from './served-project.ts'

let till: ServedProject | undefined
afterEach(async () => {
  await till?.end('SIGKILL')
  await till?.remove()
})

/** A clock of this process that is an hour ahead. */
const AHEAD = `const Real = Date
const now = () => Real.now() + 3_600_000
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given))
  }
  static now() {
    return now()
  }
}
`

test('a fault that was told while the clock was an hour ahead is repaired after its settle time', async () => {
  const of = new ServedProject(`${SENDERS}${RULES.replaceAll('settle: 0s', 'settle: 2s')}`)
  till = of
  of.write('ahead.mjs', AHEAD)
  const fields = ['event_id=1', 'event_value=1', 'event_name=MarkerGone', `host=${NORTH}/pos1`]
  const told = ['--source', 'zabbix', '--wait', '1s', ...fields.flatMap((field) => ['--field', field])]
  const args = ['--import', of.path('ahead.mjs'), TILL, 'hook', 'fire', '--json', ...told]
  const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
  const { stdout } = await ended(spawn(process.execPath, args, { cwd: of.root, env }))
  const [waits] = JSON.parse(stdout).waiting
  expect(Date.parse(waits.until) - Date.now()).toBeGreaterThan(3_000_000)
  await of.serve()
  await of.has(() => of.log().includes('pos1 made'))
})
