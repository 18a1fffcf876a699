import type { JsonObject, JsonValue } from '../core/json.ts'

/** Whether a value is a map: no list, not empty. */
export function isMap(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
