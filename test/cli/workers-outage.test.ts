import type { ChildProcess } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'
import { runbookThatWaits } from './chain.ts'
import { type Ended, ended, inventoryWith, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const server = new PostgresServer()
const DEVICES = Array.from({ length: 6 }, (_, index) => `pos${index + 1}`)
const LEASE_S = 5
const project = new TestProject({
  'tillwright.yaml': `run: {lease: ${LEASE_S}s}\npolicies: {default: {caps: [], rollout: {waves: false}}}\n`,
  'inventory/fleet.yaml': inventoryWith(
    DEVICES.map((id) => `      ${id}: {profile: till, address: 127.0.0.1}\n`).join(''),
  ).replace('type: ssh', 'type: local'),
})
project.write('runbooks/visited.yaml', runbookThatWaits(project.root))
const DONE = new Set(['changed', 'in-sync'])
const begun = (): number => (existsSync(project.path('begun')) ? project.read('begun').split('\n').length - 1 : 0)
const codesOf = ({ stdout }: Ended): readonly string[] =>
  JSON.parse(stdout).devices.map((one: { state: string; failure?: { code: string } }) => one.failure?.code ?? one.state)

let worker: ChildProcess
let workerEnd: Promise<Ended>
let run: ChildProcess
let end: Promise<Ended>

const JOBS = 'tillwright_jobs.job_common'
/** As the engine does with jobs whose worker was not heard of for a while; the jobs. */
const giveBack = (): string =>
  server.sql(
    `UPDATE ${JOBS} SET state = 'retry', retry_count = retry_count + 1, start_after = now() WHERE state = 'active' RETURNING id`,
  )
/** Of runs, those that are heard of. */
const controllers = (): string =>
  server.sql(`SELECT count(*) FROM tillwright.lease_keys k JOIN tillwright.controllers c ON c.id = k.controller
    WHERE k.key LIKE 'run:%' AND c.until > extract(epoch FROM clock_timestamp()) * 1000`)
const startWorker = (name: string): void => {
  worker = project.start('worker', '--name', name, '--slots', '2')
  workerEnd = ended(worker)
}

/** A run that has two devices in the middle of their change at a worker, and four that wait. */
describe.skipIf(!hasPostgres)('a run over workers', () => {
  beforeAll(async () => {
    await server.start()
    process.env['TILL_STATE'] = server.url
  }, 120_000)
  beforeEach(async () => {
    writeFileSync(project.path('hold'), '')
    startWorker('hub')
    await until(worker, () => server.sql("SELECT to_regclass('tillwright.workers')") !== '', 250)
    await until(worker, () => server.sql('SELECT count(*) FROM tillwright.workers') === '1', 250)
    run = project.start('apply', 'visited', '--yes', '--json', '--on', 'workers')
    end = ended(run)
    await until(run, () => begun() === 2, 100)
  }, 120_000)
  afterEach(async () => {
    worker.kill('SIGKILL')
    run.kill('SIGKILL')
    await Promise.all([workerEnd, end])
    for (const name of ['begun', 'hold', ...DEVICES.map((id) => `done-${id}`)])
      rmSync(project.path(name), { force: true })
    server.sql('DELETE FROM tillwright.workers')
  })
  afterAll(async () => {
    delete process.env['TILL_STATE']
    server.stop()
    await project.remove()
  })

  test('goes on when its controller slept for longer than a lease', async () => {
    run.kill('SIGSTOP')
    await until(worker, () => controllers() === '0', 250)
    run.kill('SIGCONT')
    await until(run, () => controllers() === '1', 250)
    rmSync(project.path('hold'))
    expect(codesOf(await end)).toEqual(DEVICES.map(() => 'changed'))
  }, 180_000)

  test('that was stopped is gone on with at once by the worker that it told to stop', async () => {
    run.kill('SIGINT')
    await until(run, () => server.sql('SELECT max(stop) FROM tillwright.handed_runs') === '1', 100)
    rmSync(project.path('hold'))
    expect((await end).code).toBe(130)
    const resumed = await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')
    expect([resumed.code, codesOf(resumed)]).toEqual([0, DEVICES.map(() => 'changed')])
    expect(begun()).toBe(DEVICES.length)
  }, 120_000)

  test('has each device worked on once where a worker gets a job again that it still has', async () => {
    const roomy = project.start('worker', '--name', 'roomy', '--slots', '20')
    const roomyEnd = ended(roomy)
    await until(roomy, () => begun() === DEVICES.length, 100)
    expect(giveBack()).not.toBe('')
    await until(run, () => server.sql(`SELECT count(*) FROM ${JOBS} WHERE state IN ('created', 'retry')`) === '0', 250)
    rmSync(project.path('hold'))
    expect(codesOf(await end)).toEqual(DEVICES.map(() => 'changed'))
    roomy.kill('SIGTERM')
    await roomyEnd
    expect(begun()).toBe(DEVICES.length)
    const ends = "SELECT count(*) FROM tillwright.events WHERE type = 'device.finished'"
    expect(server.sql(`${ends} AND run = (SELECT max(run) FROM tillwright.runs)`)).toBe(String(DEVICES.length))
  }, 120_000)

  test('that was killed keeps no room of a worker from another one', async () => {
    run.kill('SIGKILL')
    worker.kill('SIGKILL')
    await Promise.all([end, workerEnd])
    const killed = server.sql('SELECT max(run) FROM tillwright.runs')
    rmSync(project.path('hold'))
    await until(run, () => controllers() === '0', 250)
    expect(giveBack()).not.toBe('')
    const left = `FROM ${JOBS} WHERE state IN ('created', 'retry')`
    const devices = `SELECT sum(jsonb_array_length(data->'devices')) ${left}`
    expect(Number(server.sql(devices))).toBeGreaterThan(2)
    startWorker('other')
    await until(worker, () => server.sql(`SELECT count(*) FROM ${JOBS} WHERE state = 'active'`) !== '0', 250)
    const began = performance.now()
    const other = await project.till('apply', 'visited', '--yes', '--json', '--on', 'workers', '--wait', '2m')
    expect([other.code, codesOf(other).filter((code) => !DONE.has(code))]).toEqual([0, []])
    // The devices of the one before wait for their controller for a minute.
    expect(performance.now() - began).toBeLessThan(45_000)
    expect((await project.till('abort', killed, '--because', 'another one did it')).code).toBe(0)
  }, 240_000)

  test('that was killed when all its devices had their end is given its own by whoever resumes it', async () => {
    server.sql(`CREATE FUNCTION tillwright.full_disk() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$`)
    const full = "FOR EACH ROW WHEN (NEW.type = 'run.finished') EXECUTE FUNCTION tillwright.full_disk()"
    server.sql(`CREATE TRIGGER full_disk BEFORE INSERT ON tillwright.events ${full}`)
    rmSync(project.path('hold'))
    const last = '(SELECT max(run) FROM tillwright.runs)'
    const devices = `SELECT count(*) FROM tillwright.events WHERE type = 'device.finished' AND run = ${last}`
    await until(run, () => server.sql(devices) === String(DEVICES.length), 250)
    run.kill('SIGKILL')
    await end
    server.sql('DROP TRIGGER full_disk ON tillwright.events')
    const id = server.sql(`SELECT ${last}`)
    const list = JSON.parse((await project.till('resume', '--list', '--json')).stdout)
    expect([errorsOf('unfinished', list), list.runs]).toMatchObject([[], [{ run: id, state: 'interrupted', left: 0 }]])
    const told = `Run ${id} (visited, by ${list.runs[0].by}) was cut off when all its devices had their end: till resume ${id} ends it, too.`
    expect((await project.till('status')).stderr).toContain(told)
    const resumed = await project.till('resume', 'latest', '--yes', '--json', '--on', 'workers')
    expect(JSON.parse(resumed.stdout).run.run).toBe(id)
    expect(JSON.parse((await project.till('resume', '--list', '--json')).stdout).runs).toEqual([])
    expect([resumed.code, JSON.parse(resumed.stdout).summary.counts.changed]).toEqual([0, DEVICES.length])
    expect(server.sql(`SELECT finished_at IS NOT NULL FROM tillwright.runs WHERE run = '${id}'`)).toBe('t')
    const again = await project.till('resume', id, '--yes', '--json', '--on', 'workers')
    expect([again.code, again.stdout]).toEqual([2, expect.stringContaining('RUN_NOTHING_LEFT')])
    expect(server.sql(devices)).toBe(String(DEVICES.length))
  }, 120_000)

  test('misses no worker for the time in which nobody could say that he is there', async () => {
    let said = ''
    run.stderr?.on('data', (chunk) => {
      said += chunk
    })
    worker.kill('SIGSTOP')
    server.halt()
    await delay(35_000)
    server.resume()
    await until(run, () => said.includes('The state store is back'), 100)
    // It looks every two seconds who is there, and finds nobody yet.
    await delay(5_000)
    worker.kill('SIGCONT')
    rmSync(project.path('hold'))
    const codes = codesOf(await end)
    expect(codes.filter((code) => code === 'changed').length).toBeGreaterThanOrEqual(4)
    expect(codes).not.toContain('WORKER_GONE')
  }, 240_000)
})
