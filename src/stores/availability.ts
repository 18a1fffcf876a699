import { sql } from 'kysely'
import type { AuditEntry } from '../core/audit.ts'
import type { DeviceFinished, RunMode } from '../core/events.ts'
import { type AvailabilityStore, type DeviceSpans, type Look, looksOf, monthOf, type Span } from '../core/ledger.ts'
import type { Period } from '../core/trading-hours.ts'
import { SpanWriter } from './availability-spans.ts'
import { availability } from './availability-tables.ts'
import { compiledLater } from './compiled-later.ts'
import { putFact } from './facts.ts'
import { AVAILABILITY } from './locks.ts'
import { eventOf } from './record-events.ts'
import { ENDS_OF_DEVICES, type EventRow, tables } from './schema.ts'
import { put, rowsOf, type Steps, type StoreSession } from './steps.ts'

/** Ends of devices that are taken in in one transaction: others who write wait no longer than for one of their own. */
const PAGE = 400
/** Events that are folded anew in one transaction, for looks that cannot be put into their place. */
const MOST_FOLDED = 2_000
/** Devices of one read. */
const DEVICES = 1_000

type End = DeviceFinished & { readonly at: string; readonly run: string }

export function availabilityStore(session: StoreSession): AvailabilityStore {
  return {
    async takeIn(holdMs) {
      const known = await session.read(FACT)
      if (known[0] && known[0].value !== String(holdMs)) await refold(session, holdMs)
      if (known[0]?.value !== String(holdMs)) await session.write(() => putFact(HOLD, String(holdMs)), ALONE)
      for (const { run } of await session.read(PENDING)) while (await takePage(session, run, holdMs));
    },
    refold: (holdMs) => refold(session, holdMs),
    spans: (within) => readSpans(session, within),
    held: () => readHolds(session),
    async close(month) {
      return session.write(
        function* () {
          const { contract, month: of, version } = month
          const there = availability
            .selectFrom('availability_months')
            .select('version')
            .where('contract', '=', contract)
          const versions = (yield* rowsOf(there.where('month', '=', of))).map((row) => row.version)
          if (version !== Math.max(0, ...versions) + 1) return false
          yield* put(availability.insertInto('availability_months').values(month))
          return true
        },
        { ...ALONE, sync: true },
      )
    },
    closed: () =>
      session.read(
        availability
          .selectFrom('availability_months')
          .selectAll()
          .orderBy('contract')
          .orderBy('month')
          .orderBy('version'),
      ),
  }
}

const ALONE = { locks: { alone: [AVAILABILITY] } }
const HOLD = 'availability.hold'
const FACT = tables.selectFrom('state_facts').select('value').where('name', '=', HOLD)

const PENDING = compiledLater(() =>
  sql<{
    run: string
  }>`SELECT runs.run FROM runs LEFT JOIN availability_runs AS taken ON taken.run = runs.run
  WHERE taken.run IS NULL OR taken.finished_at IS DISTINCT FROM runs.finished_at OR runs.finished_at IS NULL
  ORDER BY runs.started_at, runs.run`.compile(tables),
)

const TAKEN = compiledLater(() =>
  availability.selectFrom('availability_runs').select('seq').where('run', '=', '').compile(),
)
const TAKE = compiledLater(() =>
  availability
    .insertInto('availability_runs')
    .values({ run: '', seq: 0, finished_at: '' })
    .onConflict((conflict) =>
      conflict.column('run').doUpdateSet(({ ref }) => ({
        seq: ref('excluded.seq'),
        finished_at: ref('excluded.finished_at'),
      })),
    )
    .compile(),
)
const RUN = compiledLater(() =>
  tables.selectFrom('runs').select(['mode', 'runbooks', 'finished_at']).where('run', '=', '').compile(),
)
const ENDS = compiledLater(() =>
  tables
    .selectFrom('events')
    .selectAll()
    .where('run', '=', '')
    .where('seq', '>', 0)
    .where('type', '=', 'device.finished')
    .orderBy('seq')
    .limit(PAGE)
    .compile(),
)
const LAST = compiledLater(() =>
  tables.selectFrom('events').select('seq').where('run', '=', '').orderBy('seq', 'desc').limit(1).compile(),
)

/** Takes in some more of a run; true where there may be more. */
function takePage(session: StoreSession, run: string, holdMs: number): Promise<boolean> {
  return session.write(function* () {
    const [head] = yield* rowsOf(RUN, [run])
    if (!head) return false
    const after = (yield* rowsOf(TAKEN, [run]))[0]?.seq ?? 0
    const rows = yield* rowsOf(ENDS, [run, after, 'device.finished', PAGE])
    const writer = new SpanWriter(holdMs)
    const ends = rows.map((row) => ({
      seq: row.seq,
      looks: looksOf(eventOf(row) as End, { run, mode: head.mode as RunMode, label: head.runbooks }),
    }))
    yield* writer.prepare(ends.flatMap(({ looks }) => looks))
    if (yield* addEnds(writer, run, ends)) return true
    const isAll = rows.length < PAGE
    const last = (isAll ? (yield* rowsOf(LAST, [run, 1]))[0]?.seq : rows.at(-1)?.seq) ?? after
    yield* put(TAKE, [run, last, isAll ? head.finished_at : null])
    return !isAll
  }, ALONE)
}

/** True where so much was folded anew that the rest is for another transaction. */
function* addEnds(
  writer: SpanWriter,
  run: string,
  ends: readonly { readonly seq: number; readonly looks: readonly Look[] }[],
): Steps<boolean> {
  let read = 0
  for (const { seq, looks } of ends) {
    if (yield* writer.add(looks)) continue
    // What is folded anew is what was taken in, up to here.
    yield* put(TAKE, [run, seq, null])
    read += yield* refoldDevice(writer, { device: looks[0]?.device ?? '', months: monthsOf(looks) })
    if (read >= MOST_FOLDED) return true
  }
  return false
}

function monthsOf(looks: readonly Look[]): readonly number[] {
  return [...new Set(looks.map(({ at }) => monthOf(at)))]
}

const ENDS_IN_MONTH = compiledLater(() =>
  sql<EventRow & { mode: string; runbooks: string }>`SELECT events.*, runs.mode, runs.runbooks
  FROM events JOIN runs ON runs.run = events.run JOIN availability_runs AS taken ON taken.run = events.run
  WHERE device = ${''} AND at >= ${''} AND at < ${''} AND ${ENDS_OF_DEVICES}
    AND type = 'device.finished' AND events.seq <= taken.seq`.compile(tables),
)

/** Folds months of a device anew, from all events of it that were taken in; gives how many that were. */
function* refoldDevice(
  writer: SpanWriter,
  { device, months }: { readonly device: string; readonly months: readonly number[] },
): Steps<number> {
  let read = 0
  for (const month of months) {
    const begin = new Date(Date.UTC(Math.floor(month / 100), (month % 100) - 1)).toISOString()
    const end = new Date(Date.UTC(Math.floor(month / 100), month % 100)).toISOString()
    const rows = yield* rowsOf(ENDS_IN_MONTH, [device, begin, end])
    read += rows.length
    const looks = rows.flatMap(({ mode, runbooks, ...row }) =>
      looksOf(eventOf(row) as End, { run: row.run, mode: mode as RunMode, label: runbooks }),
    )
    for (const track of new Set(looks.map((look) => look.track))) {
      const place = { month, device: yield* writer.device(device), track: yield* writer.word(track) }
      yield* writer.refold(
        place,
        looks.filter((look) => look.track === track),
      )
    }
  }
  return read
}

async function refold(session: StoreSession, holdMs: number): Promise<void> {
  const pairs = availability
    .selectFrom('availability_spans as s')
    .innerJoin('availability_devices as d', 'd.id', 's.device')
    .select(['s.month', 'd.device'])
    .distinct()
  const all = await session.read(pairs)
  for (const { device, month } of all) {
    // Each is thousands of events: others write between them.
    await session.write(() => refoldDevice(new SpanWriter(holdMs), { device, months: [month] }), ALONE)
  }
}

interface SpanRow extends Omit<Span, 'track' | 'cause' | 'run' | 'last_run'> {
  readonly device: number
  readonly track: number
  readonly cause: number | null
  readonly run: number
  readonly last_run: number
}

async function* readSpans(session: StoreSession, within: Period): AsyncGenerator<DeviceSpans> {
  const words = new Map(
    (await session.read(availability.selectFrom('availability_words').selectAll())).map(({ id, word }) => [id, word]),
  )
  const textOf = (id: number): string => words.get(id) ?? ''
  const page = availability.selectFrom('availability_devices').selectAll().orderBy('id').limit(DEVICES)
  for (let after = 0; ; ) {
    const devices = await session.read(page.where('id', '>', after))
    const last = devices.at(-1)
    if (last === undefined) return
    const spans = new Map<number, Span[]>()
    for (const row of await spanRows(session, within, { after, upTo: last.id })) {
      const { device, track, cause, run, last_run: lastRun, ...rest } = row
      const span = { ...rest, track: textOf(track), cause: cause === null ? null : textOf(cause), run: textOf(run) }
      const own = spans.get(device)
      if (own) own.push({ ...span, last_run: textOf(lastRun) })
      else spans.set(device, [{ ...span, last_run: textOf(lastRun) }])
    }
    for (const { id, device, seen_at } of devices) yield { device, seen_at, spans: spans.get(id) ?? [] }
    after = last.id
  }
}

async function spanRows(
  session: StoreSession,
  { from, to }: Period,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<readonly SpanRow[]> {
  const found: SpanRow[] = []
  // Month by month, as they lie in the file.
  for (let month = monthOf(from); month <= monthOf(to); month = month % 100 === 12 ? month + 89 : month + 1) {
    const rows = availability
      .selectFrom('availability_spans')
      .select(['device', 'track', 'first', 'last', 'found', 'cause', 'looks', 'run', 'last_run'])
      .where('month', '=', month)
      .where('device', '>', after)
      .where('device', '<=', upTo)
      .where('last', '>=', from)
      .where('first', '<', to)
      .orderBy('device')
      .orderBy('track')
      .orderBy('first')
    found.push(...((await session.read(rows)) as SpanRow[]))
  }
  return found
}

const HOLDS = tables.selectFrom('audit_log').select('json').where('json', 'like', '%"kind":"hold.%').orderBy('seq')

/** A hold ends when it was to, when it was released, or when the same person set another one on the same. */
async function readHolds(session: StoreSession): Promise<(Period & { on: string; why: string; by: string })[]> {
  const open: { from: number; to: number; on: string; why: string; by: string }[] = []
  const end = (at: number, isMeant: (hold: { readonly on: string; readonly by: string }) => boolean): void => {
    for (const hold of open) if (hold.to > at && isMeant(hold)) hold.to = at
  }
  for (const { json } of await session.read(HOLDS)) {
    const { kind, at, by, about } = JSON.parse(json) as AuditEntry
    const [from, on] = [Date.parse(at), String(about?.['on'])]
    if (kind === 'hold.released') end(from, (hold) => hold.on === on)
    if (kind !== 'hold.set') continue
    end(from, (hold) => hold.on === on && hold.by === by)
    open.push({ from, to: Date.parse(String(about?.['until'])), on, why: String(about?.['why']), by })
  }
  return open.filter(({ from, to }) => from < to)
}
