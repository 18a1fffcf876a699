import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { canIsolate } from './sandboxes.ts'

/** What the sandbox takes for an MSI. */
const MSI = Buffer.from('\xd0\xcf\x11\xe0 ProductNameZabbix Agent 2ProductVersion7.0.9.2400 Manufacturer', 'latin1')
const SHA256 = createHash('sha256').update(MSI).digest('hex')

const INVENTORY = inventoryWith(
  '      pos1: {profile: windows, address: 10.0.0.1}\n',
  `  transport: {user: till, password: {secret: "env:NOT_SET"}}
  vars:
    agent: {version: "7.0.6", server: zabbix.example, hostname: pos1, msi: {path: agent.msi, sha256: ${SHA256}, signer: Zabbix SIA}}
    tillapp: {server: back.example}
`,
).replace(
  'profiles:\n',
  'profiles:\n  windows: {kind: till, os: {family: windows, version: "21H2"}, transport: {type: winrm}}\n',
)

const ALL = `name: all
description: Every module that has a Windows side.
targets: device.os.family == 'windows'
steps:
  - id: facts
    facts: {hotfixes: true}
  - id: enough
    assert: {that: "\${{ steps.facts.value.hostname == 'PL-0001-POS1' }}"}
  - id: folder
    directory: {path: 'C:\\ProgramData\\Till\\Spool'}
  - id: file
    file: {path: 'c:/programdata/TILL/a.txt', content: "one\\n"}
  - id: key
    registry:
      key: HKLM\\SOFTWARE\\Till
      values: {Server: back.example, Port: 4711, List: [a, b], Big: {type: qword, data: "9007199254740993"}}
      remove: [Old]
  - id: task
    scheduled_task: {name: 'Till\\Send', program: 'C:\\Till\\send.exe', daily: "03:30"}
  - id: zone
    clock: {max_skew_s: 30, time_zone: UTC}
  - id: spooler
    service: {name: Spooler, state: stopped, start: disabled}
  - id: process
    process: {name: zabbix_agent2}
  - id: room
    disk: {path: 'C:/', free_min: 1GiB}
  - id: log
    log: {path: 'C:\\ProgramData\\Till\\a.txt', pattern: one, min: 1}
  - id: events
    log: {event_log: System, level: error, max: 0}
  - id: port
    tcp: {host: 127.0.0.1, port: 10050, from: device}
  - id: there
    wait: {for: {path: 'C:\\ProgramData\\Till\\a.txt'}, timeout: 5s}
  - id: agent
    command: {run: ['C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe', -V], read_only: true, expect: {stdout: Zabbix}}
`

const RESTART = `name: restart
description: Restarts what wants it.
targets: device.os.family == 'windows'
steps:
  - id: restart
    reboot: {}
`

describe.skipIf(!canIsolate)('on a Windows till of a sandbox', () => {
  const project = new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'inventory/fleet.yaml': INVENTORY,
    'runbooks/all.yaml': ALL,
    'runbooks/restart.yaml': RESTART,
    'runbooks/agent-update.yaml': readFileSync('runbooks/agent-update.yaml', 'utf8'),
  })
  beforeAll(async () => {
    writeFileSync(project.path('agent.msi'), MSI)
    await project.till('sandbox', 'up', '--detach')
  })
  afterAll(async () => {
    await project.till('sandbox', 'down')
    await project.remove()
  })

  const run = async (...args: string[]): Promise<{ code: number | null; text: string }> => {
    const { code, stdout, stderr } = await project.till(...args, '--sandbox')
    return { code, text: stdout + stderr }
  }

  test('a shipped runbook updates the agent from an MSI and keeps its configuration', async () => {
    const applied = await run('apply', 'agent-update', '--param', 'version=7.0.9', '--yes')
    expect([applied.code, applied.text]).toEqual([0, expect.stringContaining('7.0.9')])
    expect((await run('plan', 'agent-update', '--param', 'version=7.0.9')).text).toMatch(/1 in-sync/)
    const config = project.read('.till/sandbox/devices/PL-0001/pos1/C/Program Files/Zabbix Agent 2/zabbix_agent2.conf')
    expect(config).toContain('Server=zabbix.example\r\n')
  })

  test('every module plans, changes, and is in sync then', async () => {
    const plan = await run('plan', 'all')
    expect([plan.code, plan.text]).toEqual([3, expect.stringContaining('1 drifted')])
    const apply = await run('apply', 'all', '--yes')
    expect([apply.code, apply.text]).toEqual([0, expect.stringContaining('1 changed')])
    const again = await run('plan', 'all')
    expect([again.code, again.text]).toEqual([0, expect.stringContaining('1 in-sync')])
  })

  test('a restart that is due is made once, and the device comes back', async () => {
    await project.till('sandbox', 'fault', 'pending-reboot=PL-0001/pos1')
    expect((await run('plan', 'restart')).text).toContain('windows-update')
    const apply = await run('apply', 'restart', '--yes')
    expect([apply.code, apply.text]).toEqual([0, expect.stringContaining('1 changed')])
    expect((await run('plan', 'restart')).text).toMatch(/1 in-sync/)
  })
})
