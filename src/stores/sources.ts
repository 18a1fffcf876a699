import { type CompiledQuery, sql } from 'kysely'
import {
  COUNT_EVERY_MS,
  type DeviceYield,
  type EventBatch,
  type EventStore,
  type EventYield,
  type Heard,
  SOURCE_TALLIES,
  type SourceStanding,
  type SourceTally,
  type Taken,
} from '../core/event-source.ts'
import type { DeviceFact } from '../core/sample.ts'
import { compiledLater } from './compiled-later.ts'
import { readFact, takeMarksBack } from './notes.ts'
import { identityOf } from './runs.ts'
import { sourceTables as t } from './source-tables.ts'
import { put, rowsOf, rowsOfEach, type Steps, type StoreSession } from './steps.ts'

/** Names that nobody knows are listed up to so many a source; the others are counted together, without a name. */
const MOST_UNKNOWN = 100
const LOCKS = { alone: ['sources'] }
/** Events that would be known again are forgotten once in so many batches. */
const FORGET_EVERY = 50

const PLACE = compiledLater(() =>
  t.selectFrom('source_places').select('place').where('source', '=', '').where('part', '=', '').compile(),
)
const PUT_PLACE = compiledLater(() =>
  t
    .insertInto('source_places')
    .values({ source: '', part: '', place: '' })
    .onConflict((c) => c.columns(['source', 'part']).doUpdateSet(({ ref }) => ({ place: ref('excluded.place') })))
    .compile(),
)
const SEE = compiledLater(() =>
  t
    .insertInto('source_seen')
    .values({ source: '', id: '', at: 0 })
    .onConflict((c) => c.doNothing())
    .returning('id')
    .compile(),
)
const ADD_TALLY = compiledLater(() =>
  t
    .insertInto('source_tallies')
    .values({ source: '', what: '', n: 0, at: 0 })
    .onConflict((c) =>
      c.columns(['source', 'what']).doUpdateSet(({ ref }) => ({
        n: sql<number>`source_tallies.n + excluded.n`,
        at: ref('excluded.at'),
      })),
    )
    .compile(),
)
const ADD_UNKNOWN = compiledLater(() =>
  t
    .insertInto('source_unknown')
    .values({ source: '', what: '', name: '', n: 0 })
    .onConflict((c) =>
      c.columns(['source', 'what', 'name']).doUpdateSet({ n: sql<number>`source_unknown.n + excluded.n` }),
    )
    .compile(),
)
const HEAR = compiledLater(() =>
  t
    .insertInto('source_devices')
    .values({ source: '', device: '', heard_at: 0, event_at: 0, told: null })
    .onConflict((c) =>
      c.columns(['source', 'device']).doUpdateSet({
        heard_at: sql<number>`CASE WHEN source_devices.heard_at > excluded.heard_at THEN source_devices.heard_at ELSE excluded.heard_at END`,
        event_at: sql<number>`CASE WHEN source_devices.event_at > excluded.event_at THEN source_devices.event_at ELSE excluded.event_at END`,
      }),
    )
    .compile(),
)
/** Also of a device that was never heard of. */
const TELL = compiledLater(() =>
  t
    .insertInto('source_devices')
    .values({ source: '', device: '', heard_at: 0, event_at: 0, told: '' })
    .onConflict((c) => c.columns(['source', 'device']).doUpdateSet(({ ref }) => ({ told: ref('excluded.told') })))
    .compile(),
)
const ADD_SERIES = compiledLater(() =>
  t
    .insertInto('sample_series')
    .values({ device: '', series: '' })
    .onConflict((c) => c.doNothing())
    .compile(),
)
const SERIES = compiledLater(() =>
  t.selectFrom('sample_series').select('id').where('device', '=', '').where('series', '=', '').compile(),
)
const SET_SAMPLE = compiledLater(() =>
  t
    .insertInto('samples')
    .values({ series: 0, at: 0, value: 0 })
    .onConflict((c) => c.columns(['series', 'at']).doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })))
    .compile(),
)
const ADD_SAMPLE = compiledLater(() =>
  t
    .insertInto('samples')
    .values({ series: 0, at: 0, value: 0 })
    .onConflict((c) => c.columns(['series', 'at']).doUpdateSet({ value: sql<number>`samples.value + excluded.value` }))
    .compile(),
)
const SET_MARK = compiledLater(() =>
  t
    .insertInto('marks')
    .values({ device: '', name: '', value: '', at: '' })
    .onConflict((c) =>
      c
        .columns(['device', 'name'])
        .doUpdateSet(({ ref }) => ({ value: ref('excluded.value'), at: ref('excluded.at') }))
        .whereRef('marks.at', '<=', 'excluded.at'),
    )
    .compile(),
)

/** Events of devices in a database. */
export async function storedEvents(session: StoreSession): Promise<EventStore> {
  return new StoredEvents(session, await identityOf(session))
}

class StoredEvents implements EventStore {
  readonly id: string
  readonly #session: StoreSession
  #batches = 0

  constructor(session: StoreSession, id: string) {
    this.id = id
    this.#session = session
  }

  async place(source: string, part: string): Promise<string | null> {
    const query = t.selectFrom('source_places').select('place').where('source', '=', source).where('part', '=', part)
    return (await this.#session.read(query))[0]?.place ?? null
  }

  async places(source: string): Promise<ReadonlyMap<string, string>> {
    const query = t.selectFrom('source_places').select(['part', 'place']).where('source', '=', source)
    return new Map((await this.#session.read(query)).map(({ part, place }) => [part, place]))
  }

  forgetPart(source: string, part: string): Promise<void> {
    const query = t.deleteFrom('source_places').where('source', '=', source).where('part', '=', part).compile()
    return this.#write(() => put(query))
  }

  take(source: string, batch: EventBatch, { repeatedWithinMs }: { readonly repeatedWithinMs: number }): Promise<Taken> {
    this.#batches += 1
    const forgets = this.#batches % FORGET_EVERY === 1
    const now = Date.now()
    return this.#write(function* (): Steps<Taken> {
      const moved = yield* step(source, batch)
      if (moved) return moved
      if (forgets) {
        const old = t
          .deleteFrom('source_seen')
          .where('source', '=', source)
          .where('at', '<', now - repeatedWithinMs)
        yield* put(old)
      }
      const fresh = yield* newOnes(source, batch.yields, now)
      const tallies = talliesOf(batch.yields, fresh)
      for (const [what, n] of tallies) yield* put(ADD_TALLY, [source, what, n, now])
      yield* addUnknown(source, batch.yields, fresh)
      for (const [device, sum] of sumsOf(batch.yields, fresh, now)) yield* addSum(source, device, sum)
      if ((tallies.get('taken') ?? 0) > 0) yield* put(NO_TROUBLE, [source])
      return { state: 'taken', taken: tallies.get('taken') ?? 0, repeated: tallies.get('repeated') ?? 0 }
    })
  }

  async heard(source: string): Promise<readonly Heard[]> {
    const query = t.selectFrom('source_devices').selectAll().where('source', '=', source).orderBy('device')
    const rows = await this.#session.read(query)
    return rows.map(({ device, heard_at, event_at, told }) => {
      return { device, heardAt: Number(heard_at), eventAt: Number(event_at), told }
    })
  }

  tell(source: string, device: string, told: string | null): Promise<void> {
    return this.#write(() => put(TELL, [source, device, 0, 0, told]))
  }

  trouble(source: string, why: string | undefined): Promise<void> {
    const since = new Date().toISOString()
    return this.#write(function* () {
      if (why === undefined) yield* put(NO_TROUBLE, [source])
      else yield* put(TROUBLE, [source, why.slice(0, 500), since])
    })
  }

  async standing(): Promise<readonly SourceStanding[]> {
    const [tallies, unknown, devices, troubles] = await Promise.all([
      this.#session.read(t.selectFrom('source_tallies').selectAll()),
      this.#session.read(t.selectFrom('source_unknown').selectAll().orderBy('n', 'desc').orderBy('name')),
      this.#session.read(
        t
          .selectFrom('source_devices')
          .select([
            'source',
            sql<number>`SUM(CASE WHEN heard_at > 0 THEN 1 ELSE 0 END)`.as('n'),
            ({ fn }) => fn.max<number>('heard_at').as('last'),
          ])
          .groupBy('source'),
      ),
      this.#session.read(t.selectFrom('source_troubles').selectAll()),
    ])
    // Also a source by which no device was ever heard: it may have told that they are missing.
    const names = new Set([...tallies, ...devices, ...troubles].map(({ source }) => source))
    return [...names].sort().map((source) => {
      const heard = devices.find((row) => row.source === source)
      const trouble = troubles.find((row) => row.source === source)
      return {
        source,
        tallies: Object.fromEntries(
          tallies.filter((row) => row.source === source).map(({ what, n }) => [what, Number(n)]),
        ) as SourceStanding['tallies'],
        unknown: unknown
          .filter((row) => row.source === source)
          .map(({ what, name, n }) => ({ what: what as 'kind' | 'device', name, count: Number(n) })),
        devices: Number(heard?.n ?? 0),
        lastAt: Number(heard?.last ?? 0) || null,
        trouble: trouble?.why ?? null,
        troubleSince: trouble?.since ?? null,
      }
    })
  }

  fact(device: string, name: string, source: string): Promise<DeviceFact | null> {
    return readFact(this.#session, { device, name, source })
  }

  close(): Promise<void> {
    return this.#session.close()
  }

  #write<T>(work: () => Steps<T>): Promise<T> {
    return this.#session.write(work, { locks: LOCKS })
  }
}

const NO_TROUBLE = compiledLater(() => t.deleteFrom('source_troubles').where('source', '=', '').compile())
/** Since when stays. */
const TROUBLE = compiledLater(
  () =>
    t
      .insertInto('source_troubles')
      .values({ source: '', why: '', since: '' })
      .onConflict((c) => c.column('source').doUpdateSet(({ ref }) => ({ why: ref('excluded.why') })))
      .compile() as CompiledQuery<unknown>,
)

/** Whether each of them is here for the first time. */
function* newOnes(source: string, yields: readonly EventYield[], now: number): Steps<readonly boolean[]> {
  const known = yields.flatMap(({ id }) => (id === undefined ? [] : [[source, id, now] as const]))
  if (known.length === 0) return yields.map(() => true)
  const answers = yield* rowsOfEach(SEE, known)
  let at = 0
  return yields.map(({ id }) => id === undefined || (answers[at++]?.length ?? 0) > 0)
}

function talliesOf(yields: readonly EventYield[], fresh: readonly boolean[]): ReadonlyMap<SourceTally, number> {
  const tallies = new Map<SourceTally, number>()
  const add = (what: SourceTally): void => void tallies.set(what, (tallies.get(what) ?? 0) + 1)
  for (const [index, { tallies: own }] of yields.entries()) {
    if (fresh[index] === true) for (const what of own) add(what)
    else add('repeated')
  }
  return new Map([...tallies].sort(([one], [other]) => SOURCE_TALLIES.indexOf(one) - SOURCE_TALLIES.indexOf(other)))
}

function* addUnknown(source: string, yields: readonly EventYield[], fresh: readonly boolean[]): Steps<void> {
  const sums = new Map<string, { readonly what: string; readonly name: string; n: number }>()
  for (const [index, { unknown }] of yields.entries()) {
    if (!unknown || fresh[index] !== true) continue
    const key = `${unknown.what}\0${unknown.name}`
    const sum = sums.get(key) ?? { ...unknown, n: 0 }
    sum.n += 1
    sums.set(key, sum)
  }
  if (sums.size === 0) return
  const rows = yield* rowsOf(t.selectFrom('source_unknown').select(['what', 'name']).where('source', '=', source))
  const known = new Set(rows.map(({ what, name }) => `${what}\0${name}`))
  const room = { kind: MOST_UNKNOWN, device: MOST_UNKNOWN }
  for (const { what } of rows) room[what as 'kind' | 'device'] -= 1
  for (const [key, { what, name, n }] of sums) {
    const has = known.has(key) || room[what as 'kind' | 'device'] > 0
    if (has && !known.has(key)) room[what as 'kind' | 'device'] -= 1
    yield* put(ADD_UNKNOWN, [source, what, has ? name : '', n])
  }
}

/** What events of one device come to, each series and each mark once. */
class DeviceSum {
  heardAt = 0
  eventAt = 0
  /** By series, then by hour. */
  readonly counts = new Map<string, Map<number, number>>()
  readonly samples = new Map<string, Map<number, number>>()
  readonly marks = new Map<string, { readonly value: string; readonly at: number }>()

  add({ at, asOf, isSignOfLife, counts, samples, marks }: DeviceYield, now: number): void {
    if (isSignOfLife) {
      this.heardAt = now
      this.eventAt = Math.max(this.eventAt, asOf)
    }
    const hour = Math.floor(at / COUNT_EVERY_MS) * COUNT_EVERY_MS
    for (const series of counts) {
      const sums = mapIn(this.counts, series)
      sums.set(hour, (sums.get(hour) ?? 0) + 1)
    }
    for (const { series, value } of samples) mapIn(this.samples, series).set(at, value)
    for (const { name, value } of marks) {
      const before = this.marks.get(name)
      if (!before || before.at <= at) this.marks.set(name, { value, at })
    }
  }
}

/** Always in the same order, so that two transactions never wait for each other. */
function sumsOf(
  yields: readonly EventYield[],
  fresh: readonly boolean[],
  now: number,
): readonly (readonly [string, DeviceSum])[] {
  const sums = new Map<string, DeviceSum>()
  for (const [index, { gives }] of yields.entries()) {
    if (!gives) continue
    const sum = sums.get(gives.device) ?? new DeviceSum()
    sums.set(gives.device, sum)
    // What comes again says nothing but that the device is there.
    if (fresh[index] === true) sum.add(gives, now)
    else if (gives.isSignOfLife) sum.heardAt = now
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1))
}

function* addSum(source: string, device: string, sum: DeviceSum): Steps<void> {
  if (sum.heardAt > 0) yield* put(HEAR, [source, device, sum.heardAt, sum.eventAt, null])
  for (const [series, values] of sum.counts) yield* addSamples(device, series, { values, how: ADD_SAMPLE })
  for (const [series, values] of sum.samples) yield* addSamples(device, series, { values, how: SET_SAMPLE })
  const oldest = Math.min(...[...sum.marks.values()].map(({ at }) => at))
  if (sum.marks.size > 0) yield* takeMarksBack(device, new Date(oldest).toISOString())
  for (const [name, { value, at }] of sum.marks) yield* put(SET_MARK, [device, name, value, new Date(at).toISOString()])
}

/** Goes on to where a source is behind a batch; gives where it is instead, if somebody else was there. */
function* step(source: string, { part, from, to }: EventBatch): Steps<Taken | undefined> {
  if (to === undefined) return undefined
  const place = (yield* rowsOf(PLACE, [source, part]))[0]?.place ?? null
  if (place !== (from ?? null)) return { state: 'moved', place }
  yield* put(PUT_PLACE, [source, part, to])
  return undefined
}

function* addSamples(
  device: string,
  series: string,
  { values, how }: { readonly values: ReadonlyMap<number, number>; readonly how: CompiledQuery<unknown> },
): Steps<void> {
  let [row] = yield* rowsOf(SERIES, [device, series])
  if (!row) {
    yield* put(ADD_SERIES, [device, series])
    ;[row] = yield* rowsOf(SERIES, [device, series])
  }
  for (const [at, value] of values) if (row) yield* put(how, [row.id, at, value])
}

function mapIn<Value>(maps: Map<string, Map<number, Value>>, key: string): Map<number, Value> {
  const found = maps.get(key) ?? new Map<number, Value>()
  maps.set(key, found)
  return found
}
