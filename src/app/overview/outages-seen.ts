import type { JsonObject } from '../../core/json.ts'
import { outageViews } from '../outages/change-outages.ts'
import { fleetSeen, type Sight } from './sight.ts'

/** Outages that go on or are to come, as far as they cover what somebody sees. */
export async function outagesSeen(sight: Sight): Promise<JsonObject[]> {
  const all = await sight.store.outages.list(sight.fleet.name)
  return outageViews(fleetSeen(sight), all)
    .filter(({ state, devices }) => state !== 'over' && (sight.isWhole || devices > 0))
    .map(({ where, ...one }) => ({ ...one, where: sight.isWhole ? ({ ...where } as JsonObject) : {} }))
}
