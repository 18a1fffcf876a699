import type { LeaseHolder } from '../core/ports.ts'
import { thisProcess, whereabouts } from './process-identity.ts'
import { type StateTables, tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

type LeaseRow = StateTables['leases']

/** Compiled once: they run for every device, and compiling costs several times what running does. */
const SELECT = tables.selectFrom('leases').selectAll().where('device', '=', '').compile()
const NOBODY: LeaseRow = { device: '', run: '', host: '', pid: 0, process: '', until: '' }
const UPSERT = tables
  .insertInto('leases')
  .values(NOBODY)
  .onConflict((conflict) =>
    conflict.column('device').doUpdateSet(({ ref }) => ({
      run: ref('excluded.run'),
      host: ref('excluded.host'),
      pid: ref('excluded.pid'),
      process: ref('excluded.process'),
      until: ref('excluded.until'),
    })),
  )
  .compile()
const DELETE = tables.deleteFrom('leases').where('device', '=', '').where('run', '=', '').compile()

/** Takes or renews a lease, unless another run that may be alive has it. To be called inside one transaction. */
export function takeLease(
  session: SqliteSession,
  device: string,
  { run, ttlMs }: { readonly run: string; readonly ttlMs: number },
): { readonly granted: true } | { readonly granted: false; readonly holder: LeaseHolder } {
  const now = Date.now()
  const [held] = session.rows(SELECT, [device])
  if (held && held.run !== run && Date.parse(held.until) > now && whereabouts(held) !== 'dead') {
    return { granted: false, holder: { run: held.run, pid: held.pid, host: held.host, until: held.until } }
  }
  const { host, pid, process } = thisProcess()
  session.run(UPSERT.sql, [device, run, host, pid, process, new Date(now + ttlMs).toISOString()])
  return { granted: true }
}

/** Gives a lease back; one that another run holds by now stays with it. */
export function dropLease(session: SqliteSession, device: string, run: string): void {
  session.run(DELETE.sql, [device, run])
}
