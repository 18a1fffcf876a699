import pg from 'pg'
import { bootClockMs } from '../process-identity.ts'
import type { DatabaseAddress } from './address.ts'

/** Past it, a connection that should come about does not; and a question that was asked is not answered any more. */
const CONNECT_MS = 10_000
const ANSWER_MS = 30_000
const LONGEST_MS = 3_600_000

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

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...this.#address.config,
      application_name: 'till',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      types,
      // Not in the types of the driver yet.
      ...({ pipeline: true } as object),
    })
    waitInTurn(client)
    client.on('error', () => this.#forget(client))
    client.on('end', () => this.#forget(client))
    await client.connect()
    await refuseStandby(client)
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
 * without a word.
 */
async function refuseStandby(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
  if (rows[0]?.standby !== true) return
  destroy(client)
  throw Object.assign(new Error('it is a standby'), { code: '25006' })
}

/**
 * Questions are answered in their order, so that one waits for those before it as well. Where even the first one is not answered in
 * time, the driver lets go of the connection, and of all behind it.
 */
function waitInTurn(client: pg.Client): void {
  let asked = 0
  const ask = client.query.bind(client) as (question: object, values?: unknown[]) => Promise<unknown>
  const inTurn = (question: string | object, values?: unknown[]): Promise<unknown> => {
    asked += 1
    const own = typeof question === 'string' ? { text: question } : question
    const query_timeout = Math.min(ANSWER_MS * asked, LONGEST_MS)
    return ask({ query_timeout, ...own }, values).finally(() => {
      asked -= 1
    })
  }
  client.query = inTurn as typeof client.query
}

function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
