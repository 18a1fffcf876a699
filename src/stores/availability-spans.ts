import { sql } from 'kysely'
import { extended, inOrder, type Look, monthOf, REACH, type Span, spanOf } from '../core/ledger.ts'
import { availability } from './availability-tables.ts'
import { compiledLater } from './compiled-later.ts'
import { ENDS_OF_DEVICES } from './schema.ts'
import { put, rowsOf, rowsOfEach, type Steps } from './steps.ts'

const ADD_DEVICE = compiledLater(() =>
  availability
    .insertInto('availability_devices')
    .values({ device: '' })
    .onConflict((conflict) => conflict.doNothing())
    .compile(),
)
const DEVICE = compiledLater(() =>
  availability.selectFrom('availability_devices').select('id').where('device', '=', '').compile(),
)
const ADD_WORD = compiledLater(() =>
  availability
    .insertInto('availability_words')
    .values({ word: '' })
    .onConflict((conflict) => conflict.doNothing())
    .compile(),
)
const WORD = compiledLater(() =>
  availability.selectFrom('availability_words').select('id').where('word', '=', '').compile(),
)
const SEEN = compiledLater(() =>
  availability
    .updateTable('availability_devices')
    .set({ seen_at: 0 })
    .where('id', '=', 0)
    .where(({ or, eb }) => or([eb('seen_at', 'is', null), eb('seen_at', '>', 0)]))
    .compile(),
)
/** Of a month, device and track. */
const ofTrack = () =>
  availability
    .selectFrom('availability_spans as s')
    .leftJoin('availability_words as c', 'c.id', 's.cause')
    .innerJoin('availability_words as r', 'r.id', 's.run')
    .innerJoin('availability_words as l', 'l.id', 's.last_run')
    .select(['s.first', 's.last', 's.found', 's.looks', 'c.word as cause', 'r.word as run', 'l.word as last_run'])
    .where('s.month', '=', 0)
    .where('s.device', '=', 0)
    .where('s.track', '=', 0)
const LATEST = compiledLater(() => ofTrack().orderBy('s.first', 'desc').limit(1).compile())
const BEFORE = compiledLater(() => ofTrack().where('s.first', '<=', 0).orderBy('s.first', 'desc').limit(1).compile())
const AFTER = compiledLater(() => ofTrack().where('s.first', '>', 0).orderBy('s.first').limit(1).compile())
const ALL = compiledLater(() => ofTrack().orderBy('s.first').compile())
const PUT = compiledLater(() =>
  availability
    .insertInto('availability_spans')
    .values({ month: 0, device: 0, track: 0, first: 0, last: 0, found: '', cause: 0, looks: 0, run: 0, last_run: 0 })
    .onConflict((conflict) =>
      conflict.columns(['month', 'device', 'track', 'first']).doUpdateSet(({ ref }) => ({
        last: ref('excluded.last'),
        found: ref('excluded.found'),
        cause: ref('excluded.cause'),
        looks: ref('excluded.looks'),
        run: ref('excluded.run'),
        last_run: ref('excluded.last_run'),
      })),
    )
    .compile(),
)
const DROP = compiledLater(() =>
  availability
    .deleteFrom('availability_spans')
    .where('month', '=', 0)
    .where('device', '=', 0)
    .where('track', '=', 0)
    .where('first', '>=', 0)
    .compile(),
)

const DROP_ONE = compiledLater(() =>
  availability
    .deleteFrom('availability_spans')
    .where('month', '=', 0)
    .where('device', '=', 0)
    .where('track', '=', 0)
    .where('first', '=', 0)
    .compile(),
)
/** Ends of a device at an instant that were taken in, or are of the run that is being taken in. */
const AT_INSTANT = compiledLater(() =>
  sql<{ run: string }>`SELECT events.run FROM events
  LEFT JOIN availability_runs AS taken ON taken.run = events.run
  WHERE device = ${''} AND at = ${''} AND ${ENDS_OF_DEVICES}
    AND type = 'device.finished' AND (events.seq <= taken.seq OR events.run = ${''})`.compile(availability),
)

/** A track of a device in a month. */
export interface Place {
  readonly month: number
  readonly device: number
  readonly track: number
}

type Kept = Omit<Span, 'track'>

function keyOf({ month, device, track }: Place): string {
  return `${month} ${device} ${track}`
}

/** Writes spans of a store; to be used, and to be made anew, inside one transaction: ids are only known to it. */
export class SpanWriter {
  readonly #holdMs: number
  readonly #devices = new Map<string, number>()
  readonly #words = new Map<string, number>()
  /** The latest span of each place that was asked for; undefined: there is none. */
  readonly #latest = new Map<string, Kept | undefined>()

  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  device(name: string): Steps<number> {
    return this.#id(this.#devices, name, { add: ADD_DEVICE, find: DEVICE })
  }

  word(word: string): Steps<number> {
    return this.#id(this.#words, word, { add: ADD_WORD, find: WORD })
  }

  /** Asks at once for all that `add` has to know: a database may be far away. */
  *prepare(looks: readonly Look[]): Steps<void> {
    const words = looks.flatMap(({ track, cause, run }) => (cause === null ? [track, run] : [track, cause, run]))
    yield* this.#learn(
      this.#devices,
      looks.map(({ device }) => device),
      { add: ADD_DEVICE, find: DEVICE },
    )
    yield* this.#learn(this.#words, words, { add: ADD_WORD, find: WORD })
    const places = new Map<string, Place>()
    for (const look of looks) {
      const place = yield* this.#placeOf(look)
      if (!this.#latest.has(keyOf(place))) places.set(keyOf(place), place)
    }
    const asked = [...places.values()].map(({ month, device, track }) => [month, device, track, 1])
    const rows = (yield* rowsOfEach(LATEST, asked)) as readonly (readonly Kept[])[]
    for (const [index, key] of [...places.keys()].entries()) this.#latest.set(key, rows[index]?.[0])
  }

  /** Adds looks of one end, behind `prepare`; false where only a fold of their month tells what becomes of what is kept. */
  *add(looks: readonly Look[]): Steps<boolean> {
    const [first] = looks
    if (first === undefined) return true
    yield* this.#note(yield* this.device(first.device), looks)
    let isAdded = true
    for (const look of looks) {
      const place = yield* this.#placeOf(look)
      const latest = this.#latest.get(keyOf(place))
      if (latest && latest.last >= look.at) isAdded = (yield* this.#insert(place, look)) && isAdded
      else
        yield* this.#put(
          place,
          (latest && extended({ ...latest, track: look.track }, look, this.#holdMs)) ?? spanOf(look),
        )
    }
    return isAdded
  }

  /** Puts a look that came late into its place. Within a span that found something else, or at the instant of another look, it cannot. */
  *#insert(place: Place, look: Look): Steps<boolean> {
    const { month, device, track } = place
    const tied = yield* rowsOf(AT_INSTANT, [look.device, new Date(look.at).toISOString(), look.run])
    if (tied.length > 1) return false
    const [before] = (yield* rowsOf(BEFORE, [month, device, track, look.at, 1])) as readonly Kept[]
    if (before && before.last >= look.at) {
      const isIn = before.first < look.at && look.at < before.last
      if (!isIn || before.found !== look.found || before.cause !== look.cause) return false
      yield* this.#put(place, { ...before, track: look.track, looks: before.looks + 1 })
      return true
    }
    const [after] = (yield* rowsOf(AFTER, [month, device, track, look.at, 1])) as readonly Kept[]
    const open = (before && extended({ ...before, track: look.track }, look, this.#holdMs)) ?? spanOf(look)
    if (!after || after.found !== open.found || after.cause !== open.cause || after.first - look.at > this.#holdMs) {
      yield* this.#put(place, open)
      return true
    }
    yield* put(DROP_ONE, [month, device, track, after.first])
    if (this.#latest.get(keyOf(place))?.first === after.first) this.#latest.delete(keyOf(place))
    const { last, last_run } = after
    yield* this.#put(place, { ...open, last, last_run, looks: open.looks + after.looks })
    return true
  }

  /**
   * Folds looks of a track in a month anew: all that events still tell. What was folded before of looks that are no longer
   * told stays as it is.
   */
  *refold(place: Place, looks: readonly Look[]): Steps<void> {
    const ordered = inOrder(looks)
    const [first] = ordered
    if (first === undefined) return
    const { month, device, track } = place
    const known = (yield* rowsOf(ALL, [month, device, track])) as readonly Kept[]
    const straddling = known.find((span) => span.first < first.at && span.last >= first.at)
    yield* put(DROP, [month, device, track, straddling?.first ?? first.at])
    this.#latest.delete(keyOf(place))
    let open = straddling && cutAt({ ...straddling, track: first.track }, ordered)
    for (const look of ordered) {
      const more = open && extended(open, look, this.#holdMs)
      if (open && more === undefined) yield* this.#put(place, open)
      open = more ?? spanOf(look)
    }
    if (open) yield* this.#put(place, open)
  }

  /** When it was first known to be there at all. */
  *#note(device: number, looks: readonly Look[]): Steps<void> {
    const telling = looks.filter(({ track, found }) => track !== REACH || found === 'answered')
    if (telling.length === 0) return
    const first = Math.min(...telling.map(({ at }) => at))
    yield* put(SEEN, [first, device, first])
  }

  *#put({ month, device, track }: Place, span: Span): Steps<void> {
    const { first, last, found, cause, looks, run, last_run } = span
    const latest = this.#latest.get(keyOf({ month, device, track }))
    if (!latest || first >= latest.first) this.#latest.set(keyOf({ month, device, track }), span)
    const words = [
      cause === null ? null : yield* this.word(cause),
      looks,
      yield* this.word(run),
      yield* this.word(last_run),
    ]
    yield* put(PUT, [month, device, track, first, last, found, ...words])
  }

  *#placeOf({ device, track, at }: Look): Steps<Place> {
    return { month: monthOf(at), device: yield* this.device(device), track: yield* this.word(track) }
  }

  *#learn(
    known: Map<string, number>,
    names: readonly string[],
    { add, find }: { readonly add: typeof ADD_DEVICE | typeof ADD_WORD; readonly find: typeof DEVICE },
  ): Steps<void> {
    const fresh = [...new Set(names)].filter((name) => !known.has(name))
    for (const name of fresh) yield* put(add, [name])
    const rows = yield* rowsOfEach(
      find,
      fresh.map((name) => [name]),
    )
    for (const [index, name] of fresh.entries()) known.set(name, rows[index]?.[0]?.id ?? 0)
  }

  *#id(
    known: Map<string, number>,
    name: string,
    { add, find }: { readonly add: typeof ADD_DEVICE | typeof ADD_WORD; readonly find: typeof DEVICE | typeof WORD },
  ): Steps<number> {
    let id = known.get(name)
    if (id === undefined) {
      yield* put(add, [name])
      id = (yield* rowsOf<{ id: number }>(find, [name]))[0]?.id ?? 0
      known.set(name, id)
    }
    return id
  }
}

/** What of a span lies before the looks that are still told: up to the first of them, since it went on there. */
function cutAt(span: Span, told: readonly Look[]): Span {
  const first = told[0]?.at ?? span.last
  const isIn = ({ at, found, cause }: Look): boolean => at <= span.last && found === span.found && cause === span.cause
  return { ...span, last: first - 1, looks: Math.max(1, span.looks - told.filter(isIn).length) }
}
