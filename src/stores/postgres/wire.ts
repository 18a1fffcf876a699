import pg from 'pg'
import { bootClockMs } from '../process-identity.ts'
import type { DatabaseAddress } from './address.ts'
import { isRefused, maybePassing } from './faults.ts'

/** Past it, a connection that should come about does not. */
const CONNECT_MS = 10_000
/** Past it, a server that has something to answer and does not is taken for gone: it ends slow questions sooner (transaction.ts). */
const SILENT_MS = 30_000

const BIGINT = 20
/** Times in milliseconds and counts are far below 2^53. */
const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === BIGINT ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/**
 * One connection, made when it is needed and made anew when it is lost. What is asked in one turn of the event loop travels together.
 * Nothing is kept in the session of the server, so that a pooler may stand between.
 */
export class Wire {
  readonly #address: DatabaseAddress
  #client: Promise<pg.Client> | undefined
  #wasLost = false
  /** When it was connected after it had been lost; by the clock that counts sleep. */
  backSince = 0
  /** Since when the server runs, as far as this clock can tell: whoever comes right after its start has seen nothing of who was cut off with it. */
  upSince = 0

  constructor(address: DatabaseAddress) {
    this.#address = address
  }

  /** The connection, to ask several things of in a row. Throws what the driver throws. */
  client(): Promise<pg.Client> {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.lose()
      throw error
    })
    return this.#client
  }

  /** Lets go of the connection: nobody knows what was under way on it. */
  lose(): void {
    const client = this.#client
    this.#client = undefined
    this.#wasLost = true
    void client?.then(destroy, () => undefined)
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  /** Where the server refuses, once more with what is told anew. */
  async #connect(): Promise<pg.Client> {
    const { login } = this.#address
    const client = await this.#dial().catch(async (error: unknown) => {
      if (isRefused(error) && (await login.renew())) return this.#dial()
      throw error
    })
    login.wasTaken = true
    return client
  }

  async #dial(): Promise<pg.Client> {
    const { login } = this.#address
    const client = new pg.Client({
      ...login.config,
      application_name: 'till',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      types,
      // Not in the types of the driver yet.
      ...({ pipeline: true } as object),
    })
    endSilence(client)
    client.on('error', () => this.#forget(client))
    client.on('end', () => this.#forget(client))
    await client.connect().catch((error: unknown) => {
      throw login.wasTaken && isRefused(error) ? maybePassing(error) : error
    })
    const upMs = await refuseStandby(client)
    this.upSince = bootClockMs() - upMs
    if (this.#wasLost) this.backSince = bootClockMs()
    return client
  }

  #forget(client: pg.Client): void {
    void this.#client?.then(
      (mine) => {
        if (mine === client) this.lose()
      },
      () => undefined,
    )
  }
}

/**
 * Where a name or a balancer leads to the one that was the primary before, or to a standby, it answers what is read: out of date, and
 * without a word. Resolves to the milliseconds for which the server runs.
 */
async function refuseStandby(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ standby: boolean; up: number }>(
    `SELECT pg_is_in_recovery() AS standby,
      floor(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) * 1000)::double precision AS up`,
  )
  if (rows[0]?.standby !== true) return rows[0]?.up ?? 0
  destroy(client)
  throw Object.assign(new Error('it is a standby'), { code: '25006' })
}

interface Question {
  readonly text: string
  /** How long the server may work at this one alone, where that is not the usual. */
  readonly query_timeout?: number
}

/**
 * Lets go of the connection, and so of all that was asked, where the server is silent for too long. Questions are answered in their
 * order: one waits for those before it as well, so the limit is one of silence, and begins anew with each answer. The driver's own
 * (`query_timeout`) begins when a question is asked.
 */
function endSilence(client: pg.Client): void {
  /** Of what was asked and is not answered, the oldest first. */
  const limits: number[] = []
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    clearTimeout(timer)
    if (limits[0] !== undefined) timer = setTimeout(() => destroy(client), limits[0])
  }
  const ask = client.query.bind(client) as (question: Question, values?: unknown[]) => Promise<unknown>
  const askAndWait = (asked: string | Question, values?: unknown[]): Promise<unknown> => {
    const { query_timeout: limit = SILENT_MS, ...question } = typeof asked === 'string' ? { text: asked } : asked
    limits.push(limit)
    if (limits.length === 1) wait()
    return ask(question, values).finally(() => {
      limits.shift()
      wait()
    })
  }
  client.query = askAndWait as typeof client.query
}

function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
