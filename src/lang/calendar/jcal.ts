import { instantsOf, isTimeZone, wallTime } from '../../core/zoned-time.ts'
import { windowsZone } from './windows-zones.ts'

/** What the parser makes of a property: name, parameters, type, values. */
export type JcalProperty = readonly [string, Readonly<Record<string, unknown>>, string, ...unknown[]]
export type JcalComponent = readonly [string, readonly JcalProperty[], readonly JcalComponent[]]

/** A time as its clocks show it, in milliseconds as if it were UTC. */
export interface WallMoment {
  readonly wall: number
  /** IANA name, `UTC`; absent: the clocks of whoever reads it. */
  readonly zone?: string
  /** A day, without a time. */
  readonly isDay: boolean
}

/** What is wrong with a calendar. `near`: a text of the file where it stands. */
export class CalendarProblem extends Error {
  readonly detail: string
  readonly near: string
  constructor(summary: string, detail: string, near: string) {
    super(summary)
    this.name = 'CalendarProblem'
    this.detail = detail
    this.near = near
  }
}

export function propertiesOf([, properties]: JcalComponent, name: string): readonly JcalProperty[] {
  return properties.filter(([key]) => key === name)
}

export function textOf(component: JcalComponent, name: string): string | undefined {
  const value = propertiesOf(component, name)[0]?.[3]
  return typeof value === 'string' ? value : undefined
}

/** Zones of a calendar: by the names that its events use. */
export type ZoneOf = (tzid: string) => string

/** Zones by IANA name, by the names of Windows, or by what a VTIMEZONE says of itself. Throws CalendarProblem. */
export function zonesOf(calendar: JcalComponent): ZoneOf {
  const located = new Map<string, string>()
  for (const component of calendar[2].filter(([name]) => name === 'vtimezone')) {
    const location = textOf(component, 'x-lic-location')
    const tzid = textOf(component, 'tzid')
    if (tzid !== undefined && location !== undefined) located.set(tzid, location)
  }
  return (tzid) => {
    // Some programs put their own name before it: /example.org/Europe/Warsaw.
    const short = tzid.startsWith('/') ? tzid.split('/').slice(-2).join('/') : tzid
    const zone = [short, located.get(tzid), windowsZone(tzid)].find((name) => name !== undefined && isTimeZone(name))
    if (zone !== undefined) return zone
    const detail =
      'Use the IANA name, such as Europe/Warsaw: write it in place of this one, wherever the file has it as TZID. What a VTIMEZONE says of its offsets is not read.'
    throw new CalendarProblem(`There is no time zone "${tzid}"`, detail, tzid)
  }
}

/** The moments that a property holds. Throws CalendarProblem. */
export function momentsOf(property: JcalProperty, zoneOf: ZoneOf): readonly WallMoment[] {
  const [, parameters, , ...values] = property
  return values.map((value) => momentOf(value, parameters['tzid'], zoneOf))
}

function momentOf(value: unknown, tzid: unknown, zoneOf: ZoneOf): WallMoment {
  const text = String(value)
  const isDay = !text.includes('T')
  const wall = Date.parse(isDay ? `${text}T00:00:00Z` : `${text.replace(/Z$/, '')}Z`)
  if (Number.isNaN(wall))
    throw new CalendarProblem(`There is no time "${text}"`, 'Correct it.', text.replaceAll(/[-:]/g, ''))
  if (text.endsWith('Z')) return { wall, zone: 'UTC', isDay }
  return { wall, ...(typeof tzid === 'string' && !isDay && { zone: zoneOf(tzid) }), isDay }
}

/** The same moment by other clocks. Times without a zone are taken as they are. */
export function byClocksOf(moment: WallMoment, zone: string | undefined): number {
  if (moment.zone === undefined || zone === undefined || moment.zone === zone) return moment.wall
  return wallTime(instantsOf(moment.wall, moment.zone).earliest, zone)
}
