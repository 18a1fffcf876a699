import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, visit, type YAMLMap } from 'yaml'

/** Tags of YAML itself that say what a value is by its text; others are the business of the program that reads the file. */
const PLAIN_TAG = /^(?:tag:yaml\.org,2002:(?:str|int|float|bool|null|map|seq)|!)$/

/**
 * Why what stands at a path is not for us to compare or to change: a tag means something to its reader alone, and what
 * comes by a merge key (`<<`, YAML 1.1) stands elsewhere. Undefined when there is no reason. `forRemoval`: a value with a
 * tag may be taken away.
 */
export function foreignOn(document: Document, path: readonly string[], forRemoval: boolean): string | undefined {
  let node: Node | null | undefined = document.contents
  for (const [depth, part] of path.entries()) {
    if (node && tagOf(node) !== undefined) return tagged(node)
    const isLast = depth === path.length - 1
    const matters = isLast ? forRemoval : childOf(node, part) === undefined
    if (matters && isMap(node) && comesByMerge(document, node, part)) return MERGED
    node = childOf(node, part)
  }
  return forRemoval || !node ? undefined : tagWithin(node)
}

/** What is to be said of the first tag of another program on a node and in it. */
function tagWithin(node: Node): string | undefined {
  let found: string | undefined
  visit(node, {
    Node: (_, one) => {
      if (tagOf(one) === undefined) return undefined
      found = tagged(one)
      return visit.BREAK
    },
  })
  return found
}

const MERGED =
  'it comes by a merge key (<<) from another map, where programs that know merge keys still read it; change it there'

function tagged(node: Node): string {
  return `it has the tag ${tagOf(node)}, which means something to the program that reads it alone; change it by hand`
}

function tagOf(node: Node): string | undefined {
  const tag = (node as { tag?: string }).tag
  return tag === undefined || PLAIN_TAG.test(tag) ? undefined : tag
}

function childOf(node: Node | null | undefined, part: string): Node | null | undefined {
  if (isSeq(node)) return /^(0|[1-9]\d*)$/.test(part) ? (node.items[Number(part)] as Node | undefined) : undefined
  if (!isMap(node)) return undefined
  return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === part)?.value as
    | Node
    | null
    | undefined
}

/** Whether a map has a key by its merge keys, be it by itself or not. */
function comesByMerge(document: Document, map: YAMLMap, part: string, seen: ReadonlySet<Node> = new Set()): boolean {
  if (seen.has(map)) return false
  const known = new Set([...seen, map])
  return sourcesOf(document, map).some(
    (source) => childOf(source, part) !== undefined || comesByMerge(document, source, part, known),
  )
}

/** The maps that `<<` of a map names, one or a list of them. */
function sourcesOf(document: Document, map: YAMLMap): readonly YAMLMap[] {
  const merges = map.items.filter((pair) => isScalar(pair.key) && String(pair.key.value) === '<<')
  const named = merges.flatMap(({ value }) => (isSeq(value) ? value.items : [value]))
  return named
    .map((one) => (isAlias(one) ? one.resolve(document) : one))
    .filter((one) => isNode(one) && isMap(one)) as YAMLMap[]
}
