import type { TradingHours } from '../../core/fleet.ts'
import { didYouMean } from '../suggest.ts'
import { type Findings, inside, type Place, shortPlace } from './findings.ts'
import type { InventoryFile, WrittenFleet, WrittenProfile, WrittenRegion } from './inventory-file.ts'
import { type HoursProblem, isIncomplete, readHours } from './trading-hours.ts'

/** Something described in an inventory, and where. */
export interface Described<T> {
  readonly value: T
  readonly place: Place
}

/** What stores and devices refer to. */
export interface Catalogs {
  readonly fleet: Described<WrittenFleet> | undefined
  readonly profiles: ReadonlyMap<string, Described<WrittenProfile | undefined>>
  readonly regions: ReadonlyMap<string, Described<WrittenRegion | undefined>>
  /** Undefined for a calendar that has been reported as impossible. */
  readonly calendars: ReadonlyMap<string, TradingHours | undefined>
  /** Every file could be read: a name that is not here is nowhere. */
  readonly complete: boolean
}

/** Gathers the fleet, profiles, regions and calendars of all files. */
export function gatherCatalogs(files: readonly InventoryFile[], findings: Findings): Catalogs {
  const fleets = files
    .filter(({ content }) => content.fleet !== undefined)
    .map((file) => ({ value: file.content.fleet ?? {}, place: { file, path: ['fleet'] } }))
  const [fleet, ...others] = fleets
  for (const other of others) {
    const detail = `It is described in ${shortPlace((fleet ?? other).place)} already; put all of it there.`
    findings.error('INV_NAME_DUPLICATE', other.place, { part: 'key', summary: 'The fleet is described twice', detail })
  }
  if (fleet?.value.time_zone !== undefined)
    checkTimeZone(fleet.value.time_zone, inside(fleet.place, 'time_zone'), findings)
  return {
    fleet,
    profiles: gather('profile', 'profiles', { files, findings }),
    regions: gather('region', 'regions', { files, findings }),
    calendars: fleet ? gatherCalendars(fleet, findings) : new Map(),
    complete: files.every((file) => file.readable),
  }
}

function gather<K extends 'profiles' | 'regions'>(
  noun: string,
  key: K,
  from: { readonly files: readonly InventoryFile[]; readonly findings: Findings },
): ReadonlyMap<string, Described<NonNullable<InventoryFile['content'][K]>[string]>> {
  type Value = NonNullable<InventoryFile['content'][K]>[string]
  const found = new Map<string, Described<Value>>()
  for (const file of from.files) {
    for (const [id, value] of Object.entries(file.content[key] ?? {}) as [string, Value][]) {
      const place = { file, path: [key, id] }
      const first = found.get(id)
      if (first === undefined) found.set(id, { value, place })
      else {
        const words = {
          summary: `The ${noun} "${id}" is described twice`,
          detail: `First in ${shortPlace(first.place)}.`,
        }
        from.findings.error('INV_NAME_DUPLICATE', place, { part: 'key', ...words })
      }
    }
  }
  return found
}

function gatherCalendars(
  fleet: Described<WrittenFleet>,
  findings: Findings,
): ReadonlyMap<string, TradingHours | undefined> {
  const calendars = new Map<string, TradingHours | undefined>()
  for (const [name, written] of Object.entries(fleet.value.calendars ?? {})) {
    if (written?.week === undefined || isIncomplete(written)) {
      calendars.set(name, undefined)
      continue
    }
    const { hours, problems } = readHours(written)
    reportHours(problems, inside(fleet.place, 'calendars', name), findings)
    calendars.set(name, problems.length === 0 ? hours : undefined)
  }
  return calendars
}

export function reportHours(problems: readonly HoursProblem[], place: Place, findings: Findings): void {
  for (const { path, ...words } of problems) findings.error('INV_HOURS_IMPOSSIBLE', inside(place, ...path), words)
}

const zones = new Map<string, boolean>()

/** Whether the name is one of the IANA time zone database, as Node.js knows it; if not, that is reported. */
export function checkTimeZone(name: string, place: Place, findings: Findings): void {
  if (!findings.wanted) return
  let isKnown = zones.get(name)
  if (isKnown === undefined) {
    isKnown = isTimeZone(name)
    zones.set(name, isKnown)
  }
  if (isKnown) return
  const detail = 'Use a name of the IANA time zone database, such as Europe/Warsaw.'
  const near = didYouMean(name, Intl.supportedValuesOf('timeZone'))
  findings.error('INV_TIME_ZONE_UNKNOWN', place, { summary: `There is no time zone "${name}"`, detail, ...near })
}

/** Offsets such as +01:00 are no zones: they know no summer time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
