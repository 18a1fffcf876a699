import { isMap, type JsonObject, type JsonValue } from '../../core/json.ts'

/** An effective value and the index of the level that it came from. */
export interface Explained {
  readonly value: JsonValue
  readonly level: number
  readonly path: readonly string[]
}

/**
 * A wider level with a narrower one laid over it: maps are merged, lists and scalars replace, null removes.
 * What did not change is shared with the arguments; neither is written to.
 */
export function overlay(wide: JsonObject, narrow: JsonObject | undefined): JsonObject {
  if (narrow === undefined) return wide
  const keys = Object.keys(narrow)
  if (keys.length === 0) return wide
  const merged: Record<string, JsonValue> = { ...wide }
  for (const key of keys) {
    const over = narrow[key] as JsonValue
    const under = merged[key]
    if (over === null) delete merged[key]
    else if (isMap(over)) merged[key] = overlay(isMap(under) ? under : {}, over)
    else merged[key] = over
  }
  return merged
}

type Tree =
  | { readonly leaf: JsonValue; readonly level: number }
  | { readonly entries: Map<string, Tree>; level: number }

/** Where each value of a cascade came from: its leaves (scalars, lists, empty maps) with the level that set them. */
export function explainCascade(levels: readonly (JsonObject | undefined)[]): readonly Explained[] {
  const root = new Map<string, Tree>()
  for (const [level, value] of levels.entries()) if (value) lay(value, level, root)
  return leaves(root, [])
}

function lay(value: JsonObject, level: number, into: Map<string, Tree>): void {
  for (const [key, over] of Object.entries(value)) {
    if (over === null) into.delete(key)
    else if (isMap(over)) {
      const under = into.get(key)
      const entries = under && 'entries' in under ? under.entries : new Map<string, Tree>()
      lay(over, level, entries)
      into.set(key, { entries, level })
    } else into.set(key, { leaf: over, level })
  }
}

function leaves(tree: ReadonlyMap<string, Tree>, path: readonly string[]): readonly Explained[] {
  return [...tree].flatMap(([key, node]): readonly Explained[] => {
    const place = [...path, key]
    if ('leaf' in node) return [{ value: node.leaf, level: node.level, path: place }]
    return node.entries.size === 0 ? [{ value: {}, level: node.level, path: place }] : leaves(node.entries, place)
  })
}

/** `vars.zabbix.server`; a key that holds a dot stands in quotes. */
export function dotted(path: readonly string[]): string {
  return path.map((key) => (key.includes('.') ? JSON.stringify(key) : key)).join('.')
}
