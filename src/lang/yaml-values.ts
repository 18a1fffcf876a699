import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import type { ErrorCode } from '../core/error-catalog.ts'
import type { JsonValue } from '../core/json.ts'

/** Aliases may repeat this many values in all; past it, a few lines would fill the memory. */
const MOST_ALIASED_VALUES = 100_000
const DEEPEST_NESTING = 64

const KEYS = 'Keys are single words or quoted text. Text that begins with [ { * & ! | > % @ or ? must be in quotes.'
const BRACES = `A value from elsewhere is written "\${{ vars.x }}", with the quotes.`

/** Something in the tree that cannot become a value. */
export interface ValueProblem {
  readonly code: ErrorCode
  readonly summary: string
  readonly detail: string
  readonly node: Node
}

/** The plain value of a tree of YAML nodes, with everything in it that has none. */
export interface TreeValue {
  readonly value: JsonValue
  readonly problems: readonly ValueProblem[]
  /** What each alias stands for. */
  readonly aliased: ReadonlyMap<Alias, Node>
}

/** Turns nodes to a plain value in one pass: aliases, merge keys, duplicate keys, keys as they were written. */
export function treeToValue(root: Node | null): TreeValue {
  const walk = new TreeWalk()
  return { value: root === null ? null : walk.value(root, 0), problems: walk.problems, aliased: walk.aliased }
}

interface Anchor {
  readonly node: Node
  readonly value: JsonValue
  readonly size: number
}

class TreeWalk {
  readonly problems: ValueProblem[] = []
  readonly aliased = new Map<Alias, Node>()
  readonly #anchors = new Map<string, Anchor>()
  #size = 0
  #aliasedSize = 0

  value(node: Node, depth: number): JsonValue {
    if (isAlias(node)) return this.#alias(node)
    const before = this.#size++
    const value = this.#plain(node, depth)
    const anchor = (node as { anchor?: string }).anchor
    if (anchor) this.#anchors.set(anchor, { node, value, size: this.#size - before })
    return value
  }

  #plain(node: Node, depth: number): JsonValue {
    if (isScalar(node)) return this.#scalar(node.value, node)
    if (depth > DEEPEST_NESTING) {
      this.#problem(
        'YAML_LIMIT_EXCEEDED',
        'Values are nested too deeply',
        `At most ${DEEPEST_NESTING} levels are accepted.`,
        node,
      )
      return null
    }
    if (isSeq(node))
      return (node as YAMLSeq<Node | null>).items.map((item) => (item ? this.value(item, depth + 1) : null))
    return isMap(node) ? this.#map(node as YAMLMap<Node, Node | null>, depth) : null
  }

  #scalar(value: unknown, node: Node): JsonValue {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    const written = isScalar(node) ? (node.source ?? String(value)) : String(value)
    // Written with an exponent or a point, a number is meant to be approximate.
    const isExact =
      typeof value === 'number' && (Number.isSafeInteger(value) || !/^[-+]?(0[xo])?[\da-f]+$/i.test(written))
    if (isExact && Number.isFinite(value)) return value
    const detail = `Numbers are kept exactly up to ${Number.MAX_SAFE_INTEGER}. If it is meant as text, put it in quotes.`
    this.#problem('SCHEMA_VALUE_INVALID', `"${written}" is no number that can be kept exactly`, detail, node)
    return null
  }

  #alias(node: Alias): JsonValue {
    const anchor = this.#anchors.get(node.source)
    if (anchor === undefined) {
      const detail = `An alias repeats what was marked with &${node.source} earlier in the file. Text that begins with * must be in quotes.`
      this.#problem('YAML_SYNTAX_INVALID', `Nothing before this is marked &${node.source}`, detail, node)
      return null
    }
    this.aliased.set(node, anchor.node)
    this.#size += anchor.size
    this.#aliasedSize += anchor.size
    if (this.#aliasedSize > MOST_ALIASED_VALUES) {
      if (this.#aliasedSize - anchor.size <= MOST_ALIASED_VALUES) {
        const detail = `Aliases may repeat at most ${MOST_ALIASED_VALUES} values in one file.`
        this.#problem('YAML_LIMIT_EXCEEDED', 'Aliases repeat too much', detail, node)
      }
      return null
    }
    return anchor.value
  }

  #map(node: YAMLMap<Node, Node | null>, depth: number): JsonValue {
    const own = new Map<string, JsonValue>()
    let merged: Map<string, JsonValue> | undefined
    for (const pair of node.items) {
      const key = this.#key(pair, node)
      if (key === undefined || this.#isDuplicate(key, own, pair.key)) continue
      const value = pair.value ? this.value(pair.value, depth + 1) : null
      if (key !== '<<' || !isPlainScalar(pair.key)) own.set(key, value)
      else merged = this.#mergedOnce(merged, value, pair)
    }
    for (const [key, value] of merged ?? []) if (!own.has(key)) own.set(key, value)
    return Object.fromEntries(own)
  }

  #mergedOnce(
    before: Map<string, JsonValue> | undefined,
    value: JsonValue,
    { key, value: node }: Pair<Node, Node | null>,
  ): Map<string, JsonValue> {
    if (before === undefined) return this.#merge(value, node ?? key)
    const detail = 'Only one of the two would count. Merge several by one: `<<: [*a, *b]`.'
    this.#problem('YAML_KEY_DUPLICATE', 'The key "<<" appears twice', detail, key)
    return before
  }

  #isDuplicate(key: string, own: ReadonlyMap<string, JsonValue>, node: Node): boolean {
    if (!own.has(key)) return false
    const detail = 'Only one of the two entries would count. Keep the one that is right.'
    this.#problem('YAML_KEY_DUPLICATE', `The key "${key}" appears twice`, detail, node)
    return true
  }

  /** https://yaml.org/type/merge.html: of several maps the first that has a key wins. */
  #merge(value: JsonValue, node: Node): Map<string, JsonValue> {
    const merged = new Map<string, JsonValue>()
    const sources: readonly JsonValue[] = Array.isArray(value) ? value : [value]
    for (const source of sources) {
      if (source === null || typeof source !== 'object' || Array.isArray(source)) {
        const detail = 'Write `<<: *name`, where &name marks a map, or a list of such.'
        this.#problem('YAML_SYNTAX_INVALID', 'Only a map can be merged with <<', detail, node)
        break
      }
      for (const [key, entry] of Object.entries(source)) if (!merged.has(key)) merged.set(key, entry)
    }
    return merged
  }

  /** Keys are text, as they were written: `0412:` is "0412", not 412. */
  #key(pair: Pair<Node, Node | null>, map: Node): string | undefined {
    const { key } = pair
    const text = isScalar(key) ? (isPlainScalar(key) ? (key.source ?? '') : String(key.value)) : undefined
    if (text === undefined || (text === '' && isPlainScalar(key))) {
      const detail = isMap(key) && isMap(map) && map.flow === true ? BRACES : KEYS
      this.#problem('YAML_SYNTAX_INVALID', 'This cannot be a key', detail, key ?? map)
      return undefined
    }
    if (text === '__proto__') {
      this.#problem('SCHEMA_KEY_UNKNOWN', 'The key "__proto__" is not accepted', 'Use another name.', key)
      return undefined
    }
    return text
  }

  #problem(code: ErrorCode, summary: string, detail: string, node: Node): void {
    this.problems.push({ code, summary, detail, node })
  }
}

function isPlainScalar(node: unknown): boolean {
  return isScalar(node) && (node.type === 'PLAIN' || node.type === undefined)
}
