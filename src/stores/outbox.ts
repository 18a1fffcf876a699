import { type CompiledQuery, sql } from 'kysely'
import { DAY_MS } from '../core/duration.ts'
import {
  isFull,
  type Outbox,
  type OutboxEntry,
  type RefusedMessage,
  type Settled,
  type SinkKeep,
  type SinkPosition,
} from '../core/sink.ts'
import { OUTBOX, SINKS } from './locks.ts'
import { outboxTables } from './outbox-tables.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { eventOf } from './record-events.ts'
import { identityOf } from './runs.ts'
import { put, rowsOf, type Steps, type StoreSession, sharedClockMs } from './steps.ts'
import type { Witness } from './witness.ts'

/** What is put into the queue or let go of in one transaction. */
const PAGE = 2_000
/** For so long nobody has sent to a sink that is forgotten where settings do not name it. Others may have other settings. */
const FORGOTTEN_MS = 7 * DAY_MS

/** The outbox in a database. */
export async function storedOutbox(session: StoreSession): Promise<Outbox> {
  return new StoredOutbox(session, await identityOf(session))
}

const ROW = outboxTables.selectFrom('sinks').selectAll().where('name', '=', '').compile()
const LEAST = outboxTables
  .selectFrom('sinks')
  .select(({ fn }) => fn.min<number>('position').as('position'))
  .compile()
const NEWEST = outboxTables
  .selectFrom('outbox')
  .select(({ fn }) => fn.max<number>('id').as('id'))
  .compile()
const PRUNE = outboxTables.deleteFrom('outbox').where('id', '<=', 0).where('id', '<', 0).compile()
/** Of what is known of sinks; some of it is put into the queue. */
const LOCKS = { alone: [SINKS], shared: [OUTBOX] }

type SinkRow = typeof ROW extends CompiledQuery<infer Row> ? Row : never
type Position = Steps<SinkPosition>

class StoredOutbox implements Outbox {
  readonly id: string
  readonly #session: StoreSession
  /** All entries up to this number are there, as far as this process has seen. */
  #complete = 0

  constructor(session: StoreSession, id: string) {
    this.id = id
    this.#session = session
  }

  register(sinks: readonly string[]): Promise<void> {
    return this.#alone(function* () {
      const known = yield* rowsOf(outboxTables.selectFrom('sinks').selectAll())
      const newest = (yield* rowsOf(NEWEST))[0]?.id ?? 0
      const last = Math.max(newest, ...known.map(({ position }) => position))
      const now = yield* sharedClockMs()
      for (const name of sinks) {
        if (known.some((row) => row.name === name)) continue
        const row = { ...NEW_SINK, name, position: last, claimed_until: now }
        yield* put(outboxTables.insertInto('sinks').values(row))
      }
      yield* forget(
        known.filter(({ name }) => !sinks.includes(name)),
        now,
      )
      yield* prune()
    })
  }

  claim(sink: string, ttlMs: number): Promise<boolean> {
    const me = thisProcess()
    const { witness } = this.#session
    return this.#write(function* () {
      const row = yield* rowOf(sink)
      if (!row) return false
      const now = yield* sharedClockMs()
      const isHeld = row.host !== null && row.claimed_until > now && !isThisProcess(row) && isThere(row, witness)
      if (isHeld) return false
      yield* update(sink, { ...me, claimed_until: now + ttlMs })
      return true
    })
  }

  release(sink: string): Promise<void> {
    return this.#write(function* () {
      const row = yield* rowOf(sink)
      const claimed_until = yield* sharedClockMs()
      if (row && isThisProcess(row)) yield* update(sink, { host: null, pid: null, process: null, claimed_until })
    })
  }

  async next(sink: string, limit: number): Promise<readonly OutboxEntry[]> {
    const [row] = await this.#session.read(outboxTables.selectFrom('sinks').selectAll().where('name', '=', sink))
    const position = row?.position ?? 0
    const known = position < this.#complete ? await this.#entries(sink, position, limit) : []
    if (known.length > 0) return known
    return (await this.#completeBeyond(position)) ? this.#entries(sink, position, limit) : []
  }

  async #entries(sink: string, position: number, limit: number): Promise<readonly OutboxEntry[]> {
    const query = outboxTables
      .selectFrom('outbox')
      .innerJoin('events', (join) => join.onRef('events.run', '=', 'outbox.run').onRef('events.seq', '=', 'outbox.seq'))
      .select(['outbox.id', 'events.run', 'events.seq', 'events.at', 'events.type', 'events.device', 'events.json'])
      .where('outbox.id', '>', position)
      .where('outbox.id', '<=', this.#complete)
      .where(({ eb, or }) => or([eb('outbox.sink', 'is', null), eb('outbox.sink', '=', sink)]))
    const rows = await this.#session.read(query.orderBy('outbox.id').limit(limit))
    return rows.map(({ id, ...event }) => ({ id, event: eventOf(event) }))
  }

  /**
   * Where several write at once, a lower number may come after a higher one: those up to the newest have all come once nobody
   * is writing. That is waited for only where something is there, and good for all that was there.
   */
  async #completeBeyond(position: number): Promise<boolean> {
    const [newest] = await this.#session.read(NEWEST)
    if ((newest?.id ?? 0) <= Math.max(position, this.#complete)) return false
    this.#complete = await this.#alone(function* () {
      return (yield* rowsOf(NEWEST))[0]?.id ?? 0
    })
    return true
  }

  settle(sink: string, settled: Settled): Promise<boolean> {
    return this.#write(function* () {
      const row = yield* rowOf(sink)
      if (!row || !isThisProcess(row)) return false
      const at = new Date().toISOString()
      for (const { entry, why } of settled.refused) {
        const { run, seq } = entry.event
        const refused = { sink, id: entry.id, run, seq, at, why: why.slice(0, 500) }
        yield* put(
          outboxTables
            .insertInto('outbox_refused')
            .values(refused)
            .onConflict((conflict) => conflict.doNothing()),
        )
      }
      yield* update(sink, {
        position: Math.max(row.position, settled.upTo),
        sent: row.sent + settled.sent,
        skipped: row.skipped + settled.skipped,
        refused: row.refused + settled.refused.length,
        ...(settled.sent > 0 && { last_sent_at: at, trouble: null, trouble_since: null }),
      })
      yield* prune()
      return true
    })
  }

  trouble(sink: string, why: string | undefined): Promise<void> {
    return this.#write(function* () {
      const row = yield* rowOf(sink)
      if (!row) return
      const since = why === undefined ? null : (row.trouble_since ?? new Date().toISOString())
      yield* update(sink, { trouble: why?.slice(0, 500) ?? null, trouble_since: since })
    })
  }

  drop(sink: string, keep: SinkKeep): Promise<number> {
    return this.#write(function* () {
      let dropped = 0
      for (;;) {
        const some = yield* dropSome(sink, keep)
        dropped += some
        if (some === 0) break
      }
      yield* prune()
      return dropped
    })
  }

  positions(): Promise<readonly SinkPosition[]> {
    return this.#write(function* () {
      const positions: SinkPosition[] = []
      for (const row of yield* rowsOf(outboxTables.selectFrom('sinks').selectAll().orderBy('name')))
        positions.push(yield* positionOf(row))
      return positions
    })
  }

  refused(sink: string, limit: number): Promise<readonly RefusedMessage[]> {
    const query = outboxTables.selectFrom('outbox_refused').selectAll().where('sink', '=', sink)
    return this.#session.read(query.orderBy('id').limit(limit))
  }

  async replayRefused(sink: string): Promise<{ readonly queued: number; readonly forgotten: number }> {
    const page = outboxTables
      .selectFrom('outbox_refused')
      .leftJoin('events', (join) =>
        join.onRef('events.run', '=', 'outbox_refused.run').onRef('events.seq', '=', 'outbox_refused.seq'),
      )
      .select(['outbox_refused.id', 'outbox_refused.run', 'outbox_refused.seq'])
      .select(sql<number | null>`length(events.json)`.as('bytes'))
      .where('outbox_refused.sink', '=', sink)
      .orderBy('outbox_refused.id')
      .limit(PAGE)
    const mine = outboxTables.deleteFrom('outbox_refused').where('sink', '=', sink)
    let [queued, forgotten] = [0, 0]
    for (;;) {
      const bytes = await this.#write(function* () {
        const rows = yield* rowsOf(page)
        for (const { run, seq, bytes } of rows) if (bytes !== null) yield* enqueue({ run, seq, bytes, sink })
        const last = rows.at(-1)
        if (last) yield* put(mine.where('id', '<=', last.id))
        return rows.map((row) => row.bytes)
      })
      queued += bytes.filter((each) => each !== null).length
      forgotten += bytes.filter((each) => each === null).length
      if (bytes.length < PAGE) return { queued, forgotten }
    }
  }

  async replaySince(sink: string, since: Date): Promise<number> {
    const page = outboxTables
      .selectFrom('events')
      .select(['run', 'seq', sql<number>`length(json)`.as('bytes')])
      .where('at', '>=', since.toISOString())
      .orderBy('run')
      .orderBy('seq')
      .limit(PAGE)
    let count = 0
    for (let after = { run: '', seq: 0 }; ; ) {
      const rows = await this.#session.read(
        page.where(({ eb, refTuple, tuple }) => eb(refTuple('run', 'seq'), '>', tuple(after.run, after.seq))),
      )
      await this.#write(function* () {
        for (const row of rows) yield* enqueue({ ...row, sink })
      })
      count += rows.length
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return count
      after = last
    }
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  #write<T>(work: () => Steps<T>): Promise<T> {
    return this.#session.write(work, { locks: LOCKS })
  }

  /** While nobody puts anything into the queue. */
  #alone<T>(work: () => Steps<T>): Promise<T> {
    return this.#session.write(work, { locks: { alone: [SINKS, OUTBOX] } })
  }
}

const NEW_SINK = {
  ...{ sent: 0, skipped: 0, refused: 0, dropped: 0, last_sent_at: null, trouble: null, trouble_since: null },
  ...{ host: null, pid: null, process: null, claimed_until: 0 },
}

function* forget(unnamed: readonly SinkRow[], now: number): Steps<void> {
  for (const { name, claimed_until } of unnamed) {
    // Nobody knows since when: from now on.
    if (claimed_until === 0) yield* update(name, { claimed_until: now })
    else if (claimed_until < now - FORGOTTEN_MS) yield* put(outboxTables.deleteFrom('sinks').where('name', '=', name))
  }
}

function* rowOf(sink: string): Steps<SinkRow | undefined> {
  return (yield* rowsOf(ROW, [sink]))[0]
}

function* update(sink: string, fields: Partial<SinkRow>): Steps<void> {
  yield* put(outboxTables.updateTable('sinks').set(fields).where('name', '=', sink))
}

function ofSink(sink: string, after: number) {
  return outboxTables
    .selectFrom('outbox')
    .where('id', '>', after)
    .where(({ eb, or }) => or([eb('sink', 'is', null), eb('sink', '=', sink)]))
}

function* positionOf(row: SinkRow): Position {
  const sums = ofSink(row.name, row.position).select(({ fn }) => [
    fn.countAll<number>().as('pending'),
    fn.sum<number>('bytes').as('bytes'),
    fn.min<number>('at').as('oldest'),
  ])
  const [sum] = yield* rowsOf(sums)
  const oldest = sum?.oldest ?? null
  return {
    sink: row.name,
    pending: sum?.pending ?? 0,
    // PostgreSQL adds up to numbers without an end, which come as text.
    pending_bytes: Number(sum?.bytes ?? 0),
    oldest_at: oldest === null ? null : new Date(oldest).toISOString(),
    sent: row.sent,
    skipped: row.skipped,
    refused: row.refused,
    dropped: row.dropped,
    trouble: row.trouble,
    trouble_since: row.trouble_since,
    last_sent_at: row.last_sent_at,
  }
}

/** Lets go of some of the oldest; 0 where the sink is within its limits. */
function* dropSome(sink: string, keep: SinkKeep): Steps<number> {
  const row = yield* rowOf(sink)
  const position = row && (yield* positionOf(row))
  if (!row || !position || !isFull(position, keep, new Date())) return 0
  const some = yield* rowsOf(ofSink(sink, row.position).select(['id', 'bytes', 'at']).orderBy('id').limit(PAGE))
  const beyond = position.pending_bytes - keep.megabytes * 1_000_000
  const last = lastBeyond(some, { bytes: beyond, before: Date.now() - keep.days * DAY_MS })
  if (last === undefined) return 0
  const count = some.findIndex(({ id }) => id === last) + 1
  yield* update(sink, { position: last, dropped: row.dropped + count })
  return count
}

function isThere({ host, pid, process }: SinkRow, witness: Witness): boolean {
  return host !== null && pid !== null && witness.whereabouts({ host, pid, process }) !== 'dead'
}

/** The last of the oldest entries that have to go; undefined when none has. */
function lastBeyond(
  entries: readonly { readonly id: number; readonly bytes: number; readonly at: number }[],
  limit: { readonly bytes: number; readonly before: number },
): number | undefined {
  let bytes = 0
  let last: number | undefined
  for (const entry of entries) {
    if (bytes >= limit.bytes && entry.at >= limit.before) break
    bytes += entry.bytes
    last = entry.id
  }
  return last
}

function* enqueue(row: {
  readonly run: string
  readonly seq: number
  readonly bytes: number
  readonly sink: string
}): Steps<void> {
  yield* put(outboxTables.insertInto('outbox').values({ ...row, at: Date.now() }))
}

/** Deletes what every sink is past; not the newest, whose number would be given again. */
function* prune(): Steps<void> {
  const newest = (yield* rowsOf(NEWEST))[0]?.id ?? null
  const least = (yield* rowsOf(LEAST))[0]?.position ?? newest
  if (newest !== null) yield* put(PRUNE, [least, newest])
}
