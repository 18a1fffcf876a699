import { PgBoss } from 'pg-boss'
import type { HandedJob, RunJob, TakenJob, WorkQueue } from '../core/handed-work.ts'
import { jobsOfRun, nameOf, type QueueTables } from './queue-tables.ts'

/** Silent for so long, a taker is given up; the shortest that the engine has. */
const HEARTBEAT_S = 10
/** So often it is looked for jobs whose takers are silent. */
const MONITOR_S = 2
/** A job that so many takers died of is not given to another one. */
const TRIES = 5
/** Jobs that are done are of no more use: what came of devices stands in the journal. */
const KEEP_DONE_S = 60
const LONGEST_S = 24 * 3_600 - 1
const KEEP_WAITING_S = 24 * 3_600

/** Jobs by pg-boss, in tables of its own beside the state. Makes them where there are none. */
export async function openBossQueue(tables: QueueTables, warn: (text: string) => void): Promise<WorkQueue> {
  const boss = new PgBoss({
    db: tables,
    schema: tables.schema,
    schedule: false,
    // Nobody reads it, and where PostgreSQL is away at the start, the engine fails to write it for as long as the process lives.
    registerInstance: false,
    superviseIntervalSeconds: MONITOR_S,
    monitorIntervalSeconds: MONITOR_S,
  })
  // What it says of its own upkeep; what is asked of it throws.
  boss.on('error', (error) => warn(`The queue of jobs: ${error instanceof Error ? error.message : String(error)}`))
  try {
    await boss.start()
  } catch (error) {
    await tables.close()
    throw error
  }
  return new BossQueue(boss, tables)
}

class BossQueue implements WorkQueue {
  readonly #boss: PgBoss
  readonly #tables: QueueTables
  readonly #known = new Map<string, Promise<void>>()

  constructor(boss: PgBoss, tables: QueueTables) {
    this.#boss = boss
    this.#tables = tables
  }

  open(queue: string): Promise<void> {
    const made = this.#known.get(queue) ?? this.#make(queue)
    this.#known.set(queue, made)
    made.catch(() => this.#known.delete(queue))
    return made
  }

  #make(queue: string): Promise<void> {
    return this.#boss.createQueue(nameOf(queue), {
      heartbeatSeconds: HEARTBEAT_S,
      expireInSeconds: LONGEST_S,
      retryLimit: TRIES,
      retryDelay: 0,
      retentionSeconds: KEEP_WAITING_S,
      deleteAfterSeconds: KEEP_DONE_S,
    })
  }

  async put(queue: string, jobs: readonly HandedJob[]): Promise<void> {
    await this.open(queue)
    const rows = jobs.map((data) => ({ data, retryLimit: TRIES - (data.tries ?? 0) }))
    await this.#boss.insert(nameOf(queue), rows)
  }

  async take(queue: string, most: number): Promise<readonly TakenJob[]> {
    await this.open(queue)
    const jobs = await this.#boss.fetch<HandedJob>(nameOf(queue), { batchSize: most, includeMetadata: true })
    return jobs.map(({ id, data, retryCount }) => ({ id, data, tries: retryCount + (data.tries ?? 0) }))
  }

  async touch(queue: string, jobs: readonly TakenJob[]): Promise<void> {
    await this.#boss.touch(nameOf(queue), jobs.map(attemptOf))
  }

  async done(queue: string, jobs: readonly TakenJob[]): Promise<void> {
    await this.#boss.complete(nameOf(queue), jobs.map(attemptOf))
  }

  async fail(queue: string, job: TakenJob, why: string): Promise<void> {
    await this.#boss.fail(nameOf(queue), [attemptOf(job)], { message: why })
  }

  jobsOf(queue: string, run: string): Promise<readonly RunJob[]> {
    return jobsOfRun(this.#tables, queue, run)
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false })
    await this.#tables.close()
  }
}

function attemptOf({ id, tries, data }: TakenJob): { readonly id: string; readonly retryCount: number } {
  return { id, retryCount: tries - (data.tries ?? 0) }
}
