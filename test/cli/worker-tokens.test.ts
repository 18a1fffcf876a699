import type { ChildProcess } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const server = new PostgresServer()
const inventory = inventoryWith('      pos1: {profile: till, address: 127.0.0.1}\n')
  .replace('type: ssh', 'type: local')
  .replace('06:00-22:00', 'closed')
const project = new TestProject({ 'inventory/fleet.yaml': inventory })
const workers: { readonly child: ChildProcess; readonly end: Promise<Ended> }[] = []
const keys: Record<string, string> = {}

const named = `name: visited
steps:
  - id: visit
    command: {run: "touch ${project.root}/visited", creates: "${project.root}/visited"}
`

/** tillwright.yaml, with what it says of workers. */
function say(workers: string): void {
  const policies = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'
  project.write('tillwright.yaml', `state: {postgres: "file:${project.path('address')}"}\n${policies}${workers}`)
}

const rights = (): string =>
  `workers:\n  hub-n: {key: "${keys['hub-n']}", serves: "region:north,kind:till,kind:router"}\n  hub-s: {key: "${keys['hub-s']}"}\n`
const tokenOf = (name: string): string => `file:${project.path(`${name}.token`)}`
const plan = (): Promise<Ended> => project.till('plan', 'visited', '--json', '--on', 'workers')

async function startWorker(name: string, ...args: string[]): Promise<(typeof workers)[number]> {
  const child = project.start('worker', '--name', name, ...args)
  const worker = { child, end: ended(child) }
  workers.push(worker)
  await until(child, () => server.sql(`SELECT count(*) FROM tillwright.workers WHERE name = '${name}'`) === '1', 250)
  return worker
}

async function stop({ child, end }: (typeof workers)[number]): Promise<void> {
  child.kill('SIGTERM')
  expect((await end).code).toBe(0)
}

describe.skipIf(!hasPostgres)('tokens of workers', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await server.start()
    project.write('address', `${server.url}\n`)
    project.write('runbooks/visited.yaml', named)
    say('')
    expect((await project.till('state', 'status')).code).toBe(0)
    for (const name of ['hub-n', 'hub-s']) {
      const made = JSON.parse((await project.till('worker', 'token', '--json')).stdout)
      expect(errorsOf('worker-token', made)).toEqual([])
      keys[name] = made.key
      project.write(`${name}.token`, `${made.token}\n`)
      chmodSync(project.path(`${name}.token`), 0o600)
    }
  })
  afterAll(async () => {
    for (const { child } of workers) child.kill('SIGKILL')
    await Promise.all(workers.map(({ end }) => end))
    server.stop()
    await project.remove()
  })

  test('are shown once, apart from the key that stands for them', async () => {
    const { code, stdout, stderr } = await project.till('worker', 'token')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^till-worker-[\w-]{43}\n$/)])
    expect(stderr).toMatch(/ed25519:[\w-]{43}\n$/)
    expect(stderr).not.toContain(stdout.trim())
  })

  test('and rights that are not readable are told with their place', async () => {
    say(`workers:\n  a: {key: "${keys['hub-n']}", serves: "floor:3"}\n  b: {key: "${keys['hub-n']}"}\n`)
    const { code, stdout } = await project.till('validate', '--json')
    expect(code).toBe(2)
    const found = JSON.parse(stdout).diagnostics.map(({ summary }: { summary: string }) => summary)
    expect(found).toEqual(['"floor:3" is nothing that a worker can serve', 'Workers "a" and "b" have one key'])
  })

  test('are not asked for where nobody is named, as till doctor says', async () => {
    say('')
    const worker = await startWorker('anybody')
    expect((await plan()).code).toBe(3)
    const { findings } = JSON.parse((await project.till('doctor', '--json')).stdout)
    expect(findings).toContainEqual(expect.objectContaining({ name: 'workers', state: 'missing' }))
    // It is there before somebody is named, and has no token: no run counts on it any more.
    say(rights())
    const { code, stdout } = await plan()
    expect([code, JSON.parse(stdout).diagnostics[0]]).toEqual([
      2,
      expect.objectContaining({
        code: 'WORKER_NONE',
        detail: expect.stringContaining('anybody is there, but tillwright.yaml names no worker of this name'),
      }),
    ])
    const status = JSON.parse((await project.till('state', 'status', '--json')).stdout)
    expect(errorsOf('state', status)).toEqual([])
    expect(status.workers[0].refused).toBe('tillwright.yaml names no worker of this name')
    await stop(worker)
    const named = JSON.parse((await project.till('doctor', '--json')).stdout).findings
    expect(named).toContainEqual(expect.objectContaining({ name: 'workers', state: 'ok' }))
  })

  test.each([
    ['a name that is not there', ['--name', 'hub-x'], 'tillwright.yaml names no worker of this name'],
    ['no token', ['--name', 'hub-n'], 'its token (env:TILL_WORKER_TOKEN) cannot be read'],
    ['the token of another', ['--name', 'hub-n', '--token', tokenOf('hub-s')], 'its token is not that of its name'],
    ['what is no token', ['--name', 'hub-n', '--token', `file:${project.path('address')}`], 'is no token of a worker'],
    [
      'what it may not serve',
      ['--name', 'hub-n', '--token', tokenOf('hub-n'), '--serve', 'region:south,region:north'],
      'it may not serve region:south',
    ],
  ])('%s is refused', async (_what, args, why) => {
    say(rights())
    const { code, stderr } = await project.till('worker', ...args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
    expect(stderr).toContain('WORKER_REFUSED')
    expect(stderr).not.toContain(project.read('hub-s.token').trim())
  })

  test('let a worker serve what is its own, and runs count on it', async () => {
    say(rights())
    const child = project.start(
      'worker',
      '--name',
      'hub-n',
      '--token',
      tokenOf('hub-n'),
      '--serve',
      'kind:till',
      '--json',
    )
    workers.push({ child, end: ended(child) })
    let line = ''
    child.stdout?.on('data', (chunk) => {
      line += chunk
    })
    await until(child, () => line.endsWith('\n'))
    expect(JSON.parse(line).serve).toBe('kind:till,region:north')
    expect((await plan()).code).toBe(3)
    // What somebody writes into the database by hand has no signature of the token.
    server.sql(`UPDATE tillwright.workers SET session = 'forged', until = until + 3600000`)
    expect(JSON.parse((await plan()).stdout).diagnostics[0].detail).toContain('its token is not that of its name')
    child.kill('SIGKILL')
    server.sql(`DELETE FROM tillwright.workers WHERE name = 'hub-n'`)
  })

  test('that are withdrawn end with the next run', async () => {
    say(rights())
    const worker = await startWorker('hub-s', '--token', tokenOf('hub-s'))
    expect((await plan()).code).toBe(3)
    say(rights().replace(/ {2}hub-s.*\n/, ''))
    expect((await plan()).code).toBe(2)
    await stop(worker)
  })

  test('that are withdrawn put back what they get beside one that counts', async () => {
    const both = (serves: string): string =>
      `workers:\n  hub-n: {key: "${keys['hub-n']}"}\n  hub-s: {key: "${keys['hub-s']}"${serves}}\n`
    say(both(''))
    const [valid, withdrawn] = [
      await startWorker('hub-n', '--token', tokenOf('hub-n')),
      await startWorker('hub-s', '--token', tokenOf('hub-s')),
    ]
    let told = ''
    withdrawn.child.stderr?.on('data', (chunk) => {
      told += chunk
    })
    // The one that counts is there, and slow: the other one is first at every job of the queue that they share.
    const slow = async (): Promise<Ended> => {
      told = ''
      valid.child.kill('SIGSTOP')
      server.sql(`UPDATE tillwright.workers SET until = until + 3600000 WHERE name = 'hub-n'`)
      let early: Ended | undefined
      const end = plan()
      void end.then((ended) => {
        early = ended
      })
      await until(withdrawn.child, () => early !== undefined || told.includes('WORKER_REFUSED'))
      expect([early, told]).toEqual([undefined, expect.stringContaining('The jobs of the run')])
      valid.child.kill('SIGCONT')
      return end
    }
    say(both('').replace(/ {2}hub-s.*\n/, ''))
    expect(await slow()).toMatchObject({ code: 3, stderr: expect.stringContaining('hub-s is given no work') })
    expect(told).toContain('tillwright.yaml names no worker of this name')
    say(both(', serves: "kind:till"'))
    expect(await slow()).toMatchObject({ code: 3 })
    expect(told).toContain('it serves more than kind:till')
    // What an old key has signed is no more.
    say(
      both('').replace(
        keys['hub-s'] as string,
        JSON.parse((await project.till('worker', 'token', '--json')).stdout).key,
      ),
    )
    expect(await slow()).toMatchObject({ code: 3 })
    expect(told).toContain('its token is not that of its name')
    await Promise.all([stop(valid), stop(withdrawn)])
  })

  test('let nobody go on with a run for which none is there, and say who is left out', async () => {
    say('')
    const worker = await startWorker('anybody')
    worker.child.kill('SIGSTOP')
    server.sql(`UPDATE tillwright.workers SET until = until + 3600000 WHERE name = 'anybody'`)
    const controller = project.start('apply', 'visited', '--yes', '--on', 'workers')
    const end = ended(controller)
    await until(
      controller,
      () => server.sql(`SELECT count(*) FROM tillwright_jobs.job WHERE state = 'created'`) === '1',
      250,
    )
    controller.kill('SIGKILL')
    await end
    say(rights())
    const { code, stdout } = await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')
    expect([code, JSON.parse(stdout).diagnostics[0]]).toMatchObject([
      2,
      {
        code: 'WORKER_NONE',
        detail: expect.stringContaining('The worker anybody is there, but tillwright.yaml names'),
      },
    ])
    // It stays resumable.
    say('')
    worker.child.kill('SIGCONT')
    expect((await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')).code).toBe(0)
    await stop(worker)
  })
})
