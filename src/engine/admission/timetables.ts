import { DAY_MS } from '../../core/duration.ts'
import type { TradingHours } from '../../core/fleet.ts'
import { common, gaps, joined } from '../../core/periods.ts'
import type { Freeze, Policy, Purpose, When, Window } from '../../core/policy.ts'
import type { Period } from '../../core/trading-hours.ts'
import type { AdmissionDevice, AdmissionStore, World } from './admission-world.ts'
import type { IsAbout } from './scope.ts'
import { type Reading, whenPeriods } from './when-periods.ts'

/** How far ahead is looked: a few days as a rule, and as far as the longest holidays where these have no answer. */
const NEAR_MS = 4 * DAY_MS
const FAR_MS = 70 * DAY_MS
/** What lies across the end of what is looked at is seen so much further, so that a window of a night is not taken for endless. */
const BEYOND_MS = 8 * DAY_MS

/** When something may begin. */
export interface Timetable {
  /** The period that an instant lies in; `to` is absent where no end is in sight. */
  at(now: number): { readonly from: number; readonly to?: number } | undefined
  /** The first instant from `now` on at which something of that length can begin and end in one period. */
  next(now: number, lengthMs: number): number | undefined
  /** The freeze that an instant lies in. */
  freezeAt(now: number): { readonly freeze: Freeze; readonly until?: number } | undefined
  /** Names of the windows that it is made of. */
  readonly windows: readonly string[]
}

type ListOf = (within: Period) => readonly Period[]

const NOWHERE: AdmissionStore = {
  id: '',
  region: '',
  time_zone: 'UTC',
  hours: { week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, exceptions: {} },
  link: { type: 'other' },
  devices: [],
}

/** Timetables of a policy. Devices of stores with the same clocks and hours share one. */
export function timetablesFor(
  policy: Policy,
  world: World,
  isAbout: IsAbout,
): {
  timetable(device: AdmissionDevice, purpose: Purpose): Timetable
  closedTimes(store: string): Timetable
} {
  const numbers = numbered(policy)
  const shared = new Map<string, Timetable>()
  const byDevice = { repair: new Map<string, Timetable>(), rollout: new Map<string, Timetable>() }
  const clocks = clocksOf(world)

  function made(key: string, make: () => Timetable): Timetable {
    const timetable = shared.get(key) ?? make()
    shared.set(key, timetable)
    return timetable
  }

  function find(device: AdmissionDevice, purpose: Purpose): Timetable {
    const sets = policy[purpose].windows.map((set) => set.filter((window) => isAbout(window, device) === true))
    const freezes = policy.freezes.filter((freeze) => isAbout(freeze, device) !== false)
    const names = [
      ...sets.map((set) => set.map((w) => numbers.get(w)).join('+')),
      freezes.map((f) => numbers.get(f)).join(),
    ]
    const store = world.stores.get(device.store) ?? NOWHERE
    return made(`${clocks(store)} ${names.join('&')}`, () => timetableOf(sets, freezes, { store, world }))
  }

  return {
    timetable(device, purpose) {
      const known = byDevice[purpose]
      const timetable = known.get(device.name) ?? find(device, purpose)
      known.set(device.name, timetable)
      return timetable
    },
    closedTimes(id) {
      const store = world.stores.get(id) ?? NOWHERE
      const closed: Window = { name: 'closed', when: { type: 'closed', marginMs: 0 } }
      return made(`${clocks(store)} closed`, () => timetableOf([[closed]], [], { store, world }))
    },
  }
}

function numbered(policy: Policy): ReadonlyMap<Window | Freeze, number> {
  const all = [...policy.repair.windows.flat(), ...policy.rollout.windows.flat(), ...policy.freezes]
  return new Map(all.map((entry, index) => [entry, index]))
}

/** A text that is the same for stores with the same clocks and the same hours. */
function clocksOf(world: World): (store: AdmissionStore) => string {
  const known = new Map<string, string>()
  const texts = new Map<TradingHours, string>()
  return (store) => {
    let clock = known.get(store.id)
    if (clock === undefined || world.stores.get(store.id) === undefined) {
      const text = texts.get(store.hours) ?? JSON.stringify(store.hours)
      texts.set(store.hours, text)
      clock = `${store.time_zone} ${text}`
      known.set(store.id, clock)
    }
    return clock
  }
}

function timetableOf(
  sets: readonly (readonly Window[])[],
  freezes: readonly Freeze[],
  of: { readonly store: AdmissionStore; readonly world: World },
): Timetable {
  const list = (when: When, reading: Reading): ListOf => {
    const at = { trading: of.store, calendar: (name: string) => of.world.calendar(name) }
    return (within) => whenPeriods(when, at, { within, reading })
  }
  const windows = sets.map((set) => set.map(({ when }) => list(when, 'narrow')))
  const frozen = freezes.map((freeze) => {
    const periods = list(freeze.when, 'wide')
    return { freeze, list: periods, kept: keptADay(periods, FAR_MS) }
  })
  const allowed = (within: Period): readonly Period[] => {
    let periods: readonly Period[] = gaps(joined(frozen.flatMap((entry) => entry.list(within))), within)
    for (const set of windows) periods = common(periods, joined(set.flatMap((entry) => entry(within))))
    return periods
  }
  const near = keptADay(allowed, NEAR_MS)
  const far = keptADay(allowed, FAR_MS + BEYOND_MS)
  return {
    windows: [...new Set(sets.flat().map(({ name }) => name))],
    at(now) {
      const period = periodAt(near(now), now)
      if (period === undefined || period.to < near(now).within.to) return period
      return openEnded(periodAt(far(now), now), far(now).within.to)
    },
    next: (now, lengthMs) => nextIn(near(now), now, lengthMs) ?? nextIn(far(now), now, lengthMs, FAR_MS),
    freezeAt(now) {
      for (const { freeze, kept } of frozen) {
        const period = periodAt(kept(now), now)
        if (period) return { freeze, ...(period.to < kept(now).within.to && { until: period.to }) }
      }
      return undefined
    },
  }
}

interface Kept {
  readonly within: Period
  readonly periods: readonly Period[]
}

/** Periods around today; found once a day. */
function keptADay(list: ListOf, aheadMs: number): (now: number) => Kept {
  let kept: Kept | undefined
  return (now) => {
    const within = spanOf(now, aheadMs)
    if (kept?.within.from !== within.from) kept = { within, periods: list(within) }
    return kept
  }
}

function spanOf(now: number, aheadMs: number): Period {
  const from = Math.floor(now / DAY_MS) * DAY_MS - DAY_MS
  return { from, to: from + DAY_MS + aheadMs }
}

function periodAt({ periods }: Kept, now: number): Period | undefined {
  return periods.find(({ from, to }) => from <= now && now < to)
}

function openEnded(
  period: Period | undefined,
  horizon: number,
): { readonly from: number; readonly to?: number } | undefined {
  if (period === undefined) return undefined
  return period.to < horizon ? period : { from: period.from }
}

/** Of what reaches far beyond, no end is in sight, and it is long enough for anything. */
function nextIn({ periods, within }: Kept, now: number, lengthMs: number, aheadMs?: number): number | undefined {
  for (const { from, to } of periods) {
    const begin = Math.max(from, now)
    if (begin >= to) continue
    if (begin + lengthMs <= to) return begin
    if (aheadMs !== undefined && to === within.to && begin <= now + aheadMs) return begin
  }
  return undefined
}
