import { createHash } from 'node:crypto'
import { type CompiledQuery, sql } from 'kysely'
import { isClaimed } from '../core/clock-ahead.ts'
import { type Episode, type EpisodeEvent, foldEpisode, isLost } from '../core/episode.ts'
import type { Delivery, HookStore, HookWorker, InboxEntry, Told, ToldAnswer } from '../core/hook-store.ts'
import { applyEvents, endAttempt, markUseless, readEpisode, recordAttempt, verdictOf } from './episode-rows.ts'
import { worldOf } from './episode-world.ts'
import { hookTables, type InboxRow, type WorkerRow } from './hook-tables.ts'
import { clearIncidents, forgetIncidents, joinIncident } from './incident-rows.ts'
import { joinAlerts, type MayEnd, RETURNS_AFTER_MS } from './join-alerts.ts'
import { unheardOf } from './leases.ts'
import { HOOKS } from './locks.ts'
import { isThisProcess, thisProcess } from './process-identity.ts'
import { put, rowsOf, type Steps, type StoreSession, sharedClockMs } from './steps.ts'
import type { Witness } from './witness.ts'

const PAGE = 500
const WORKER = 'hooks'
/** More alerts are taken in several writes: whoever wants to write or to ask meanwhile is not held up. */
const ALERTS_A_WRITE = 1_000
/** Whoever repairs has asked for a lease for it, and is heard of from then on, long before an attempt is so old. */
const HEARD_WITHIN_MS = 2 * 60_000

/** Inbox and episodes in a database. What is written is on disk before anybody is answered: it outlives a power cut. */
export function storedHooks(session: StoreSession): HookStore {
  return new StoredHooks(session)
}

class StoredHooks implements HookStore {
  readonly #session: StoreSession

  constructor(session: StoreSession) {
    this.#session = session
  }

  receive(deliveries: readonly Delivery[]): Promise<readonly string[]> {
    const at = new Date().toISOString()
    return this.#write(function* () {
      const entries: string[] = []
      for (const delivery of deliveries) entries.push(yield* receive(delivery, at))
      return entries
    })
  }

  async pending(limit: number): Promise<readonly InboxEntry[]> {
    const open = hookTables.selectFrom('hook_inbox').selectAll().where('done', '=', 0)
    return (await this.#session.read(open.orderBy('at').limit(limit))).map(entryOf)
  }

  async entry(entry: string): Promise<InboxEntry | undefined> {
    const query = hookTables.selectFrom('hook_inbox').selectAll().where('entry', '=', entry)
    return (await this.#session.read(query)).map(entryOf)[0]
  }

  async *inbox(since: string): AsyncGenerator<InboxEntry> {
    const page = hookTables.selectFrom('hook_inbox').selectAll().where('at', '>=', since)
    const ordered = page.orderBy('at').orderBy('entry').limit(PAGE)
    for (let after = { at: '', entry: '' }; ; ) {
      const rows = await this.#session.read(
        ordered.where(({ eb, refTuple, tuple }) => eb(refTuple('at', 'entry'), '>', tuple(after.at, after.entry))),
      )
      for (const row of rows) yield entryOf(row)
      const last = rows.at(-1)
      if (last === undefined || rows.length < PAGE) return
      after = last
    }
  }

  async join(
    entry: string,
    told: readonly Told[],
    mayEnd: Parameters<HookStore['join']>[2] = () => true,
  ): Promise<readonly ToldAnswer[]> {
    const answers: ToldAnswer[] = []
    // What was joined before a process was killed is told before: nothing of it is done twice.
    for (let from = 0; ; from += ALERTS_A_WRITE) {
      const some = told.slice(from, from + ALERTS_A_WRITE)
      const isLast = from + ALERTS_A_WRITE >= told.length
      const joined = await this.#write(() => joinSome(entry, { some, before: answers, isLast, mayEnd }))
      if (joined.isDone) return joined.answers
      answers.push(...joined.answers)
    }
  }

  async answers(entry: string): Promise<readonly ToldAnswer[]> {
    const query = hookTables.selectFrom('hook_inbox').select('answers').where('entry', '=', entry)
    return JSON.parse((await this.#session.read(query))[0]?.answers ?? '[]') as ToldAnswer[]
  }

  async due(now: Date, limit: number): Promise<readonly string[]> {
    const ready = hookTables.selectFrom('episodes').select('episode').where('due_at', '<=', now.toISOString())
    return (await this.#session.read(ready.orderBy('due_at').limit(limit))).map(({ episode }) => episode)
  }

  async lookAgain(now: Date): Promise<void> {
    const open = hookTables.updateTable('episodes').set({ due_at: now.toISOString() }).where('closed_at', 'is', null)
    const late = open.where('due_at', '>', now.toISOString())
    await this.#write(function* () {
      yield* put(late)
    })
  }

  async nextDue(episodes?: readonly string[]): Promise<Date | undefined> {
    const waiting = hookTables.selectFrom('episodes').select('due_at').where('due_at', 'is not', null)
    const of = episodes ? waiting.where('episode', 'in', [...episodes]) : waiting
    const due = (await this.#session.read(of.orderBy('due_at').limit(1)))[0]?.due_at
    return due == null ? undefined : new Date(due)
  }

  advance(
    id: string,
    { now, breaker, classOf, looksBackMs, step }: Parameters<HookStore['advance']>[1],
  ): Promise<{ readonly episode: Episode; readonly started: number | null } | undefined> {
    return this.#write(function* () {
      const episode = yield* readEpisode(id)
      if (!episode || episode.closed_at !== null) return undefined
      const deviceClass = episode.device === null ? '' : classOf(episode.device)
      const world = yield* worldOf(episode, { now, breaker, deviceClass, looksBackMs: looksBackMs(episode.rule) })
      const { events, due, opens } = step(episode, world)
      const started = yield* takeAttempts(episode, events, deviceClass)
      const after = yield* applyEvents(episode, { events, due })
      if (opens) yield* joinIncident(id, { opening: opens, now })
      // What nobody sees any more may still be there.
      if (after.closed_at !== null && !isLost(after)) yield* clearIncidents(id, now)
      return { episode: after, started }
    })
  }

  note(id: string, event: EpisodeEvent): Promise<Episode | undefined> {
    return this.#write(function* () {
      const episode = yield* readEpisode(id)
      if (!episode) return undefined
      const isOpen = episode.closed_at === null && mayBeNoted(episode, event)
      const after = isOpen ? yield* applyEvents(episode, { events: [event], due: new Date() }) : undefined
      if (event.type === 'attempt.finished' || event.type === 'attempt.doubtful') {
        // Whatever became of the episode: others at the device wait for its end.
        const { attempts } = after ?? foldEpisode(episode, event)
        const ended = attempts.find(({ attempt }) => attempt === event.attempt)
        yield* endAttempt({ episode: id, attempt: event.attempt, result: verdictOf(ended), at: event.at })
      }
      if (after && after.closed_at !== null) yield* clearIncidents(id, new Date(after.closed_at))
      return after
    })
  }

  async settleDoubt(now: Date, isUnderWay: (episode: string) => boolean): Promise<number> {
    const running = await this.#session.read(
      hookTables.selectFrom('hook_attempts').selectAll().where('result', '=', 'running'),
    )
    const { witness } = this.#session
    const isOld = ({ started_at }: { readonly started_at: string }): boolean =>
      Date.parse(started_at) < now.getTime() - HEARD_WITHIN_MS
    const away = running.filter((row) => witness.whereabouts(row) === 'elsewhere' && isOld(row))
    const gone = away.length === 0 ? [] : await this.#write(() => unheardOf(away, witness))
    const nobodys = running.filter((row) =>
      isThisProcess(row) ? !isUnderWay(row.episode) : witness.whereabouts(row) === 'dead',
    )
    const lost = [...nobodys, ...gone]
    for (const { episode, attempt } of lost) {
      await this.note(episode, { type: 'attempt.doubtful', at: now.toISOString(), attempt })
    }
    return lost.length
  }

  async episodes(options: { readonly closed?: boolean; readonly limit?: number } = {}): Promise<readonly Episode[]> {
    const all = hookTables.selectFrom('episodes').select('json').orderBy('opened_at', 'desc').orderBy('episode')
    const open = options.closed === true ? all : all.where('closed_at', 'is', null)
    const rows = await this.#session.read(options.limit === undefined ? open : open.limit(options.limit))
    return rows.map(({ json }) => JSON.parse(json) as Episode)
  }

  async episode(id: string): Promise<Episode | undefined> {
    const query = hookTables.selectFrom('episodes').select('json').where('episode', '=', id)
    const [row] = await this.#session.read(query)
    return row && (JSON.parse(row.json) as Episode)
  }

  async events(episode: string): Promise<readonly EpisodeEvent[]> {
    const query = hookTables.selectFrom('episode_events').select('json').where('episode', '=', episode)
    return (await this.#session.read(query.orderBy('seq'))).map(({ json }) => JSON.parse(json) as EpisodeEvent)
  }

  claim(ttlMs: number): Promise<boolean> {
    const { witness } = this.#session
    return this.#write(function* () {
      const now = yield* sharedClockMs()
      const mine = thisProcess()
      const held = heldBy(yield* rowsOf(HOLDER), { now, witness })
      const isMine = held !== undefined && isThisProcess(held)
      if (held && !isMine) return false
      const since = isMine ? held.since : new Date(now).toISOString()
      const row = { name: WORKER, ...mine, since, until: new Date(now + ttlMs).toISOString() }
      yield* put(
        hookTables
          .insertInto('hook_workers')
          .values(row)
          .onConflict((conflict) => conflict.column('name').doUpdateSet(row)),
      )
      return true
    })
  }

  async release(): Promise<void> {
    const { host, pid } = thisProcess()
    const mine = hookTables.deleteFrom('hook_workers').where('name', '=', WORKER).where('host', '=', host)
    await this.#write(() => put(mine.where('pid', '=', pid)))
  }

  async worker(): Promise<HookWorker | undefined> {
    const { witness } = this.#session
    const held = await this.#write(function* () {
      return heldBy(yield* rowsOf(HOLDER), { now: yield* sharedClockMs(), witness })
    })
    return held && { host: held.host, pid: held.pid, since: held.since }
  }

  async count(): Promise<{ readonly pending: number; readonly open: number }> {
    const pending = hookTables.selectFrom('hook_inbox').where('done', '=', 0)
    const open = hookTables.selectFrom('episodes').where('closed_at', 'is', null)
    const [[entries], [episodes]] = await Promise.all([
      this.#session.read(pending.select(({ fn }) => fn.countAll().as('n'))),
      this.#session.read(open.select(({ fn }) => fn.countAll().as('n'))),
    ])
    return { pending: Number(entries?.n ?? 0), open: Number(episodes?.n ?? 0) }
  }

  async forget(before: Date): Promise<void> {
    const at = before.toISOString()
    const old = hookTables.selectFrom('episodes').select('episode').where('closed_at', '<', at)
    await this.#write(function* () {
      const statements: readonly CompiledQuery<unknown>[] = [
        hookTables.deleteFrom('hook_inbox').where('done', '=', 1).where('at', '<', at).compile(),
        hookTables.deleteFrom('hook_alerts').where('episode', 'in', old).compile(),
        hookTables.deleteFrom('hook_alerts').where('episode', 'is', null).where('at', '<', at).compile(),
        hookTables.deleteFrom('hook_attempts').where('episode', 'in', old).compile(),
        hookTables.deleteFrom('episode_events').where('episode', 'in', old).compile(),
        hookTables.deleteFrom('episodes').where('closed_at', '<', at).compile(),
      ]
      for (const statement of statements) yield* put(statement)
      yield* forgetIncidents(at)
    })
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  #write<T>(work: () => Steps<T>): Promise<T> {
    return this.#session.write(work, { locks: { alone: [HOOKS] }, sync: true })
  }
}

/** Whoever closes an episode, or takes a repair for lost, may be late. */
function mayBeNoted({ attempts }: Episode, event: EpisodeEvent): boolean {
  const isRunning = attempts.at(-1)?.result === 'running'
  if (event.type === 'closed') return !isRunning
  return event.type !== 'attempt.doubtful' || isRunning
}

/** Takes alerts of an entry into their episodes; with the last of them it is worked off. */
function* joinSome(
  entry: string,
  {
    some,
    before,
    isLast,
    mayEnd,
  }: {
    readonly some: readonly Told[]
    readonly before: readonly ToldAnswer[]
    readonly isLast: boolean
    readonly mayEnd: MayEnd
  },
): Steps<{ readonly isDone: boolean; readonly answers: readonly ToldAnswer[] }> {
  const found = hookTables.selectFrom('hook_inbox').select(['done', 'answers']).where('entry', '=', entry)
  const [row] = yield* rowsOf(found)
  if (!row || row.done === 1) return { isDone: true, answers: JSON.parse(row?.answers ?? '[]') as ToldAnswer[] }
  const own = yield* joinAlerts(some, { now: new Date(), mayEnd })
  if (!isLast) return { isDone: false, answers: own }
  const answers = [...before, ...own]
  const joined = answers.length > 0 && answers.every(({ rule }) => rule !== null) ? 1 : 0
  const set = { done: 1, joined, answers: JSON.stringify(answers) }
  yield* put(hookTables.updateTable('hook_inbox').set(set).where('entry', '=', entry))
  return { isDone: true, answers }
}

/** Takes the attempts among events for this process; gives the last one. */
function* takeAttempts(episode: Episode, events: readonly EpisodeEvent[], deviceClass: string): Steps<number | null> {
  let started: number | null = null
  for (const event of events) {
    if (event.type === 'attempt.started' || (event.type === 'noted' && event.note === 'needs-people'))
      yield* markUseless(episode)
    if (event.type !== 'attempt.started') continue
    started = event.attempt
    yield* recordAttempt(episode, { attempt: event.attempt, at: event.at, deviceClass })
  }
  return started
}

const HOLDER = hookTables.selectFrom('hook_workers').selectAll().where('name', '=', WORKER)

function heldBy(
  [row]: readonly WorkerRow[],
  { now, witness }: { readonly now: number; readonly witness: Witness },
): WorkerRow | undefined {
  return row && isClaimed(Date.parse(row.until), now) && witness.whereabouts(row) !== 'dead' ? row : undefined
}

function* receive(delivery: Delivery, at: string): Steps<string> {
  const { source, sender, body } = delivery
  const entry = createHash('sha256').update(`${source}\0${sender}\0`).update(body).digest('hex')
  const old = new Date(Date.parse(at) - RETURNS_AFTER_MS).toISOString()
  const row = { entry, source, sender, body, at, times: 1, done: 0, joined: 0, answers: '[]' }
  const insert = hookTables.insertInto('hook_inbox').values(row)
  yield* put(
    insert.onConflict((conflict) =>
      conflict.column('entry').doUpdateSet(() => ({
        times: sql<number>`hook_inbox.times + 1`,
        // What nobody could place may have a place by now, and what comes again after its end has begun anew.
        done: sql<number>`CASE WHEN hook_inbox.at < ${old} THEN 0 ELSE hook_inbox.joined END`,
      })),
    ),
  )
  return entry
}

function entryOf(row: InboxRow): InboxEntry {
  const { entry, source, sender, body, at, times, done } = row
  return { entry, source, sender, body, at, times, done: done === 1 }
}
