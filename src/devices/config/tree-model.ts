import type { JsonObject, JsonValue } from '../../core/json.ts'
import {
  type ConfigCodec,
  type ConfigEdit,
  type ConfigReading,
  joinPath,
  type Parsed,
  parsed,
  problem,
  sameValue,
  splitPath,
} from './codec.ts'
import { editedByKeys, type KeyFormat } from './key-edits.ts'

/** Why an item is not removed by its index: the next one would take its place, and the removal would never be done. */
export const ITEM_REMOVAL = 'an item cannot be removed by its index; set the whole list'

/** The codec of a format of nested maps and lists, from how a text is read and how one key of it is edited. */
export function treeCodec<T>(
  format: Omit<KeyFormat<T>, 'proven'> & {
    valueOf(read: T): JsonValue
    /** What a text is taken for before anything is added to it. */
    begun?(text: string): string
  },
): ConfigCodec {
  const readRoot = (text: string): Parsed<JsonValue> => {
    const read = format.read(text)
    return read.ok ? parsed(format.valueOf(read.value)) : read
  }
  const proven = (text: string, made: Parsed<string>, edit: ConfigEdit): Parsed<string> => {
    if (!made.ok || made.value === text) return made
    const before = readRoot(text)
    return before.ok ? held(made.value, before.value, readRoot(made.value), edit) : before
  }
  return {
    normal: (value) => value,
    read(text) {
      const root = readRoot(text)
      return root.ok ? parsed(treeReading(root.value)) : root
    },
    edit(text, edit) {
      const begun = edit.set.size > 0 && format.begun ? format.begun(text) : text
      return editedByKeys(begun, edit, { ...format, proven: (made) => proven(text, made, edit) })
    },
  }
}

/** A reading of nested maps and lists: keys are the paths of all leaves, `get` takes the path of anything. */
function treeReading(root: JsonValue): ConfigReading {
  return {
    get keys() {
      const keys = new Map<string, JsonValue>()
      collect(root, [], keys)
      return keys
    },
    get: (key) => valueAt(root, splitPath(key)),
  }
}

function collect(value: JsonValue, path: readonly string[], keys: Map<string, JsonValue>): void {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  if (inner.length === 0 && path.length > 0) keys.set(joinPath(path), value)
  for (const [key, child] of inner) collect(child, [...path, key], keys)
}

/** The value at a path; list items are named by their index. */
export function valueAt(root: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = root
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined
    if (Array.isArray(current)) current = /^(0|[1-9]\d*)$/.test(part) ? current[Number(part)] : undefined
    else current = Object.hasOwn(current, part) ? (current as JsonObject)[part] : undefined
  }
  return current
}

/**
 * Holds an edited text against the law of every edit: what was asked for is there, and everything else says what it
 * said before. A text that breaks it is refused rather than written.
 */
function held(text: string, before: JsonValue, after: Parsed<JsonValue>, edit: ConfigEdit): Parsed<string> {
  if (!after.ok) return problem('the edit would leave a file that cannot be read; write the value in another way')
  let expected = before
  for (const [key, value] of edit.set) expected = replacedIn(expected, splitPath(key), value)
  for (const key of edit.remove) {
    const path = splitPath(key)
    if (valueAt(expected, path) !== undefined) expected = replacedIn(expected, path, undefined)
  }
  if (sameValue(expected, after.value)) return parsed(text)
  return problem('the edit would change other keys as well (an anchor, a merge or a repeated key is in the way)')
}

/** The tree with one value in place, or gone when it is undefined; maps on the way are made. */
function replacedIn(root: JsonValue, path: readonly string[], value: JsonValue | undefined): JsonValue {
  const [part, ...rest] = path
  if (part === undefined) return value ?? null
  if (Array.isArray(root)) return replacedItem(root, Number(part), rest, value)
  const map: JsonObject = typeof root === 'object' && root !== null ? (root as JsonObject) : {}
  const entries = new Map(Object.entries(map))
  const child = entries.get(part)
  if (value === undefined && (rest.length === 0 || child === undefined)) {
    if (rest.length === 0) entries.delete(part)
  } else entries.set(part, rest.length === 0 ? (value ?? null) : replacedIn(child ?? {}, rest, value))
  return Object.fromEntries(entries)
}

function replacedItem(
  list: readonly JsonValue[],
  index: number,
  rest: readonly string[],
  value: JsonValue | undefined,
): JsonValue {
  const items = [...list]
  if (rest.length === 0) items[index] = value ?? null
  else if (value !== undefined || items[index] !== undefined) items[index] = replacedIn(items[index] ?? {}, rest, value)
  return items
}
