import { DAY_MS, MINUTE_MS, parseDuration } from '../../core/duration.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { When } from '../../core/policy.ts'
import { DAYS, type Day } from '../inventory/trading-hours.ts'
import type { ValuePath } from '../value-path.ts'

/** Something in a policy that cannot be; the path begins at the policy. */
export interface PolicyProblem {
  readonly path: ValuePath
  readonly part?: 'key' | 'value'
  readonly summary: string
  readonly detail: string
}

export type ReadWhen =
  | { readonly ok: true; readonly when: When }
  | {
      readonly ok: false
      readonly path: ValuePath
      readonly part?: 'key'
      readonly summary: string
      readonly detail: string
    }
const WAYS = ['hours', 'from', 'closed', 'calendar'] as const
const WAYS_DETAIL = 'Write one of `hours: 22:00-05:00`, `from` and `to`, `closed: true`, or `calendar: FILE.ics`.'

/** Reads when a window or a freeze holds; `raw` is right by its schema. */
export function readWhen(raw: JsonObject): ReadWhen {
  const given = WAYS.filter((way) => raw[way] !== undefined || (way === 'from' && raw['to'] !== undefined))
  const [way, second] = given
  if (way === undefined) return wrong([], `"${String(raw['name'])}" does not say when`, WAYS_DETAIL)
  if (second !== undefined) return wrong([second], `"${way}" and "${second}" both say when`, WAYS_DETAIL, 'key')
  const stray = strayKey(raw, way)
  if (stray !== undefined) return wrong([stray.key], stray.summary, stray.detail, 'key')
  switch (way) {
    case 'hours':
      return readHours(String(raw['hours']), raw['days'])
    case 'from':
      return readDates(raw['from'], raw['to'])
    case 'closed':
      return { ok: true, when: { type: 'closed', marginMs: parseDuration(String(raw['margin'] ?? '0s')) ?? 0 } }
    case 'calendar':
      return { ok: true, when: { type: 'calendar', calendar: String(raw['calendar']) } }
  }
}

function strayKey(raw: JsonObject, way: string) {
  for (const [key, partner] of [
    ['days', 'hours'],
    ['margin', 'closed'],
  ] as const) {
    if (raw[key] === undefined || way === partner) continue
    return { key, summary: `"${key}" says nothing here`, detail: `It goes with \`${partner}\`.` }
  }
  return undefined
}

function readHours(text: string, days: JsonValue | undefined): ReadWhen {
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = text.split(/[:-]/).map(Number)
  const detail = 'Hours are written HH:MM-HH:MM from 00:00 to 24:00; an end before the start lies after midnight.'
  const from = startHour * 60 + startMinute
  const end = endHour * 60 + endMinute
  if (startMinute > 59 || endMinute > 59 || from >= 1440 || end > 1440 || from === end) {
    return wrong(['hours'], `"${text}" are no hours`, detail)
  }
  const groups = Array.isArray(days) ? days.map(String) : [...DAYS]
  const numbers = [...new Set(groups.flatMap(daysOf))].sort((a, b) => a - b)
  return { ok: true, when: { type: 'weekly', days: numbers, from, to: end < from ? end + 1440 : end } }
}

/** Days as Date counts them: 0 is Sunday. */
function daysOf(group: string): readonly number[] {
  const [first, last = first] = group.split('-')
  const from = DAYS.indexOf(first as Day)
  const length = ((DAYS.indexOf(last as Day) - from + 7) % 7) + 1
  return Array.from({ length }, (_, i) => (from + i + 1) % 7)
}

function readDates(from: JsonValue | undefined, to: JsonValue | undefined): ReadWhen {
  const detail = 'Both are needed: a day such as 2026-12-20, or a minute of it such as 2026-12-20 18:00.'
  if (from === undefined) return wrong(['to'], '"to" stands without "from"', detail, 'key')
  if (to === undefined) return wrong(['from'], '"from" stands without "to"', detail, 'key')
  const start = wallOf(String(from))
  const end = wallOf(String(to))
  if (start === undefined) return wrong(['from'], `There is no "${String(from)}"`, detail)
  if (end === undefined) return wrong(['to'], `There is no "${String(to)}"`, detail)
  // A day as the end is part of it.
  const until = String(to).includes(' ') ? end : end + DAY_MS
  if (until <= start)
    return wrong(['to'], `"${String(to)}" is not after "${String(from)}"`, 'It ends before it begins.')
  return { ok: true, when: { type: 'dates', from: start, to: until } }
}

function wallOf(text: string): number | undefined {
  const [date = '', time = '00:00'] = text.split(' ')
  const day = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours > 24 || minutes > 59 || hours * 60 + minutes > 1440
    ? undefined
    : day + (hours * 60 + minutes) * MINUTE_MS
}

function wrong(path: ValuePath, summary: string, detail: string, part?: 'key'): ReadWhen {
  return { ok: false, path, summary, detail, ...(part && { part }) }
}
