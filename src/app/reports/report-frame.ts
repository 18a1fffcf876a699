import type { Fleet } from '../../core/fleet.ts'
import type { Report } from '../../core/report.ts'
import type { ReportPeriod } from './report-period.ts'

/** What stands on every report: from when to when it goes by the clocks of most stores, and when it was made. */
export function frameOf({
  fleet,
  period,
  now,
}: {
  readonly fleet: Fleet
  readonly period: ReportPeriod
  readonly now: Date
}): Pick<Report, 'since' | 'until' | 'made_at' | 'zone'> {
  const zone = zoneOfMost(fleet)
  const { from, to } = period.of(zone)
  return { since: new Date(from).toISOString(), until: new Date(to).toISOString(), made_at: now.toISOString(), zone }
}

/** The zone of the clocks of most stores. */
export function zoneOfMost(fleet: Fleet): string {
  const counts = new Map<string, number>()
  for (const { time_zone: zone } of fleet.stores.values()) counts.set(zone, (counts.get(zone) ?? 0) + 1)
  const [most] = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return most?.[0] ?? 'UTC'
}
