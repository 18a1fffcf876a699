import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'

/**
 * The text of a project file with the id of the state store that counts, everything else as it was, comments too. Undefined where it
 * is written in a way that is not edited safely (anchors, several documents).
 */
export function withStateId(text: string, id: string): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true })
  if (document.errors.length > 0) return undefined
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return checked(text, appended(text, id), id)
  if (!isMap(contents)) return undefined
  const state = pairOf(contents as YAMLMap<Node, Node | null>, 'state')
  if (!state) return contents.flow ? undefined : checked(text, appended(text, id), id)
  return checked(text, edited(text, state.value, id), id)
}

function pairOf(map: YAMLMap<Node, Node | null>, key: string): Pair<Node, Node | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key)
}

function appended(text: string, id: string): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}state:\n  id: ${id}\n`
}

function edited(text: string, state: Node | null, id: string): string | undefined {
  if (isMap(state)) return inMap(text, state as YAMLMap<Node, Node | null>, id)
  const range = state?.range
  if (!range || !isScalar(state) || typeof state.value !== 'string' || state.anchor !== undefined) return undefined
  const [from, to] = range
  const source = text.slice(from, to)
  // In a flow collection `,` and brackets mean something.
  const file = state.type === 'PLAIN' && !/^[\w./-]+$/.test(source) ? JSON.stringify(state.value) : source
  return `${text.slice(0, from)}{id: ${id}, file: ${file}}${text.slice(to)}`
}

function inMap(text: string, map: YAMLMap<Node, Node | null>, id: string): string | undefined {
  const known = pairOf(map, 'id')?.value
  if (known) return known.range ? `${text.slice(0, known.range[0])}${id}${text.slice(known.range[1])}` : undefined
  const first = map.items[0]?.key.range?.[0]
  if (first === undefined || first === null) return undefined
  if (map.flow) return `${text.slice(0, first)}id: ${id}, ${text.slice(first)}`
  const line = text.lastIndexOf('\n', first - 1) + 1
  const indent = text.slice(line, first)
  return indent.trim() === '' ? `${text.slice(0, line)}${indent}id: ${id}\n${text.slice(line)}` : undefined
}

/** Only what reads back as it was meant, and changes nothing else. */
function checked(before: string, text: string | undefined, id: string): string | undefined {
  if (text === undefined) return undefined
  const after = meaningOf(text)
  return after?.id === id && isDeepStrictEqual(after.rest, meaningOf(before)?.rest) ? text : undefined
}

/** What a project file says: the id, and all else, in whichever form of `state`. */
function meaningOf(text: string): { readonly id: unknown; readonly rest: unknown } | undefined {
  const document = parseDocument(text)
  if (document.errors.length > 0) return undefined
  const { state, ...others } = (document.toJS() ?? {}) as Record<string, unknown>
  const { id, ...place } = (typeof state === 'string' ? { file: state } : (state ?? {})) as Record<string, unknown>
  return { id, rest: { ...others, state: place } }
}
