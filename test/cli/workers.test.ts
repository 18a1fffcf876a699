import type { ChildProcess } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const server = new PostgresServer()
const DEVICES = Array.from({ length: 6 }, (_, index) => `pos${index + 1}`)
const inventory = inventoryWith(DEVICES.map((id) => `      ${id}: {profile: till, address: 127.0.0.1}\n`).join(''))
  .replace('type: ssh', 'type: local')
  // The last till that works may be changed while its store is closed.
  .replace('06:00-22:00', 'closed')
const project = new TestProject({ 'inventory/fleet.yaml': inventory })
const workers: { readonly child: ChildProcess; readonly end: Promise<Ended> }[] = []

/** A step by which each device says when it begins and ends, and that goes on while there is a file \`hold\`. */
const visited = `name: visited
params: {round: {type: string}}
steps:
  - id: visit
    command:
      run: |
        cd ${project.root}
        mkdir "busy-\${{ device.id }}" || echo "\${{ device.id }}" >> overlaps
        echo "\${{ device.id }}" >> begun
        while [ -e hold ]; do sleep 0.05; done
        rmdir "busy-\${{ device.id }}"
        touch "done-\${{ params.round }}-\${{ device.id }}"
      creates: "${project.root}/done-\${{ params.round }}-\${{ device.id }}"
`

function startWorker(name: string, ...args: string[]): (typeof workers)[number] {
  const child = project.start('worker', '--name', name, ...args)
  const worker = { child, end: ended(child) }
  workers.push(worker)
  return worker
}

/** The result of a run, without what differs from run to run. */
function resultOf(stdout: string): { devices: { device: string; state: string }[] } {
  return JSON.parse(stdout)
}

function told({ stdout }: Ended): unknown {
  const text = stdout
    .replaceAll(/"(started_at|finished_at)":"[^"]*"/g, '"$1":""')
    .replaceAll(/"(duration_ms|pid)":\d+/g, '"$1":0')
  const { run, devices, findings, ...rest } = JSON.parse(text)
  const byName = devices.toSorted((a: { device: string }, b: { device: string }) => (a.device < b.device ? -1 : 1))
  return {
    ...rest,
    devices: byName,
    run: { ...run, run: '' },
    findings: findings.map(({ devices: of, ...finding }: { devices: string[] }) => ({
      ...finding,
      devices: of.toSorted(),
    })),
  }
}

function statesOf(stdout: string): Record<string, string> {
  return Object.fromEntries(resultOf(stdout).devices.map(({ device, state }) => [device.split('/')[1], state]))
}

const all = (state: string): Record<string, string> => Object.fromEntries(DEVICES.map((id) => [id, state]))
const hold = (): void => writeFileSync(project.path('hold'), '')
const letGo = (): void => rmSync(project.path('hold'), { force: true })
const begun = (): readonly string[] =>
  existsSync(project.path('begun')) ? project.read('begun').split('\n').slice(0, -1) : []
const apply = (round: string, ...args: string[]): ChildProcess =>
  project.start('apply', 'visited', '--param', `round=${round}`, '--yes', '--json', '--on', 'workers', ...args)

/** How many final states each device has in the journal of the newest run, by attempt. */
function ends(): Record<string, number> {
  const rows = server.sql(
    `SELECT device || ' ' || coalesce(json::json->>'attempt', '1'), count(*) FROM tillwright.events
     WHERE type = 'device.finished' AND run = (SELECT max(run) FROM tillwright.runs) GROUP BY 1`,
  )
  return Object.fromEntries(rows.split('\n').map((row) => [row.split('|')[0], Number(row.split('|')[1])]))
}

describe.skipIf(!hasPostgres)('till worker', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await server.start()
    project.write('address', `${server.url}\n`)
    // All tills of the one store at once: which of them may is no matter of workers.
    const policies = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'
    const state = `state: {postgres: "file:${project.path('address')}"}\n`
    project.write('tillwright.yaml', `${state}run: {lease: 15s}\n${policies}`)
    project.write('runbooks/visited.yaml', visited)
  })
  afterEach(() => {
    letGo()
    for (const name of ['begun', 'overlaps']) rmSync(project.path(name), { force: true })
  })
  afterAll(async () => {
    for (const { child } of workers) child.kill('SIGKILL')
    await Promise.all(workers.map(({ end }) => end))
    server.stop()
    await project.remove()
  })

  test('shares its state in a database', async () => {
    const alone = new TestProject({
      'tillwright.yaml': '{}\n',
      'inventory/fleet.yaml': inventory,
      'runbooks/visited.yaml': visited,
    })
    onTestFinished(() => alone.remove())
    const { code, stderr } = await alone.till('plan', 'visited', '--param', 'round=1', '--on', 'workers')
    expect([code, stderr]).toEqual([2, expect.stringContaining('WORKERS_NEED_DATABASE')])
  })

  test('is needed for what it serves, and says what it serves', async () => {
    const none = await ended(apply('none'))
    expect([none.code, JSON.parse(none.stdout).diagnostics[0].code]).toEqual([2, 'WORKER_NONE'])
    const bad = await project.till('worker', '--serve', 'region:north,floor:3')
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('"floor:3" is nothing that a worker can serve')])
    const first = startWorker('hub-a', '--serve', 'kind:till,region:north', '--slots', '3', '--json')
    let line = ''
    first.child.stdout?.on('data', (chunk) => {
      line += chunk
    })
    await until(first.child, () => line.endsWith('\n'))
    expect(errorsOf('working', JSON.parse(line))).toEqual([])
    expect(JSON.parse(line)).toMatchObject({ name: 'hub-a', serve: 'kind:till,region:north', slots: 3 })
    const again = await project.till('worker', '--name', 'hub-a')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('WORKER_NAME_TAKEN')])
    const other = startWorker('hub-b', '--slots', '3')
    await until(other.child, () => server.sql('SELECT count(*) FROM tillwright.workers') === '2', 250)
    const status = JSON.parse((await project.till('state', 'status', '--json')).stdout)
    expect(errorsOf('state', status)).toEqual([])
    expect(status.workers.map(({ name, busy }: { name: string; busy: number }) => [name, busy])).toEqual([
      ['hub-a', 0],
      ['hub-b', 0],
    ])
    expect(status.queues).toContainEqual({ queue: 'all', waiting: 0, active: 0, oldest_seconds: 0 })
    const serve = project.start('serve', '--listen', '127.0.0.1:0', '--json')
    let listening = ''
    serve.stdout?.on('data', (chunk) => {
      listening += chunk
    })
    await until(serve, () => listening.endsWith('\n'))
    const metrics = await (await fetch(`${JSON.parse(listening).url}/metrics`)).text()
    serve.kill('SIGTERM')
    expect((await ended(serve)).code).toBe(0)
    expect(metrics).toContain('till_worker_jobs{queue="kind:till,region:north",state="waiting"} 0')
    expect(metrics).toContain('till_workers{queue="all"} 1')
  })

  test('plans and applies as this process does', async () => {
    const here = await project.till('plan', 'visited', '--param', 'round=1', '--json')
    const there = await project.till('plan', 'visited', '--param', 'round=1', '--json', '--on', 'workers')
    expect([there.code, there.stderr]).toEqual([here.code, here.stderr])
    expect(told(there)).toEqual(told(here))
    const applied = await ended(apply('1'))
    expect([applied.code, statesOf(applied.stdout), applied.stderr]).toEqual([0, all('changed'), ''])
    expect(begun().toSorted()).toEqual(DEVICES)
    expect(existsSync(project.path('overlaps'))).toBe(false)
    expect(Object.values(ends())).toEqual(DEVICES.map(() => 1))
    const again = await ended(apply('1'))
    expect([again.code, statesOf(again.stdout)]).toEqual([0, all('in-sync')])
    expect(server.sql("SELECT count(*) FROM tillwright.lease_keys WHERE key LIKE 'look:%'")).toBe('0')
  })

  test('is never handed a secret that was given to the run', async () => {
    const plan = project.start('plan', 'visited', '--param', `round=${server.url}`, '--json', '--on', 'workers')
    const { code, stdout } = await ended(plan)
    expect([code, JSON.parse(stdout).diagnostics?.[0].code]).toEqual([2, 'SECRET_NOT_HANDED'])
    expect(stdout).not.toContain(server.url)
  })

  test('is killed, and another one goes on with what it had', async () => {
    hold()
    const run = apply('2')
    const end = ended(run)
    await until(run, () => begun().length === DEVICES.length)
    const [victim] = workers
    victim?.child.kill('SIGKILL')
    await victim?.end
    letGo()
    const { code, stdout } = await end
    // What it was doing is an action: done, as is seen now, or in doubt; never repeated.
    const states = Object.values(statesOf(stdout))
    expect(states.filter((state) => state === 'changed').length).toBeGreaterThanOrEqual(3)
    expect(states.filter((state) => state !== 'changed' && state !== 'indeterminate')).toEqual([])
    expect(code).toBe(states.includes('indeterminate') ? 4 : 0)
    expect(begun().length).toBe(DEVICES.length)
    expect(Math.max(...Object.values(ends()))).toBe(1)
  })

  test('that slept writes nothing when it wakes', async () => {
    const sleeper = startWorker('hub-c', '--slots', '3')
    await until(
      sleeper.child,
      () => server.sql("SELECT count(*) FROM tillwright.workers WHERE name = 'hub-c'") === '1',
      250,
    )
    hold()
    const run = apply('3')
    const end = ended(run)
    await until(run, () => begun().length === DEVICES.length)
    sleeper.child.kill('SIGSTOP')
    letGo()
    const { code, stdout } = await end
    sleeper.child.kill('SIGCONT')
    expect([code, statesOf(stdout)]).toEqual([0, all('changed')])
    expect(Math.max(...Object.values(ends()))).toBe(1)
    const before = server.sql('SELECT count(*) FROM tillwright.events')
    sleeper.child.kill('SIGTERM')
    expect((await sleeper.end).code).toBe(0)
    expect(server.sql('SELECT count(*) FROM tillwright.events')).toBe(before)
  })

  test('stops with the run, and finishes what it has when its controller is killed', async () => {
    hold()
    const stopped = apply('4')
    const end = ended(stopped)
    await until(stopped, () => begun().length > 0)
    stopped.kill('SIGINT')
    await until(stopped, () => server.sql('SELECT max(stop) FROM tillwright.handed_runs') === '1', 250)
    letGo()
    const { code, stdout } = await end
    expect(code).toBe(130)
    expect(Object.values(statesOf(stdout)).every((state) => state === 'changed' || state === 'cancelled')).toBe(true)

    hold()
    rmSync(project.path('begun'))
    const killed = apply('5')
    const killedEnd = ended(killed)
    await until(killed, () => begun().length > 0)
    const count = begun().length
    killed.kill('SIGKILL')
    await killedEnd
    letGo()
    const resumed = await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')
    expect([resumed.code, statesOf(resumed.stdout)]).toEqual([0, all('changed')])
    expect(begun().length).toBeLessThanOrEqual(DEVICES.length + count)
    expect(new Set(begun())).toEqual(new Set(DEVICES))
    expect(existsSync(project.path('overlaps'))).toBe(false)
    expect(Math.max(...Object.values(ends()))).toBe(1)
  })

  test('finishes what it has at SIGTERM, and goes', async () => {
    const [, worker] = workers
    hold()
    const run = apply('6')
    const end = ended(run)
    await until(run, () => begun().length > 0)
    worker?.child.kill('SIGTERM')
    await until(
      run,
      () => server.sql('SELECT count(*) FROM tillwright.workers WHERE json LIKE \'%"draining":true%\'') !== '0',
      250,
    )
    letGo()
    expect((await worker?.end)?.code).toBe(0)
    // Nobody serves the rest, and nobody comes.
    const { code, stdout } = await end
    const left = JSON.parse(stdout).devices.filter(({ state }: { state: string }) => state !== 'changed')
    expect(left.length).toBeGreaterThan(0)
    expect(new Set(left.map(({ failure }: { failure?: { code: string } }) => failure?.code))).toEqual(
      new Set(['WORKER_GONE']),
    )
    expect([code, new Set(left.map(({ state }: { state: string }) => state))]).toEqual([6, new Set(['deferred'])])
  })

  test('makes the runbooks that a run has, also of one that is gone on with by a part of them', async () => {
    const settings = project.read('tillwright.yaml')
    const marks = ['first', 'second'].map((name, index) => {
      const script = `while [ -e ${project.root}/hold ]; do sleep 0.05; done; touch ${project.root}/${name}`
      const step = `{command: {run: 'touch ${project.root}/at-${name}; ${script}', creates: ${project.root}/${name}}}`
      project.write(`runbooks/${name}.yaml`, `name: ${name}\nsteps:\n  - ${step}\n`)
      return `  - {runbook: ${name}, mode: mend, where: 'device.id == "pos${index + 1}"'}\n`
    })
    project.write('tillwright.yaml', `${settings}assignments:\n${marks.join('')}`)
    onTestFinished(() => project.write('tillwright.yaml', settings))
    hold()
    const reconcile = project.start('reconcile', '--here', '--json', '--parallel', '1')
    const end = ended(reconcile)
    await until(reconcile, () => existsSync(project.path('at-first')))
    reconcile.kill('SIGINT')
    letGo()
    await end
    expect(['first', 'at-second', 'second'].map((name) => existsSync(project.path(name)))).toEqual([true, false, false])
    const worker = startWorker('hub-d', '--slots', '3')
    await until(
      worker.child,
      () => server.sql("SELECT count(*) FROM tillwright.workers WHERE name = 'hub-d'") === '1',
      250,
    )
    const resumed = await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')
    expect([resumed.code, statesOf(resumed.stdout)]).toEqual([0, { pos1: 'changed', pos2: 'changed' }])
    expect(existsSync(project.path('second'))).toBe(true)
  })

  test('gives no device a file of its own checkout that is another one than that of the run', async () => {
    const files = (text: string): Record<string, string> => ({
      'tillwright.yaml': project.read('tillwright.yaml'),
      'inventory/fleet.yaml': inventory
        .replaceAll('PL-0001', 'PL-0002')
        .replace('north: {', 'south: {')
        .replace('region: north', 'region: south'),
      'runbooks/conf.yaml': `name: conf\nsteps:\n  - {file: {path: "${project.root}/\${{ device.id }}.conf", source: files/a}}\n`,
      'files/a': text,
    })
    const [here, there] = [new TestProject(files('B')), new TestProject(files('A'))]
    const child = there.start('worker', '--name', 'hub-old', '--serve', 'region:south')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      for (const one of [here, there]) await one.remove()
    })
    await until(child, () => server.sql("SELECT count(*) FROM tillwright.workers WHERE name = 'hub-old'") === '1')
    const args = ['conf', '--device', 'PL-0002/pos1', '--yes', '--json', '--on', 'workers']
    const other = await here.till('apply', ...args)
    expect(JSON.parse(other.stdout).devices).toMatchObject([{ state: 'failed', failure: { code: 'RUN_MOVED' } }])
    expect([other.code, existsSync(project.path('pos1.conf'))]).toEqual([4, false])
    there.write('files/a', 'B')
    expect((await here.till('apply', ...args)).code).toBe(0)
    expect(project.read('pos1.conf')).toBe('B')
  })

  test('waits for a run that took the device of a dead one, and goes on', async () => {
    const second = startWorker('hub-e', '--slots', '3')
    await until(second.child, () => server.sql("SELECT count(*) FROM tillwright.workers WHERE name = 'hub-e'") === '1')
    const first = workers.at(-2)
    second.child.kill('SIGSTOP')
    hold()
    const run = apply('7', '--device', 'PL-0001/pos1')
    const end = ended(run)
    await until(run, () => begun().length === 1)
    first?.child.kill('SIGKILL')
    await first?.end
    letGo()
    writeFileSync(project.path('longer'), '')
    onTestFinished(() => rmSync(project.path('longer'), { force: true }))
    const words = `cd ${project.root}; touch other; while [ -e longer ]; do sleep 0.05; done`
    const other = ended(project.start('exec', '--device', 'PL-0001/pos1', '--', words))
    await until(run, () => existsSync(project.path('other')))
    second.child.kill('SIGCONT')
    const taken = "SELECT count(*) FROM tillwright_jobs.job WHERE state = 'active' AND retry_count = 1"
    await until(run, () => server.sql(taken) === '1')
    // It asks for the lease at once, and is told who has it.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(server.sql(taken)).toBe('1')
    rmSync(project.path('longer'))
    expect((await other).code).toBe(0)
    const { code, stdout } = await end
    expect(['changed', 'in-sync', 'indeterminate']).toContain(statesOf(stdout)['pos1'])
    expect(code).toBe(statesOf(stdout)['pos1'] === 'indeterminate' ? 4 : 0)
    expect(Object.values(ends())).toEqual([1])
  })

  test('that cannot work says why to the run, which ends', async () => {
    server.sql('UPDATE tillwright_jobs.queue SET retry_limit = 1')
    rmSync(project.path('.till/workers'), { recursive: true })
    writeFileSync(project.path('.till/workers'), '')
    onTestFinished(() => rmSync(project.path('.till/workers')))
    const run = apply('8', '--device', 'PL-0001/pos1')
    const end = ended(run)
    // No run counts on it while it rests.
    const resting = `SELECT count(*) FROM tillwright.workers WHERE json LIKE '%"resting":"%.till/workers%'`
    await until(run, () => server.sql(resting) !== '0', 250)
    const state = await project.till('state', 'status', '--json')
    expect(errorsOf('state', JSON.parse(state.stdout))).toEqual([])
    const { code, stdout, stderr } = await end
    // It says nothing of the device.
    expect([code, statesOf(stdout), stderr]).toEqual([6, { pos1: 'deferred' }, ''])
    const [{ failure }] = JSON.parse(stdout).devices
    expect(failure).toMatchObject({ code: 'WORKER_FAILED', phase: 'resolve' })
    expect(failure.message).toMatch(/The worker hub-e: .*\.till\/workers/)
    expect(Object.values(ends())).toEqual([1])
  })

  test('gets no leave where it cannot be written, and the run says so', async () => {
    const worker = startWorker('hub-f', '--slots', '3')
    await until(worker.child, () => server.sql("SELECT count(*) FROM tillwright.workers WHERE name = 'hub-f'") === '1')
    server.sql(`CREATE FUNCTION tillwright.refuse() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''no answer is written today''; END';
      CREATE TRIGGER refuse BEFORE UPDATE ON tillwright.leave_questions FOR EACH ROW EXECUTE FUNCTION tillwright.refuse()`)
    const { code, stderr } = await ended(apply('9'))
    server.sql('DROP FUNCTION tillwright.refuse() CASCADE')
    expect([code, stderr]).toEqual([1, expect.stringContaining('no answer is written today')])
    expect(stderr).not.toMatch(/unhandled/i)
  })
})
