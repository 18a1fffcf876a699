import { DAY_MS } from '../../core/duration.ts'
import { type Rule, readRule } from './recurrence-rule.ts'

/** Nothing is planned for later. */
const LAST_YEAR = 2200

/**
 * When an event begins that recurs by a rule (RFC 5545, 3.3.10), as wall times in order. A rule without an end goes on
 * for as long as anyone asks. `until` is a wall time by the same clocks. Throws CalendarProblem for what is not a rule,
 * or not one that is understood.
 */
export function* occurrences(
  start: number,
  written: Readonly<Record<string, unknown>>,
  until: number | undefined,
): Generator<number> {
  const rule = readRule(written)
  const firstDay = Math.floor(start / DAY_MS) * DAY_MS
  const timeOfDay = start - firstDay
  let left = rule.count ?? Number.POSITIVE_INFINITY
  for (const period of periods(firstDay, rule)) {
    for (const day of picked(period, firstDay, rule)) {
      if (day < firstDay) continue
      const wall = day + timeOfDay
      if (left <= 0 || (until !== undefined && wall > until)) return
      left -= 1
      yield wall
    }
  }
}

/** The days of each period that the rule has, by its frequency and interval. */
function* periods(firstDay: number, { frequency, interval, weekStart }: Rule): Generator<readonly number[]> {
  const begin = new Date(firstDay)
  const [year, month] = [begin.getUTCFullYear(), begin.getUTCMonth()]
  const week = firstDay - ((begin.getUTCDay() - weekStart + 7) % 7) * DAY_MS
  for (let step = 0; ; step += interval) {
    const days = daysOf(frequency, step, { firstDay, week, year, month })
    if (new Date(days[0] ?? 0).getUTCFullYear() > LAST_YEAR) return
    yield days
  }
}

function daysOf(
  frequency: Rule['frequency'],
  step: number,
  at: { readonly firstDay: number; readonly week: number; readonly year: number; readonly month: number },
): readonly number[] {
  switch (frequency) {
    case 'DAILY':
      return [at.firstDay + step * DAY_MS]
    case 'WEEKLY':
      return Array.from({ length: 7 }, (_, day) => at.week + (step * 7 + day) * DAY_MS)
    case 'MONTHLY':
      return span(Date.UTC(at.year, at.month + step, 1), Date.UTC(at.year, at.month + step + 1, 1))
    case 'YEARLY':
      return span(Date.UTC(at.year + step, 0, 1), Date.UTC(at.year + step + 1, 0, 1))
  }
}

function span(from: number, to: number): readonly number[] {
  return Array.from({ length: (to - from) / DAY_MS }, (_, day) => from + day * DAY_MS)
}

function picked(period: readonly number[], firstDay: number, rule: Rule): readonly number[] {
  const days = period.filter((day) => fits(new Date(day), new Date(firstDay), rule))
  if (rule.positions.length === 0) return days
  const at = rule.positions.map((position) => days[position > 0 ? position - 1 : days.length + position])
  return [...new Set(at.filter((day) => day !== undefined))].sort((a, b) => a - b)
}

function fits(day: Date, first: Date, rule: Rule): boolean {
  if (rule.months.length > 0 && !rule.months.includes(day.getUTCMonth() + 1)) return false
  if (rule.monthDays.length > 0 && !fitsMonthDay(day, rule.monthDays)) return false
  if (rule.weekDays.length > 0) return rule.weekDays.some((wanted) => fitsWeekDay(day, wanted, rule))
  return rule.monthDays.length > 0 || fitsStart(day, first, rule)
}

/** What a rule does not say, it has from the day on which it begins. */
function fitsStart(day: Date, first: Date, { frequency, months }: Rule): boolean {
  if (frequency === 'DAILY') return true
  if (frequency === 'WEEKLY') return day.getUTCDay() === first.getUTCDay()
  if (day.getUTCDate() !== first.getUTCDate()) return false
  return frequency === 'MONTHLY' || months.length > 0 || day.getUTCMonth() === first.getUTCMonth()
}

function fitsMonthDay(day: Date, monthDays: readonly number[]): boolean {
  const length = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate()
  return monthDays.some((wanted) => day.getUTCDate() === (wanted > 0 ? wanted : length + wanted + 1))
}

/** `-1FR` is the last Friday: of the month, or of the year where a yearly rule names no months. */
function fitsWeekDay(day: Date, wanted: Rule['weekDays'][number], { frequency, months }: Rule): boolean {
  if (day.getUTCDay() !== wanted.day) return false
  if (wanted.nth === 0) return true
  const ofYear = frequency === 'YEARLY' && months.length === 0
  const from = ofYear ? Date.UTC(day.getUTCFullYear(), 0, 1) : Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1)
  const to = ofYear
    ? Date.UTC(day.getUTCFullYear() + 1, 0, 1)
    : Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1)
  const before = Math.floor((day.getTime() - from) / DAY_MS / 7) + 1
  const behind = Math.floor((to - DAY_MS - day.getTime()) / DAY_MS / 7) + 1
  return wanted.nth > 0 ? before === wanted.nth : behind === -wanted.nth
}
