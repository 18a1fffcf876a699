import { parseDuration } from '../../core/duration.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'

// Values of a file that is right by its schema: what is not there has the default.

export function mapIn(value: JsonValue | undefined): JsonObject {
  return isMap(value) ? value : {}
}

export function listIn(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

export function textIn(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function numberIn(value: JsonValue | undefined, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

/** In milliseconds. */
export function durationIn(value: JsonValue | undefined, fallback: number): number {
  return (typeof value === 'string' ? parseDuration(value) : undefined) ?? fallback
}
