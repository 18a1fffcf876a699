import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, PLAIN_USER, type SshServer, sshServers } from '../peers/ssh-servers.ts'
import { ended, inventoryWith, TestProject, until } from './project.ts'

const USERS = process.getuid?.() === 0 ? ['root', PLAIN_USER] : [process.env['USER'] ?? 'root']
// Where locks of those without rights lie is no matter of the server.
const CASES = sshServers
  .flatMap((server) =>
    USERS.filter((user) => user === USERS[0] || server.name === 'OpenSSH').map((user) => ({ ...server, user })),
  )
  .map((each, index) => ({ ...each, address: `127.8.4.${index + 1}` }))

/** Writes what it does into a log, by its pid, ten times a second for three seconds. */
const SLOW = (log: string): string =>
  `echo "begin $$" >>${log}; n=0; while [ $n -lt 30 ]; do sleep 0.1; n=$((n+1)); echo "at $$" >>${log}; done; ` +
  `echo "end $$" >>${log}; : >${log}.done`

// Most of it waits: the servers are tried beside each other, the tests of each one after another.
describe.concurrent.each(CASES)('on $name as $user', ({ start, user, address: host }) => {
  describe.sequential('what a run began', () => {
    let keys: ClientKeys
    let server: SshServer
    let project: TestProject
    let log: string

    beforeAll(async () => {
      keys = makeClientKeys()
      server = await start(keys, host)
    })
    afterAll(async () => {
      await server.stop()
      keys.remove()
    })
    beforeEach(() => {
      const address = `address: ${server.address}, transport: {port: ${server.port}, host_keys: ['${server.hostKeys.join("', '")}']}`
      project = new TestProject({
        'tillwright.yaml': '{}\n',
        'inventory/fleet.yaml': inventoryWith(
          `      pos1: {profile: till, ${address}}\n`,
          `  transport: {user: ${user}, keys: [${keys.ed25519}]}\n`,
        ),
      })
      chmodSync(project.root, 0o777)
      log = project.path('log')
      project.write(
        'runbooks/slow.yaml',
        `name: slow\ndescription: Takes a while\nsteps:\n  - id: slow\n    command: {run: '${SLOW(log).replaceAll("'", "''")}', creates: ${log}.done}\n`,
      )
    })
    afterEach(() => project.remove())

    const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
    const pids = (): string[] => [...new Set(lines().map((line) => line.split(' ')[1] as string))]

    /** Nobody wrote once somebody else had begun, and the last one did all of it. */
    const expectOneAfterAnother = (): void => {
      const order = lines().map((line) => line.split(' ')[1])
      const changes = order.filter((pid, index) => pid !== order[index - 1])
      expect(changes).toEqual(pids())
      expect(lines().at(-1)).toBe(`end ${pids().at(-1)}`)
      expect(existsSync(`${log}.done`)).toBe(true)
    }

    it.each(['SIGKILL', 'SIGINT twice'])('never runs beside what the next one begins, after %s', async (how) => {
      const first = project.start('apply', 'slow', '--yes')
      const end = ended(first)
      await until(first, () => lines().length > 3)
      if (how === 'SIGKILL') first.kill('SIGKILL')
      else {
        first.kill('SIGINT')
        await new Promise((resolve) => setTimeout(resolve, 100))
        first.kill('SIGINT')
      }
      await end
      const second = await project.till('apply', 'slow', '--yes', '--json')
      expect([second.code, second.stderr]).toEqual([0, ''])
      expectOneAfterAnother()
    })

    it('is not heard in the answers of later steps', async () => {
      const stop = project.path('stop')
      const talks = `(n=0; while [ ! -e ${stop} ] && [ $n -lt 3000 ]; do echo status=ok; sleep 0.02; n=$((n+1)); done) &`
      project.write(
        'runbooks/slow.yaml',
        `name: slow
description: Starts an agent that talks, and looks at its state
steps:
  - id: start
    command: {run: '${talks}', always: true}
  - id: look
    command: {run: 'sleep 0.3; echo status=broken', read_only: true, expect: {stdout: '^status=broken\\n$'}}
`,
      )
      const apply = await project.till('apply', 'slow', '--yes', '--json')
      project.write('stop', '')
      expect([apply.code, apply.stderr]).toEqual([0, ''])
    })
  })
})
