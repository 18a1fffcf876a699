import { sql } from 'kysely'
import { isClaimed } from '../core/clock-ahead.ts'
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
import { compiledLater } from './compiled-later.ts'
import { OUTBOX, SINKS } from './locks.ts'
import { ofSink, ROW, readPosition, type SinkRow } from './outbox-positions.ts'
import { outboxTables } from './outbox-tables.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { eventOf } from './record-events.ts'
import { identityOf } from './runs.ts'
import { tables } from './schema.ts'
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

const LEAST = compiledLater(() =>
  outboxTables
    .selectFrom('sinks')
    .select(({ fn }) => fn.min<number>('position').as('position'))
    .compile(),
)
const NEWEST = compiledLater(() =>
  outboxTables
    .selectFrom('outbox')
    .select(({ fn }) => fn.max<number>('id').as('id'))
    .compile(),
)
const NUMBERS = compiledLater(() =>
  outboxTables
    .selectFrom('outbox')
    .select(({ fn, selectFrom }) => [
      fn.max<number>('id').as('newest'),
      selectFrom('outbox as first')
        .select(({ fn }) => fn.min<number>('first.id').as('id'))
        .as('oldest'),
    ])
    .compile(),
)
const SINKS_BY_NAME = outboxTables.selectFrom('sinks').selectAll().orderBy('name')
const PRUNE = compiledLater(() => outboxTables.deleteFrom('outbox').where('id', '<=', 0).where('id', '<', 0).compile())
/** Of what is known of sinks; some of it is put into the queue. */
const LOCKS = { alone: [SINKS], shared: [OUTBOX] }

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
      const isHeld =
        row.host !== null && isClaimed(row.claimed_until, now) && !isThisProcess(row) && isThere(row, witness)
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

  /** A page is one transaction: others write between them. */
  async drop(sink: string, keep: SinkKeep): Promise<number> {
    const [row] = await this.#session.read(SINKS_BY_NAME.where('name', '=', sink))
    const waits = row && (await readPosition(this.#session, row))
    if (!row || !waits || !isFull(waits, keep, new Date())) return 0
    const before = Date.now() - keep.days * DAY_MS
    let bytes = waits.pending_bytes - keep.megabytes * 1_000_000
    let dropped = 0
    for (let position = row.position; ; ) {
      const some = await this.#write(() => dropSome(sink, { position, bytes, before }))
      if (some === undefined) return dropped
      dropped += some.count
      bytes -= some.bytes
      position = some.upTo
    }
  }

  async positions(): Promise<readonly SinkPosition[]> {
    const positions: SinkPosition[] = []
    for (const row of await this.#session.read(SINKS_BY_NAME)) positions.push(await readPosition(this.#session, row))
    return positions
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

  /** Of the runs alone that went on then: events have no index by time. */
  async replaySince(sink: string, since: Date): Promise<number> {
    const from = since.toISOString()
    const going = tables.selectFrom('runs').select('run').orderBy('run')
    const runs = going.where(({ eb, or }) => or([eb('finished_at', 'is', null), eb('finished_at', '>=', from)]))
    let count = 0
    for (const { run } of await this.#session.read(runs)) count += await this.#replayRun(sink, run, from)
    return count
  }

  async #replayRun(sink: string, run: string, from: string): Promise<number> {
    const events = outboxTables.selectFrom('events').where('run', '=', run).where('at', '>=', from)
    const page = events
      .select(['seq', sql<number>`length(json)`.as('bytes')])
      .orderBy('seq')
      .limit(PAGE)
    let count = 0
    for (let after = 0; ; ) {
      const rows = await this.#session.read(page.where('seq', '>', after))
      await this.#write(function* () {
        for (const row of rows) yield* enqueue({ ...row, run, sink })
      })
      count += rows.length
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return count
      after = last.seq
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

/** Lets go of some of the oldest, from where the sink was; undefined where none has to go, or the sink is elsewhere by now. */
function* dropSome(
  sink: string,
  { position, ...limit }: { readonly position: number; readonly bytes: number; readonly before: number },
): Steps<{ readonly count: number; readonly bytes: number; readonly upTo: number } | undefined> {
  const row = yield* rowOf(sink)
  if (row?.position !== position) return undefined
  const some = yield* rowsOf(ofSink(sink, position).select(['id', 'bytes', 'at']).orderBy('id').limit(PAGE))
  const upTo = lastBeyond(some, limit)
  if (upTo === undefined) return undefined
  const gone = some.slice(0, some.findIndex(({ id }) => id === upTo) + 1)
  yield* update(sink, { position: upTo, dropped: row.dropped + gone.length })
  yield* prune()
  return { count: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0), upTo }
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

/** Deletes some of what every sink is past, more than one of them goes on by at once; not the newest, whose number would be given again. */
function* prune(): Steps<void> {
  const [known] = yield* rowsOf(NUMBERS)
  const newest = known?.newest ?? null
  if (newest === null) return
  const settled = (yield* rowsOf(LEAST))[0]?.position ?? newest
  yield* put(PRUNE, [Math.min(settled, (known?.oldest ?? 0) + 2 * PAGE), newest])
}
