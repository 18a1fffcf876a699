import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HandedJob, WorkQueue } from '../../src/core/handed-work.ts'
import { openBossQueue } from '../../src/queue/boss-queue.ts'
import { openPostgresTables } from '../../src/stores/postgres/open.ts'
import { hasPostgres, PostgresServer } from '../peers/postgres-server.ts'

const server = new PostgresServer()
let queue: WorkQueue

const handed = {
  run: 'a',
  fleet: 'chain',
  epoch: 1,
  devices: [{ device: { name: 'S/pos1' } }],
  store: {},
  way: [],
  gateways: {},
} as unknown as HandedJob

/** Takes the job that is there, and fails it; undefined: there is none. */
async function failed(): Promise<number | undefined> {
  const [job] = await queue.take('all', 1)
  if (job) await queue.fail('all', job, 'the disk is full')
  return job?.tries
}

describe.skipIf(!hasPostgres)('jobs for workers', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    await server.start()
    queue = await openBossQueue(openPostgresTables(server.url), () => undefined)
  })
  afterAll(async () => {
    await queue?.close()
    server.stop()
  })

  test('that were put back are tried as often as others, with what they were tried before', async () => {
    await queue.put('all', [handed])
    expect([await failed(), await failed(), await failed()]).toEqual([0, 1, 2])
    const [job] = await queue.take('all', 1)
    if (!job) throw new Error('it was given up early')
    expect(job.tries).toBe(3)
    await queue.put('all', [{ ...job.data, tries: job.tries }])
    await queue.done('all', [job])
    expect(await failed()).toBe(3)
    expect(await failed()).toBe(4)
    expect(await queue.jobsOf('all', 'a')).toMatchObject([{ isOpen: true }])
    expect(await failed()).toBe(5)
    expect(await queue.jobsOf('all', 'a')).toEqual([{ devices: ['S/pos1'], isOpen: false, why: 'the disk is full' }])
    expect(await failed()).toBeUndefined()
  })

  test('are there without a list of processes, which one that starts while PostgreSQL is away could never write', async () => {
    const tables = openPostgresTables(server.url)
    const listed = /(?:INTO|UPDATE) \S+\.instance\b/u
    const warned: string[] = []
    const executeSql = async (text: string, values?: unknown[]) => {
      if (listed.test(text)) throw new Error('terminating connection due to administrator command')
      return tables.executeSql(text, values)
    }
    const other = await openBossQueue({ schema: tables.schema, executeSql, close: () => tables.close() }, (text) =>
      warned.push(text),
    )
    await other.put('other', [handed])
    expect([warned, (await other.take('other', 1)).length]).toEqual([[], 1])
    await other.close()
    expect(server.sql(`SELECT count(*) FROM ${tables.schema}.instance`)).toBe('0')
  })

  test('that were put back are heard of and done by whoever takes them', async () => {
    await queue.put('all', [{ ...handed, run: 'b', tries: 2 }])
    const jobs = await queue.take('all', 5)
    expect(jobs.map(({ tries }) => tries)).toEqual([2])
    await queue.touch('all', jobs)
    await queue.done('all', jobs)
    expect(await queue.jobsOf('all', 'b')).toEqual([])
  })
})
