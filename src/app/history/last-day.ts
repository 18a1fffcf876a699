import type { AvailabilitySettings } from '../../core/availability-settings.ts'
import type { Availability } from '../../core/can-sell.ts'
import { DAY_MS, HOUR_MS } from '../../core/duration.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Interval } from '../../ledger/fold-device.ts'
import { foldFleet } from '../reports/fleet-ledger.ts'

const HOURS = 24
/** A sign for an hour, by the worst that is known of it: what is not known is no line. */
const SIGNS: Readonly<Record<Availability, string>> = {
  down: '▁',
  unknown: '·',
  'never-seen': ' ',
  maintenance: '─',
  up: '█',
}
const WORST_FIRST: readonly Availability[] = ['down', 'unknown', 'never-seen', 'maintenance', 'up']

/** The last 24 hours of devices, a sign an hour, the latest on the right. */
export async function lastDays(of: {
  readonly fleet: Fleet
  readonly store: RunStore
  readonly settings: AvailabilitySettings
  readonly devices: readonly Device[]
  readonly now: Date
}): Promise<ReadonlyMap<string, string>> {
  const to = of.now.getTime()
  const period = { month: null, of: () => ({ from: to - DAY_MS, to }) }
  const days = new Map<string, string>()
  for await (const { devices } of foldFleet({ ...of, period }))
    for (const { device, intervals } of devices) days.set(device.name, sparkline(intervals, to))
  return days
}

/** Of intervals without gaps, in order. */
export function sparkline(intervals: readonly Interval[], until: number): string {
  const hours = Array.from({ length: HOURS }, (_, hour) => {
    const from = until - (HOURS - hour) * HOUR_MS
    const within = intervals.filter((one) => one.from < from + HOUR_MS && one.to > from).map(({ state }) => state)
    const worst = WORST_FIRST.find((state) => within.includes(state))
    return worst === undefined ? ' ' : SIGNS[worst]
  })
  return hours.join('')
}
