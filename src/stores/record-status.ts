import { sql } from 'kysely'
import { MOST_AHEAD_MS } from '../core/clock-ahead.ts'
import type { DeviceState } from '../core/outcome.ts'
import { compiledLater } from './compiled-later.ts'
import { inList } from './in-list.ts'
import { type StatusRow, tables } from './schema.ts'
import { put, rowsOfEach, type Steps, sharedClockMs } from './steps.ts'

const NOTHING: StatusRow = {
  device: '',
  state: '',
  unknown: 0,
  code: '',
  message: '',
  run: '',
  runbooks: '',
  at: '',
  seen_at: '',
}

const UPSERT_STATUS = compiledLater(() =>
  tables
    .insertInto('device_status')
    .values(NOTHING)
    .onConflict((conflict) =>
      conflict
        .column('device')
        .doUpdateSet(({ ref }) => ({
          state: ref('excluded.state'),
          unknown: ref('excluded.unknown'),
          code: ref('excluded.code'),
          message: ref('excluded.message'),
          run: ref('excluded.run'),
          runbooks: ref('excluded.runbooks'),
          at: ref('excluded.at'),
        }))
        .whereRef('device_status.at', '<=', 'excluded.at'),
    )
    .compile(),
)

const UPSERT_LOOK = compiledLater(() =>
  tables
    .insertInto('runbook_status')
    .values({ device: '', runbooks: '', state: '', unknown: 0, code: '', message: '', run: '', at: '' })
    .onConflict((conflict) =>
      conflict
        .columns(['device', 'runbooks'])
        .doUpdateSet(({ ref }) => ({
          state: ref('excluded.state'),
          unknown: ref('excluded.unknown'),
          code: ref('excluded.code'),
          message: ref('excluded.message'),
          run: ref('excluded.run'),
          at: ref('excluded.at'),
        }))
        .whereRef('runbook_status.at', '<=', 'excluded.at'),
    )
    .compile(),
)

const SELECT_STATUS = compiledLater(() =>
  tables.selectFrom('device_status').selectAll().where('device', '=', '').compile(),
)

const SELECT_LOOK = compiledLater(() =>
  tables.selectFrom('runbook_status').select('state').where('device', '=', '').where('runbooks', '=', '').compile(),
)

/** Of devices in a list; what is dated ahead of the second time is of the first one. */
const STATUS_BACK = compiledLater(() =>
  tables.updateTable('device_status').set({ at: '' }).where('at', '>', '').where(among()).compile(),
)
const SEEN_BACK = compiledLater(() =>
  tables.updateTable('device_status').set({ seen_at: '' }).where('seen_at', '>', '').where(among()).compile(),
)
const LOOKS_BACK = compiledLater(() =>
  tables.updateTable('runbook_status').set({ at: '' }).where('at', '>', '').where(among()).compile(),
)

function among() {
  return sql<boolean>`device IN ${inList([])}`
}

/** What a look alone does not mend: that the device answers, and differs, is no proof that it works. */
const BROKEN: ReadonlySet<string> = new Set<DeviceState>(['failed', 'unmet', 'indeterminate'])

/** Replaces what was known of devices, unless that is newer. */
export function* recordStatuses(rows: readonly StatusRow[]): Steps<void> {
  yield* takeBackAhead(rows)
  yield* replaceStatuses(rows)
}

/**
 * What is known of these devices and was dated by a clock that was far ahead is taken for older than what is known now: it would
 * hide all that comes, until that time has come.
 */
export function* takeBackAhead(rows: readonly Pick<StatusRow, 'device' | 'at'>[]): Steps<void> {
  if (rows.length === 0) return
  const ahead = isoOf((yield* sharedClockMs()) + MOST_AHEAD_MS)
  const first = rows.reduce((least, { at }) => (at < least ? at : least), ahead)
  const before = isoOf(Date.parse(first) - 1)
  const devices = JSON.stringify(rows.map(({ device }) => device))
  for (const back of [STATUS_BACK, SEEN_BACK, LOOKS_BACK]) yield* put(back, [before, ahead, devices])
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** Likewise, behind `takeBackAhead`. */
export function* replaceStatuses(rows: readonly StatusRow[]): Steps<void> {
  for (const row of rows) yield* recordStatus(row)
  for (const row of rows) yield* recordLook(row)
}

/**
 * A device that was put off before anybody looked is as it was seen before, where it was. One that was looked at is so where it was
 * broken: its neighbours may not be changed as if it worked.
 */
export function* recordPutOff(rows: readonly StatusRow[]): Steps<void> {
  const statuses = yield* rowsOfEach(
    SELECT_STATUS,
    rows.map(({ device }) => [device]),
  )
  const looks = yield* rowsOfEach(
    SELECT_LOOK,
    rows.map(({ device, runbooks }) => [device, runbooks]),
  )
  for (const [index, row] of rows.entries()) {
    const [status] = statuses[index] ?? []
    const isNewer = (before: string): boolean => row.seen_at !== null && !BROKEN.has(before)
    if (!status || isNewer(status.state) || (status.state === 'deferred' && status.seen_at !== status.at))
      yield* recordStatus(row)
    const [look] = looks[index] ?? []
    if (!look || look.state === 'deferred' || isNewer(look.state)) yield* recordLook(row)
  }
}

function* recordStatus({ device, state, unknown, code, message, run, runbooks, at, seen_at }: StatusRow): Steps<void> {
  yield* put(UPSERT_STATUS, [device, state, unknown, code, message, run, runbooks, at, seen_at])
}

function* recordLook({ device, state, unknown, code, message, run, runbooks, at }: StatusRow): Steps<void> {
  yield* put(UPSERT_LOOK, [device, runbooks, state, unknown, code, message, run, at])
}
