import { CalendarProblem } from './jcal.ts'

const FREQUENCIES = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
const KNOWN = ['freq', 'interval', 'count', 'until', 'byday', 'bymonthday', 'bymonth', 'bysetpos', 'wkst']
const DAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA']
/** Days that a month has at most. */
const LENGTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const DETAIL = `Understood are ${FREQUENCIES.join(', ')} with ${KNOWN.slice(1).join(', ').toUpperCase()}.`

/** A rule of repetition, read. Empty lists say nothing. */
export interface Rule {
  readonly frequency: (typeof FREQUENCIES)[number]
  readonly interval: number
  readonly count?: number
  /** As Date counts days; `nth` of 0 is each of them. */
  readonly weekDays: readonly { readonly day: number; readonly nth: number }[]
  readonly monthDays: readonly number[]
  readonly months: readonly number[]
  readonly positions: readonly number[]
  readonly weekStart: number
}

/** Reads a rule as the parser gives it. Throws CalendarProblem. */
export function readRule(written: Readonly<Record<string, unknown>>): Rule {
  const unknown = Object.keys(written).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined) {
    const name = unknown.toUpperCase()
    throw new CalendarProblem(`"${name}" of a rule of repetition is not understood`, DETAIL, name)
  }
  const frequency = FREQUENCIES.find((name) => name === written['freq'])
  if (frequency === undefined) {
    const name = String(written['freq'])
    throw new CalendarProblem(`An event cannot be repeated "${name}"`, DETAIL, `FREQ=${name}`)
  }
  const [count] = numbers(written, 'count', [1, 1_000_000])
  const rule: Rule = {
    frequency,
    interval: numbers(written, 'interval', [1, 10_000])[0] ?? 1,
    ...(count !== undefined && { count }),
    weekDays: texts(written['byday']).map((text) => weekDayOf(text, frequency)),
    monthDays: numbers(written, 'bymonthday', [-31, 31]),
    months: numbers(written, 'bymonth', [1, 12]),
    positions: numbers(written, 'bysetpos', [-366, 366]),
    weekStart: weekStartOf(written['wkst']),
  }
  checkDays(rule)
  return rule
}

function numbers(
  written: Readonly<Record<string, unknown>>,
  key: string,
  [least, most]: readonly [number, number],
): readonly number[] {
  const found = texts(written[key]).map(Number)
  const wrong = found.find((number) => !Number.isInteger(number) || number < least || number > most || number === 0)
  if (wrong === undefined) return found
  const name = key.toUpperCase()
  throw new CalendarProblem(
    `"${name}" of a rule of repetition cannot be ${wrong}`,
    `It is from ${least} to ${most}.`,
    name,
  )
}

function texts(value: unknown): readonly string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}

/** The parser gives it as a number from 1, Sunday, or as it is written. */
function weekStartOf(value: unknown): number {
  if (value === undefined) return 1
  return typeof value === 'number' ? value - 1 : Math.max(0, DAYS.indexOf(String(value)))
}

function weekDayOf(text: string, frequency: Rule['frequency']): Rule['weekDays'][number] {
  const match = /^([+-]?\d{0,2})(SU|MO|TU|WE|TH|FR|SA)$/.exec(text)
  const nth = Number(match?.[1] || 0)
  const hasNth = frequency === 'MONTHLY' || frequency === 'YEARLY'
  if (match && (nth === 0 || hasNth)) return { day: DAYS.indexOf(match[2] ?? ''), nth }
  const detail = 'Days are MO to SU; a number before them goes with MONTHLY and YEARLY.'
  throw new CalendarProblem(`"BYDAY" of a rule of repetition cannot be ${text}`, detail, 'BYDAY')
}

/** 30 February and the like: nothing would ever happen, and somebody meant something else. */
function checkDays({ monthDays, months }: Rule): void {
  if (monthDays.length === 0 || months.length === 0) return
  const exists = monthDays.some((day) => months.some((month) => Math.abs(day) <= (LENGTHS[month - 1] ?? 0)))
  if (exists) return
  const detail = 'Correct BYMONTH and BYMONTHDAY.'
  throw new CalendarProblem('A rule of repetition names days that never come', detail, 'BYMONTHDAY')
}
