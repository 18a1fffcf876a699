import type { LeaseAnswer, LeaseKey, LeaseToken } from '../core/lease.ts'
import { bootClockMs, isSameClock, type RememberedProcess, thisProcess, whereabouts } from './process-identity.ts'
import { type StateTables, tables } from './schema.ts'
import type { SqliteSession } from './sqlite-session.ts'

type LeaseRow = StateTables['lease_keys']
type ControllerRow = StateTables['controllers']

/** Compiled once: they run for every device, and compiling costs several times what running does. */
const SELECT_KEY = tables.selectFrom('lease_keys').selectAll().where('key', '=', '').compile()
const NO_KEY: LeaseRow = { key: '', epoch: 0, controller: '', run: '', taken_as: '' }
const UPSERT_KEY = tables
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
  .compile().sql
const FREE_KEY = tables
  .updateTable('lease_keys')
  .set({ controller: null, run: null, taken_as: null })
  .where('key', '=', '')
  .where('epoch', '=', 0)
  .compile().sql
const SELECT_CONTROLLER = tables.selectFrom('controllers').selectAll().where('id', '=', '').compile()
const NOBODY: ControllerRow = { id: '', host: '', pid: 0, process: '', until: 0, ttl: 0, beats: 0 }
const UPSERT_CONTROLLER = tables
  .insertInto('controllers')
  .values(NOBODY)
  .onConflict((conflict) =>
    conflict.column('id').doUpdateSet(({ ref }) => ({
      until: ref('excluded.until'),
      ttl: ref('excluded.ttl'),
      beats: ref('excluded.beats'),
    })),
  )
  .compile().sql

/** What this process has seen of controllers that it shares no clock with. */
export class Onlooker {
  readonly #seen = new Map<string, { readonly beats: number; readonly since: number }>()

  /** Whether its heartbeats go on, as far as one can tell who has not looked for long. */
  isHeard({ id, beats, ttl }: ControllerRow): boolean {
    const now = bootClockMs()
    const seen = this.#seen.get(id)
    if (seen?.beats !== beats) {
      this.#seen.set(id, { beats, since: now })
      return true
    }
    return now - seen.since < ttl
  }
}

/** The controller is there for another `ttlMs`. To be called inside one transaction. */
export function beat(session: SqliteSession, controller: string, ttlMs: number): { readonly intact: boolean } {
  const { host, pid, process } = thisProcess()
  const now = bootClockMs()
  const [known] = session.rows(SELECT_CONTROLLER, [controller])
  session.run(UPSERT_CONTROLLER, [controller, host, pid, process, now + ttlMs, ttlMs, (known?.beats ?? 0) + 1])
  return { intact: known !== undefined && known.until > now }
}

/** All keys or none. To be called inside one transaction. */
export function acquire(
  session: SqliteSession,
  keys: readonly LeaseKey[],
  means: { readonly run: string; readonly controller: string; readonly onlooker: Onlooker },
): LeaseAnswer {
  const { run, controller, onlooker } = means
  const rows = keys.map(
    (key) => session.rows(SELECT_KEY, [key])[0] ?? { ...NO_KEY, key, controller: null, run: null, taken_as: null },
  )
  const [as = ''] = keys
  const isMine = (row: LeaseRow): boolean => row.controller === controller && row.run === run && row.taken_as === as
  for (const row of rows) {
    if (row.controller === null || isMine(row)) continue
    const [holder] = session.rows(SELECT_CONTROLLER, [row.controller])
    if (holder && isThere(holder, onlooker)) {
      const { host, pid } = holder
      const { run: other, key, taken_as } = row
      return { granted: false, holder: { run: other ?? '', pid, host, key, as: taken_as ?? key } }
    }
  }
  const highest = Math.max(...rows.map(({ epoch }) => epoch))
  const isHeld = rows.every((row) => isMine(row) && row.epoch === highest)
  const epoch = isHeld ? highest : highest + 1
  if (!isHeld) for (const key of keys) session.run(UPSERT_KEY, [key, epoch, controller, run, as])
  return { granted: true, token: { keys, epoch } }
}

/** Gives back what is still held under this token. */
export function release(session: SqliteSession, { keys, epoch }: LeaseToken): void {
  for (const key of keys) session.run(FREE_KEY, [null, null, null, key, epoch])
}

/** The controller is gone, and all that it had is free. */
export function retire(session: SqliteSession, controller: string): void {
  const nobody = { controller: null, run: null, taken_as: null }
  session.all(tables.updateTable('lease_keys').set(nobody).where('controller', '=', controller))
  session.all(tables.deleteFrom('controllers').where('id', '=', controller))
}

/** Whether nobody else has had the keys since. */
export function isHeld(session: SqliteSession, { keys, epoch }: LeaseToken): boolean {
  return keys.every((key) => session.rows(SELECT_KEY, [key])[0]?.epoch === epoch)
}

/** Whether a living controller has the key for a run. */
export function isHeldBy(
  session: SqliteSession,
  key: LeaseKey,
  { run, onlooker }: { readonly run: string; readonly onlooker: Onlooker },
): boolean {
  const [row] = session.rows(SELECT_KEY, [key])
  if (!row?.controller || row.run !== run) return false
  const [holder] = session.rows(SELECT_CONTROLLER, [row.controller])
  return holder !== undefined && isThere(holder, onlooker)
}

function isThere(holder: ControllerRow, onlooker: Onlooker): boolean {
  const remembered: RememberedProcess = holder
  const where = whereabouts(remembered)
  if (where === 'dead') return false
  return isSameClock(remembered) ? holder.until > bootClockMs() : onlooker.isHeard(holder)
}
