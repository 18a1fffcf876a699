import { describe, expect, test } from 'vitest'
import { extended, type Found, inOrder, type Look, REACH, type Span, spanOf } from '../../src/core/ledger.ts'
import { joined } from '../../src/core/periods.ts'
import type { Period } from '../../src/core/trading-hours.ts'
import { foldDevice, type Interval } from '../../src/ledger/fold-device.ts'
import { type Rng, randomFrom } from './random.ts'

const MINUTE = 60_000
/** Over the end of a month, so that spans are cut there. */
const BEGIN = Date.UTC(2026, 9, 31, 20)
const HISTORIES = Number(process.env['TILL_LEDGER_HISTORIES'] ?? 150)
const SEED = Number(process.env['TILL_LEDGER_SEED'] ?? Date.now() % 1_000_000)
const WEEK = 7 * 24 * 60

interface History {
  readonly looks: readonly Look[]
  readonly seenAt: number | null
  readonly maintenance: readonly Period[]
  readonly holdMinutes: number
  readonly within: Period
}

const REACHES: readonly Found[] = ['answered', 'answered', 'answered', 'away', 'dark']
const TRACKS = ['["health"]', '["printer"]', '["health","printer"]', '["printer","config"]']
const WORKS: readonly Found[] = ['well', 'well', 'well', 'blocked', 'sale-blocked', 'blind']

function randomHistory(rng: Rng): History {
  const minutes = rng.pick([300, 900, 900, 2_000, WEEK + 2_000])
  const holdMinutes = rng.pick([20, 45, 90])
  const tracks = rng.shuffled(TRACKS).slice(0, rng.int(0, 4))
  const every = rng.pick([10, 15, 40, minutes > WEEK ? 900 : 60])
  const looks: Look[] = []
  let reach = rng.pick(REACHES)
  const works = new Map(tracks.map((track) => [track, rng.pick(WORKS)]))
  for (let at = rng.int(0, every); at < minutes; at += rng.int(1, 2 * every)) {
    if (rng.chance(0.2)) reach = rng.pick(REACHES)
    const cause = reach === 'answered' ? null : rng.pick(['CONNECT_TIMEOUT', 'CONNECT_TIMEOUT', 'CONNECT_REFUSED'])
    const common = { device: 'S1/pos1', at: BEGIN + at * MINUTE, run: `run${at}` }
    looks.push({ ...common, track: REACH, found: reach, cause })
    for (const track of tracks) {
      if (reach !== 'answered' || !rng.chance(0.6)) continue
      if (rng.chance(0.15)) works.set(track, rng.pick(WORKS))
      const found = works.get(track) ?? 'well'
      looks.push({ ...common, track, found, cause: found === 'well' ? null : 'fault' })
    }
    // Somebody else looked in the same millisecond.
    if (rng.chance(0.03))
      looks.push({ ...common, run: `other${at}`, track: REACH, found: rng.pick(REACHES), cause: null })
  }
  const telling = looks.filter(({ track, found }) => track !== REACH || found === 'answered').map(({ at }) => at)
  const from = BEGIN + rng.int(0, 100) * MINUTE
  return {
    looks: rng.shuffled(looks),
    seenAt: telling.length > 0 ? Math.min(...telling) : null,
    maintenance: joined(
      Array.from({ length: rng.int(0, 3) }, () => {
        const begin = BEGIN + rng.int(0, minutes) * MINUTE
        return { from: begin, to: begin + rng.int(0, 120) * MINUTE }
      }),
    ),
    holdMinutes,
    within: { from, to: from + rng.int(1, minutes) * MINUTE },
  }
}

/** As the store keeps them. */
function spansOf(looks: readonly Look[], holdMs: number): Span[] {
  const spans: Span[] = []
  for (const track of new Set(looks.map((look) => look.track))) {
    let open: Span | undefined
    for (const look of inOrder(looks.filter((one) => one.track === track))) {
      const more = open && extended(open, look, holdMs)
      if (open && more === undefined) spans.push(open)
      open = more ?? spanOf(look)
    }
    if (open) spans.push(open)
  }
  return spans
}

// ---- The ledger again, minute by minute, from its description alone.

const BAD: readonly Found[] = ['away', 'blocked', 'sale-blocked']

interface Seen {
  readonly at: number
  readonly look: Look
}

class ByMinute {
  /** For each minute the last look before its end. */
  readonly #latest = new Map<string, (Seen | undefined)[]>()
  readonly #tracks = new Map<string, Map<number, Look>>()
  readonly #history: History
  readonly #view: 'works' | 'sells'

  constructor(history: History, view: 'works' | 'sells') {
    this.#history = history
    this.#view = view
    const severity: readonly Found[] = ['answered', 'well', 'dark', 'blind', 'away', 'blocked', 'sale-blocked']
    for (const look of history.looks) {
      const track = this.#tracks.get(look.track) ?? new Map<number, Look>()
      this.#tracks.set(look.track, track)
      const minute = (look.at - BEGIN) / MINUTE
      const there = track.get(minute)
      const worse = severity.indexOf(look.found) - severity.indexOf(there?.found ?? 'answered')
      if (!there || worse > 0 || (worse === 0 && look.run > there.run)) track.set(minute, look)
    }
    const end = (history.within.to - BEGIN) / MINUTE
    for (const [name, track] of this.#tracks) {
      let seen: Seen | undefined
      const each: (Seen | undefined)[] = []
      for (let at = 0; at <= end; at += 1) {
        const look = track.get(at)
        if (look) seen = { at, look }
        each.push(seen)
      }
      this.#latest.set(name, each)
    }
  }

  latest(track: string, minute: number): Seen | undefined {
    return this.#latest.get(track)?.[minute]
  }

  /** The last look of a track, unless all its runbooks have looked again since. */
  counted(track: string, minute: number): Seen | undefined {
    const seen = this.latest(track, minute)
    if (!seen || track === REACH) return seen
    // Looks that say the same one after the other are one word, to the last of them.
    let last = seen
    for (let next = this.next(track, seen.at); next && this.#goesOn(last, next); next = this.next(track, next.at))
      last = next
    const runbooks = JSON.parse(track) as string[]
    const others = [...this.#tracks.keys()].filter((other) => other !== track && other !== REACH)
    const isReplaced = runbooks.every((runbook) =>
      others.some((other) => JSON.parse(other).includes(runbook) && this.#isSeenAgain(other, last.at, minute)),
    )
    return isReplaced ? undefined : seen
  }

  /** A look that says what the one before says is only known to lie within the time that one holds. */
  #isSeenAgain(track: string, since: number, minute: number): boolean {
    let before = this.latest(track, since)
    for (let again = this.next(track, since); again && again.at <= minute; again = this.next(track, again.at)) {
      if (!this.#goesOn(before, again) || minute >= since + this.#history.holdMinutes) return true
      before = again
    }
    return false
  }

  /** Whether two looks, one after the other, are one span. */
  #goesOn(seen: Seen | undefined, next: Seen): boolean {
    if (!seen || next.look.found !== seen.look.found || next.look.cause !== seen.look.cause) return false
    const isSameMonth = new Date(next.look.at).getUTCMonth() === new Date(seen.look.at).getUTCMonth()
    return isSameMonth && next.at - seen.at <= this.#history.holdMinutes
  }

  next(track: string, minute: number): Seen | undefined {
    const later = [...(this.#tracks.get(track)?.keys() ?? [])].filter((at) => at > minute)
    if (later.length === 0) return undefined
    const at = Math.min(...later)
    return { at, look: this.#tracks.get(track)?.get(at) as Look }
  }

  /** Tracks by which it is down in a minute, whatever else is so. */
  blamed(minute: number): string[] {
    return [...this.#tracks.keys()].filter((track) => {
      const seen = this.counted(track, minute)
      if (!seen || minute >= seen.at + this.#history.holdMinutes) return false
      if (seen.look.found === 'sale-blocked') return true
      return this.#view === 'works' && BAD.includes(seen.look.found)
    })
  }

  state(minute: number): Interval['state'] {
    const { holdMinutes, maintenance, seenAt } = this.#history
    const instant = BEGIN + minute * MINUTE
    if (maintenance.some(({ from, to }) => instant >= from && instant < to)) return 'maintenance'
    if (seenAt === null || instant < seenAt) return 'never-seen'
    const works = [...this.#tracks.keys()].filter((track) => track !== REACH)
    const isBlocked = (found: Found): boolean =>
      found === 'sale-blocked' || (found === 'blocked' && this.#view === 'works')
    const held = (seen: { readonly at: number } | undefined): boolean => !!seen && minute < seen.at + holdMinutes
    const words = works.map((track) => this.counted(track, minute))
    if (words.some((seen) => seen && held(seen) && isBlocked(seen.look.found))) return 'down'
    const reach = this.latest(REACH, minute)
    if (!reach || !held(reach) || reach.look.found === 'dark') return 'unknown'
    if (reach.look.found === 'away') return this.#view === 'works' ? 'down' : 'unknown'
    if (words.some((seen) => seen && isBlocked(seen.look.found) && minute < seen.at + WEEK)) return 'unknown'
    return words.some((seen) => seen && held(seen) && seen.look.found !== 'blind') ? 'up' : 'unknown'
  }

  /** When it may have gone down that was down from `minute` on, and up in the minutes from `upSince` to it. */
  earliest(minute: number, upSince: number): number {
    const began = this.blamed(minute).flatMap((track) => {
      if (this.latest(track, minute)?.at !== minute) return []
      const before = this.latest(track, minute - 1)
      const isGood = before?.look.found === 'well' || before?.look.found === 'answered'
      return before && isGood && minute <= before.at + this.#history.holdMinutes ? [before.at] : []
    })
    return Math.max(upSince, Math.min(minute, ...began))
  }

  /** Until when it certainly was down of the minutes `from` to `to`. */
  lastBad(from: number, to: number): number {
    let latest = from
    for (let minute = from; minute < to; minute += 1) {
      for (const track of this.blamed(minute)) {
        const seen = this.latest(track, minute)
        if (seen?.at === minute) latest = Math.max(latest, minute)
        const next = seen && this.next(track, minute)
        if (next && this.#goesOn(seen, next)) latest = Math.max(latest, minute + 1)
      }
    }
    return Math.min(to, latest)
  }
}

function byMinute(history: History, view: 'works' | 'sells'): object[] {
  const oracle = new ByMinute(history, view)
  const first = (history.within.from - BEGIN) / MINUTE
  const end = (history.within.to - BEGIN) / MINUTE
  const found: { state: string; from: number; to: number }[] = []
  for (let minute = first; minute < end; minute += 1) {
    const state = oracle.state(minute)
    const last = found.at(-1)
    if (last?.state === state) last.to = minute + 1
    else found.push({ state, from: minute, to: minute + 1 })
  }
  return found.map((one, index) => {
    if (one.state !== 'down') return one
    const before = found[index - 1]
    const earliest = before?.state === 'up' ? oracle.earliest(one.from, before.from) : one.from
    return { ...one, earliest, lastBad: oracle.lastBad(one.from, one.to) }
  })
}

function inMinutes({ state, from, to, earliest, lastBad }: Interval): object {
  const minute = (at: number): number => (at - BEGIN) / MINUTE
  return {
    state,
    from: minute(from),
    to: minute(to),
    ...(earliest !== undefined && { earliest: minute(earliest) }),
    ...(lastBad !== undefined && { lastBad: minute(lastBad) }),
  }
}

describe('the ledger of a device', () => {
  test(`says what one says that goes minute by minute (seed ${SEED}, ${HISTORIES} histories)`, {
    timeout: 600_000,
  }, () => {
    const states = new Set<string>()
    for (let index = 0; index < HISTORIES; index += 1) {
      const history = randomHistory(randomFrom(SEED + index))
      for (const view of ['works', 'sells'] as const) {
        const { seenAt, maintenance, within } = history
        const holdMs = history.holdMinutes * MINUTE
        const kept = { spans: spansOf(history.looks, holdMs), seen_at: seenAt }
        const intervals = foldDevice(kept, { within, holdMs, maintenance, view })
        for (const { state } of intervals) states.add(state)
        expect(intervals.map(inMinutes), `TILL_LEDGER_SEED=${SEED + index}, ${view}`).toEqual(byMinute(history, view))
      }
    }
    // What was drawn has all of it.
    expect([...states].sort()).toEqual(['down', 'maintenance', 'never-seen', 'unknown', 'up'])
  })

  test('what one runbook found ends when it has looked again together with others', () => {
    const at = (hour: number): number => Date.UTC(2026, 10, 3, hour)
    const look = (hour: number, track: string, found: Found): Look => {
      return { device: 'S1/pos1', at: at(hour), track, found, cause: null, run: `r${hour}` }
    }
    const looks = [
      ...[8, 9, 10, 11].map((hour) => look(hour, REACH, 'answered')),
      look(8, '["app"]', 'sale-blocked'),
      look(9, '["blind"]', 'well'),
      look(10, '["blind","app"]', 'well'),
      look(11, '["blind","app"]', 'well'),
    ]
    const options = { within: { from: at(8), to: at(12) }, holdMs: 4 * 60 * MINUTE, maintenance: [] }
    const states = (view: 'works' | 'sells') =>
      foldDevice({ spans: spansOf(looks, options.holdMs), seen_at: at(8) }, { ...options, view }).map((one) => [
        one.state,
        one.from,
      ])
    for (const view of ['works', 'sells'] as const)
      expect(states(view)).toEqual([
        ['down', at(8)],
        ['up', at(10)],
      ])
  })

  test('knows an outage between the last good look and the first bad one, and its end likewise', () => {
    const at = (time: string): number => Date.parse(`2026-11-03T${time}:00Z`)
    const look = (time: string, found: Found): Look => {
      return {
        device: 'S1/pos1',
        at: at(time),
        track: REACH,
        found,
        cause: found === 'away' ? 'CONNECT_TIMEOUT' : null,
        run: time,
      }
    }
    const well = (time: string): Look => ({ ...look(time, 'well'), track: '["health"]' })
    const looks = [
      look('08:00', 'answered'),
      well('08:00'),
      look('08:15', 'away'),
      look('08:30', 'away'),
      look('08:45', 'answered'),
      well('08:45'),
    ]
    const holdMs = 30 * MINUTE
    const options = { within: { from: at('07:00'), to: at('10:00') }, holdMs, maintenance: [], view: 'works' } as const
    expect(foldDevice({ spans: spansOf(looks, holdMs), seen_at: at('08:00') }, options)).toEqual([
      { state: 'never-seen', from: at('07:00'), to: at('08:00') },
      { state: 'up', from: at('08:00'), to: at('08:15') },
      {
        state: 'down',
        from: at('08:15'),
        to: at('08:45'),
        cause: 'CONNECT_TIMEOUT',
        run: '08:15',
        earliest: at('08:00'),
        lastBad: at('08:30'),
      },
      { state: 'up', from: at('08:45'), to: at('09:15') },
      { state: 'unknown', from: at('09:15'), to: at('10:00') },
    ])
  })
})
