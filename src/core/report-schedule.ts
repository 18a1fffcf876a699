import { DAY_MS, MINUTE_MS } from './duration.ts'
import type { FleetKey } from './fleet-key.ts'
import type { Grouping, NamedReport } from './report-names.ts'
import type { SourceRange } from './source.ts'
import { instantsOf, wallTime } from './zoned-time.ts'

/** As `Date.getUTCDay` counts them. */
export const REPORT_WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** When a report is due, by the clocks of a zone: every day, on a day of the week, or on a day of the month. */
export interface ReportTimes {
  readonly on: 'day' | { readonly weekday: number } | { readonly day: number }
  /** After midnight by the clocks. */
  readonly minutes: number
  readonly zone: string
}

/** What time a report is about, told from the day that it is due. */
export const REPORT_PERIODS = ['yesterday', 'last-week', 'last-month', 'this-month'] as const
export type ScheduledPeriod = (typeof REPORT_PERIODS)[number]

/** A report that is sent by itself. */
export interface ScheduledReport {
  readonly name: string
  readonly report: NamedReport
  readonly period: ScheduledPeriod
  readonly format: 'html' | 'xlsx' | 'csv'
  readonly locale: 'en' | 'pl'
  readonly by?: Grouping
  readonly of?: 'devices' | 'selling'
  readonly stores: readonly string[]
  readonly regions: readonly string[]
  readonly kinds: readonly string[]
  readonly contracts: readonly string[]
  /** What exists for this account alone; absent: everything. */
  readonly as?: string
  /** Names of contacts of the responsibility matrix. */
  readonly to: readonly string[]
  readonly folder?: string
  readonly times: ReportTimes
  readonly source: SourceRange
}

/** How the sending of one report to one place stands. */
export interface ReportDelivery {
  /** The instant that it was due, ISO 8601 in UTC. */
  readonly nominal: string
  /** `baseline`: it was not sent, since the report was new then. `sending`: somebody does, or died over it. */
  readonly state: 'baseline' | 'waiting' | 'sending' | 'sent' | 'given-up'
  readonly attempts: number
  readonly at: string
  /** Not before then. */
  readonly next_at: string | null
  readonly why: string | null
  readonly host: string | null
  readonly pid: number | null
  readonly process: string | null
}

/** Where it is kept what was sent; one entry a report and place (`monday → desk`). */
export interface ReportDeliveryStore {
  list(fleet: FleetKey): Promise<ReadonlyMap<string, ReportDelivery>>
  /**
   * Takes the sending of what was due last for this process, which sends nothing else: true where it is to be sent now. What is new is
   * only noted, what was missed more than once is sent once, and what a process died over is sent again.
   */
  claim(fleet: FleetKey, key: string, due: { readonly nominal: string; readonly now: Date }): Promise<boolean>
  /** Notes what came of it; `retryAt`: it is tried again then. */
  record(
    fleet: FleetKey,
    key: string,
    of: { readonly why: string | null; readonly retryAt: Date | null; readonly now: Date },
  ): Promise<void>
}

/** The last instant up to `now` at which a report was due, in milliseconds since 1970. */
export function lastDue({ on, minutes, zone }: ReportTimes, now: number): number {
  const today = dayOf(now, zone)
  // A month has 31 days at most; one more for a time that is still to come today.
  for (let back = 0; back <= 32; back++) {
    const day = today - back * DAY_MS
    if (!isOn(on, day)) continue
    const { earliest } = instantsOf(day + minutes * MINUTE_MS, zone)
    if (earliest <= now) return earliest
  }
  throw new RangeError('A report is due at least once a month.')
}

function isOn(on: ReportTimes['on'], day: number): boolean {
  if (on === 'day') return true
  const date = new Date(day)
  return 'weekday' in on ? date.getUTCDay() === on.weekday : date.getUTCDate() === on.day
}

/** The days that a report is about, as flags of `till report`; days are those of the clocks of each store. */
export function periodOf(
  period: ScheduledPeriod,
  { nominal, zone }: { readonly nominal: number; readonly zone: string },
): { readonly period: string } | { readonly since: string; readonly until: string } {
  const day = dayOf(nominal, zone)
  const text = (at: number, length = 10): string => new Date(at).toISOString().slice(0, length)
  const date = new Date(day)
  switch (period) {
    case 'yesterday':
      return { period: text(day - DAY_MS) }
    case 'last-month':
      return { period: text(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1), 7) }
    case 'this-month':
      return { period: text(day, 7) }
    case 'last-week': {
      const monday = day - ((date.getUTCDay() + 6) % 7) * DAY_MS
      return { since: text(monday - 7 * DAY_MS), until: text(monday) }
    }
  }
}

function dayOf(instant: number, zone: string): number {
  return Math.floor(wallTime(instant, zone) / DAY_MS) * DAY_MS
}
