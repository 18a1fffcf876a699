import { SELLS } from '../core/can-sell.ts'
import { INCIDENT_STATES, incidentState } from '../core/incident.ts'
import { readClocks } from '../core/incident-clocks.ts'
import type { IncidentStore } from '../core/incident-store.ts'
import type { Dashboard } from './dashboard/dashboard.ts'
import type { Metrics } from './metrics.ts'

type Labelled = readonly (readonly [Readonly<Record<string, string>>, number])[]

/** Numbers of the fleet by region, and of incidents: none of them is per store or device, so that their count stays small. */
export function measureFleet(
  metrics: Metrics,
  { dashboard, incidents }: { readonly dashboard: Dashboard; readonly incidents: IncidentStore },
): void {
  metrics.gauges('till_fleet_stores', 'Stores by region and whether they can sell, as far as is known.', async () => {
    const counts = new Counts('sells', SELLS)
    for (const { store, sells } of (await dashboard.picture()).stores.values()) counts.add(store.region, sells)
    return counts.rows()
  })
  metrics.gauges(
    'till_fleet_devices',
    'Devices by region and last known state; never: no run has looked.',
    async () => {
      const counts = new Counts('state', [])
      for (const { device, known } of (await dashboard.picture()).devices.values())
        counts.add(device.region, known.state)
      return counts.rows()
    },
  )
  metrics.gauges('till_incidents', 'Incidents that are not closed, by state.', async () => {
    const states = (await incidents.incidents()).map(incidentState)
    return INCIDENT_STATES.filter((state) => state !== 'closed').map(
      (state) => [{ state }, states.filter((one) => one === state).length] as const,
    )
  })
  metrics.gauge(
    'till_incidents_without_team',
    "Incidents that are not closed and were nobody's when they began.",
    async () => {
      return (await incidents.incidents()).filter(({ team }) => team === null).length
    },
  )
  metrics.gauge('till_incidents_late', 'Incidents with a clock that ran out and was not met.', async () => {
    const now = Date.now()
    const isLate = (one: Parameters<typeof readClocks>[0]): boolean =>
      readClocks(one, now).some(({ late, state }) => late && state !== 'met')
    return (await incidents.incidents()).filter(isLate).length
  })
}

class Counts {
  readonly #label: string
  readonly #always: readonly string[]
  readonly #regions = new Map<string, Map<string, number>>()

  /** `always`: values that are told of each region, also where they are 0: what is gone would be no 0. */
  constructor(label: string, always: readonly string[]) {
    this.#label = label
    this.#always = always
  }

  add(region: string, value: string): void {
    const own = this.#regions.get(region) ?? new Map(this.#always.map((each) => [each, 0]))
    this.#regions.set(region, own)
    own.set(value, (own.get(value) ?? 0) + 1)
  }

  rows(): Labelled {
    return [...this.#regions].flatMap(([region, own]) =>
      [...own].map(([value, count]) => [{ region, [this.#label]: value }, count] as const),
    )
  }
}
