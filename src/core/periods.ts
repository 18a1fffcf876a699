import { DAY_MS } from './duration.ts'
import type { Period } from './trading-hours.ts'

/** Periods in order, what overlaps or touches as one; those that are empty are left out. */
export function joined(periods: readonly Period[]): readonly Period[] {
  const whole: Period[] = []
  const ordered = periods.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from)
  for (const { from, to } of ordered) {
    const last = whole.at(-1)
    if (last && from <= last.to) whole[whole.length - 1] = { from: last.from, to: Math.max(last.to, to) }
    else whole.push({ from, to })
  }
  return whole
}

/** What two lists have in common; both are in order and do not overlap. */
export function common(a: readonly Period[], b: readonly Period[]): readonly Period[] {
  const found: Period[] = []
  let i = 0
  let j = 0
  for (let x = a[i], y = b[j]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const from = Math.max(x.from, y.from)
    const to = Math.min(x.to, y.to)
    if (from < to) found.push({ from, to })
    if (x.to < y.to) i += 1
    else j += 1
  }
  return found
}

/** What of a span is in none of the periods, which are in order and do not overlap. */
export function gaps(periods: readonly Period[], within: Period): readonly Period[] {
  const found: Period[] = []
  let from = within.from
  for (const period of periods) {
    if (period.to <= from) continue
    if (period.from >= within.to) break
    if (period.from > from) found.push({ from, to: period.from })
    from = period.to
  }
  if (from < within.to) found.push({ from, to: within.to })
  return found
}

/** How far ahead the end of a time is looked for. */
const HORIZON_MS = 400 * DAY_MS
const STRIDE_MS = 14 * DAY_MS

/** When what counts of the time from an instant on reaches an amount; undefined where that is not before `until`, nor within 400 days. */
export function whenReached(
  counted: (within: Period) => readonly Period[],
  {
    from: begun,
    ms,
    until = Number.POSITIVE_INFINITY,
  }: { readonly from: number; readonly ms: number; readonly until?: number },
): number | undefined {
  let left = ms
  for (let from = begun; from < Math.min(until, begun + HORIZON_MS); from += STRIDE_MS) {
    for (const period of counted({ from, to: Math.min(until, from + STRIDE_MS) })) {
      const length = period.to - period.from
      if (length >= left) return period.from + left
      left -= length
    }
  }
  return undefined
}
