import type { JsonObject } from '../../core/json.ts'
import { type Wanted, wantedStores } from './fleet-lists.ts'
import type { Sight } from './sight.ts'

/** Stores with coordinates, each as a short list since there are thousands; those without are counted. */
export function mapView(sight: Sight, wanted: Wanted): JsonObject {
  const stores = wantedStores(sight, wanted)
  const placed = stores.flatMap(({ store: { id, location }, sells, worst }) =>
    location ? [[id, location.lon, location.lat, sells, worst]] : [],
  )
  return { unmapped: stores.length - placed.length, stores: placed }
}
