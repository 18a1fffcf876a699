import type { GuardTest } from '../../core/guard.ts'
import type { JsonObject } from '../../core/json.ts'
import { guardQuestion, readGuard } from '../../devices/guard/guard-question.ts'
import { type Check, expectThat, lookBy } from './windows-check.ts'

/** Files and services that every Windows has. */
const INI = 'C:\\Windows\\win.ini'

const MODULE_LOOKS: readonly (readonly [module: string, params: JsonObject])[] = [
  ['facts', { hotfixes: true }],
  ['service', { name: 'EventLog', state: 'running' }],
  ['registry', { key: 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion', values: { CurrentBuild: '' } }],
  ['disk', { path: 'C:\\', free_min: '1%' }],
  ['process', { name: 'svchost', running: true }],
  ['process', { pattern: 'svchost', user: 'SYSTEM' }],
  ['package', { name: 'Tillwright Doctor', state: 'absent' }],
  ['scheduled_task', { name: 'Tillwright Doctor', state: 'absent' }],
  ['directory', { path: 'C:\\Windows' }],
  ['config', { path: INI, format: 'ini', set: { 'fonts.till': 'x' } }],
  ['command', { run: 'Get-Date', read_only: true }],
  ['log', { path: INI, pattern: '^\\[fonts\\]' }],
  ['log', { event_log: 'System', within_minutes: 60 }],
  ['collect', { files: [INI], event_logs: [{ name: 'System', lines: 5 }], services: ['EventLog'], disks: ['C:\\'] }],
  ['receipts', { log: { path: INI, pattern: '^receipt (.*)$' } }],
  ['receipts', { folder: { path: 'C:\\Windows\\Fonts' } }],
  ['certificate', { store: { name: 'Root', subject: 'Microsoft' } }],
  ['clock', { max_skew_s: 5 }],
  ['spooler', {}],
  ['dns', { name: 'localhost', from: 'device' }],
  ['wait', { for: { port: 135 } }],
  ['tcp', { host: '127.0.0.1', port: 135, from: 'device' }],
  ['http', { url: 'http://127.0.0.1:5985/wsman', from: 'device' }],
  ['http', { url: 'https://127.0.0.1:5986/wsman', from: 'device', insecure: true }],
  ['ping', { host: '127.0.0.1', from: 'device', count: 1 }],
  ['reboot', { when: 'triggered' }],
]

/** What modules read on a Windows device, each by itself. */
export const MODULE_CHECKS: readonly Check[] = MODULE_LOOKS.map(([name, params]) => ({
  name: `module ${name}`,
  about: `What ${name} reads is understood`,
  run: async (examined) => {
    const seen = await lookBy(name, params, examined)
    const comparison = seen.compare({ triggered: false })
    expectThat(!('unknown' in comparison), 'unknown' in comparison ? comparison.unknown : '')
    return JSON.stringify(seen.value).slice(0, 300)
  },
}))

/** Each with what it must say; undefined: free or busy, as it is. */
const GUARD_LOOKS: readonly (readonly [test: GuardTest, says?: 'free' | 'busy'])[] = [
  [{ type: 'file', path: INI }, 'busy'],
  [{ type: 'process', name: 'svchost' }, 'busy'],
  [{ type: 'log', path: INI, begins: '^\\[fonts\\]', ends: '^no such line$', silent: false }, 'busy'],
  [{ type: 'idle', path: INI, seconds: 60 }],
  [{ type: 'logged-in' }],
]

/** What guards say, which are asked before each change. */
export const GUARD_CHECKS: readonly Check[] = GUARD_LOOKS.map(([test, says]) => ({
  name: `guard ${test.type}`,
  about: `A guard by ${test.type} can tell whether the till is in use`,
  run: async ({ shell }) => {
    const guard = { name: test.type, says: '', ask: 'device', test, lookAgainMs: 1 } as const
    const question = guardQuestion(guard, 'powershell')
    if (!question) throw new Error(`nobody is asked by ${test.type}`)
    const seen = readGuard(guard.name, await shell.ask(question))
    const said = seen.detail === undefined ? seen.says : `${seen.says}: ${seen.detail}`
    expectThat(seen.says !== 'unknown' && (says === undefined || seen.says === says), `It says ${said}.`)
    return said
  },
}))
