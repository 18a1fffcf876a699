import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ended, inventoryWith, TestProject } from '../cli/project.ts'
import { canIsolate } from './sandboxes.ts'

/** What is wrong with a till, how its look ends then, and what is told of it. */
type Fault = readonly [fault: string, state: string, says: RegExp]

const FAULTS: readonly Fault[] = [
  ['refused', 'unreachable', /CONNECT_REFUSED/],
  ['auth-refused', 'unreachable', /AUTHENTICATE_REFUSED/],
  ['access-denied', 'unreachable', /./],
  ['wrong-shell', 'unreachable', /SHELL_UNUSABLE/],
  ['slow:20ms', 'in-sync', /^$/],
  // A slow till has 30 s to start PowerShell.
  ['slow-start:14s', 'in-sync', /^$/],
  ['garbage-output', 'in-sync', /^$/],
  ['reply-lost', 'in-sync', /^$/],
]

/** Of tills with short deadlines. */
const SLOW_FAULTS: readonly Fault[] = [
  ['garbage-banner', 'unreachable', /IDENTIFY_PROTOCOL_INVALID/],
  ['tarpit-banner', 'unreachable', /AUTHENTICATE_TIMEOUT/],
  ['tarpit-auth', 'unreachable', /AUTHENTICATE_TIMEOUT/],
  ['tarpit-open', 'unreachable', /OPEN_TIMEOUT/],
  ['tarpit-exec', 'unreachable', /OPEN_TIMEOUT/],
  ['slow-start:45s', 'unreachable', /OPEN_TIMEOUT/],
  ['endless-output', 'unreachable', /SHELL_UNUSABLE|OUTPUT_FLOODED/],
  ['reset-step', 'unreachable', /SESSION_LOST|OPEN_TIMEOUT/],
  ['hang', 'failed', /OBSERVE_TIMEOUT/],
]

/** Each fault has a till of its own. */
const faulty = (index: number): string => `PL-0001/f${index + 1}`
const short = (index: number): string => `PL-0001/s${index + 1}`

const SHORT = '{identify: 1500, authenticate: 1500, open: 4000, observe: 2500}'

const DEVICES = [
  ...Array.from({ length: 3 }, (_, n) => `      pos${n + 1}: {profile: windows, address: 10.0.0.${n + 1}}`),
  '      pos4: {profile: windows, address: 10.0.0.4, transport: {scripts: plain}}',
  '      pos5: {profile: windows, address: 10.0.0.5, transport: {type: ssh, port: 22, scripts: plain}}',
  '      pos6: {profile: till, address: 10.0.0.6}',
  ...FAULTS.map((_, n) => `      f${n + 1}: {profile: windows, address: 10.0.2.${n + 1}}`),
  ...SLOW_FAULTS.map(
    (_, n) => `      s${n + 1}: {profile: windows, address: 10.0.3.${n + 1}, transport: {timeouts_ms: ${SHORT}}}`,
  ),
]
const WINDOWS = DEVICES.length - 1

const FLEET = `  transport: {user: till, password: {secret: "env:NOT_SET"}}
  vars:
    agent: {server: zabbix.example, service: zabbix-agent2}
    tillapp: {server: back.example}
`

function withWindows(inventory: string): string {
  const profile =
    '{kind: till, os: {family: windows, version: "21H2"}, transport: {type: winrm}, vars: {agent: {service: Zabbix Agent 2}}}'
  return inventory.replace('profiles:\n', `profiles:\n  windows: ${profile}\n`)
}

const INVENTORY = withWindows(inventoryWith(`${DEVICES.join('\n')}\n`, FLEET))

const MEND = `name: mend
description: What drifts on a Windows till.
targets: device.os.family == 'windows'
steps:
  - id: server
    config:
      path: C:\\TillApp\\till.ini
      format: ini
      set: {server.host: "\${{ vars.tillapp.server }}", server.timeout: 30}
  - id: agent-config
    config:
      path: C:/Program Files/Zabbix Agent 2/zabbix_agent2.conf
      format: plain
      set: {Server: "\${{ vars.agent.server }}"}
      validate: '& "C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.exe" -c "$file" -t agent.ping'
  - id: note
    file: {path: 'C:\\ProgramData\\note.txt', content: "żółć\\n"}
  - id: application
    service: {name: tillapp, state: running, start: delayed, recovery: {restart_after_ms: [5000, 60000]}}
    restart_on: [server]
  - id: agent
    service: {name: "\${{ vars.agent.service }}", state: running, enabled: true}
    restart_on: [agent-config]
`

const SCRIPTED = `name: scripted
description: A text of one's own.
targets: device.os.family == 'windows'
steps:
  - id: own
    file: {path: 'C:\\ProgramData\\own.txt', content: x, validate: "Get-Process | Sort-Object CPU"}
`

const MANY = Array.from({ length: 200 }, (_, n) => `      pos${n + 1}: {profile: windows, address: 10.0.1.${n + 1}}\n`)

const project = new TestProject({
  // Each of them is wounded for itself; what one that failed means for the others of its store is no matter here.
  'tillwright.yaml':
    'inventory: inventory\nrunbooks: runbooks\npolicies: {default: {caps: [], rollout: {waves: false}}}\n',
  'inventory/fleet.yaml': INVENTORY,
  'runbooks/mend.yaml': MEND,
  'runbooks/scripted.yaml': SCRIPTED,
})

interface Seen {
  readonly device: string
  readonly state: string
  readonly failure?: { readonly code: string; readonly phase: string }
}

describe.skipIf(!canIsolate)('Windows tills of a sandbox', () => {
  beforeAll(async () => {
    const up = await project.till('sandbox', 'up', '--drift', '1', '--detach')
    expect(up.stdout + up.stderr).toContain(`${DEVICES.length} devices (${WINDOWS} imitate Windows)`)
    expect(up.stdout).toMatch(/imitat/)
  })
  afterAll(async () => {
    await project.till('sandbox', 'down')
    await project.remove()
  })

  const fault = async (...texts: string[]): Promise<void> => {
    const { code, stderr } = await project.till('sandbox', 'fault', 'none=all', ...texts)
    expect([code, stderr]).toEqual([0, ''])
  }

  const looked = async (...args: string[]): Promise<{ ended: Ended; devices: readonly Seen[] }> => {
    const ended = await project.till(...args, '--sandbox', '--json')
    const { devices } = JSON.parse(ended.stdout) as { readonly devices: readonly Seen[] }
    return { ended, devices }
  }

  const states = async (...args: string[]): Promise<{ ended: Ended; of: Map<string, string> }> => {
    const { ended, devices } = await looked(...args)
    return { ended, of: new Map(devices.map(({ device, state }) => [device, state])) }
  }

  /** All of them are looked at by one plan, as it would be in a store; how it was for each. */
  const lookedAt = async (faults: readonly Fault[], named: (index: number) => string): Promise<Map<string, Seen>> => {
    await fault(...faults.map(([name], index) => `${name}=${named(index)}`))
    const { devices } = await looked('plan', 'mend', ...faults.flatMap((_, index) => ['--device', named(index)]))
    return new Map(faults.map(([name], index) => [name, devices.find(({ device }) => device === named(index)) as Seen]))
  }

  test('differ, are mended, and differ no more; by WinRM and by SSH alike', async () => {
    const plan = await states('plan', 'mend')
    expect([plan.ended.code, new Set(plan.of.values())]).toEqual([3, new Set(['drifted'])])
    expect(plan.of.size).toBe(WINDOWS)
    const apply = await states('apply', 'mend', '--yes')
    expect([apply.ended.code, new Set(apply.of.values())]).toEqual([0, new Set(['changed'])])
    const again = await states('plan', 'mend')
    expect([again.ended.code, new Set(again.of.values())]).toEqual([0, new Set(['in-sync'])])
    expect(readFileSync(project.path('.till/sandbox/devices/PL-0001/pos1/C/ProgramData/note.txt'), 'utf8')).toBe(
      'żółć\n',
    )
    const status = JSON.parse((await project.till('sandbox', 'status', '--json')).stdout)
    expect(status).toMatchObject({ sessions: 0, windows: WINDOWS })
  })

  test('say that there is no PowerShell behind them', async () => {
    const { ended, of } = await states('apply', 'scripted', '--yes', '--device', 'PL-0001/pos1')
    expect(of.get('PL-0001/pos1')).toBe('failed')
    expect(ended.stdout).toContain('The sandbox only imitates Windows')
  })

  describe('each with a fault of its own', () => {
    let seen: Map<string, Seen>
    beforeAll(async () => {
      seen = await lookedAt(FAULTS, faulty)
    })

    test.each(FAULTS)('%s ends as %s', (name, state, says) => {
      expect(seen.get(name)?.state).toBe(state)
      expect(seen.get(name)?.failure?.code ?? '').toMatch(says)
    })
  })

  describe('with short deadlines, each with a fault of its own', () => {
    let seen: Map<string, Seen>
    beforeAll(async () => {
      seen = await lookedAt(SLOW_FAULTS, short)
    })

    test.each(SLOW_FAULTS)('%s ends as %s within its deadline', (name, state, says) => {
      const { failure, state: is } = seen.get(name) as Seen
      // What passes a deadline while this machine has no time to spare is not held against the device.
      const isOverloaded = failure?.code === 'CONTROLLER_OVERLOADED'
      if (isOverloaded) expect(failure?.phase).toMatch(/^(identify|authenticate|open|observe)$/)
      else expect(failure?.code).toMatch(says)
      expect(is).toBe(isOverloaded ? 'failed' : state)
    })

    test('and leave no shell', async () => {
      const status = JSON.parse((await project.till('sandbox', 'status', '--json')).stdout)
      expect(status.sessions).toBe(0)
    })
  })

  test('faults that a device cannot have are refused', async () => {
    const { code, stderr } = await project.till('sandbox', 'fault', 'shell-quota=PL-0001/pos6')
    expect(code).toBe(2)
    expect(stderr).toMatch(/cannot have the fault "shell-quota"/)
  })

  test('a reply that is lost has nothing run twice; a full disk leaves the old file', async () => {
    await fault('none=all')
    const place = '.till/sandbox/devices/PL-0001/pos2/C/TillApp/till.ini'
    const spoilt = project.read(place).replace('back.example', 'elsewhere')
    writeFileSync(project.path(place), spoilt)
    await fault('disk-full=PL-0001/pos2')
    expect((await states('apply', 'mend', '--yes', '--device', 'PL-0001/pos2')).of.get('PL-0001/pos2')).toBe('failed')
    expect(project.read(place)).toBe(spoilt)
    await fault('reply-lost=PL-0001/pos2')
    expect((await states('apply', 'mend', '--yes', '--device', 'PL-0001/pos2')).of.get('PL-0001/pos2')).toBe('changed')
    await fault('none=all')
    expect((await states('plan', 'mend', '--device', 'PL-0001/pos2')).of.get('PL-0001/pos2')).toBe('in-sync')
  })

  test.each(['PL-0001/pos3', 'PL-0001/pos5'])(
    '%s that dies behind a change is indeterminate, and mended by the next apply',
    async (name) => {
      await fault('none=all')
      const place = `.till/sandbox/devices/${name}/C/TillApp/till.ini`
      writeFileSync(project.path(place), project.read(place).replace('back.example', 'elsewhere'))
      await fault(`crash-after-change=${name}`)
      expect((await states('apply', 'mend', '--yes', '--device', name)).of.get(name)).toBe('indeterminate')
      await fault('none=all')
      await states('apply', 'mend', '--yes', '--device', name)
      expect((await states('plan', 'mend', '--device', name)).of.get(name)).toBe('in-sync')
    },
  )
})

describe.skipIf(!canIsolate)('two hundred Windows tills at once', () => {
  const many = new TestProject({
    // Each of them is wounded for itself; what one that failed means for the others of its store is no matter here.
    'tillwright.yaml':
      'inventory: inventory\nrunbooks: runbooks\npolicies: {default: {caps: [], rollout: {waves: false}}}\n',
    'inventory/fleet.yaml': withWindows(inventoryWith(MANY.join(''), FLEET)),
    'runbooks/mend.yaml': MEND,
  })
  afterAll(async () => {
    await many.till('sandbox', 'down')
    await many.remove()
  })

  test('are mended, and no shell is left behind', async () => {
    await many.till('sandbox', 'up', '--drift', '0.5', '--detach')
    const apply = await many.till(
      'apply',
      'mend',
      '--yes',
      '--sandbox',
      '--parallel',
      '200',
      '--output',
      many.path('a'),
    )
    expect(apply.code).toBe(0)
    const plan = await many.till('plan', 'mend', '--sandbox', '--parallel', '200', '--json')
    expect(plan.code).toBe(0)
    expect(JSON.parse(plan.stdout).summary.counts['in-sync']).toBe(200)
    const status = JSON.parse((await many.till('sandbox', 'status', '--json')).stdout)
    expect(status).toMatchObject({ sessions: 0, windows: 200, served: 400 })
  }, 300_000)
})
