import { DAY_MS } from '../../core/duration.ts'
import { openPeriods, type Trading, tradingAround } from '../../core/trading-hours.ts'
import { instantsOf, wallTime } from '../../core/zoned-time.ts'
import { instantsOfIso } from './device-time.ts'
import type { FiscalFinding } from './fiscal-conditions.ts'
import type { FiscalFacts } from './reading.ts'

/**
 * A daily report that is missing: once per day of sales, after the last and before the first sale of the next day (Poland,
 * Dz.U. 2021 item 1625). So it is missing once the store has opened again and what was sold before is in no report; a day on
 * which nothing was sold needs none.
 * @param sellsDaily it may be taken for granted that every trading day had sales, where the device does not tell
 */
export function missingReport(
  facts: FiscalFacts,
  trading: Trading,
  { now, sellsDaily }: { readonly now: Date; readonly sellsDaily: boolean },
): FiscalFinding[] {
  const opened = openedToday(trading, now.getTime())
  const isBefore = (text: string | undefined): boolean =>
    text !== undefined && instantsOfIso(text, trading.time_zone).latest < opened
  const { shift, last_receipt_at: receipt, last_report_at: report, receipts_since_report: count } = facts
  if (shift?.state === 'closed' || shift?.state === 'expired' || count === 0) return []
  if (isBefore(shift?.opened_at)) return missing(`what was sold since ${shift?.opened_at} is in no daily report`)
  if (isBefore(receipt) && (count ?? 0) > 0) return missing(`${count} receipts up to ${receipt} are in no daily report`)
  if (report === undefined || !isBefore(report)) return []
  if (isBefore(receipt) && isLater(receipt, report, trading))
    return missing(`the receipt of ${receipt} is later than the last daily report (${report})`)
  const before = openSince(trading, instantsOfIso(report, trading.time_zone).latest, opened)
  return sellsDaily && before ? missing(`the last daily report is that of ${report}`) : []
}

function missing(evidence: string): FiscalFinding[] {
  return [{ name: 'report-missing', evidence }]
}

function isLater(one: string | undefined, other: string, { time_zone: zone }: Trading): boolean {
  return one !== undefined && instantsOfIso(one, zone).earliest > instantsOfIso(other, zone).latest
}

/** Whether a whole day of trading lies between a report and the last opening. */
function openSince(trading: Trading, from: number, to: number): boolean {
  return openPeriods(trading, { from, to }).some((period) => period.from > from)
}

/**
 * When the trading day began that is or was the last one: a break at noon does not end it, and one that is open around the
 * clock began a day ago at most.
 */
function openedToday(trading: Trading, now: number): number {
  const { open, opened } = tradingAround(trading, now)
  if (opened === undefined) return now - DAY_MS
  const wall = wallTime(opened, trading.time_zone)
  const midnight = instantsOf(Math.floor(wall / DAY_MS) * DAY_MS, trading.time_zone).earliest
  const first = openPeriods(trading, { from: midnight, to: opened + 1 })[0]?.from ?? opened
  return open ? Math.max(first, now - DAY_MS) : first
}
