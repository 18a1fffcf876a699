import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ended, inventoryWith, TestProject, until } from '../cli/project.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers } from '../peers/ssh-servers.ts'

/** Writes what it does into a log, by its pid, ten times a second. */
const SLOW = (log: string, seconds = 2): string =>
  `n=0; while [ $n -lt ${seconds * 10} ]; do sleep 0.1; n=$((n+1)); echo "at $$" >>${log}; done; echo "end $$" >>${log}`

describe.each(sshServers)('a command of till exec on $name', ({ start, name }) => {
  let keys: ClientKeys
  let server: SshServer
  let project: TestProject
  let other: TestProject
  let log: string

  beforeAll(async () => {
    keys = makeClientKeys()
    server = await start(keys, '127.8.4.3')
  })
  afterAll(async () => {
    await server.stop()
    keys.remove()
  })
  beforeEach(() => {
    const address = `address: ${server.address}, transport: {port: ${server.port}, host_keys: ['${server.hostKeys.join("', '")}']}`
    const fleet = inventoryWith(
      `      pos1: {profile: till, ${address}}\n`,
      `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`,
    )
    project = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': fleet })
    other = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': fleet })
    chmodSync(project.root, 0o777)
    log = project.path('log')
  })
  afterEach(async () => {
    await project.remove()
    await other.remove()
  })

  const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])

  /** Nobody wrote once somebody else had begun, and the last one did all of it. */
  const expectOneAfterAnother = (): void => {
    const order = lines().map((line) => line.split(' ')[1])
    const changes = order.filter((pid, index) => pid !== order[index - 1])
    expect(changes).toEqual([...new Set(order)])
    expect(lines().at(-1)).toBe(`end ${changes.at(-1)}`)
  }

  // Which server carries it makes no difference to what the device itself does.
  it.runIf(name === sshServers[0]?.name)('waits for that of another controller, and says so', async () => {
    const first = other.start('exec', '--device', 'PL-0001/pos1', '--', SLOW(log, 10))
    const end = ended(first)
    await until(first, () => lines().length > 3)
    const second = await project.till('exec', '--device', 'PL-0001/pos1', '--json', '--', SLOW(log))
    expect([second.code, second.stderr]).toEqual([0, ''])
    expect((await end).code).toBe(0)
    expectOneAfterAnother()
    expect(lines().filter((line) => line.startsWith('end'))).toHaveLength(2)
    expect(JSON.parse(second.stdout).devices[0].leftovers).toEqual([expect.objectContaining({ state: 'awaited' })])
  })

  it('never runs beside that of a controller that is gone', async () => {
    const first = project.start('exec', '--device', 'PL-0001/pos1', '--', SLOW(log))
    const end = ended(first)
    await until(first, () => lines().length > 3)
    first.kill('SIGKILL')
    await end
    const second = await project.till('exec', '--device', 'PL-0001/pos1', '--', SLOW(log))
    expect([second.code, second.stderr]).toEqual([0, ''])
    expectOneAfterAnother()
    expect(lines().filter((line) => line.startsWith('end'))).toHaveLength(1)
  })

  it.runIf(name === sshServers[0]?.name)('takes no place in its store by a till that cannot be reached', async () => {
    const address = `address: ${server.address}, transport: {port: ${server.port}, host_keys: ['${server.hostKeys.join("', '")}']}`
    const fleet = inventoryWith(
      `      pos1: {profile: till, address: 127.8.4.4, transport: {port: 9}}\n      pos2: {profile: till, ${address}}\n`,
      `  transport: {user: ${userInfo().username}, keys: [${keys.ed25519}]}\n`,
    )
    const store = new TestProject({ 'tillwright.yaml': '{}\n', 'inventory/fleet.yaml': fleet })
    try {
      const { code, stdout } = await store.till('exec', '--store', 'PL-0001', '--json', '--', 'echo there')
      const states = JSON.parse(stdout).devices.map((device: { device: string; state: string }) => [
        device.device,
        device.state,
      ])
      expect([code, states]).toEqual([
        5,
        [
          ['PL-0001/pos1', 'unreachable'],
          ['PL-0001/pos2', 'in-sync'],
        ],
      ])
    } finally {
      await store.remove()
    }
  })
})
