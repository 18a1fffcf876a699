import ICAL from 'ical.js'
import type { WallSpan } from '../../core/calendar.ts'
import { DAY_MS } from '../../core/duration.ts'
import {
  byClocksOf,
  CalendarProblem,
  type JcalComponent,
  type JcalProperty,
  momentsOf,
  propertiesOf,
  textOf,
  type WallMoment,
  type ZoneOf,
  zonesOf,
} from './jcal.ts'
import { occurrences } from './occurrences.ts'

/** An event with its repetitions. */
export interface CalendarEvent {
  between(from: number, to: number): readonly WallSpan[]
}

/** The events of a calendar, without those that were called off. Throws CalendarProblem. */
export function eventsOf(calendar: JcalComponent): readonly CalendarEvent[] {
  const zoneOf = zonesOf(calendar)
  const events = calendar[2].filter(([name]) => name === 'vevent')
  const moved = events.filter((event) => propertiesOf(event, 'recurrence-id').length > 0)
  return events
    .filter((event) => textOf(event, 'status')?.toUpperCase() !== 'CANCELLED')
    .map((event) => eventOf(event, moved.includes(event) ? [] : moved.filter((other) => isSame(other, event)), zoneOf))
}

function isSame(a: JcalComponent, b: JcalComponent): boolean {
  return textOf(a, 'uid') === textOf(b, 'uid')
}

function eventOf(event: JcalComponent, moved: readonly JcalComponent[], zoneOf: ZoneOf): CalendarEvent {
  const title = textOf(event, 'summary') ?? textOf(event, 'uid') ?? 'event'
  const start = startOf(event, title, zoneOf)
  const { length, exact } = lengthOf(event, start, { title, zoneOf })
  const walls = (name: string, of: JcalComponent): readonly number[] =>
    propertiesOf(of, name).flatMap((property) => momentsOf(property, zoneOf).map((one) => byClocksOf(one, start.zone)))
  for (const property of moved.flatMap((other) => propertiesOf(other, 'recurrence-id'))) checkRange(property, title)
  const without = new Set([...walls('exdate', event), ...moved.flatMap((other) => walls('recurrence-id', other))])
  // EXDATE of a day takes away what begins on it; so does a change of what begins on a day, as Exchange writes it.
  const days = new Set(
    [...propertiesOf(event, 'exdate'), ...moved.flatMap((other) => propertiesOf(other, 'recurrence-id'))]
      .flatMap((p) => momentsOf(p, zoneOf))
      .flatMap((m) => (m.isDay ? [m.wall] : [])),
  )
  const isLeftOut = (wall: number): boolean => without.has(wall) || days.has(Math.floor(wall / DAY_MS) * DAY_MS)
  const added = addedTo(event, { start, usual: { length, exact }, title, zoneOf })
  const begins = beginnings(event, start, zoneOf)
  return {
    between(from, to) {
      const found = new Map(begins(from - length, to).map((wall) => [wall, { length, exact }]))
      for (const { wall, ...own } of added) if (wall > from - own.length && wall < to) found.set(wall, own)
      return [...found]
        .filter(([wall]) => !isLeftOut(wall))
        .map(([wall, own]) => ({
          from: wall,
          to: wall + own.length,
          title,
          ...(own.exact > 0 && { timed: { after: wall + own.length - own.exact, ms: own.exact } }),
          ...(start.zone !== undefined && { zone: start.zone }),
        }))
    },
  }
}

/** In milliseconds by its clocks; `exact`: that part of it which is by none. */
interface Length {
  readonly length: number
  readonly exact: number
}

/** What RDATE adds: times, of the length that the event has, and periods, of their own (RFC 5545, 3.8.5.2). */
function addedTo(
  event: JcalComponent,
  of: { readonly start: WallMoment; readonly usual: Length; readonly title: string; readonly zoneOf: ZoneOf },
): readonly (Length & { readonly wall: number })[] {
  const { start, usual, title, zoneOf } = of
  return propertiesOf(event, 'rdate').flatMap((property) => {
    const [, parameters, type, ...values] = property
    if (type !== 'period')
      return momentsOf(property, zoneOf).map((one) => ({ ...usual, wall: byClocksOf(one, start.zone) }))
    return values.map((value) => {
      const [from, to] = value as readonly [string, string]
      const begin: JcalProperty = ['dtstart', parameters, 'date-time', from]
      const isDuration = /^[+-]?P/.test(to)
      const end: JcalProperty = isDuration ? ['duration', {}, 'duration', to] : ['dtend', parameters, 'date-time', to]
      const period: JcalComponent = ['vevent', [begin, end], []]
      const moment = startOf(period, title, zoneOf)
      const wall = byClocksOf(moment, start.zone)
      return { wall, ...lengthOf(period, { ...moment, wall, ...zoned(start) }, { title, zoneOf }) }
    })
  })
}

function zoned({ zone }: WallMoment): Pick<WallMoment, 'zone'> {
  return zone === undefined ? {} : { zone }
}

function startOf(event: JcalComponent, title: string, zoneOf: ZoneOf): WallMoment {
  const property = propertiesOf(event, 'dtstart')[0]
  const moment = property && momentsOf(property, zoneOf)[0]
  if (moment) return moment
  throw new CalendarProblem(`The event "${title}" does not say when it begins`, 'It needs DTSTART.', title)
}

function lengthOf(
  event: JcalComponent,
  start: WallMoment,
  of: { readonly title: string; readonly zoneOf: ZoneOf },
): Length {
  const end = propertiesOf(event, 'dtend')[0]
  const moment = end && momentsOf(end, of.zoneOf)[0]
  const text = textOf(event, 'duration')
  const duration = moment || text === undefined ? undefined : ICAL.Duration.fromString(text)
  const seconds = duration && !start.isDay ? duration.hours * 3600 + duration.minutes * 60 + duration.seconds : 0
  const usual = start.isDay ? DAY_MS : 0
  const length = moment ? byClocksOf(moment, start.zone) - start.wall : duration ? duration.toSeconds() * 1000 : usual
  if (length > 0) return { length, exact: seconds * 1000 }
  const detail = 'It needs DTEND behind DTSTART, or DURATION: a time without length is no window and no freeze.'
  throw new CalendarProblem(`The event "${of.title}" has no length`, detail, of.title)
}

function checkRange(property: JcalProperty, title: string): void {
  if (property[1]['range'] === undefined) return
  const detail = 'Split the event into two, as newer programs do.'
  throw new CalendarProblem(`A change of "${title}" is for all that follow, which is not understood`, detail, 'RANGE=')
}

/** The beginnings within a span of wall times. What was written out once is kept. */
function beginnings(
  event: JcalComponent,
  start: WallMoment,
  zoneOf: ZoneOf,
): (from: number, to: number) => readonly number[] {
  const lists = propertiesOf(event, 'rrule').map((property) => {
    const rule = property[3] as Readonly<Record<string, unknown>>
    return keptList(occurrences(start.wall, rule, untilOf(rule, start, zoneOf)))
  })
  return (from, to) => [
    ...(lists.length === 0 && start.wall > from && start.wall < to ? [start.wall] : []),
    ...lists.flatMap((list) => list(from, to)),
  ]
}

function untilOf(rule: Readonly<Record<string, unknown>>, start: WallMoment, zoneOf: ZoneOf): number | undefined {
  const value = rule['until']
  if (value === undefined) return undefined
  const moment = momentsOf(['until', {}, 'date-time', String(value)], zoneOf)[0] as WallMoment
  // A day as the end is part of it.
  return moment.isDay ? moment.wall + DAY_MS - 1 : byClocksOf(moment, start.zone)
}

function keptList(walls: Generator<number>): (from: number, to: number) => readonly number[] {
  const kept: number[] = []
  let isOver = false
  // A rule that is no rule is found when the calendar is read.
  const first = walls.next()
  if (first.done) isOver = true
  else kept.push(first.value)
  return (from, to) => {
    while (!isOver && (kept.at(-1) ?? 0) < to) {
      const next = walls.next()
      if (next.done) isOver = true
      else kept.push(next.value)
    }
    return kept.filter((wall) => wall > from && wall < to)
  }
}
