import { randomBytes } from 'node:crypto'
import { usageError } from '../../core/diagnostic.ts'
import { DAY_MS } from '../../core/duration.ts'
import type { Fleet } from '../../core/fleet.ts'
import { type Outage, type OutageScope, outageState } from '../../core/outage.ts'
import type { RunStore } from '../../core/run-store.ts'
import { shownTime } from '../../engine/admission/shown-time.ts'
import { selectDevices } from '../revision/selection.ts'
import { isLength, localInstant } from '../safety/local-instant.ts'
import { commonZone, coversIn } from './known-outages.ts'

/** More than that is a change of the inventory, or of `availability.maintenance`. */
const LONGEST_MS = 92 * DAY_MS

interface NewOutage {
  readonly scope: OutageScope
  /** As people write times, read from now; absent: now. */
  readonly from?: string | undefined
  /** Read from its beginning, or from now where it has begun already. */
  readonly until: string
  readonly because: string
  readonly closed: boolean
  readonly by: string
}

/** Puts on record that something is known to be out of order. Throws InputError where it covers nothing, or never. */
export async function addOutage(
  { fleet, store }: { readonly fleet: Fleet; readonly store: RunStore },
  wanted: NewOutage,
): Promise<{ readonly outage: Outage; readonly devices: number; readonly span: string }> {
  const { scope, because, closed, by } = wanted
  const { stores, devices: names, regions, kinds, where } = scope
  const covered = await selectDevices(
    fleet,
    { store: stores, device: names, region: regions, kind: kinds, where },
    { store: async () => store },
  )
  if (covered.length === 0) throw usageError('It covers no device of the inventory', 'See: till inventory list')
  const zone = commonZone(fleet, covered)
  const now = Date.now()
  const begins = { flag: '--from', zone, after: now, day: 'beginning' } as const
  const from = wanted.from === undefined ? now : localInstant(wanted.from, begins)
  const until = localInstant(wanted.until, { flag: '--until', zone, after: Math.max(now, from) })
  if (until <= now) throw usageError(`--until: ${wanted.until} is over already`, 'Name a time that is to come.')
  if (until <= from) throw usageError('--until: it ends before it begins', 'Name a time after that of --from.')
  if (until - from > LONGEST_MS)
    throw usageError('--until: it lasts longer than 92 days', 'What stays so is a change of the inventory.')
  const said = wanted.from === undefined && isLength(wanted.until) ? { lasts: until - from } : {}
  const outage = { outage: `O${randomBytes(4).toString('hex')}`, scope, why: because, by, from, until, ...said, closed }
  await store.outages.add(await store.fleets.keyOf(fleet), outage)
  const span = `from ${shownTime(from, zone ?? 'UTC')} until ${shownTime(until, zone ?? 'UTC')}`
  return { outage, devices: covered.length, span }
}

/** Ends one now. Throws InputError where there is none of that name that is not over. */
export async function endOutage(
  { fleet, store }: { readonly fleet: Fleet; readonly store: RunStore },
  { outage, by }: { readonly outage: string; readonly by: string },
): Promise<Outage> {
  const ended = await store.outages.end(await store.fleets.keyOf(fleet), outage, by, Date.now())
  if (!ended) throw usageError(`No known outage "${outage}" goes on or is to come`, 'See: till outages list')
  return ended
}

/** An outage as answers hold it. */
export interface OutageView {
  readonly outage: string
  readonly state: 'coming' | 'current' | 'over'
  readonly why: string
  readonly by: string
  readonly from: string
  readonly until: string
  readonly closed: boolean
  readonly ended_by: string | null
  readonly where: OutageScope
  /** Devices of the inventory that it covers. */
  readonly devices: number
  readonly stores: number
}

/** Outages of a fleet with what they cover, by their beginning; all of its devices are looked at for each. */
export function outageViews(fleet: Fleet, outages: readonly Outage[], now: number): readonly OutageView[] {
  return outages.map((one) => {
    const covers = coversIn(fleet, one.scope)
    const devices = [...fleet.devices.values()].filter(covers)
    const { outage, why, by, closed, ended_by = null, scope: where } = one
    const [from = '', until = ''] = [one.from, one.until].map((ms) => new Date(ms).toISOString())
    const count = { devices: devices.length, stores: new Set(devices.map(({ store }) => store)).size }
    return { outage, state: outageState(one, now), why, by, from, until, closed, ended_by, where, ...count }
  })
}

/** Where it is, for people. */
export function whereText({ stores, devices, regions, kinds, where }: OutageScope): string {
  const said = [...(devices ?? []), ...(stores ?? []), ...(regions ?? []), ...(kinds ?? [])]
  return [...said, ...(where === undefined ? [] : [where])].join(' ') || 'everywhere'
}
