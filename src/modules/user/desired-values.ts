import type { Change } from '../../core/change.ts'
import { fail, type Result, success } from '../../core/failure.ts'
import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'
import { hasSecret, jsonInClear, Secret } from '../../core/secret.ts'
import type { UserModule } from '../../core/user-module.ts'
import { type Given, paramSchemas } from './values.ts'

/** What one field of the state is to be. */
export interface DesiredValue {
  readonly path: string
  /** Secrets may stand in it. */
  readonly value: JsonValue
  /** It, and what the device has in its place, is hidden. */
  readonly sensitive: boolean
}

/** What a step wants: the fields whose parameters were given. */
export function desiredValuesOf(module: UserModule, given: Given): Result<readonly DesiredValue[]> {
  const hidden = new Map<string, Secret>()
  const scope = withReferences(given, hidden) as JsonObject
  const schemas = paramSchemas(module)
  const desiredValues: DesiredValue[] = []
  for (const field of module.desired) {
    if (field.params.some((name) => !Object.hasOwn(given, name))) continue
    const rendered = field.render(scope)
    if (!rendered.ok) {
      const message = `The module "${module.name}" cannot tell what "${field.path}" is to be: ${rendered.error}`
      return fail({ code: 'EXPRESSION_FAILED', phase: 'resolve', message })
    }
    const value = withSecrets(rendered.value, hidden)
    // A secret may have gone into the value by another way than as a whole: by being compared, say.
    const sensitive = field.params.some((name) => schemas[name]?.writeOnly === true || hasSecret(given[name]))
    desiredValues.push({ path: field.path, value, sensitive })
  }
  return success(desiredValues)
}

/** Expressions hand references to secrets on, unread. */
function withReferences(value: unknown, hidden: Map<string, Secret>): JsonValue {
  if (value instanceof Secret) {
    const secret = String(hidden.size)
    hidden.set(secret, value)
    return { secret }
  }
  if (Array.isArray(value)) return value.map((item) => withReferences(item, hidden))
  if (value === null || typeof value !== 'object') return value as JsonValue
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withReferences(item, hidden)]))
}

function withSecrets(value: JsonValue, hidden: ReadonlyMap<string, Secret>): JsonValue {
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, hidden))
  if (value === null || typeof value !== 'object') return value
  const { secret, ...others } = value as JsonObject
  const known = typeof secret === 'string' && Object.keys(others).length === 0 ? hidden.get(secret) : undefined
  if (known) return known as unknown as JsonValue
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item, hidden)]))
}

/** What differs, field by field. Maps are compared key by key, lists as a whole; a field that is not there is null. */
export function differences(desiredValues: readonly DesiredValue[], state: JsonObject): readonly Change[] {
  return desiredValues.flatMap((desiredValue) => {
    const is = fieldOf(state, desiredValue.path)
    const desired = jsonInClear(desiredValue.value)
    if (desiredValue.sensitive)
      return same(is, desired)
        ? []
        : [{ path: desiredValue.path, before: is, after: desiredValue.value, sensitive: true }]
    return compare(desiredValue.path, is, desired)
  })
}

function compare(path: string, before: JsonValue, after: JsonValue): readonly Change[] {
  if (same(before, after)) return []
  if (!isMap(before) || !isMap(after)) return [{ path, before, after }]
  const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])]
  return keys.flatMap((key) => compare(`${path}.${key}`, own(before, key), own(after, key)))
}

/** Whether two values are the same; a key of a map that is null is one that is not there. */
export function same(a: JsonValue, b: JsonValue): boolean {
  if (isMap(a) && isMap(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(own(a, key), own(b, key)))
  }
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b
  return a.length === b.length && a.every((item: JsonValue, index) => same(item, b[index] as JsonValue))
}

/** The field at a dotted path; null where there is none. */
export function fieldOf(state: JsonObject, path: string): JsonValue {
  return path.split('.').reduce<JsonValue>((at, key) => (isMap(at) ? own(at, key) : null), state)
}

/** The state as later steps and people see it. */
export function shownState(state: JsonObject, desiredValues: readonly DesiredValue[]): JsonObject {
  const hidden = desiredValues.filter(({ sensitive }) => sensitive)
  return hidden.reduce((shown, { path }) => masked(shown, path.split('.')) as JsonObject, state)
}

function masked(value: JsonValue, [key, ...rest]: readonly string[]): JsonValue {
  if (key === undefined) return value === null ? null : String(new Secret(''))
  return isMap(value) && Object.hasOwn(value, key) ? { ...value, [key]: masked(own(value, key), rest) } : value
}

function own(map: JsonObject, key: string): JsonValue {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : null
}
