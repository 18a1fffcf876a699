import type { Vacuumed, VacuumOptions } from '../../core/state-vacuum.ts'
import { stateUnusable } from '../state-unusable.ts'
import { openSession, type PostgresOptions } from './open.ts'

/** A large table takes minutes. */
const PATIENCE_MS = 6 * 3_600_000

/**
 * VACUUM of our tables: room of rows that are gone is used again, and given back where it lies at the end of a table; others go on
 * meanwhile. `full` writes all tables anew, which nobody can use then. Throws InputError with STATE_UNUSABLE.
 */
export async function vacuumPostgres(
  address: string,
  { full, atWork }: VacuumOptions,
  options: PostgresOptions = {},
): Promise<Vacuumed> {
  const session = await openSession(address, options)
  try {
    const { where, bytes: before_bytes } = await session.whereabouts()
    if (full && atWork !== undefined) {
      throw stateUnusable(
        `The tables of the state, ${where}, are written anew as a whole, and ${atWork}`,
        'Leave --full away, or wait until nobody is at work: nobody could read or write meanwhile.',
      )
    }
    await session.once(async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE nspname = $1 AND relkind = 'r' ORDER BY relname`,
        [session.schema],
      )
      for (const { name } of rows) {
        const text = `VACUUM (${full ? 'FULL, ' : ''}ANALYZE) ${name}`
        await client.query({ text, query_timeout: PATIENCE_MS } as { text: string })
      }
    })
    const { bytes: after_bytes } = await session.whereabouts()
    const way = full ? 'whole' : 'vacuum'
    return { kind: 'postgres', where, way, before_bytes, after_bytes, longest_ms: null, pending: false }
  } finally {
    await session.close()
  }
}
