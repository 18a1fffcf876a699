import { DAY_MS } from '../../core/duration.ts'
import type { ModuleContext } from '../../core/module.ts'
import { beginOfTradingDay } from '../../core/trading-hours.ts'
import { curveOf, type DayCurve, type PastDay, pastDays, profileOf } from '../../devices/sales/profile.ts'
import { judgeReceipts, type Limits, type Verdict } from '../../devices/sales/verdict.ts'
import { type Past, recall, roseAt, sinceRestart } from './known.ts'

/** As of receipts: `class` and `why`, against what is usual at this weekday and hour. */
export type SalesVerdict = Pick<
  Verdict,
  'class' | 'why' | 'silence_seconds' | 'expected' | 'deviation_percent' | 'weeks'
> & {
  /** Sold since the begin of the trading day; null where no look before tells where that began. */
  readonly today: number | null
  /** The look that had seen the last sale: milliseconds since 1970. */
  readonly last_seen_at: number | null
}

const FEWEST_WEEKS = 3
/** Looks of so long before a day tell where its count began. */
const BEFORE_MS = 3 * DAY_MS

/**
 * Judges the sales of a machine, of which only a counter since its beginning is known (VA1): a day's count is the
 * difference to the last look before its begin. `asOf` is when the file was made, `past` what looks saw of the counter.
 */
export async function judgeSales(
  context: Pick<ModuleContext, 'store' | 'history'>,
  total: number | undefined,
  given: {
    readonly now: number
    readonly asOf: number | undefined
    readonly past: Past
    readonly limits: Limits
    readonly weeks: number
  },
): Promise<SalesVerdict> {
  const { store, history } = context
  const { now, past } = given
  const begin = beginOfTradingDay(store, now)
  const known = sinceRestart(past, total)
  const base = known.findLast(({ at }) => at <= begin)?.value
  const count = total === undefined || base === undefined ? undefined : total - base
  const days = pastDays(store, now, given.weeks)
  const curves = await Promise.all(days.map((day) => curveOfDay(history, day)))
  const profile = profileOf(
    days.map((day, index) => ({ day, curve: curves[index] ?? [] })),
    now,
    FEWEST_WEEKS,
  )
  const last = total === undefined ? undefined : roseAt(known, total, now)
  const seen = { today: count ?? null, last_seen_at: last ?? null }
  if (total === undefined) return { ...nothing('unknown', 'The machine does not count its sales (VA1).'), ...seen }
  if (count === undefined) {
    return { ...nothing('learning', 'No look before today tells how many were sold until then.'), ...seen }
  }
  const reading = { last, count, as_of: given.asOf }
  const today = curveFrom(begin, base ?? 0, known)
  const verdict = judgeReceipts({ now, trading: store, reading, profile, today, limits: given.limits })
  if (verdict.class === 'never' && total > 0)
    return { ...nothing('learning', 'Nothing was sold since the first look.'), ...seen }
  return { ...verdict, ...seen }
}

function nothing(name: Verdict['class'], why: string): Omit<SalesVerdict, 'today' | 'last_seen_at'> {
  return { class: name, why, silence_seconds: null, expected: null, deviation_percent: null, weeks: 0 }
}

async function curveOfDay(history: ModuleContext['history'], { begin, until }: PastDay): Promise<DayCurve> {
  const past = await recall(history, 'sales', { from: begin - BEFORE_MS, to: until })
  const base = past.findLast(({ at }) => at <= begin)?.value
  return base === undefined ? [] : curveFrom(begin, base, past)
}

function curveFrom(begin: number, base: number, past: Past): DayCurve {
  const samples = past
    .filter(({ at }) => at > begin)
    .map(({ at, value }) => ({ at: new Date(at).toISOString(), value: value - base }))
  return curveOf(begin, samples)
}
