import { MOST_AHEAD_MS } from '../core/clock-ahead.ts'
import { DAY_MS, HOUR_MS } from '../core/duration.ts'
import type { StepFinished } from '../core/events.ts'
import type { DeviceFact, DeviceMark, Marks, Sample } from '../core/sample.ts'
import { compiledLater } from './compiled-later.ts'
import { putFact } from './facts.ts'
import { tables } from './schema.ts'
import { sourceTables } from './source-tables.ts'
import { put, rowsOf, type Steps, type StoreSession, sharedClockMs } from './steps.ts'

/** Series whose old samples are deleted in one transaction. */
const PAGE = 2_000

const FORGET_EVERY_MS = HOUR_MS
/** When that was last done, in milliseconds since 1970. */
const FORGOTTEN = 'samples.forgotten'
const FORGOTTEN_AT = tables.selectFrom('state_facts').select('value').where('name', '=', FORGOTTEN)

const ADD_SERIES = compiledLater(() =>
  tables
    .insertInto('sample_series')
    .values({ device: '', series: '' })
    .onConflict((conflict) => conflict.doNothing())
    .compile(),
)

const SERIES = compiledLater(() =>
  tables.selectFrom('sample_series').select('id').where('device', '=', '').where('series', '=', '').compile(),
)

const UPSERT_SAMPLE = compiledLater(() =>
  tables
    .insertInto('samples')
    .values({ series: 0, at: 0, value: 0 })
    .onConflict((conflict) =>
      conflict.columns(['series', 'at']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .compile(),
)

const UPSERT_MARK = compiledLater(() =>
  tables
    .insertInto('marks')
    .values({ device: '', name: '', value: '', at: '' })
    .onConflict((conflict) =>
      conflict
        .columns(['device', 'name'])
        .doUpdateSet(({ ref }) => ({ value: ref('excluded.value'), at: ref('excluded.at') }))
        .whereRef('marks.at', '<=', 'excluded.at'),
    )
    .compile(),
)

const MARKS_BACK = compiledLater(() =>
  tables.updateTable('marks').set({ at: '' }).where('at', '>', '').where('device', '=', '').compile(),
)

/** What was dated by a clock that was far ahead is taken for no newer than what is known now. */
export function* takeMarksBack(device: string, at: string): Steps<void> {
  const ahead = new Date((yield* sharedClockMs()) + MOST_AHEAD_MS).toISOString()
  yield* put(MARKS_BACK, [at < ahead ? at : ahead, ahead, device])
}

const DELETE_SAMPLES = compiledLater(() =>
  tables.deleteFrom('samples').where('series', '=', 0).where('at', '<', 0).compile(),
)

/** Writes what a step noted of its device. To be called inside a transaction. */
export function* recordNotes(event: StepFinished & { readonly at: string }): Steps<void> {
  const { device, samples = [], marks = {} } = event
  for (const { series, at, value } of samples) {
    yield* put(ADD_SERIES, [device, series])
    const [row] = yield* rowsOf(SERIES, [device, series])
    if (row) yield* put(UPSERT_SAMPLE, [row.id, Date.parse(at), value])
  }
  if (Object.keys(marks).length > 0) yield* takeMarksBack(device, event.at)
  for (const [name, value] of Object.entries(marks)) yield* put(UPSERT_MARK, [device, name, value, event.at])
}

export async function readSamples(
  session: StoreSession,
  of: { readonly device: string; readonly series: string; readonly since: Date; readonly until: Date | undefined },
): Promise<readonly Sample[]> {
  const query = tables
    .selectFrom('samples')
    .innerJoin('sample_series', 'sample_series.id', 'samples.series')
    .select(['samples.at', 'samples.value'])
    .where('sample_series.device', '=', of.device)
    .where('sample_series.series', '=', of.series)
    .where('samples.at', '>=', of.since.getTime())
    .where('samples.at', '<', of.until?.getTime() ?? Number.MAX_SAFE_INTEGER)
    .orderBy('samples.at')
  const rows = await session.read(query)
  return rows.map(({ at, value }) => ({ at: new Date(at).toISOString(), value }))
}

/** What events told of a device by a source. */
export async function readFact(
  session: StoreSession,
  { device, name, source }: { readonly device: string; readonly name: string; readonly source: string },
): Promise<DeviceFact | null> {
  const marks = sourceTables.selectFrom('marks').select(['value', 'at'])
  const heard = sourceTables.selectFrom('source_devices').select('event_at').where('source', '=', source)
  const [[mark], [last]] = await Promise.all([
    session.read(marks.where('device', '=', device).where('name', '=', name)),
    session.read(heard.where('device', '=', device)),
  ])
  const asOf = Number(last?.event_at ?? 0)
  return mark ? { ...mark, as_of: asOf === 0 ? null : new Date(asOf).toISOString() } : null
}

/** Marks that name a machine, and how many devices may claim one before it says nothing. */
const MACHINE_MARKS = ['serial', 'machine_id'] as const
const MOST_CLAIMANTS = 4

/** Marks by which the machine of a device is known again. */
export async function readMachine(session: StoreSession, device: string): Promise<Marks> {
  const marks = tables.selectFrom('marks')
  const own = marks.select(['name', 'value']).where('device', '=', device).where('name', 'in', MACHINE_MARKS)
  const telling: [string, string][] = []
  for (const { name, value } of await session.read(own)) {
    const claims = marks.select('device').where('name', '=', name).where('value', '=', value)
    const claimants = await session.read(claims.limit(MOST_CLAIMANTS + 1))
    if (value !== '' && claimants.length <= MOST_CLAIMANTS) telling.push([name, value])
  }
  return Object.fromEntries(telling)
}

/** All marks of all devices, by device and name, a page at a time. */
export async function* readMarks(session: StoreSession): AsyncGenerator<DeviceMark> {
  const page = tables.selectFrom('marks').selectAll().orderBy('device').orderBy('name').limit(PAGE)
  for (let after = { device: '', name: '' }; ; ) {
    const rows = await session.read(
      page.where(({ eb, refTuple, tuple }) => eb(refTuple('device', 'name'), '>', tuple(after.device, after.name))),
    )
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = last
  }
}

/**
 * Deletes samples that are older than so many days; a series at a time, so that no index is needed for it. That goes through all series,
 * so it is done once an hour, whoever asks.
 */
export async function forgetSamples(session: StoreSession, days: number): Promise<void> {
  const [last] = await session.read(FORGOTTEN_AT)
  const ago = Date.now() - Number(last?.value ?? 0)
  // Dated ahead, it was written while the clock was wrong.
  if (ago >= 0 && ago < FORGET_EVERY_MS) return
  await session.write(() => putFact(FORGOTTEN, String(Date.now())), { locks: {} })
  const before = Date.now() - days * DAY_MS
  const page = tables.selectFrom('sample_series').select('id').orderBy('id').limit(PAGE)
  for (let after = 0; ; ) {
    const rows = await session.read(page.where('id', '>', after))
    const last = rows.at(-1)
    if (last === undefined) return
    await session.write(
      function* () {
        for (const { id } of rows) yield* put(DELETE_SAMPLES, [id, before])
      },
      { locks: {} },
    )
    after = last.id
  }
}
