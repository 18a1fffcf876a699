import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { Asked, Locks, Query, Statement, Steps } from '../steps.ts'
import { insertRows, postgresQuery, type RowShape, rowShape, sendable } from './statements.ts'

/** Who sits on locks and says nothing for so long is gone, as PostgreSQL sees it: sooner than the shortest lease ends for want of a heartbeat. */
const SILENT_MS = 3_000
/** Past it the server ends a question: sooner than this side waits no longer for its answer, or it would go on for nobody. */
const SLOW_MS = 25_000
/** Parameters of one statement are counted in 16 bits. */
const MOST_PARAMETERS = 60_000
const MOST_ROWS = 1_000
/** "current transaction is aborted, commands ignored until end of transaction block". */
const ABORTED = '25P02'

/** What a transaction leaves in the row of its session, in itself: it is there if it was committed. */
export interface CommitProof {
  readonly name: string
  readonly value: string
}

const LEAVE_PROOF =
  'INSERT INTO state_facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value'

interface Gathered {
  readonly query: Query<unknown>
  readonly shape: RowShape
  readonly rows: (readonly unknown[])[]
  readonly keys: Set<string>
}

/** What is asked for within one transaction. What is only written is sent without waiting, rows of one kind together. */
export class Transaction {
  readonly #client: pg.Client
  readonly #ms: number
  readonly #sent: Promise<unknown>[] = []
  #gathered: Gathered | undefined
  readonly #proof: CommitProof
  #hasWritten = false
  /** The first of what was written without waiting that failed. */
  #failure: unknown

  /** How far the clock of this machine is behind that of the server; 0 where they are about the same. */
  readonly behindMs: number

  private constructor(
    client: pg.Client,
    { ms, proof, behindMs }: { readonly ms: number; readonly proof: CommitProof; readonly behindMs: number },
  ) {
    this.#client = client
    this.#ms = ms
    this.#proof = proof
    this.behindMs = behindMs
  }

  /** Begins, and waits for its locks. */
  static async begin(
    client: pg.Client,
    options: { readonly schema: string; readonly locks: Locks; readonly proof: CommitProof },
  ): Promise<Transaction> {
    const lines = [
      'BEGIN ISOLATION LEVEL READ COMMITTED',
      ...settingsOf(options.schema),
      ...lockLines(options.schema, options.locks),
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
    ]
    const asked = Date.now()
    const results = (await client.query(lines.join('; '))) as unknown as pg.QueryResult<{ ms: number }>[]
    const answered = Date.now()
    const ms = (results.at(-1)?.rows ?? [])[0]?.ms ?? answered
    return new Transaction(client, { ms, proof: options.proof, behindMs: behind(ms, { asked, answered }) })
  }

  /** Goes through the steps. */
  async take<T>(steps: Steps<T>): Promise<T> {
    for (let step = steps.next(); ; ) {
      if (step.done) return step.value
      step = steps.next(step.value.kind === 'put' ? this.#put(step.value) : await this.#ask(step.value))
    }
  }

  /** Resolves when all that was written has arrived, and what proves that it was committed; false where nothing was. */
  async flush(): Promise<boolean> {
    this.#sendGathered()
    if (this.#hasWritten) this.#keep(this.#client.query(LEAVE_PROOF, [this.#proof.name, this.#proof.value]))
    await Promise.all(this.#sent.splice(0))
    return this.#hasWritten
  }

  async commit(): Promise<void> {
    await this.#client.query('COMMIT')
  }

  async #ask(asked: Exclude<Statement, { kind: 'put' }>): Promise<readonly unknown[]> {
    if (asked.kind === 'clock') return [{ ms: this.#ms, wall: this.#ms }]
    this.#sendGathered()
    try {
      return await this.#answerTo(asked)
    } catch (error) {
      // That the transaction has failed already says nothing of why.
      throw (error as { readonly code?: string }).code === ABORTED ? (this.#failure ?? error) : error
    }
  }

  async #answerTo(asked: Exclude<Statement, { kind: 'put' | 'clock' }>): Promise<readonly unknown[]> {
    const { query } = asked
    if (asked.kind === 'each')
      return Promise.all(asked.each.map(async (one) => (await this.#send(query, one)).rows as unknown[]))
    return (await this.#send(query, asked.parameters)).rows as unknown[]
  }

  #put({ query, parameters }: Asked): readonly unknown[] {
    this.#hasWritten = true
    const shape = rowShape(query)
    if (shape === undefined || parameters === undefined) {
      this.#sendGathered()
      this.#keep(this.#send(query, parameters))
      return []
    }
    const key = JSON.stringify(shape.key?.map((place) => parameters[place]))
    const open = this.#gathered
    const hasRoom = open && open.rows.length < Math.min(MOST_ROWS, MOST_PARAMETERS / shape.columns)
    if (open?.query === query && hasRoom && !(shape.key && open.keys.has(key))) {
      open.rows.push(parameters)
      open.keys.add(key)
      return []
    }
    this.#sendGathered()
    this.#gathered = { query, shape, rows: [parameters], keys: new Set([key]) }
    return []
  }

  #sendGathered(): void {
    const gathered = this.#gathered
    this.#gathered = undefined
    if (!gathered) return
    const { text, values } = insertRows(gathered.shape, gathered.rows)
    this.#keep(this.#client.query(text, sendable(values)))
  }

  #send(query: Query<unknown>, parameters?: readonly unknown[]): Promise<pg.QueryResult> {
    const { text, values } = postgresQuery(query)
    return this.#client.query(text, sendable(parameters ?? values))
  }

  /** What fails is told by `flush`, or by whatever is asked next. */
  #keep(sent: Promise<unknown>): void {
    sent.catch((error: unknown) => {
      this.#failure ??= error
    })
    this.#sent.push(sent)
  }
}

/**
 * Whether the transaction that leaves this proof was. A number of it would prove nothing: a standby that became the primary without it
 * gives its numbers to others. The row is written, as that waits for whoever is still writing it.
 */
export async function wasCommitted(client: pg.Client, schema: string, { name, value }: CommitProof): Promise<boolean> {
  const { rows } = await client.query<{ value: string }>(
    `INSERT INTO ${schema}.state_facts AS fact (name, value) VALUES ($1, '')
     ON CONFLICT (name) DO UPDATE SET value = fact.value RETURNING value`,
    [name],
  )
  return rows[0]?.value === value
}

/** Clocks that differ by less are as good as the same. */
const APART_MS = 1_000

/** The server looked at its clock between the question and the answer, however long either took. */
function behind(ms: number, { asked, answered }: { readonly asked: number; readonly answered: number }): number {
  if (ms < asked - APART_MS) return ms - asked
  return ms > answered + APART_MS ? ms - answered : 0
}

/** PostgreSQL 17 can end transactions by their age (its manual, 19.11.1); the ones before do not know the setting. */
export const NO_END =
  "SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) IS NOT NULL"

/**
 * Of one transaction alone: a pooler gives the connection to others behind it. Limits that the role has for questions of people would end
 * a run: waiting for a lock of ours counts, too.
 */
export function settingsOf(schema: string): readonly string[] {
  return [
    `SET LOCAL search_path TO ${schema}`,
    `SET LOCAL idle_in_transaction_session_timeout TO ${SILENT_MS}`,
    `SET LOCAL statement_timeout TO ${SLOW_MS}`,
    'SET LOCAL lock_timeout TO 0',
    NO_END,
  ]
}

/** In the same order everywhere, so that no two wait for each other. */
function lockLines(schema: string, { alone = [], shared = [] }: Locks): readonly string[] {
  const mine = new Set(alone)
  const kinds = new Map([
    ...shared.map((name) => [name, '_shared'] as const),
    ...[...mine].map((name) => [name, ''] as const),
  ])
  return [...kinds]
    .map(([name, kind]) => ({ key: lockKey(`${schema} ${name}`), kind }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, kind }) => `SELECT pg_advisory_xact_lock${kind}(${key})`)
}

/** Advisory locks are numbers of 64 bits, which all programs of a database share. */
export function lockKey(name: string): bigint {
  return createHash('sha256').update(`tillwright ${name}`).digest().readBigInt64BE()
}
