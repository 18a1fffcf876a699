import { sql } from 'kysely'
import type { AuditEntry } from '../core/audit.ts'
import type { RestoreAnswer } from '../core/lease.ts'
import { appendAudit } from './audit.ts'
import { putFact } from './facts.ts'
import { FORGOTTEN } from './forget-runs.ts'
import { tables } from './schema.ts'
import { leaseClockMs, put, rowsOf, type Steps } from './steps.ts'
import type { Witness } from './witness.ts'

/** More than the leases that one device was given between a backup and its restore; 2,000 restores fit into 32 bits of a shell. */
const LIFT = 1_000_000
const LIFTED = 'leases.lifted'
const DEVICE = /^device:[^/]*\/(.+)$/

/** The epoch of a key that has none yet. */
export function* liftedEpoch(): Steps<number> {
  const [row] = yield* rowsOf(tables.selectFrom('state_facts').select('value').where('name', '=', LIFTED))
  return Number(row?.value ?? 0)
}

/** See `LeaseStore.acceptRestore`. */
export function* acceptRestore(entry: Omit<AuditEntry, 'about'>, witness: Witness): Steps<RestoreAnswer> {
  const now = yield* leaseClockMs()
  const controllers = yield* rowsOf(tables.selectFrom('controllers').selectAll())
  const there = controllers.filter((controller) => witness.isThere(controller, now))
  if (there.length > 0)
    return { there: there.map(({ id, host, pid, beats, ttl }) => ({ id, host, pid, beats, ttlMs: ttl })) }
  const held = yield* rowsOf(tables.selectFrom('lease_keys').select(['key', 'run']).where('controller', 'is not', null))
  const open = tables.selectFrom('runs').select(['run', 'settled']).where('finished_at', 'is', null)
  const holders = new Set(held.map(({ run }) => run))
  const runs = (yield* rowsOf(open.where('settled', '!=', FORGOTTEN).orderBy('started_at')))
    .filter(({ run, settled }) => settled === 0 || holders.has(run))
    .map(({ run }) => run)
  const devices = held.flatMap(({ key }) => DEVICE.exec(key)?.[1] ?? []).sort()
  yield* put(tables.updateTable('lease_keys').set({ epoch: sql<number>`epoch + ${LIFT}` }))
  yield* putFact(LIFTED, String((yield* liftedEpoch()) + LIFT))
  // That a run was carried on by somebody who is gone tells that it is over.
  const free = tables.updateTable('lease_keys').set({ controller: null, run: null, taken_as: null })
  yield* put(free.where('key', 'not like', 'run:%'))
  yield* put(tables.deleteFrom('controllers'))
  yield* appendAudit({ ...entry, about: { runs, devices } })
  return { runs, devices }
}
