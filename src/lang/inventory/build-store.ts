import type { Device, Store, TradingHours, TransportSettings } from '../../core/fleet.ts'
import type { JsonObject } from '../../core/json.ts'
import type { SourceRange } from '../../core/source.ts'
import { didYouMean } from '../suggest.ts'
import { overlay } from './cascade.ts'
import { type Catalogs, checkTimeZone, reportHours } from './catalogs.ts'
import { type Findings, inside, listed, type Place } from './findings.ts'
import type { WrittenDevice, WrittenLevel, WrittenProfile, WrittenStore } from './inventory-file.ts'
import { ALWAYS_OPEN, isIncomplete, readHours } from './trading-hours.ts'

/** Effective values of one level. */
export interface Effective {
  readonly vars: JsonObject
  readonly transport: JsonObject
}

/** What devices have in common before their profiles come in, and with each profile. */
export interface SharedLevel extends Effective {
  readonly profiles: Map<string, SharedProfile>
}

interface SharedProfile extends Effective {
  readonly settings: TransportSettings
  readonly os: Device['os']
  readonly tags: readonly string[]
}

export interface StoreSource {
  readonly id: string
  readonly region: string
  readonly written: WrittenStore
  readonly place: Place
  readonly source: SourceRange
}

const NOTHING: JsonObject = {}

/** The effective values of a level on top of a wider one; shared with it where it adds nothing. */
export function narrow(wide: Effective, level: WrittenLevel | undefined): Effective {
  return { vars: overlay(wide.vars, level?.vars), transport: overlay(wide.transport, level?.transport) }
}

/** As `narrow`, with a place for what its devices share; that of the wide level where this one adds nothing. */
export function narrowShared(wide: SharedLevel, level: WrittenLevel | undefined): SharedLevel {
  const effective = narrow(wide, level)
  const isSame = effective.vars === wide.vars && effective.transport === wide.transport
  return isSame ? wide : { ...effective, profiles: new Map() }
}

export const WIDEST: Effective = { vars: NOTHING, transport: NOTHING }

/** The store without its devices. */
export function buildStore(source: StoreSource, level: Effective, catalogs: Catalogs, findings: Findings): Store {
  const { id, written, place } = source
  const { street = '', postcode = '', city = '', country } = written.address ?? {}
  const { lat, lon } = written.location ?? {}
  return {
    id,
    name: written.name ?? id,
    region: source.region,
    address: { street, postcode, city, ...(country !== undefined && { country }) },
    ...(lat !== undefined && lon !== undefined && { location: { lat, lon } }),
    time_zone: timeZone(source, catalogs, findings),
    hours: hoursOf(written, place, catalogs, findings),
    link: { ...written.link, type: written.link?.type ?? 'other' },
    ...(written.gateway !== undefined && { gateway: written.gateway }),
    owner: written.owner ?? NOTHING,
    tags: written.tags ?? [],
    vars: level.vars,
    devices: [],
    source: source.source,
  }
}

function timeZone({ id, written, place }: StoreSource, catalogs: Catalogs, findings: Findings): string {
  if (written.time_zone !== undefined) checkTimeZone(written.time_zone, inside(place, 'time_zone'), findings)
  const zone = written.time_zone ?? catalogs.fleet?.value.time_zone
  const isReported = 'time_zone' in written || (catalogs.fleet && 'time_zone' in catalogs.fleet.value)
  if (zone === undefined && !isReported && catalogs.complete) {
    const detail = 'Give the fleet one that holds for all stores, or the store its own: `time_zone: Europe/Warsaw`.'
    findings.error('SCHEMA_KEY_MISSING', place, {
      part: 'key',
      summary: `The store "${id}" has no "time_zone"`,
      detail,
    })
  }
  return zone ?? 'UTC'
}

function hoursOf(written: WrittenStore, place: Place, catalogs: Catalogs, findings: Findings): TradingHours {
  if (written.hours === undefined) return ALWAYS_OPEN
  const at = inside(place, 'hours')
  if (typeof written.hours === 'string') return calendar(written.hours, at, catalogs, findings) ?? ALWAYS_OPEN
  if (isIncomplete(written.hours)) return ALWAYS_OPEN
  const name = written.hours.calendar
  const base = name === undefined ? undefined : calendar(name, inside(at, 'calendar'), catalogs, findings)
  if (base === undefined && name !== undefined) return ALWAYS_OPEN
  if (base === undefined && written.hours.week === undefined) {
    if (!('week' in written.hours)) {
      const detail =
        'Name a calendar (`calendar: large`) or write a week; exceptions alone say nothing of the other days.'
      findings.error('SCHEMA_KEY_MISSING', at, {
        part: 'key',
        summary: 'The hours have neither a "calendar" nor a "week"',
        detail,
      })
    }
    return ALWAYS_OPEN
  }
  const { hours, problems } = readHours(written.hours, base)
  reportHours(problems, at, findings)
  return hours
}

function calendar(name: string, place: Place, catalogs: Catalogs, findings: Findings): TradingHours | undefined {
  if (!catalogs.calendars.has(name) && catalogs.complete) {
    const names = [...catalogs.calendars.keys()]
    const detail =
      names.length === 0 ? 'Calendars are described in `fleet: {calendars: …}`.' : `There are: ${listed(names)}.`
    findings.error('INV_REFERENCE_UNKNOWN', place, {
      summary: `There is no calendar "${name}"`,
      detail,
      ...didYouMean(name, names),
    })
  }
  return catalogs.calendars.get(name)
}

export interface DeviceSource {
  readonly id: string
  readonly store: Store
  readonly written: WrittenDevice
  readonly profileId: string
  readonly profile: WrittenProfile
  readonly source: SourceRange
}

/** A device with its effective values; what it does not change is shared with the others of its profile. */
export function buildDevice(from: DeviceSource, level: SharedLevel): Device {
  const { written, store } = from
  const shared = sharedProfile(from, level)
  const os = written.os ? { ...shared.os, ...written.os } : shared.os
  const settings =
    written.transport || written.os?.family
      ? settingsOf(overlay(shared.transport, written.transport), os.family)
      : shared.settings
  const device: { -readonly [K in keyof Device]: Device[K] } = {
    id: from.id,
    name: `${store.id}/${from.id}`,
    store: store.id,
    region: store.region,
    profile: from.profileId,
    kind: from.profile.kind ?? 'till',
    os,
    address: written.address ?? '',
    tags: written.tags ? [...new Set([...shared.tags, ...written.tags])] : shared.tags,
    transport: from.id === store.gateway ? reachedDirectly(settings) : settings,
    vars: overlay(shared.vars, written.vars),
    source: from.source,
  }
  if (written.attached_to !== undefined) device.attached_to = written.attached_to
  if (written.note !== undefined) device.note = written.note
  return device
}

function sharedProfile({ profileId, profile }: DeviceSource, level: SharedLevel): SharedProfile {
  const known = level.profiles.get(profileId)
  if (known) return known
  const effective = narrow(level, profile)
  const shared: SharedProfile = {
    ...effective,
    settings: settingsOf(effective.transport, profile.os?.family),
    os: { ...profile.os, family: profile.os?.family ?? 'none' },
    tags: profile.tags ?? [],
  }
  level.profiles.set(profileId, shared)
  return shared
}

const USUAL_TRANSPORT = { linux: 'ssh', windows: 'winrm', none: 'none' } as const

/** What the levels say, with the usual transport of the system where they do not name one. */
function settingsOf(transport: JsonObject, family: keyof typeof USUAL_TRANSPORT | undefined): TransportSettings {
  const settings = { type: USUAL_TRANSPORT[family ?? 'none'], ...transport }
  return settings as TransportSettings
}

/** `via: gateway` for a whole profile or store does not mean the gateway itself. */
function reachedDirectly(settings: TransportSettings): TransportSettings {
  if (settings.via !== 'gateway') return settings
  const { via: _via, ...direct } = settings
  return direct
}
