import { DAY_MS } from '../../core/duration.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Sight } from './sight.ts'

/** Points of a line: more than a screen has columns say nothing. */
const MOST_POINTS = 1_500
const MOST_SERIES = 20

/** What modules have noted of a device over some days, each series by time; undefined: nobody sees such a device. */
export async function samplesSeen(sight: Sight, device: string, days: number): Promise<JsonObject | undefined> {
  if (!sight.picture.devices.has(device)) return undefined
  const since = new Date(Date.now() - days * DAY_MS)
  const names = (await sight.store.reads.series(device)).slice(0, MOST_SERIES)
  const series = await Promise.all(
    names.map(async (name) => {
      const samples = await sight.store.samples(device, name, since)
      const step = Math.ceil(samples.length / MOST_POINTS)
      const points = samples.filter((_, at) => at % step === 0 || at === samples.length - 1)
      return { series: name, points: points.map(({ at, value }) => [Date.parse(at), value]) }
    }),
  )
  return { device, days, series: series.filter(({ points }) => points.length > 0) }
}
