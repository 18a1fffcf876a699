import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'

/** A JSON object, or undefined: what a printer answers is read, never trusted to have a form. */
export function objectIn(value: JsonValue | undefined, ...path: readonly string[]): JsonObject | undefined {
  let at: JsonValue | undefined = value
  for (const name of path) at = isMap(at) ? at[name] : undefined
  return isMap(at) ? at : undefined
}

export function textIn(object: JsonObject | undefined, name: string): string | undefined {
  const value = object?.[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A number, or a text of digits. */
export function numberIn(object: JsonObject | undefined, name: string): number | undefined {
  const value = object?.[name]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : undefined
}

/** The JSON object that bytes are; undefined for anything else. */
export function jsonIn(bytes: Uint8Array): JsonObject | undefined {
  try {
    return objectIn(JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonValue)
  } catch {
    return undefined
  }
}
