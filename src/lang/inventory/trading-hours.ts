import { DAY_MS } from '../../core/duration.ts'
import type { TradingHours } from '../../core/fleet.ts'
import type { ValuePath } from '../value-path.ts'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof DAYS)[number]

/** Hours as written: days may be grouped, a day is a span, a list of spans or `closed`. */
export interface WrittenHours {
  readonly week?: Readonly<Record<string, string | readonly string[]>>
  readonly exceptions?: Readonly<Record<string, string | readonly string[]>>
}

/** Something in written hours that cannot be. */
export interface HoursProblem {
  readonly path: ValuePath
  readonly part: 'key' | 'value'
  readonly summary: string
  readonly detail: string
}

/** Whether a part of written hours was not as its schema wants, has been reported, and was left undefined. */
export function isIncomplete({ week, exceptions, ...rest }: WrittenHours & { readonly calendar?: string }): boolean {
  const entries = [...Object.values(week ?? {}), ...Object.values(exceptions ?? {}), ...Object.values(rest)]
  return entries.includes(undefined as never)
}

/** Always open: what is assumed of a store that says nothing, so that nothing is taken for a quiet hour. */
export const ALWAYS_OPEN: TradingHours = {
  week: Object.fromEntries(DAYS.map((day) => [day, ['00:00-24:00']])) as unknown as TradingHours['week'],
  exceptions: {},
}

const MINUTES_OF_DAY = 1440

interface Span {
  readonly text: string
  readonly start: number
  /** Beyond 1440 when it runs past midnight. */
  readonly end: number
}

interface DayHours {
  readonly spans: readonly Span[]
  readonly path: ValuePath
}

/** Reads written hours on top of a calendar's, if there is one; `problems` says what cannot be, all of it. */
export function readHours(
  written: WrittenHours,
  base?: TradingHours,
): { readonly hours: TradingHours; readonly problems: readonly HoursProblem[] } {
  const problems: HoursProblem[] = []
  const week = readWeek(written.week, base, problems)
  const exceptions = new Map<string, DayHours>()
  for (const [date, spans] of Object.entries(base?.exceptions ?? {})) {
    exceptions.set(date, { spans: readDay(spans, [], []), path: [] })
  }
  for (const [date, value] of Object.entries(written.exceptions ?? {})) {
    const path = ['exceptions', date]
    if (isDate(date)) exceptions.set(date, { spans: readDay(value, path, problems), path })
    else problems.push({ path, part: 'key', summary: `There is no date "${date}"`, detail: DATE_DETAIL })
  }
  if (problems.length === 0) {
    if (written.week !== undefined) checkWeek(week, problems)
    checkExceptions({ week, isOwnWeek: written.week !== undefined }, exceptions, problems)
  }
  const hours: TradingHours = {
    week: Object.fromEntries(DAYS.map((day) => [day, texts(week.get(day))])) as unknown as TradingHours['week'],
    exceptions: Object.fromEntries([...exceptions].sort(byDate).map(([date, day]) => [date, texts(day)])),
  }
  return { hours, problems }
}

const DATE_DETAIL = 'Dates are written YYYY-MM-DD and must exist in the calendar.'
const OVERLAP_DETAIL = 'The spans of a day, and those that run past midnight into the next one, must not overlap.'

function byDate(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1
}

function texts(day: DayHours | undefined): readonly string[] {
  return (day?.spans ?? []).map((span) => span.text)
}

function readWeek(
  written: WrittenHours['week'],
  base: TradingHours | undefined,
  problems: HoursProblem[],
): ReadonlyMap<Day, DayHours> {
  const week = new Map<Day, DayHours>()
  if (written === undefined) {
    for (const day of DAYS) week.set(day, { spans: readDay(base?.week[day] ?? [], [], []), path: [] })
    return week
  }
  for (const [group, value] of Object.entries(written)) {
    const path = ['week', group]
    const spans = readDay(value, path, problems)
    for (const day of daysOf(group)) {
      if (week.has(day)) problems.push(givenTwice(day, path))
      else week.set(day, { spans, path })
    }
  }
  const missing = DAYS.filter((day) => !week.has(day))
  if (missing.length > 0) {
    const detail = `Every day is named, alone or in a group such as mon-fri; a day without hours is written \`${missing[0]}: closed\`.`
    problems.push({ path: ['week'], part: 'key', summary: `The week has no hours for ${missing.join(', ')}`, detail })
  }
  return week
}

function givenTwice(day: Day, path: ValuePath): HoursProblem {
  const detail = 'Each day is named once, alone or in a group such as mon-fri.'
  return { path, part: 'key', summary: `The hours of ${day} are given twice`, detail }
}

/** `mon-fri` is five days, `sat-mon` three. */
function daysOf(group: string): readonly Day[] {
  const [first, last = first] = group.split('-')
  const from = DAYS.indexOf(first as Day)
  const to = DAYS.indexOf(last as Day)
  if (from < 0 || to < 0) return []
  const length = ((to - from + 7) % 7) + 1
  return Array.from({ length }, (_, i) => DAYS[(from + i) % 7] as Day)
}

function readDay(value: string | readonly string[], path: ValuePath, problems: HoursProblem[]): readonly Span[] {
  if (value === 'closed') return []
  const written = typeof value === 'string' ? [value] : value
  const spans: Span[] = []
  for (const [index, text] of written.entries()) {
    const span = readSpan(text)
    if (typeof span !== 'string') spans.push(span)
    else {
      const place = typeof value === 'string' ? path : [...path, index]
      problems.push({ path: place, part: 'value', summary: `"${text}" are no hours: ${span}`, detail: SPAN_DETAIL })
    }
  }
  spans.sort((a, b) => a.start - b.start)
  for (const [index, span] of spans.entries()) {
    const next = spans[index + 1]
    if (next && next.start < span.end) problems.push(overlap(span, next, path))
  }
  return spans
}

const SPAN_DETAIL =
  'Hours are written HH:MM-HH:MM from 00:00 to 24:00; an end before the start lies after midnight; `closed` is a day without any.'

function overlap(a: Span, b: Span, path: ValuePath): HoursProblem {
  return { path, part: 'value', summary: `${a.text} and ${b.text} overlap`, detail: OVERLAP_DETAIL }
}

const spans = new Map<string, Span | string>()

/** A span, or why it is none. A chain has few different ones, so they are kept. */
function readSpan(text: string): Span | string {
  let span = spans.get(text)
  if (span === undefined) {
    span = parseSpan(text)
    if (typeof span !== 'string') spans.set(text, span)
  }
  return span
}

function parseSpan(text: string): Span | string {
  const match = /^(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)$/.exec(text)
  if (!match) return 'they are not of the form HH:MM-HH:MM'
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = match.slice(1).map(Number)
  if (startHour > 23 || startMinute > 59) return `there is no ${match[1]}:${match[2]}`
  if (endHour > 24 || endMinute > 59 || (endHour === 24 && endMinute > 0)) return `there is no ${match[3]}:${match[4]}`
  const start = startHour * 60 + startMinute
  const end = endHour * 60 + endMinute
  if (start === end) return 'they end when they begin; all day is 00:00-24:00'
  const shown = `${clock(startHour, startMinute)}-${clock(endHour, endMinute)}`
  return { text: shown, start, end: end < start ? end + MINUTES_OF_DAY : end }
}

function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

function checkWeek(week: ReadonlyMap<Day, DayHours>, problems: HoursProblem[]): void {
  const seen = new Set<string>()
  for (const [index, day] of DAYS.entries()) {
    const nextDay = DAYS[(index + 1) % 7] as Day
    const problem = overlapWithNext(week.get(day), week.get(nextDay), `${day} into ${nextDay}`)
    const group = problem?.path.join('.') ?? ''
    // The days of one group overlap alike; once is enough.
    if (problem && !seen.has(group)) problems.push(problem)
    if (problem) seen.add(group)
  }
}

function checkExceptions(
  { week, isOwnWeek }: { readonly week: ReadonlyMap<Day, DayHours>; readonly isOwnWeek: boolean },
  exceptions: ReadonlyMap<string, DayHours>,
  problems: HoursProblem[],
): void {
  const hoursOn = (time: number): DayHours | undefined => {
    const date = new Date(time)
    return exceptions.get(date.toISOString().slice(0, 10)) ?? week.get(DAYS[(date.getUTCDay() + 6) % 7] as Day)
  }
  for (const [date, day] of exceptions) {
    // What came with a calendar was checked with it, unless the week is another one now.
    if (day.path.length === 0 && !isOwnWeek) continue
    const time = Date.parse(`${date}T00:00:00Z`)
    const after = overlapWithNext(day, hoursOn(time + DAY_MS), `${date} into the day after`)
    const before = exceptions.has(new Date(time - DAY_MS).toISOString().slice(0, 10))
      ? undefined
      : overlapWithNext(hoursOn(time - DAY_MS), day, `the day before ${date}`)
    for (const problem of [before, after]) {
      if (problem) problems.push({ ...problem, path: day.path })
    }
  }
}

function overlapWithNext(
  day: DayHours | undefined,
  next: DayHours | undefined,
  when: string,
): HoursProblem | undefined {
  const late = day?.spans.at(-1)
  const early = next?.spans[0]
  if (!day || !late || !early || late.end - MINUTES_OF_DAY <= early.start) return undefined
  const summary = `${late.text} runs from ${when} and overlaps ${early.text}`
  return { path: day.path, part: 'value', summary, detail: OVERLAP_DETAIL }
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}
