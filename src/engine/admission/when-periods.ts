import type { Calendar, WallSpan } from '../../core/calendar.ts'
import { DAY_MS, MINUTE_MS } from '../../core/duration.ts'
import { gaps, joined } from '../../core/periods.ts'
import type { When } from '../../core/policy.ts'
import { openPeriods, type Period, type Trading } from '../../core/trading-hours.ts'
import { instantsOf, skippedMs, wallTime } from '../../core/zoned-time.ts'

/** Which reading of an hour that clocks show twice, or of one that they jump over, is meant. */
export type Reading =
  /** Nothing but what the clocks show without doubt: for leave to change. */
  | 'narrow'
  /** Everything that might be meant: for a time without changes. */
  | 'wide'

/**
 * The periods that `when` means for a store, within a span of at most some months, in order and joined. Periods that
 * reach beyond the span are cut.
 */
export function whenPeriods(
  when: When,
  at: Where,
  { within, reading }: { readonly within: Period; readonly reading: Reading },
): readonly Period[] {
  return joined(cut(rawPeriods(when, at, within, reading), within))
}

/** A store's hours and clocks, and the calendars of the repository. */
interface Where {
  readonly trading: Trading
  readonly calendar: (name: string) => Calendar | undefined
}

function rawPeriods(when: When, at: Where, within: Period, reading: Reading): readonly Period[] {
  const zone = at.trading.time_zone
  switch (when.type) {
    case 'weekly':
      return weekly(when, zone, within, reading)
    case 'dates':
      return [instants(when, zone, reading)]
    case 'closed':
      return closed(at.trading, when.marginMs, within)
    case 'calendar':
      return events(at.calendar(when.calendar), zone, within, reading)
  }
}

/** From when to when the clocks of a zone show a span of wall times. */
function instants(span: Period, zone: string, reading: Reading): Period {
  const from = instantsOf(span.from, zone)
  const to = instantsOf(span.to, zone)
  if (reading === 'wide') return { from: from.earliest, to: to.latest }
  // A span within the hour that is shown twice: the first time.
  return from.latest < to.earliest
    ? { from: from.latest, to: to.earliest }
    : { from: from.earliest, to: Math.max(from.earliest, to.earliest) }
}

function weekly(
  when: Extract<When, { type: 'weekly' }>,
  zone: string,
  within: Period,
  reading: Reading,
): readonly Period[] {
  const days = Math.max(1, Math.ceil(when.to / 1440))
  const first = dayOf(wallTime(within.from, zone)) - days * DAY_MS
  const last = dayOf(wallTime(within.to, zone))
  const found: Period[] = []
  for (let day = first; day <= last; day += DAY_MS) {
    if (!when.days.includes(new Date(day).getUTCDay())) continue
    found.push(instants({ from: day + when.from * MINUTE_MS, to: day + when.to * MINUTE_MS }, zone, reading))
  }
  return found
}

function closed(trading: Trading, marginMs: number, within: Period): readonly Period[] {
  // A margin moves ends into the span that lie outside of it.
  const wider = { from: within.from - marginMs - DAY_MS, to: within.to + marginMs + DAY_MS }
  const open = openPeriods(trading, wider).map(({ from, to }) => ({ from: from - marginMs, to: to + marginMs }))
  return gaps(joined(open), within)
}

function events(calendar: Calendar | undefined, zone: string, within: Period, reading: Reading): readonly Period[] {
  // A calendar that is not there gives no leave, and forbids everything.
  if (calendar === undefined) return reading === 'narrow' ? [] : [within]
  const spans = calendar.between(within.from - DAY_MS, within.to + DAY_MS)
  return spans.map((span) => eventInstants(span, span.zone ?? zone, reading))
}

function eventInstants(span: WallSpan, zone: string, reading: Reading): Period {
  if (!span.timed) return instants(span, zone, reading)
  const { from, to } = instants({ from: span.from, to: span.timed.after }, zone, reading)
  // Hours are counted from where the time would be that clocks jump over; a freeze begins at the jump all the same.
  const begin = reading === 'narrow' ? from + skippedMs(span.from, zone) : from
  return { from: begin, to: to + skippedMs(span.timed.after, zone) + span.timed.ms }
}

function cut(periods: readonly Period[], within: Period): readonly Period[] {
  return periods.map(({ from, to }) => ({ from: Math.max(from, within.from), to: Math.min(to, within.to) }))
}

function dayOf(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS
}
