import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type pg from 'pg'
import { DAY_MS } from '../../core/duration.ts'
import { inPatience, patienceLeftMs, unhurried } from '../patience.ts'
import { tables } from '../schema.ts'
import type { Locks, Query, Steps, StoreSession } from '../steps.ts'
import type { DatabaseAddress } from './address.ts'
import { explained, hasNoRoom, isAway, isPassing, isTooSlow, isWorthAgain, reasonOf } from './faults.ts'
import { postgresQuery, sendable } from './statements.ts'
import { type CommitProof, settingsOf, Transaction, wasCommitted } from './transaction.ts'
import { Wire } from './wire.ts'
import { ServerWitness } from './witness.ts'

/** What is to be written is kept for so long while the server is away. */
const AWAY_GIVE_UP_MS = 30 * 60_000
/** What an event takes beside its text: its head, that of its row, and its part of the indexes. */
const ROW_BYTES = 160
/** Proofs of sessions that ended without a word are of no use to anybody after so long. */
const PROOFS_MS = 7 * DAY_MS
/** A server that is there answers a question that costs nothing within so long. */
const PULSE_MS = 1_500
/** What takes so long so many times will not be quicker. */
const MOST_SLOW = 3
const SLOWEST_RETRY_MS = 2_000

/** A server whose disk is full answers what is read. */
type Asking = 'read' | 'write'

interface Write {
  /** Who asked goes away soon. */
  readonly isHurried: boolean
  /** See `StoreSession.write`. */
  readonly isUrgent: boolean
  readonly work: () => Steps<unknown>
  readonly locks: Locks
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

/** Writes of one transaction. */
interface Turn {
  readonly writes: readonly Write[]
  /** What was sent to be committed, and is not known to be yet. */
  doubt?: { readonly proof: CommitProof; readonly values: readonly unknown[] } | undefined
}

export interface SessionOptions {
  readonly address: DatabaseAddress
  /** Tells people that the server is away, and that it is back. */
  readonly tell: (text: string, state: 'away' | 'back') => void
  /** People wait no longer: what is kept is not written. */
  readonly isGivenUp?: () => boolean
}

/**
 * A database of PostgreSQL: one connection to read, one to write. Writes that come while others are under way are one transaction.
 * What is written is on disk when it resolves, as the server outlives this process and must not know less than it.
 */
export class PostgresSession implements StoreSession {
  readonly #options: SessionOptions
  readonly #reader: Wire
  readonly #writer: Wire
  readonly #prober: Wire
  #pulse: Promise<boolean> | undefined
  readonly witness: ServerWitness
  #behindMs = 0
  #waiting: Write[] = []
  /** What is urgent, and is tried ahead of a turn that has no room. */
  #ahead: Turn | undefined
  #writing: Promise<void> | undefined
  #awaySince: number | undefined
  /** What the server is there for, and has no room for, and what it said. */
  readonly #stuck = new Map<Asking, unknown>()
  /** In its own row of `state_facts` the last transaction of this session has left its proof. */
  readonly #proofName = `commit ${randomUUID()}`
  #hasProof = false

  constructor(options: SessionOptions) {
    this.#options = options
    this.#reader = new Wire(options.address)
    this.#writer = new Wire(options.address)
    this.#prober = new Wire(options.address)
    this.witness = new ServerWitness(this.#writer)
  }

  nowMs(): number {
    return Date.now() + this.#behindMs
  }

  /** Of its tables. */
  get schema(): string {
    return this.#options.address.schema
  }

  read<Row>(query: Query<Row>): Promise<Row[]> {
    return this.patiently('read', async () => {
      const { text, values } = postgresQuery(query)
      const client = await this.#reader.client()
      const begun = client.query(['BEGIN READ ONLY', ...settingsOf(this.#options.address.schema)].join('; '))
      const asked = client.query(text, sendable(values))
      const ended = client.query('COMMIT')
      const [answer] = await Promise.all([asked, begun, ended]).catch((error: unknown) => {
        if (isAway(error)) this.#reader.lose()
        throw error
      })
      return answer.rows as Row[]
    })
  }

  /** By the connection that writes, since each question of it waits for the answer of the one before. */
  look<T>(work: () => Steps<T>, { shared }: { readonly shared: readonly string[] }): Promise<T> {
    return this.write(work, { locks: { shared } })
  }

  async write<T>(
    work: () => Steps<T>,
    { locks, isUrgent = false }: { readonly locks: Locks; readonly isUrgent?: boolean },
  ): Promise<T> {
    // Who is told that it could not be done must not see it done later: it does not begin while the server is away.
    const isHurried = patienceLeftMs() < Number.POSITIVE_INFINITY
    if (isHurried) await this.#isThere()
    if (isHurried && this.#writing && this.#stuck.has('write')) throw this.#stuck.get('write')
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ isHurried, isUrgent, work, locks, resolve: resolve as (value: unknown) => void, reject })
      this.#writing ??= unhurried(() => this.#drain())
    })
  }

  #isThere(): Promise<unknown> {
    return this.patiently('read', async () => {
      const client = await this.#reader.client()
      return client.query('SELECT 1').catch((error: unknown) => {
        if (isAway(error)) this.#reader.lose()
        throw error
      })
    })
  }

  async whereabouts() {
    const { schema, shown } = this.#options.address
    const asked = sql<{ version: string; bytes: number }>`SELECT current_setting('server_version') AS version,
      coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes FROM pg_class c
      WHERE c.relnamespace = to_regnamespace(${schema}) AND c.relkind = 'r'`
    const [row] = await this.read(asked.compile(tables))
    const program = `PostgreSQL ${row?.version.split(' ')[0] ?? ''}`
    return { kind: 'postgres', where: `${shown}, schema ${schema}`, program, bytes: row?.bytes ?? 0 } as const
  }

  /**
   * What the events that are there take, by how many there are and how long the newest are: files of PostgreSQL never become smaller,
   * so their size would say that there is too much for ever.
   */
  async usedBytes(): Promise<number> {
    const counted = sql<{ bytes: number }>`
      SELECT (coalesce(sum(last.seq), 0) * coalesce(max(width.bytes), 0))::bigint AS bytes FROM runs
      LEFT JOIN LATERAL (SELECT seq FROM events WHERE events.run = runs.run ORDER BY seq DESC LIMIT 1) AS last ON true
      CROSS JOIN (
        SELECT avg(octet_length(json) + octet_length(coalesce(device, ''))) + ${ROW_BYTES}::bigint AS bytes
        FROM (SELECT json, device FROM events WHERE run = (SELECT run FROM runs ORDER BY started_at DESC LIMIT 1)
          ORDER BY seq DESC LIMIT 1000) AS newest
      ) AS width`
    const [row] = await this.read(counted.compile(tables))
    return row?.bytes ?? 0
  }

  /**
   * Does something again until the server is there; at its first time at once, where it never was. Who is in a hurry is told that it is
   * away also where it is silent: a machine that stands still refuses nothing.
   */
  patiently<T>(asking: Asking, work: () => Promise<T>): Promise<T> {
    return inPatience(
      (isLate) => this.#untilDone(asking, work, isLate),
      async () => {
        if (await this.#answers()) return undefined
        const silent = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
        return explained(this.#options.address.shown, silent)
      },
    )
  }

  /** Whether the server says anything at all, by a connection on which nothing slow is before the question. Never rejects. */
  async #answers(): Promise<boolean> {
    this.#pulse ??= this.#prober
      .client()
      .then((client) => client.query({ text: 'SELECT 1', query_timeout: PULSE_MS } as pg.QueryConfig))
      .then(
        () => true,
        () => {
          this.#prober.lose()
          return false
        },
      )
      .finally(() => {
        this.#pulse = undefined
      })
    return Promise.race([this.#pulse, delay(PULSE_MS, false, { ref: false })])
  }

  async #untilDone<T>(asking: Asking, work: () => Promise<T>, isLate: () => boolean): Promise<T> {
    let slow = 0
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await work()
        this.#isBack(asking)
        return answer
      } catch (error) {
        if (isTooSlow(error)) slow += 1
        if (isWorthAgain(error) || (isTooSlow(error) && slow < MOST_SLOW)) continue
        if (!isPassing(error) || !this.#mayWait(error, asking) || isLate())
          throw explained(this.#options.address.shown, error)
        await delay(Math.min(SLOWEST_RETRY_MS, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2))
      }
    }
  }

  /** A connection of its own for what is done once, outside of the transactions of stores. */
  once<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.#writer
      .client()
      .then(work)
      .catch((error: unknown) => {
        throw explained(this.#options.address.shown, error)
      })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#dropProofs()
    await Promise.all([this.#reader.close(), this.#writer.close(), this.#prober.close()])
  }

  /** Its own, and those of sessions that ended without doing so, long ago. */
  async #dropProofs(): Promise<void> {
    if (!this.#hasProof) return
    const longAgo = new Date(Date.now() - PROOFS_MS).toISOString()
    const dropped = `DELETE FROM ${this.schema}.state_facts
      WHERE name = $1 OR (name > 'commit ' AND name < 'commit~' AND value < $2)`
    await this.#writer
      .client()
      .then((client) => client.query(dropped, [this.#proofName, longAgo]))
      .catch(() => undefined)
  }

  #mayWait(error: unknown, asking: Asking): boolean {
    if (hasNoRoom(error)) {
      this.#stuck.set(asking, explained(this.#options.address.shown, error))
      if (asking === 'write') this.#waiting = this.#turnAway(this.#waiting)
    }
    if (this.#awaySince === undefined) {
      this.#awaySince = performance.now()
      this.#options.tell(
        `The state store, ${this.#options.address.shown}, is away (${reasonOf(error)}). Nothing new begins until it is back.`,
        'away',
      )
    }
    const isLong = performance.now() - this.#awaySince >= AWAY_GIVE_UP_MS
    return !isLong && patienceLeftMs() > 0 && this.#options.isGivenUp?.() !== true
  }

  #isBack(asking: Asking): void {
    this.#stuck.delete(asking)
    if (this.#awaySince === undefined || this.#stuck.size > 0) return
    this.#awaySince = undefined
    this.#options.tell('The state store is back.', 'back')
  }

  async #drain(): Promise<void> {
    await new Promise<void>((turn) => setImmediate(turn))
    while (this.#ahead || this.#waiting.length > 0) {
      const turn = this.#ahead ?? { writes: this.#waiting.splice(0) }
      this.#ahead = undefined
      await this.#commit(turn)
    }
    this.#writing = undefined
  }

  async #commit(turn: Turn): Promise<void> {
    const { writes } = turn
    try {
      settle(turn, await this.#untilSettled(turn))
    } catch (error) {
      if (error instanceof NoRoomNow) return this.#commitPatient(writes)
      // What may be committed is not done again one by one: nobody could find out what came of it.
      if (writes.length === 1 || turn.doubt) {
        for (const write of writes) write.reject(error)
        return
      }
      // One bad write must not take the others of its turn with it.
      for (const write of writes) await this.#commit({ writes: [write] })
    }
  }

  /** Those that wait for room; what is urgent by itself. */
  async #commitPatient(writes: readonly Write[]): Promise<void> {
    const patient = this.#turnAway(writes)
    const others = patient.filter(({ isUrgent }) => !isUrgent)
    if (others.length > 0) this.#waiting.unshift(...patient.filter(({ isUrgent }) => isUrgent))
    const left = others.length > 0 ? others : patient
    if (left.length > 0) await this.#commit({ writes: left })
  }

  #untilSettled(turn: Turn): Promise<readonly unknown[]> {
    return this.patiently('write', async () => {
      try {
        if (this.#stuck.has('write') && !turn.doubt) await this.#goAhead()
        return await this.#try(turn)
      } catch (error) {
        // Without room, too: a connection made anew tells since when controllers can be heard of again.
        if (isPassing(error)) this.#writer.lose()
        else await this.#rollBack()
        throw turn.doubt ? error : this.#notNow(error, turn.writes)
      }
    })
  }

  /** What is lost in the middle of its commit is not done again before it is known what came of it. */
  async #try(turn: Turn): Promise<readonly unknown[]> {
    const { writes } = turn
    const { schema } = this.#options.address
    const client = await this.#writer.client()
    if (turn.doubt && (await wasCommitted(client, schema, turn.doubt.proof))) return turn.doubt.values
    turn.doubt = undefined
    const proof = { name: this.#proofName, value: `${new Date().toISOString()} ${randomUUID()}` }
    const transaction = await Transaction.begin(client, { schema, locks: together(writes), proof })
    this.#behindMs = transaction.behindMs
    const values: unknown[] = []
    for (const write of writes) values.push(await transaction.take(write.work()))
    if (await transaction.flush()) turn.doubt = { proof, values }
    this.#hasProof ||= turn.doubt !== undefined
    await transaction.commit().catch((error: unknown) => {
      // What the server refuses is not committed.
      if (!isAway(error)) turn.doubt = undefined
      throw error
    })
    return values
  }

  /** What is urgent is small: there may be room for it in pages that are there, while events need new ones. */
  async #goAhead(): Promise<void> {
    if (!this.#ahead) {
      const writes = this.#waiting.filter(({ isUrgent }) => isUrgent)
      if (writes.length === 0) return
      this.#waiting = this.#waiting.filter(({ isUrgent }) => !isUrgent)
      this.#ahead = { writes }
    }
    const turn = this.#ahead
    try {
      settle(turn, await this.#try(turn))
    } catch (error) {
      if (isPassing(error) || isWorthAgain(error) || isTooSlow(error)) throw error
      for (const write of turn.writes) write.reject(error)
      await this.#rollBack()
    }
    this.#ahead = undefined
  }

  /** What to throw for what nothing was written by: those who are in a hurry do not wait for room, what is urgent not behind others. */
  #notNow(error: unknown, writes: readonly Write[]): unknown {
    const isMixed = new Set(writes.map(({ isUrgent }) => isUrgent)).size > 1
    if (!hasNoRoom(error) || !(isMixed || writes.some(({ isHurried }) => isHurried))) return error
    this.#mayWait(error, 'write')
    return new NoRoomNow()
  }

  /** Tells those who are in a hurry that there is no room, before anything of theirs was begun; the others are left. */
  #turnAway(writes: readonly Write[]): Write[] {
    for (const write of writes) if (write.isHurried) write.reject(this.#stuck.get('write'))
    return writes.filter(({ isHurried }) => !isHurried)
  }

  async #rollBack(): Promise<void> {
    try {
      await (await this.#writer.client()).query('ROLLBACK')
    } catch {
      // A connection that cannot even do that is of no use.
      this.#writer.lose()
    }
  }
}

function settle({ writes }: Turn, values: readonly unknown[]): void {
  for (const [index, write] of writes.entries()) write.resolve(values[index])
}

/** Nothing of the turn was written, and some of it does not wait with the others. */
class NoRoomNow extends Error {}

function together(writes: readonly Write[]): Locks {
  return {
    alone: [...new Set(writes.flatMap(({ locks }) => locks.alone ?? []))],
    shared: [...new Set(writes.flatMap(({ locks }) => locks.shared ?? []))],
  }
}
