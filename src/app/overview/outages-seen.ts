import type { JsonObject } from '../../core/json.ts'
import { outageState } from '../../core/outage.ts'
import { outageViews } from '../outages/change-outages.ts'
import { allOutages } from '../outages/known-outages.ts'
import { fleetSeen, type Sight } from './sight.ts'

/** Outages that go on or are to come, as far as they cover what somebody sees. */
export async function outagesSeen(sight: Sight): Promise<JsonObject[]> {
  const now = Date.now()
  const all = await allOutages(sight.store, sight.fleet)
  const left = all.filter((one) => outageState(one, now) !== 'over')
  return outageViews(fleetSeen(sight), left, now)
    .filter(({ devices }) => sight.isWhole || devices > 0)
    .map(({ where, ...one }) => ({ ...one, where: sight.isWhole ? ({ ...where } as JsonObject) : {} }))
}
