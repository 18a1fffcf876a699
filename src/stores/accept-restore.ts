import type { AuditEntry } from '../core/audit.ts'
import type { RestoreAnswer } from '../core/lease.ts'
import { appendAudit } from './audit-chain.ts'
import { putFact } from './facts.ts'
import { FORGOTTEN } from './forget-runs.ts'
import { tables } from './schema.ts'
import { leaseClockMs, put, rowsOf, type Steps } from './steps.ts'
import type { Witness } from './witness.ts'

/** Epochs are lifted to the seconds since then: a device is given fewer leases than that. Until 2088 they fit into 32 bits of a shell. */
const SINCE = Date.parse('2020-01-01T00:00:00Z')
/** Where the clock is behind: more than the leases that one device was given between a backup and its restore. */
const LIFT = 1_000_000
const LIFTED = 'leases.lifted'
const DEVICE = /^device:[^/]*\/(.+)$/

/** The epoch of a key that has none yet. */
export function* liftedEpoch(): Steps<number> {
  const [row] = yield* rowsOf(tables.selectFrom('state_facts').select('value').where('name', '=', LIFTED))
  return Number(row?.value ?? 0)
}

/**
 * An epoch that no device has heard of. It cannot be counted from what the backup says: the same backup may be restored twice, and
 * devices remember what was given after the first time.
 */
function* nextLift(now: number): Steps<number> {
  const [row] = yield* rowsOf(tables.selectFrom('lease_keys').select(({ fn }) => fn.max('epoch').as('epoch')))
  const highest = Math.max(Number(row?.epoch ?? 0), yield* liftedEpoch())
  const byTime = Math.floor((now - SINCE) / 1_000)
  return byTime > highest ? byTime : highest + LIFT
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
  const lifted = yield* nextLift(Date.parse(entry.at))
  yield* put(tables.updateTable('lease_keys').set({ epoch: lifted }))
  yield* putFact(LIFTED, String(lifted))
  // That a run was carried on by somebody who is gone tells that it is over.
  const free = tables.updateTable('lease_keys').set({ controller: null, run: null, taken_as: null })
  yield* put(free.where('key', 'not like', 'run:%'))
  yield* put(tables.deleteFrom('controllers'))
  yield* appendAudit({ ...entry, about: { runs, devices } })
  return { runs, devices }
}
