import type { TradingHours } from '../../core/fleet.ts'
import { isMap, type JsonValue } from '../../core/json.ts'
import { type HoursProblem, readHours, type WrittenHours } from '../inventory/trading-hours.ts'

/** Written hours of a contract as those of a week; what is wrong with them has its place in them. */
export function serviceHours(written: JsonValue | undefined): {
  readonly hours: TradingHours
  readonly problems: readonly HoursProblem[]
} {
  if (isMap(written)) {
    const { hours, problems } = readHours({ week: written as WrittenHours['week'] & object })
    // There the week stands under a key of its own.
    return { hours, problems: problems.map((each) => ({ ...each, path: each.path.slice(1) })) }
  }
  if (written === 'business') return readHours({ week: { 'mon-fri': '09:00-17:00', 'sat-sun': 'closed' } })
  return readHours({
    week: { 'mon-sun': typeof written === 'string' && written !== 'always' ? written : '00:00-24:00' },
  })
}
