import type { JsonObject, JsonValue } from '../core/json.ts'

/** A value as CEL sees it: integers are bigint, every other number is a double. */
export type CelValue = unknown

/** JSON to CEL. What holds no whole number is returned as it is, not copied. */
export function toCel(value: JsonValue): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value === null || typeof value !== 'object') return value
  return isList(value) ? convertList(value) : convertMap(value)
}

const converted = new WeakMap<object, CelValue>()

/** The same for a map that is asked for again and again, and that must not change afterwards. */
export function toCelOnce(map: JsonObject): CelValue {
  const known = converted.get(map)
  if (known !== undefined) return known
  const result = toCel(map)
  converted.set(map, result)
  return result
}

function convertList(list: readonly JsonValue[]): CelValue {
  let copy: CelValue[] | undefined
  for (const [index, item] of list.entries()) {
    const value = toCel(item)
    if (value === item) continue
    copy ??= [...list]
    copy[index] = value
  }
  return copy ?? list
}

function convertMap(map: JsonObject): CelValue {
  let copy: Record<string, CelValue> | undefined
  for (const key in map) {
    const item = map[key] ?? null
    const value = toCel(item)
    if (value === item) continue
    copy ??= { ...map }
    copy[key] = value
  }
  return copy ?? map
}

function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** A result that JSON cannot hold; the message says what it is. */
export class NotJson extends Error {}

/** CEL to JSON: integers become numbers, timestamps ISO 8601 text, durations text in seconds. Throws NotJson. */
export function fromCel(value: CelValue): JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'bigint':
      return integer(value)
    case 'number':
      if (Number.isFinite(value)) return value
      throw new NotJson(`the number is ${value}`)
    default:
      return value === null || value === undefined ? null : fromObject(value)
  }
}

function integer(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new NotJson(`the number ${value} is too large`)
}

function fromObject(value: object): JsonValue {
  if (Array.isArray(value)) return value.map(fromCel)
  if (value instanceof Set) return [...value].map(fromCel)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Map) return fromEntries([...value] as [string, CelValue][])
  const tag = Object.prototype.toString.call(value)
  if (tag === '[object Object]') return fromEntries(Object.entries(value))
  if (tag === '[object google.protobuf.Duration]') return String(value)
  const inner: unknown = value.valueOf()
  if (typeof inner === 'bigint') return integer(inner)
  if (value instanceof Uint8Array) throw new NotJson('the result is bytes; write .base64() or .hex() behind it')
  if ('orValue' in value) throw new NotJson('the result is optional; write .orValue(...) behind it')
  throw new NotJson('the result is a type, not a value')
}

function fromEntries(entries: readonly (readonly [string, CelValue])[]): JsonObject {
  return Object.fromEntries(
    entries.flatMap(([key, item]) => (item === undefined ? [] : [[String(key), fromCel(item)]])),
  )
}
