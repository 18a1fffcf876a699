import { isMap, isScalar, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'

/**
 * The text of a project file with the id of the state store that counts, everything else as it was, comments too. Undefined where it
 * is written in a way that is not edited safely (anchors, several documents).
 */
export function withStateId(text: string, id: string): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true })
  if (document.errors.length > 0) return undefined
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return checked(appended(text, id), id)
  if (!isMap(contents)) return undefined
  const state = pairOf(contents as YAMLMap<Node, Node | null>, 'state')
  if (!state) return contents.flow ? undefined : checked(appended(text, id), id)
  return checked(edited(text, state.value, id), id)
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
  return `${text.slice(0, from)}{id: ${id}, file: ${text.slice(from, to)}}${text.slice(to)}`
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
function checked(text: string | undefined, id: string): string | undefined {
  if (text === undefined) return undefined
  const document = parseDocument(text)
  return document.errors.length === 0 && document.getIn(['state', 'id']) === id ? text : undefined
}
