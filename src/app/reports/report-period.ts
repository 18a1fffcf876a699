import { type InputError, usageError } from '../../core/diagnostic.ts'
import { DAY_MS, parseDuration } from '../../core/duration.ts'
import type { Period } from '../../core/trading-hours.ts'
import { instantsOf, writtenWallTime } from '../../core/zoned-time.ts'

/** A time that a report is about. Days and months are those of the clocks of each store. */
export interface ReportPeriod {
  /** In instants, by the clocks of a zone; not beyond now. */
  of(zone: string): Period
  /** The month that it is, as `2026-11`; null: it is something else. */
  readonly month: string | null
}

export interface PeriodFlags {
  readonly period?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** What is meant where nothing is said. */
const USUAL_DAYS = 30

/** An end of a period: an instant, or what clocks show, in milliseconds as if that were UTC. */
type Edge = { readonly at: number } | { readonly wall: number }

/** Reads the flags of a period; throws InputError for what is none. */
export function reportPeriod(flags: PeriodFlags, now: number): ReportPeriod {
  const { period, since, until } = flags
  const whole = period === undefined ? undefined : wholeOf(period)
  const from = whole?.from ?? edgeOf('since', since, now) ?? { at: now - USUAL_DAYS * DAY_MS }
  const to = whole?.to ?? edgeOf('until', until, now) ?? { at: now }
  const made: ReportPeriod = {
    month: period !== undefined && /^\d{4}-\d{2}$/.test(period) ? period : null,
    of: (zone) => {
      const end = Math.min(now, instantOf(to, zone))
      return { from: Math.min(end, instantOf(from, zone)), to: end }
    },
  }
  if (instantOf(from, 'UTC') >= instantOf(to, 'UTC')) throw wrong('--since', 'The period ends before it begins', FORMS)
  if (instantOf(from, 'UTC') > now + DAY_MS) throw wrong('--period', 'The period is still to come', FORMS)
  return made
}

const FORMS =
  'A period is a month (2026-11), a day (2026-11-03) or a year (2026); --since and --until take a day, a minute (2026-11-03 18:00) or a length of time before now (7d).'

function wholeOf(text: string): { readonly from: Edge; readonly to: Edge } {
  const [, year, month, day] = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$/.exec(text) ?? []
  const from = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1))
  const isThere = year !== undefined && new Date(from).toISOString().startsWith(text)
  if (!isThere) throw wrong('--period', `"${text}" is no period`, FORMS)
  const to =
    day !== undefined
      ? from + DAY_MS
      : month !== undefined
        ? Date.UTC(Number(year), Number(month))
        : Date.UTC(Number(year) + 1, 0)
  return { from: { wall: from }, to: { wall: to } }
}

function edgeOf(flag: string, text: string | undefined, now: number): Edge | undefined {
  if (text === undefined) return undefined
  const length = parseDuration(text)
  if (length !== undefined) return { at: now - length }
  const [, day, clock] = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}))?$/.exec(text) ?? []
  const wall = day === undefined ? undefined : writtenWallTime(day, clock ?? '00:00')
  if (wall === undefined) throw wrong(`--${flag}`, `"${text}" is no time`, FORMS)
  return { wall }
}

function instantOf(edge: Edge, zone: string): number {
  return 'at' in edge ? edge.at : instantsOf(edge.wall, zone).earliest
}

function wrong(flag: string, summary: string, detail: string): InputError {
  return usageError(`${flag}: ${summary}`, detail)
}
