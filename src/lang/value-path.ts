import { isMap, type JsonValue } from '../core/json.ts'

/** A path into a value: keys of maps and indexes of lists. */
export type ValuePath = readonly (string | number)[]

/** The value at a path; null where there is none. */
export function valueAt(value: JsonValue, path: ValuePath): JsonValue {
  let inside: JsonValue = value
  for (const step of path) {
    if (inside === null || typeof inside !== 'object' || !Object.hasOwn(inside, step)) return null
    inside = (inside as Readonly<Record<string, JsonValue>>)[step] ?? null
  }
  return inside
}

/** The names in the map at a path; none where there is no map. */
export function namesAt(value: JsonValue, path: ValuePath): readonly string[] {
  const there = valueAt(value, path)
  return isMap(there) ? Object.keys(there) : []
}
