import type pg from 'pg'
import type { DatabaseAddress } from './address.ts'
import { explained } from './faults.ts'
import { Wire } from './wire.ts'

/** A connection for an engine that brings statements of its own, to tables that are none of the state's. */
export class ForeignTables {
  readonly schema: string
  readonly #address: DatabaseAddress
  readonly #wire: Wire

  constructor(address: DatabaseAddress) {
    this.#address = address
    this.#wire = new Wire(address)
    this.schema = address.schema
  }

  /** One statement with values, or several without, which are one transaction where they begin one. */
  async executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> {
    try {
      const client = await this.#wire.client()
      return (await client.query(text, values as unknown[])) as unknown as pg.QueryResult<object>
    } catch (error) {
      // Several statements may have left a transaction open that failed.
      this.#wire.lose()
      throw explained(this.#address.shown, error)
    }
  }

  close(): Promise<void> {
    return this.#wire.close()
  }
}
