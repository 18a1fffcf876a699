import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { JsonValue } from '../../core/json.ts'
import {
  lineAt,
  lineEndOf,
  lineStart,
  nextLine,
  type Parsed,
  parsed,
  problem,
  type Splice,
  sameValue,
  splitPath,
} from './codec.ts'
import { addedLine, withoutEndBlanks } from './lines.ts'
import { ITEM_REMOVAL, treeCodec, valueAt } from './tree-model.ts'
import { foreignOn } from './yaml-foreign.ts'
import { blockText, flowText, isCollection, scalarText } from './yaml-text.ts'

/**
 * YAML 1.2, one document. Keys are paths: `server.ports.0`, a dot in a name is written `\.`. Only the text of what is
 * set is replaced; new keys go to the end of their map, and an item may be appended to a list by the next index.
 */
export const yamlCodec = treeCodec({
  read: readYaml,
  valueOf: ({ value }) => value,
  edit({ text, read, key, value }) {
    const path = splitPath(key)
    const there = valueAt(read.value, path)
    const foreign = foreignOn(read.document, path, value === undefined)
    if (foreign !== undefined) return problem(`"${key}": ${foreign}`)
    if (value === undefined ? there === undefined : there !== undefined && sameValue(there, value)) {
      return parsed({ splices: [] })
    }
    const editor = new YamlEditor(text, read.document, key)
    const splices = value === undefined ? editor.removed(path) : editor.set(path, value)
    return splices.ok ? parsed({ splices: splices.value }) : splices
  },
})

interface YamlText {
  readonly document: Document
  readonly value: JsonValue
}

/** Of more, reading alone takes seconds, in which nothing else goes on here. */
const MAX_LENGTH = 256 * 1024

function readYaml(text: string): Parsed<YamlText> {
  if (text.length > MAX_LENGTH) return problem(`it has more than ${MAX_LENGTH} characters, the most for YAML`)
  // The reader compares each key of a map with all others; `doubled` does not.
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: false })
  const error = document.errors[0]
  if (error?.code === 'MULTIPLE_DOCS') return problem('the file holds several documents', error.linePos?.[0].line)
  if (error) return problem(`it is not valid YAML (${error.code})`, error.linePos?.[0].line)
  const twice = doubled(document)
  if (twice !== undefined) return problem('it is not valid YAML (DUPLICATE_KEY)', lineAt(text, twice))
  try {
    return parsed({ document, value: (document.toJS() as JsonValue | undefined) ?? {} })
  } catch {
    return problem('its aliases refer to nothing, or to far too much')
  }
}

/** Where a key stands that its map has already. */
function doubled(document: Document): number | undefined {
  let found: number | undefined
  visit(document, {
    Map: (_, map) => {
      const known = new Set<unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        if (known.has(key.value)) {
          found = key.range?.[0] ?? 0
          return visit.BREAK
        }
        known.add(key.value)
      }
      return undefined
    },
  })
  return found
}

type Collection = YAMLMap | YAMLSeq

class YamlEditor {
  readonly #text: string
  readonly #root: Node | null
  readonly #key: string
  readonly #lineEnd: string

  constructor(text: string, document: Document, key: string) {
    this.#text = text
    this.#root = document.contents
    this.#key = key
    this.#lineEnd = lineEndOf(text)
  }

  set(path: readonly string[], value: JsonValue): Parsed<Splice[]> {
    let node = this.#root
    if (node === null || (isScalar(node) && node.value === null)) return parsed([this.#appended(nested(path, value))])
    let parent: Collection | undefined
    for (const [depth, part] of path.entries()) {
      if (!isMap(node) && !isSeq(node)) {
        if (!isScalar(node) || node.value !== null) return this.#problem('there is no map or list on the way')
        return this.#replaced(parent, path[depth - 1] ?? '', nested(path.slice(depth), value))
      }
      parent = node
      const child = childOf(node, part)
      if (child === undefined) return this.#inserted(node, part, nested(path.slice(depth + 1), value))
      node = child
    }
    return this.#replaced(parent, path.at(-1) ?? '', value)
  }

  removed(path: readonly string[]): Parsed<Splice[]> {
    let node = this.#root
    let owner: { readonly parent: Collection; readonly part: string } | undefined
    for (const part of path.slice(0, -1)) {
      if (!isMap(node) && !isSeq(node)) return this.#problem('there is no map or list on the way')
      owner = { parent: node, part }
      node = childOf(node, part) ?? null
    }
    const part = path.at(-1) ?? ''
    if (isSeq(node)) return this.#problem(ITEM_REMOVAL)
    if (!isMap(node)) return this.#problem('there is no map on the way')
    const index = node.items.findIndex((pair) => nameOf(pair) === part)
    if (index < 0) return this.#problem('it comes from an alias or a merge')
    if (node.items.length === 1 && owner !== undefined) return this.#replaced(owner.parent, owner.part, {})
    return parsed([node.flow ? this.#flowCut(node, index) : this.#blockCut(node, index)])
  }

  #problem(why: string): { readonly ok: false; readonly problem: { readonly message: string } } {
    return problem(`"${this.#key}": ${why}`)
  }

  /** At the end of a document that has nothing but comments. */
  #appended(value: JsonValue): Splice {
    return addedLine(this.#text, this.#text.length, blockText(value, '', this.#lineEnd), this.#lineEnd)
  }

  #replaced(parent: Collection | undefined, part: string, value: JsonValue): Parsed<Splice[]> {
    const node = parent && childOf(parent, part)
    if (!parent || !node?.range) return this.#problem('there is nothing to be replaced')
    if (parent.flow || isFlow(node) || !isCollection(value)) return parsed([this.#onOneLine(parent, part, node, value)])
    const [start, wholeEnd] = node.range
    const end = this.#contentEnd(node)
    const indent = ' '.repeat(this.#column(parent) + 2)
    const block = `${this.#lineEnd}${blockText(value, indent, this.#lineEnd)}`
    if (start === wholeEnd && this.#text[start] === '#') {
      const line = /^[^\r\n]*/.exec(this.#text.slice(start))?.[0].length ?? 0
      return parsed([{ start: start + line, end: start + line, text: block }])
    }
    const text = (isSeq(parent) ? ` ${block.trimStart()}` : block) + this.#lineEndLost(end)
    return parsed([{ start: this.#lead(parent, part, Math.min(start, end)), end, text }])
  }

  #onOneLine(parent: Collection, part: string, node: Node, value: JsonValue): Splice {
    const end = this.#contentEnd(node)
    const start = Math.min(node.range?.[0] ?? 0, end)
    const text = parent.flow || isFlow(node) ? flowText(value, node) : scalarText(value, node)
    if (start === end) return { start, end, text: ` ${text}` }
    const isBlock = (isMap(node) || isSeq(node)) && !isFlow(node)
    const from = isBlock ? this.#lead(parent, part, start) : start
    return { start: from, end, text: (isBlock ? ' ' : '') + text + this.#lineEndLost(end) }
  }

  /** The line end that goes with what ends at an offset: a block scalar has its own. */
  #lineEndLost(end: number): string {
    return this.#text[end - 1] === '\n' ? this.#lineEnd : ''
  }

  /** Behind the colon or the dash that a value belongs to. */
  #lead(parent: Collection, part: string, start: number): number {
    if (isSeq(parent)) return this.#behindDash(parent, Number(part))
    const key = parent.items.find((pair) => nameOf(pair) === part)?.key as Node | undefined
    const colon = this.#text.indexOf(':', key?.range?.[1] ?? start)
    return colon < 0 || colon > start ? start : colon + 1
  }

  /** Comments between two items may hold dashes as well. */
  #behindDash(parent: YAMLSeq, index: number): number {
    const before = parent.items[index - 1]
    const between = /(?:[ \t\r\n]+|#[^\n]*)*/y
    const at = before === undefined ? (parent.range?.[0] ?? 0) : this.#contentEnd(before as Node)
    between.lastIndex = at
    return at + (between.exec(this.#text)?.[0].length ?? 0) + 1
  }

  #inserted(parent: Collection, part: string, value: JsonValue): Parsed<Splice[]> {
    if (isSeq(parent) && part !== String(parent.items.length)) {
      return this.#problem(`"${part}" is neither an index of the list nor the next one`)
    }
    const entry: JsonValue = isSeq(parent) ? [value] : { [part]: value }
    const last = parent.items.at(-1)
    if (parent.flow || last === undefined) {
      const text = flowText(entry).slice(1, -1).trim()
      const end = last === undefined ? (parent.range?.[0] ?? 0) + 1 : this.#entryEnd(last)
      return parsed([{ start: end, end, text: last === undefined ? text : `, ${text}` }])
    }
    const place = this.#blockEnd(last)
    const text = blockText(entry, ' '.repeat(this.#column(parent)), this.#lineEnd)
    return parsed([addedLine(this.#text, place, text, this.#lineEnd)])
  }

  #column(parent: Collection): number {
    const first = parent.items[0]
    const start = isSeq(parent)
      ? (parent.range?.[0] ?? 0)
      : ((first as Pair<Node> | undefined)?.key.range?.[0] ?? parent.range?.[0] ?? 0)
    return start - lineStart(this.#text, start)
  }

  /** Behind the lines of an entry of a block collection. */
  #blockEnd(entry: unknown): number {
    const end = this.#entryEnd(entry)
    return end > 0 && this.#text[end - 1] === '\n' ? end : nextLine(this.#text, end)
  }

  #entryEnd(entry: unknown): number {
    const pair = entry as Partial<Pair<Node, Node | null>>
    if (pair.key === undefined) return this.#contentEnd(entry as Node)
    return Math.max(pair.value ? this.#contentEnd(pair.value) : 0, pair.key.range?.[1] ?? 0)
  }

  /** Where the last thing that belongs to a node ends; comments behind it are not its own. */
  #contentEnd(node: Node): number {
    if ((isMap(node) || isSeq(node)) && !node.flow && node.items.length > 0) return this.#entryEnd(node.items.at(-1))
    const [start = 0, end = 0] = node.range ?? []
    // The range of a value that is not written begins behind the blanks, at its comment.
    return start === end && this.#text[end] === '#' ? withoutEndBlanks(this.#text.slice(0, end)).length : end
  }

  #flowCut(map: YAMLMap, index: number): Splice {
    const start = startOf(map, index)
    const end = this.#entryEnd(map.items[index])
    if (index + 1 < map.items.length) return { start, end: startOf(map, index + 1), text: '' }
    return { start: index > 0 ? this.#entryEnd(map.items[index - 1]) : start, end, text: '' }
  }

  #blockCut(map: YAMLMap, index: number): Splice {
    const start = startOf(map, index)
    const line = lineStart(this.#text, start)
    const shared = this.#text.slice(line, start).trim() !== ''
    if (shared && index + 1 < map.items.length) return { start, end: startOf(map, index + 1), text: '' }
    return { start: line, end: this.#blockEnd(map.items[index]), text: '' }
  }
}

function isFlow(node: Node): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true
}

function nested(path: readonly string[], value: JsonValue): JsonValue {
  return path.reduceRight<JsonValue>((made, name) => ({ [name]: made }), value)
}

function nameOf(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}

function childOf(node: Collection, part: string): Node | undefined {
  if (isSeq(node)) return /^(0|[1-9]\d*)$/.test(part) ? (node.items[Number(part)] as Node | undefined) : undefined
  return node.items.find((pair) => nameOf(pair) === part)?.value as Node | undefined
}

function startOf(map: YAMLMap, index: number): number {
  return (map.items[index] as Pair<Node> | undefined)?.key.range?.[0] ?? 0
}
