import type { JsonValue } from '../../core/json.ts'
import {
  indentAt,
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
import {
  type JsonArrayNode,
  type JsonChild,
  type JsonNode,
  type JsonObjectNode,
  jsonTree,
  jsonValueOf,
} from './json-tree.ts'
import type { KeyEdit } from './key-edits.ts'
import { ITEM_REMOVAL, treeCodec } from './tree-model.ts'

/**
 * JSON, comments and trailing commas allowed. Keys are paths: `server.ports.0`, a dot in a name is written `\.`.
 * New members go to the end of their object in the file's own indentation; an item may be appended by the next index.
 */
export const jsonCodec = treeCodec({
  read: readNode,
  valueOf: (node) => (node === undefined ? {} : jsonValueOf(node)),
  begun: (text) => (text.trim() === '' ? `{}${lineEndOf(text)}` : text),
  edit({ text, read, key, value }) {
    if (read === undefined) return parsed({ splices: [] })
    if (value === undefined) return removeSplices(text, read, key)
    const splices = setSplices(text, read, key, value)
    return splices.ok ? parsed({ splices: splices.value }) : splices
  },
})

/** A file without any content is an empty object, so that a new file can be made. */
function readNode(text: string): Parsed<JsonNode | undefined> {
  return text.trim() === '' ? parsed(undefined) : jsonTree(text)
}

type Container = JsonObjectNode | JsonArrayNode

function childOf(node: JsonNode, part: string): JsonChild | undefined {
  return node.kind === 'scalar' ? undefined : node.children.findLast((child) => child.key === part)
}

function setSplices(text: string, root: JsonNode, key: string, value: JsonValue): Parsed<Splice[]> {
  let node = root
  let parent = root
  const path = splitPath(key)
  for (const [depth, part] of path.entries()) {
    const child = childOf(node, part)
    if (child) {
      parent = node
      node = child.node
      continue
    }
    if (node.kind === 'scalar') return problem(`"${key}": there is a value on the way that is not a map or a list`)
    if (node.kind === 'array' && part !== String(node.children.length)) {
      return problem(`"${key}": "${part}" is neither an index of the list nor the next one`)
    }
    const inner = path.slice(depth + 1).reduceRight<JsonValue>((made, name) => ({ [name]: made }), value)
    return parsed(inserted(text, node, part, inner))
  }
  if (sameValue(jsonValueOf(node), value)) return parsed([])
  const indent = onOneLine(text, parent) || onOneLine(text, node) ? undefined : indentAt(text, node.start)
  return parsed([{ start: node.start, end: node.end, text: rendered(text, value, indent) }])
}

/** A value as text, its inner lines indented from `indent` on; on one line when there is no indentation. */
function rendered(text: string, value: JsonValue, indent: string | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (indent === undefined || (!text.trim().includes('\n') && text.trim() !== '{}')) return compact(text, value)
  return JSON.stringify(value, null, unitOf(text)).replace(/\n/g, lineEndOf(text) + indent)
}

/** On one line, with blanks where the file has them. */
function compact(text: string, value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const comma = /, ["\d{[]/.test(text) ? ', ' : ','
  if (Array.isArray(value)) return `[${value.map((item) => compact(text, item)).join(comma)}]`
  const colon = text.includes('": ') ? ': ' : ':'
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}${colon}${compact(text, item)}`)
    .join(comma)}}`
}

/** Whether a map or list that holds something stands on one line of a file that has several. */
function onOneLine(text: string, node: JsonNode): boolean {
  return node.kind !== 'scalar' && node.children.length > 0 && !text.slice(node.start, node.end).includes('\n')
}

/** The first step of indentation in the file. */
function unitOf(text: string): string {
  return /\n([ \t]+)["{[]/.exec(text)?.[1] ?? '  '
}

function inserted(text: string, parent: Container, key: string, value: JsonValue): Splice[] {
  const last = parent.children.at(-1)
  const lineEnd = lineEndOf(text)
  const gap = last?.gap || (text.includes('\n') || text.includes('": ') || text.trim() === '{}' ? ' ' : '')
  const head = parent.kind === 'array' ? '' : `${JSON.stringify(key)}:${/\n/.test(gap) ? ' ' : gap}`
  if (last === undefined) return insertedFirst(text, parent, head, value)
  const ownLine = text.slice(parent.start, last.start).includes('\n') && lineStart(text, last.start) > parent.start
  const trailing = last.comma === undefined ? '' : ','
  const comma: Splice[] = last.comma === undefined ? [{ start: last.end, end: last.end, text: ',' }] : []
  const behind = (last.comma ?? last.end - 1) + 1
  if (!ownLine) {
    const blank = text.slice(parent.start, parent.end).includes(', ') || gap !== '' ? ' ' : ''
    return [...comma, { start: behind, end: behind, text: blank + head + rendered(text, value, undefined) + trailing }]
  }
  const indent = indentAt(text, last.start)
  const at = endOfRemark(text, behind)
  return [...comma, { start: at, end: at, text: lineEnd + indent + head + rendered(text, value, indent) + trailing }]
}

/** Behind a comment that stands on the same line as what it comments. */
function endOfRemark(text: string, offset: number): number {
  const remark = /^[ \t]*(?:\/\/[^\r\n]*|\/\*(?:(?!\*\/)[^\n])*\*\/(?=[ \t]*\r?\n))/.exec(text.slice(offset))
  return offset + (remark?.[0].length ?? 0)
}

function insertedFirst(text: string, parent: Container, head: string, value: JsonValue): Splice[] {
  const inside = text.slice(parent.start + 1, parent.end - 1)
  const outer = indentAt(text, parent.start)
  const compact = !text.trim().includes('\n') && text.trim() !== '{}'
  if (compact && inside.trim() === '') {
    return [{ start: parent.start + 1, end: parent.end - 1, text: head + rendered(text, value, outer) }]
  }
  const lineEnd = lineEndOf(text)
  const indent = outer + unitOf(text)
  const line = `${indent}${head}${rendered(text, value, indent)}`
  if (inside.trim() === '') {
    return [{ start: parent.start + 1, end: parent.end - 1, text: lineEnd + line + lineEnd + outer }]
  }
  // Only comments stand in it: they stay above.
  const at = parent.start + 1 + inside.trimEnd().length
  return [{ start: at, end: parent.end - 1, text: lineEnd + line + lineEnd + outer }]
}

/** A name may stand several times in an object: all of them go, one after the other. */
function removeSplices(text: string, root: JsonNode, key: string): Parsed<KeyEdit> {
  const path = splitPath(key)
  const last = path.at(-1)
  let node: JsonNode | undefined = root
  for (const part of path.slice(0, -1)) node = node && childOf(node, part)?.node
  if (node === undefined || node.kind === 'scalar') return parsed({ splices: [] })
  const index = node.children.findLastIndex((child) => child.key === last)
  const child = node.children[index]
  if (child === undefined) return parsed({ splices: [] })
  if (node.kind === 'array') return problem(`"${key}": ${ITEM_REMOVAL}`)
  const previous = node.children[index - 1]
  const splices = [cut(text, node, child, index)]
  // The comma in front of a last member that goes would be one too many.
  if (index === node.children.length - 1 && child.comma === undefined && previous?.comma !== undefined) {
    splices.unshift({ start: previous.comma, end: previous.comma + 1, text: '' })
  }
  return parsed({ splices, again: node.children.findIndex(({ key }) => key === last) < index })
}

/** The whole lines of a member that has them to itself; else the member, its comma and the blank beside it. */
function cut(text: string, parent: Container, child: JsonChild, index: number): Splice {
  const behind = (child.comma ?? child.end - 1) + 1
  const from = lineStart(text, child.start)
  const to = nextLine(text, endOfRemark(text, behind))
  const alone = text.slice(from, child.start).trim() === '' && text.slice(endOfRemark(text, behind), to).trim() === ''
  if (alone && from > parent.start && to <= parent.end) return { start: from, end: to, text: '' }
  const next = parent.children[index + 1]
  const previous = parent.children[index - 1]
  if (next) return { start: child.start, end: next.start, text: '' }
  if (previous) return { start: (previous.comma ?? previous.end - 1) + 1, end: behind, text: '' }
  return { start: child.start, end: behind, text: '' }
}
