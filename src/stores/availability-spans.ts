import { extended, inOrder, type Look, monthOf, REACH, type Span, spanOf } from '../core/ledger.ts'
import { availability } from './availability-tables.ts'
import { put, rowsOf, type Steps } from './steps.ts'

const ADD_DEVICE = availability
  .insertInto('availability_devices')
  .values({ device: '' })
  .onConflict((conflict) => conflict.doNothing())
  .compile()
const DEVICE = availability.selectFrom('availability_devices').select('id').where('device', '=', '').compile()
const ADD_WORD = availability
  .insertInto('availability_words')
  .values({ word: '' })
  .onConflict((conflict) => conflict.doNothing())
  .compile()
const WORD = availability.selectFrom('availability_words').select('id').where('word', '=', '').compile()
const SEEN = availability
  .updateTable('availability_devices')
  .set({ seen_at: 0 })
  .where('id', '=', 0)
  .where(({ or, eb }) => or([eb('seen_at', 'is', null), eb('seen_at', '>', 0)]))
  .compile()
const OF_TRACK = availability
  .selectFrom('availability_spans as s')
  .leftJoin('availability_words as c', 'c.id', 's.cause')
  .innerJoin('availability_words as r', 'r.id', 's.run')
  .innerJoin('availability_words as l', 'l.id', 's.last_run')
  .select(['s.first', 's.last', 's.found', 's.looks', 'c.word as cause', 'r.word as run', 'l.word as last_run'])
  .where('s.month', '=', 0)
  .where('s.device', '=', 0)
  .where('s.track', '=', 0)
const LATEST = OF_TRACK.orderBy('s.first', 'desc').limit(1).compile()
const ALL = OF_TRACK.orderBy('s.first').compile()
const PUT = availability
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
  .compile()
const DROP = availability
  .deleteFrom('availability_spans')
  .where('month', '=', 0)
  .where('device', '=', 0)
  .where('track', '=', 0)
  .where('first', '>=', 0)
  .compile()

/** A track of a device in a month. */
export interface Place {
  readonly month: number
  readonly device: number
  readonly track: number
}

/** Writes spans of a store; to be used, and to be made anew, inside one transaction: ids are only known to it. */
export class SpanWriter {
  readonly #holdMs: number
  readonly #devices = new Map<string, number>()
  readonly #words = new Map<string, number>()

  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  device(name: string): Steps<number> {
    return this.#id(this.#devices, name, { add: ADD_DEVICE, find: DEVICE })
  }

  word(word: string): Steps<number> {
    return this.#id(this.#words, word, { add: ADD_WORD, find: WORD })
  }

  /** Adds looks of one device; false where one of them lies before another that is kept: then its months are to be folded anew. */
  *add(looks: readonly Look[]): Steps<boolean> {
    const device = yield* this.device(looks[0]?.device ?? '')
    yield* this.#note(device, looks)
    let isLater = true
    for (const look of looks) {
      const place = { month: monthOf(look.at), device, track: yield* this.word(look.track) }
      const [latest] = (yield* rowsOf(LATEST, [place.month, device, place.track, 1])) as readonly Omit<Span, 'track'>[]
      if (latest && latest.last >= look.at) isLater = false
      else
        yield* this.#put(
          place,
          (latest && extended({ ...latest, track: look.track }, look, this.#holdMs)) ?? spanOf(look),
        )
    }
    return isLater
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
    const known = (yield* rowsOf(ALL, [month, device, track])) as readonly Omit<Span, 'track'>[]
    const straddling = known.find((span) => span.first < first.at && span.last >= first.at)
    yield* put(DROP, [month, device, track, straddling?.first ?? first.at])
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
    const words = [
      cause === null ? null : yield* this.word(cause),
      looks,
      yield* this.word(run),
      yield* this.word(last_run),
    ]
    yield* put(PUT, [month, device, track, first, last, found, ...words])
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
