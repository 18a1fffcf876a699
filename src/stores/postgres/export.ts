import type pg from 'pg'
import type { ExportedRow, StateSnapshot } from '../../core/state-export.ts'
import { exportedRow, tablesToRead } from '../exported-rows.ts'
import { readAddress } from './address.ts'
import { explained } from './faults.ts'
import { openSession, type PostgresOptions } from './open.ts'
import { settingsOf } from './transaction.ts'

/** Rows fetched at a time. */
const PAGE = 500
/** The first one of a table may sort all of it; nobody waits for it as a run would. */
const PATIENCE_MS = 6 * 3_600_000
const FETCH = { text: `FETCH ${PAGE} FROM exported`, rowMode: 'array', query_timeout: PATIENCE_MS } as const

/** Opens what a database holds at this moment; others go on writing meanwhile. Throws InputError with STATE_UNUSABLE. */
export async function openPostgresSnapshot(
  address: string,
  since: Date | undefined,
  options: PostgresOptions = {},
): Promise<StateSnapshot> {
  const session = await openSession(address, options)
  const begin = [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...settingsOf(session.schema),
    // Whoever takes the rows may be slow; no lock is held that others wait for.
    'SET LOCAL idle_in_transaction_session_timeout TO 0',
  ]
  try {
    return await session.once(async (client) => {
      await client.query(begin.join('; '))
      const { rows } = await client.query<{ version: number }>('SELECT version FROM state_schema')
      return {
        kind: 'postgres',
        where: `${readAddress(address).shown}, schema ${session.schema}`,
        version: rows[0]?.version ?? 0,
        rows: () => rowsOf(client, { since, shown: readAddress(address).shown }),
        async close() {
          await client.query('ROLLBACK').catch(() => undefined)
          await session.close()
        },
      }
    })
  } catch (error) {
    await session.close()
    throw error
  }
}

async function* rowsOf(
  client: pg.Client,
  { since, shown }: { readonly since: Date | undefined; readonly shown: string },
): AsyncGenerator<readonly ExportedRow[]> {
  const explain = (error: unknown): never => {
    throw explained(shown, error)
  }
  for (const table of tablesToRead(await tablesOf(client).catch(explain), since)) {
    await client.query(`DECLARE exported NO SCROLL CURSOR FOR ${table.query}`).catch(explain)
    for (;;) {
      const { rows } = await client.query<unknown[]>(FETCH).catch(explain)
      if (rows.length > 0) yield rows.map((values) => exportedRow(table, values))
      if (rows.length < PAGE) break
    }
    await client.query('CLOSE exported').catch(explain)
  }
}

async function tablesOf(client: pg.Client) {
  const { rows } = await client.query<{ name: string; columns: string[]; key: string[] }>(
    `SELECT c.relname::text AS name,
       (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       coalesce((SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::smallint[], a.attnum))
         FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key
     FROM pg_class c WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relkind = 'r'`,
  )
  return new Map(rows.map(({ name, columns, key }) => [name, { columns, key }]))
}
