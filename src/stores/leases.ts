import type { HandingOver, LeaseAnswer, LeaseKey, LeaseStore, LeaseToken } from '../core/lease.ts'
import { acceptRestore, liftedEpoch } from './accept-restore.ts'
import { compiledLater } from './compiled-later.ts'
import { AUDIT, LEASES } from './locks.ts'
import { type RememberedProcess, thisProcess } from './process-identity.ts'
import { type StateTables, tables } from './schema.ts'
import { leaseClockMs, put, rowsOf, rowsOfEach, type Steps, type StoreSession, sharedClockMs } from './steps.ts'
import type { ControllerRow, Witness } from './witness.ts'

type LeaseRow = StateTables['lease_keys']

/** Compiled once: they run for every device, and compiling costs several times what running does. */
const SELECT_KEY = compiledLater(() => tables.selectFrom('lease_keys').selectAll().where('key', '=', '').compile())
const NO_KEY: LeaseRow = { key: '', epoch: 0, controller: '', run: '', taken_as: '' }
const UPSERT_KEY = compiledLater(() =>
  tables
    .insertInto('lease_keys')
    .values(NO_KEY)
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet(({ ref }) => ({
        epoch: ref('excluded.epoch'),
        controller: ref('excluded.controller'),
        run: ref('excluded.run'),
        taken_as: ref('excluded.taken_as'),
      })),
    )
    .compile(),
)
const FREE_KEY = compiledLater(() =>
  tables
    .updateTable('lease_keys')
    .set({ controller: null, run: null, taken_as: null })
    .where('key', '=', '')
    .where('epoch', '=', 0)
    .compile(),
)
const SELECT_CONTROLLER = compiledLater(() =>
  tables.selectFrom('controllers').selectAll().where('id', '=', '').compile(),
)
const NOBODY: ControllerRow = { id: '', host: '', pid: 0, process: '', until: 0, ttl: 0, beats: 0, heard_at: 0 }
const UPSERT_CONTROLLER = compiledLater(() =>
  tables
    .insertInto('controllers')
    .values(NOBODY)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(({ ref }) => ({
        until: ref('excluded.until'),
        ttl: ref('excluded.ttl'),
        beats: ref('excluded.beats'),
        heard_at: ref('excluded.heard_at'),
      })),
    )
    .compile(),
)

/** The leases of a store; `id` tells it from others. */
export function leaseStore(session: StoreSession, id: string): LeaseStore {
  const alone = { locks: { alone: [LEASES] } }
  const { witness } = session
  return {
    id,
    beat: (controller, ttlMs) => session.write(() => beat(controller, ttlMs), { ...alone, isUrgent: true }),
    acquire: (keys, holder) => session.write(() => acquire(keys, { ...holder, witness }), alone),
    goOn: (token, holder) => session.write(() => goOn(token, holder), alone),
    release: (token) => session.write(() => release(token), alone),
    retire: (controller) => session.write(() => retire(controller), alone),
    acceptRestore: (entry) =>
      session.write(() => acceptRestore(entry, witness), { locks: { alone: [LEASES, AUDIT] }, sync: true }),
  }
}

/** The controller is there for another `ttlMs`. */
function* beat(controller: string, ttlMs: number): Steps<{ readonly intact: boolean }> {
  const { host, pid, process } = thisProcess()
  const now = yield* leaseClockMs()
  const heardAt = yield* sharedClockMs()
  const [known] = yield* rowsOf(SELECT_CONTROLLER, [controller])
  const beats = (known?.beats ?? 0) + 1
  yield* put(UPSERT_CONTROLLER, [controller, host, pid, process, now + ttlMs, ttlMs, beats, heardAt])
  return { intact: known !== undefined && known.until > now }
}

/** All keys or none. */
function* acquire(
  keys: readonly LeaseKey[],
  means: HandingOver & { readonly run: string; readonly controller: string; readonly witness: Witness },
): Steps<LeaseAnswer> {
  const { run, controller, from, under, witness } = means
  if (under && (yield* lostOf(new Set([under]))).size > 0) {
    const [key = ''] = under.keys
    return { granted: false, holder: { run, pid: 0, host: '', key, as: key } }
  }
  const known = yield* rowsOfEach(
    SELECT_KEY,
    keys.map((key) => [key]),
  )
  const rows = yield* withNew(keys, known)
  const [as = ''] = keys
  const isMine = (row: LeaseRow): boolean => row.controller === controller && row.run === run && row.taken_as === as
  const isHandedOver = (row: LeaseRow): boolean => row.run === run && row.epoch === from
  for (const row of rows) {
    if (row.controller === null || isMine(row) || isHandedOver(row)) continue
    const [holder] = yield* rowsOf(SELECT_CONTROLLER, [row.controller])
    if (holder && witness.isThere(holder, yield* leaseClockMs())) {
      const { host, pid } = holder
      const { run: other, key, taken_as } = row
      return { granted: false, holder: { run: other ?? '', pid, host, key, as: taken_as ?? key } }
    }
  }
  const highest = Math.max(...rows.map(({ epoch }) => epoch))
  const isHeld = rows.every((row) => isMine(row) && row.epoch === highest)
  const epoch = isHeld ? highest : highest + 1
  if (!isHeld) for (const key of keys) yield* put(UPSERT_KEY, [key, epoch, controller, run, as])
  return { granted: true, token: { keys, epoch } }
}

/** See `LeaseStore.goOn`. */
function* goOn(token: LeaseToken, of: { readonly run: string; readonly controller: string }): Steps<boolean> {
  if ((yield* lostOf(new Set([token]))).size > 0) return false
  const [as = ''] = token.keys
  for (const key of token.keys) yield* put(UPSERT_KEY, [key, token.epoch, of.controller, of.run, as])
  return true
}

/** Rows of all keys, also of those that nobody has had yet. */
function* withNew(keys: readonly LeaseKey[], known: readonly (readonly LeaseRow[])[]): Steps<readonly LeaseRow[]> {
  const epoch = known.every(([row]) => row) ? 0 : yield* liftedEpoch()
  return keys.map((key, index) => known[index]?.[0] ?? { key, epoch, controller: null, run: null, taken_as: null })
}

/** Gives back what is still held under this token. */
function* release({ keys, epoch }: LeaseToken): Steps<void> {
  for (const key of keys) yield* put(FREE_KEY, [null, null, null, key, epoch])
}

/** The controller is gone, and all that it had is free. */
function* retire(controller: string): Steps<void> {
  const nobody = { controller: null, run: null, taken_as: null }
  yield* put(tables.updateTable('lease_keys').set(nobody).where('controller', '=', controller))
  yield* put(tables.deleteFrom('controllers').where('id', '=', controller))
}

/** Those of the tokens of which somebody else has had a key since. */
export function* lostOf(tokens: ReadonlySet<LeaseToken>): Steps<ReadonlySet<LeaseToken>> {
  const keys = [...new Set([...tokens].flatMap((token) => token.keys))]
  const rows = yield* rowsOfEach(
    SELECT_KEY,
    keys.map((key) => [key]),
  )
  const epochs = new Map(keys.map((key, index) => [key, rows[index]?.[0]?.epoch]))
  return new Set([...tokens].filter((token) => token.keys.some((key) => epochs.get(key) !== token.epoch)))
}

/** The run of each of the keys that a living controller has for the run that it is asked of. */
export function* heldAmong(
  asked: readonly { readonly key: LeaseKey; readonly run: string }[],
  witness: Witness,
): Steps<ReadonlyMap<LeaseKey, string>> {
  if (asked.length === 0) return new Map()
  const rows = yield* rowsOfEach(
    SELECT_KEY,
    asked.map(({ key }) => [key]),
  )
  const held = rows.flatMap(([row], index) => (row?.controller && row.run === asked[index]?.run ? [row] : []))
  const ids = [...new Set(held.map(({ controller }) => controller ?? ''))]
  const holders = yield* rowsOfEach(
    SELECT_CONTROLLER,
    ids.map((id) => [id]),
  )
  const now = yield* leaseClockMs()
  const living = new Set(holders.flatMap(([holder]) => (holder && witness.isThere(holder, now) ? [holder.id] : [])))
  return new Map(held.flatMap(({ key, run, controller }) => (living.has(controller ?? '') ? [[key, run ?? '']] : [])))
}

/** Whether one of the controllers that have leases for a run is there; undefined where none has any. */
export function* isHeard(run: string, witness: Witness): Steps<boolean | undefined> {
  const keys = tables.selectFrom('lease_keys').select('controller').distinct().where('run', '=', run)
  const rows = yield* rowsOf(keys.where('controller', 'is not', null))
  if (rows.length === 0) return undefined
  const holders = yield* rowsOfEach(
    SELECT_CONTROLLER,
    rows.map(({ controller }) => [controller]),
  )
  const now = yield* leaseClockMs()
  return holders.flat().some((holder) => witness.isThere(holder, now))
}

/** Those whose process is no controller that is there. */
export function* unheardOf<Row extends RememberedProcess>(
  rows: readonly Row[],
  witness: Witness,
): Steps<readonly Row[]> {
  const hosts = [...new Set(rows.map(({ host }) => host))]
  const controllers = yield* rowsOf(tables.selectFrom('controllers').selectAll().where('host', 'in', hosts))
  const now = yield* leaseClockMs()
  const living = controllers.filter((controller) => witness.isThere(controller, now))
  return rows.filter(
    (row) => !living.some(({ host, pid, process }) => host === row.host && pid === row.pid && process === row.process),
  )
}
