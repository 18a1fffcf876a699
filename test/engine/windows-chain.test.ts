import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Step } from '../../src/core/runbook.ts'
import { MODULES } from '../../src/modules/index.ts'
import { makeMachine } from '../../src/sandbox/windows/initial-machine.ts'
import { standIn } from '../../src/sandbox/windows/stand-ins.ts'
import { WindowsMachine } from '../../src/sandbox/windows/windows-machine.ts'
import { openPowerShell } from '../../src/shell/powershell-channel.ts'
import type { DeviceAnswer, ExchangeAsk } from '../../src/shell/powershell-device.ts'
import { noOtherWays } from '../modules/some-context.ts'
import { WindowsDevice } from '../shell/powershell/windows-device.ts'
import { Bench, device, runbook, step } from './bench.ts'

const till = device('PL-0001/pos1', { os: { family: 'windows' } })
const DEADLINES = { open: 5000, observe: 5000, converge: 5000 }

let bench: Bench
let windows: WindowsDevice
beforeEach(() => {
  bench = new Bench()
  bench.modules = MODULES
})
afterEach(() => bench.close())

/** A till of the sandbox, in turns as over WinRM; `instead` answers in its place. */
function bringUp(instead: (ask: ExchangeAsk) => DeviceAnswer | undefined = () => undefined): WindowsMachine {
  const root = join(bench.root, 'till')
  const spec = { name: till.name, family: 'windows', os: { version: '21H2' } }
  makeMachine(root, spec as never, { seed: 1, drift: 0 })
  const machine = new WindowsMachine(root, { computer: 'POS1', release: '21H2' })
  const answer = (ask: ExchangeAsk) => instead(ask) ?? (ask.name === 'run.program' ? {} : standIn(machine, ask))
  windows = new WindowsDevice({ inTurns: true, answer })
  bench.sessionOf = (_, signal) => {
    const shell = openPowerShell({ connection: windows.connection, deadlines: DEADLINES, signal })
    return { ...noOtherWays, shell, close: async () => shell.close() }
  }
  return machine
}

const DRIFTED: Readonly<Record<string, readonly [string, JsonObject]>> = {
  folder: ['directory', { path: 'C:\\Shop' }],
  motd: ['file', { path: 'C:\\Shop.txt', content: 'Zażółć\r\n' }],
  ini: ['config', { path: 'C:\\shop.ini', format: 'ini', set: { 'till.port': 4711 }, create: true }],
  key: ['registry', { key: 'HKLM\\SOFTWARE\\Shop', values: { Port: 4711, Names: ['a', 'b'], Server: 'x' } }],
  spooler: [
    'service',
    { name: 'Spooler', state: 'stopped', start: 'delayed', recovery: { restart_after_ms: [5000, 60_000] } },
  ],
  task: [
    'scheduled_task',
    { name: 'Shop\\Send', program: 'C:\\Shop & Co\\send.exe', daily: '03:30', days: ['tue', 'mon'] },
  ],
  ran: ['command', { run: ['cmd.exe', '/c', 'ver'], always: true }],
  gone: ['file', { path: 'C:\\Old.txt', state: 'absent' }],
  key2: [
    'registry',
    { key: 'HKLM\\SOFTWARE\\Shop2', remove: ['Old'], values: { Wide: { type: 'qword', data: '5000000000' } } },
  ],
  agent: ['package', { name: 'Zabbix Agent 2', state: 'absent' }],
  last: ['file', { path: 'C:\\last.txt', content: 'last' }],
}

function steps(): Step[] {
  return Object.entries(DRIFTED).map(([id, [module, params]]) => step({ id, module, with: params }))
}

it('eleven drifted steps on Windows cost an exchange of looks and one for all that is changed', async () => {
  const proofs = new Set<string>()
  const machine = bringUp(({ name }) => {
    if (/\.(proof|gone)$/.test(name)) proofs.add(name)
    return undefined
  })
  machine.files.write('C:\\Old.txt', Buffer.from('old'))
  await bench.run('apply', [{ device: till, runbooks: [runbook(steps())] }])
  expect(bench.finals(till.name)).toMatchObject([{ state: 'changed' }])
  expect(bench.steps(till.name)).toEqual(Object.keys(DRIFTED).map((id) => `${id} changed`))
  expect(windows.received).toHaveLength(2)
  expect([...proofs].sort()).toEqual([
    'file.proof',
    'package.gone',
    'registry.proof',
    'run.proof',
    'scheduled-task.proof',
    'service.proof',
  ])
  await bench.run('plan', [{ device: till, runbooks: [runbook(steps().filter(({ id }) => id !== 'ran'))] }])
  expect(bench.finals(till.name)).toMatchObject([{ state: 'in-sync' }])
})

it('a step that did not come about ends the chain, and nothing behind it is changed', async () => {
  const machine = bringUp(({ name }) => (name === 'service.converge' ? {} : undefined))
  await bench.run('apply', [{ device: till, runbooks: [runbook(steps())] }])
  expect(bench.finals(till.name)).toMatchObject([{ state: 'failed' }])
  expect(bench.steps(till.name)).toEqual([
    ...['folder', 'motd', 'ini', 'key'].map((id) => `${id} changed`),
    'spooler failed',
    ...['task', 'ran', 'gone', 'key2', 'agent', 'last'].map((id) => `${id} skipped`),
  ])
  expect(machine.files.kindOf('C:\\last.txt')).toBe('absent')
  expect(windows.received.length).toBeLessThanOrEqual(3)
})
