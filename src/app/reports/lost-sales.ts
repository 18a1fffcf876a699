import { InputError } from '../../core/diagnostic.ts'
import { HOUR_MS } from '../../core/duration.ts'
import type { Store } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Period } from '../../core/trading-hours.ts'
import { wallTime } from '../../core/zoned-time.ts'

/** What a store sells in an hour that begins then by its clocks; undefined: nobody has said. */
export type Rate = (hour: number) => number

/**
 * What `vars.sales.per_hour` of a store says: a number, or 24 of them, one an hour of its day. Throws InputError for anything
 * else.
 */
export function salesOf(store: Store): Rate | undefined {
  const sales = store.vars['sales']
  if (typeof sales !== 'object' || sales === null || !('per_hour' in sales)) return undefined
  const rate: JsonValue | undefined = sales['per_hour']
  if (isAmount(rate)) return () => rate
  if (Array.isArray(rate) && rate.length === 24 && rate.every(isAmount)) return (hour) => Number(rate[hour])
  throw new InputError([
    {
      code: 'SCHEMA_VALUE_INVALID',
      severity: 'error',
      summary: `"sales.per_hour" of ${store.id} is ${JSON.stringify(rate)}`,
      detail: 'It is what the store sells in an hour: a number, or a list of 24 numbers, one for each hour of its day.',
      source: store.source,
    },
  ])
}

function isAmount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

/** What was not sold in periods. */
export function lostIn(periods: readonly Period[], rate: Rate, zone: string): number {
  let lost = 0
  for (const { from, to } of periods) {
    for (let at = from; at < to; ) {
      const wall = wallTime(at, zone)
      // Clocks change at whole quarters, and never within one.
      const next = Math.min(to, at + HOUR_MS / 4 - (wall % (HOUR_MS / 4)))
      lost += (rate(new Date(wall).getUTCHours()) * (next - at)) / HOUR_MS
      at = next
    }
  }
  return lost
}
