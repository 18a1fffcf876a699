import { parseDuration } from '../../core/duration.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Amount } from '../../core/policy.ts'

/** `5` or `5%`. */
export function amountOf(value: JsonValue): Amount {
  return typeof value === 'number' ? { count: value } : { share: shareOf(value) ?? 0 }
}

/** `5%` is 0.05; undefined where nothing is written. */
export function shareOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'string' ? Number(value.slice(0, -1)) / 100 : undefined
}

/** A duration in milliseconds; undefined where nothing is written. */
export function msOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined
}

/** Undefined where nothing is written. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
