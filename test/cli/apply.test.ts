import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { ended, inventoryOf, snapshot, TestProject, until } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')

describe.skipIf(!hasOpenSsh).each([
  { how: 'by the main thread', run: '' },
  { how: 'by two worker threads', run: 'run: {workers: 2}\n' },
])('the main job over real SSH, $how', ({ run }) => {
  let keys: ClientKeys
  let servers: SshServer[]
  let project: TestProject
  let devices: string

  beforeAll(async () => {
    keys = makeClientKeys()
    servers = await Promise.all(['127.8.0.1', '127.8.0.2'].map((address) => startOpenSsh(keys, address)))
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    keys.remove()
  })

  beforeEach(() => {
    project = new TestProject({
      'tillwright.yaml': `${run}policies: {default: {caps: [], rollout: {waves: false}}}\nassignments:\n  - runbook: app\n`,
      'inventory/fleet.yaml': inventoryOf(servers, keys),
    })
    devices = project.path('devices')
    for (const id of ['pos1', 'pos2']) {
      mkdirSync(join(devices, id), { recursive: true })
      writeFileSync(join(devices, id, 'app.ini'), '; mine\n[server]\nhost = old\n')
    }
    project.write(
      'runbooks/app.yaml',
      `name: app
description: The application is configured
params:
  host: {type: string, default: new}
steps:
  - id: config
    config:
      path: ${devices}/\${{ device.id }}/app.ini
      format: ini
      set: {server.host: "\${{ params.host }}"}
  - id: marker
    file:
      path: ${devices}/\${{ device.id }}/marker
      content: "it's \\"quoted\\" $HOME \`x\` \\\\ ż\\n"
  - id: reload
    command: {run: "echo reloaded >> ${devices}/\${{ device.id }}/log"}
    restart_on: [config]
`,
    )
  })
  afterEach(() => project.remove())

  it('plans without writing, applies, and has nothing left to do', async () => {
    const before = snapshot(devices)
    const plan = await project.till('plan', 'app', '--json')
    expect(plan).toMatchObject({ code: 3, stderr: '' })
    expect(JSON.parse(plan.stdout).summary.counts.drifted).toBe(2)
    expect(snapshot(devices)).toEqual(before)

    const apply = await project.till('apply', 'app', '--yes')
    expect(apply).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(join(devices, 'pos1/app.ini'), 'utf8')).toBe('; mine\n[server]\nhost = new\n')
    expect(readFileSync(join(devices, 'pos2/marker'), 'utf8')).toBe('it\'s "quoted" $HOME `x` \\ ż\n')
    expect(readFileSync(join(devices, 'pos1/log'), 'utf8')).toBe('reloaded\n')

    const second = await project.till('plan', 'app', '--json')
    expect(second.code).toBe(0)
    expect(JSON.parse(second.stdout).summary.counts['in-sync']).toBe(2)
    expect(await project.till('drift')).toMatchObject({ code: 0 })
  })

  it('applies what was reviewed, and refuses a device that has moved since', async () => {
    await project.till('plan', 'app', '--output', 'plan.json')
    writeFileSync(join(devices, 'pos2/app.ini'), '[server]\nhost = somebody-else\n')
    const apply = await project.till('apply', 'plan.json', '--json')
    expect(apply.code).toBe(4)
    const result = JSON.parse(apply.stdout)
    const states = result.devices.map((d: { device: string; state: string }) => `${d.device} ${d.state}`).sort()
    expect(states).toEqual(['PL-0001/pos1 changed', 'PL-0001/pos2 failed'])
    expect(readFileSync(join(devices, 'pos2/app.ini'), 'utf8')).toBe('[server]\nhost = somebody-else\n')
    expect(existsSync(join(devices, 'pos2/marker'))).toBe(false)
  })

  // Before any worker is there.
  if (run === '') {
    it('refuses a plan whose runbook or inventory is another by now', async () => {
      await project.till('plan', 'app', '--output', 'plan.json')
      project.write('runbooks/app.yaml', `${project.read('runbooks/app.yaml')}# changed\n`)
      const stale = await project.till('apply', 'plan.json')
      expect(stale.code).toBe(2)
      expect(stale.stderr).toMatch(/PLAN_STALE/)
      expect(existsSync(join(devices, 'pos1/marker'))).toBe(false)
    })

    it('refuses what is no plan', async () => {
      for (const text of ['', '{', '[]', '{"schema":"till.plan/1"}', 'null']) {
        project.write('plan.json', text)
        const answer = await project.till('apply', 'plan.json')
        expect(answer.code).toBe(2)
        expect(answer.stderr).not.toMatch(/at .*\.js:\d+/)
      }
    })
  }

  it('tells dead devices from others, and exits with the worst', async () => {
    const dead = `      pos3: {profile: till, address: 127.8.0.9, transport: {port: 9, host_keys: ['${servers[0]!.hostKeys[0]}']}}\n`
    project.write('inventory/fleet.yaml', inventoryOf(servers, keys, dead))
    const plan = await project.till('plan', 'app', '--json')
    expect(plan.code).toBe(5)
    const result = JSON.parse(plan.stdout)
    const refused = result.devices.find((d: { device: string }) => d.device === 'PL-0001/pos3')
    expect(refused).toMatchObject({ state: 'unreachable', failure: { code: 'CONNECT_REFUSED', phase: 'connect' } })
    const again = await project.till('plan', 'app', '--from-run', 'latest:unreachable', '--json')
    expect(JSON.parse(again.stdout).devices).toHaveLength(1)
  })

  it('does not talk to a machine with another host key', async () => {
    const [one, two] = servers as [SshServer, SshServer]
    project.write('inventory/fleet.yaml', inventoryOf([{ ...one, hostKeys: two.hostKeys }], keys))
    const plan = await project.till('plan', 'app', '--json')
    expect(plan.code).toBe(5)
    expect(JSON.parse(plan.stdout).devices[0].failure).toMatchObject({ code: 'HOST_KEY_MISMATCH', phase: 'identify' })
  })

  it('never shows a secret that a device echoes', async () => {
    process.env['TEST_TILL_SECRET'] = 'hunter2-hunter2'
    project.write(
      'runbooks/echo.yaml',
      `name: echo
description: Says it back
steps:
  - id: say
    command: {run: [printf, "%s", "\${{ vars.password }}"], read_only: true}
`,
    )
    project.write('inventory/vars.yaml', 'profiles:\n  other: {kind: till, os: {family: linux}}\n')
    const inventory = inventoryOf(servers, keys).replace(
      '  time_zone:',
      '  vars: {password: {secret: "env:TEST_TILL_SECRET"}}\n  time_zone:',
    )
    project.write('inventory/fleet.yaml', inventory)
    for (const how of [['--json'], ['--ndjson'], ['--verbose'], []]) {
      const answer = await project.till('plan', 'echo', ...how)
      expect(answer.code).toBe(0)
      expect(answer.stdout + answer.stderr).not.toMatch('hunter2')
    }
    const shown = await project.till('runs', 'show', 'latest', '--json')
    expect(shown.stdout).not.toMatch('hunter2')
    delete process.env['TEST_TILL_SECRET']
  })

  /** Lets the slow runbook go on. */
  const go = (): void => writeFileSync(join(devices, 'go'), '')

  // What the second one says can only be judged here, so that it is a change of its own and not one of a chain.
  const slow = (): void =>
    project.write(
      'runbooks/slow.yaml',
      `name: slow
description: Takes its time
steps:
  - id: wait
    command: {run: "touch ${devices}/\${{ device.id }}/begun; i=0; while [ ! -e ${devices}/go ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done; touch ${devices}/\${{ device.id }}/done", always: true}
  - id: after
    command: {run: "touch ${devices}/\${{ device.id }}/after", always: true, expect: {stdout: "^$"}}
`,
    )

  it('finishes what is changing on Ctrl-C, begins nothing new, and says so', async () => {
    slow()
    const child = project.start('apply', 'slow', '--yes', '--device', 'PL-0001/pos1', '--json')
    const end = ended(child)
    await until(child, () => existsSync(join(devices, 'pos1/begun')))
    child.kill('SIGINT')
    go()
    const { code, stdout } = await end
    expect(code).toBe(130)
    expect(existsSync(join(devices, 'pos1/done'))).toBe(true)
    expect(existsSync(join(devices, 'pos1/after'))).toBe(false)
    expect(JSON.parse(stdout).devices).toMatchObject([
      { state: 'cancelled', steps: [{ step: 'wait', state: 'changed' }] },
    ])
  })

  it('stops now on the second, and calls what was changing in doubt', async () => {
    slow()
    const child = project.start('apply', 'slow', '--yes', '--device', 'PL-0001/pos1', '--json')
    const end = ended(child)
    await until(child, () => existsSync(join(devices, 'pos1/begun')))
    child.kill('SIGINT')
    child.kill('SIGTERM')
    const { code, stdout } = await end
    expect(code).toBe(130)
    expect(JSON.parse(stdout).devices).toMatchObject([{ state: 'indeterminate', failure: { code: 'CONVERGE_LOST' } }])
  })

  it('leaves a readable history behind when it is killed', async () => {
    slow()
    const child = project.start('apply', 'slow', '--yes', '--output', 'result.json')
    await until(child, () => existsSync(join(devices, 'pos1/begun')) && existsSync(join(devices, 'pos2/begun')))
    const end = ended(child)
    child.kill('SIGKILL')
    await end
    expect(existsSync(project.path('result.json'))).toBe(false)
    const list = JSON.parse((await project.till('runs', 'list', '--json')).stdout)
    expect(JSON.stringify(list)).toMatch('interrupted')
    const show = await project.till('runs', 'show', 'latest', '--json')
    const states = JSON.parse(show.stdout).devices.map((d: { state: string }) => d.state)
    expect(states).toEqual(['indeterminate', 'indeterminate'])
    // Its leases die with it.
    expect((await project.till('apply', 'app', '--yes')).code).toBe(0)
  })

  it('works on a device once at a time, over all processes', async () => {
    slow()
    const first = project.start('apply', 'slow', '--yes', '--device', 'PL-0001/pos1', '--json')
    const end = ended(first)
    await until(first, () => existsSync(join(devices, 'pos1/begun')))
    const second = await project.till('apply', 'app', '--yes', '--device', 'PL-0001/pos1', '--json')
    expect(second.code).toBe(6)
    expect(JSON.parse(second.stdout).devices[0]).toMatchObject({ state: 'deferred', failure: { code: 'LEASE_HELD' } })
    go()
    expect((await end).code).toBe(0)
  })
})
