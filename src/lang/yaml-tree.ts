import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type ParsedNode,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { JsonValue } from '../core/json.ts'
import type { SourceRange } from '../core/source.ts'
import type { LineIndex } from './source-text.ts'
import type { ValuePath } from './value-path.ts'
import { type TreeValue, treeToValue } from './yaml-values.ts'

/** A syntax error is mostly followed by others that it caused. */
const MOST_SYNTAX_ERRORS = 5

/** A document as the full parser reads it. */
export interface YamlTree {
  readonly value: JsonValue
  readonly diagnostics: readonly Diagnostic[]
  rangeAt(path: ValuePath, part: 'key' | 'value'): SourceRange
  keyRanges(path: ValuePath): ReadonlyMap<string, SourceRange>
}

/** Reads all of YAML 1.2, with places. */
export function readYamlTree(text: string, file: string, lines: LineIndex): YamlTree {
  const parsed = parseTree(text)
  if (parsed === undefined) return tooDeep(lines.range(file, 0, 0))
  const { document, tree } = parsed
  const rangeOf = (node: Node | null): SourceRange => {
    const range = (node as ParsedNode | null)?.range
    return lines.range(file, range?.[0] ?? 0, range?.[1] ?? 0)
  }
  const find = new NodeFinder(document.contents, tree)
  return {
    value: tree.value,
    diagnostics: hidesTheRest(document, text)
      ? syntaxDiagnostics(document, text, file, lines)
      : [
          ...syntaxDiagnostics(document, text, file, lines),
          ...tree.problems.map(({ node, ...rest }): Diagnostic => {
            return { ...rest, severity: 'error', source: rangeOf(node) }
          }),
        ],
    rangeAt: (path, part) => rangeOf(find.nodeAt(path, part)),
    keyRanges: (path) => new Map([...find.childrenAt(path)].map(([name, { key }]) => [name, rangeOf(key)])),
  }
}

function tooDeep(source: SourceRange): YamlTree {
  const summary = 'Values are nested too deeply'
  const diagnostic: Diagnostic = { code: 'YAML_LIMIT_EXCEEDED', severity: 'error', summary, source }
  return { value: null, diagnostics: [diagnostic], rangeAt: () => source, keyRanges: () => new Map() }
}

function parseTree(text: string): { readonly document: Document.Parsed; readonly tree: TreeValue } | undefined {
  try {
    // Its own check for duplicate keys compares each key with each other one; ours is one look at a set.
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
    if (document.errors.some(isExhaustion)) return undefined
    return { document, tree: treeToValue(document.contents) }
  } catch (error) {
    // The parser recurses; only the depth of the file can exhaust the stack here.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function isExhaustion(error: YAMLError): boolean {
  return error.code === 'RESOURCE_EXHAUSTION'
}

const SYNTAX_WORDS: Readonly<Partial<Record<string, { readonly summary: string; readonly detail?: string }>>> = {
  TAB_AS_INDENT: {
    summary: 'A tab is used to indent',
    detail: 'YAML is indented with spaces only. Use two spaces a level.',
  },
  MULTIPLE_DOCS: {
    summary: 'The file holds more than one document',
    detail: 'One file is one document. Put what follows `---` into a file of its own.',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    summary: 'A second "key: value" on the same line, or text with ": " in it',
    detail: 'Put text that holds a colon and a space in quotes.',
  },
  TAG_RESOLVE_FAILED: { summary: 'Tags such as !name are not known', detail: 'Write the value without a tag.' },
  BAD_SCALAR_START: { summary: 'Text may not begin with this character', detail: 'Put the text in quotes.' },
  BAD_DQ_ESCAPE: {
    summary: 'An escape that does not exist',
    detail: 'In double quotes a backslash begins an escape. Double it, or use single quotes (Windows paths).',
  },
  MULTILINE_IMPLICIT_KEY: {
    summary: 'A key runs over several lines',
    detail: 'A colon is missing after the key, or a line is not indented enough.',
  },
  BAD_INDENT: {
    summary: 'A line begins in another column than those beside it',
    detail: 'Keys and items that belong together begin in the same column.',
  },
}

function isTab({ code }: YAMLError): boolean {
  return code === 'TAB_AS_INDENT'
}

/** Whatever else seems wrong with such a file follows from its tabs, its columns, or from what was left of an expression. */
function hidesTheRest(document: Document.Parsed, text: string): boolean {
  return document.errors.some(
    (error) => isTab(error) || isBareExpression(error, text) || isOtherColumn(error) || isJinja(error, text),
  )
}

/** Up to where the parser lost its way: from there on it tells of what it made of the rest. */
function ownErrors({ errors }: Document.Parsed, text: string, continued: ReadonlySet<number>): YAMLError[] {
  const cause = errors.find((error) => isTab(error) || isOtherColumn(error) || isJinja(error, text))
  if (cause) return [cause]
  const own = errors.filter(({ code, pos: [start] }) => code !== TEXT_BEFORE || !continued.has(start))
  const lost = own.findIndex(({ code }) => code === 'UNEXPECTED_TOKEN')
  return own.slice(0, lost < 0 ? MOST_SYNTAX_ERRORS : Math.min(Math.max(lost, 1), MOST_SYNTAX_ERRORS))
}

const TEXT_BEFORE = 'BLOCK_AS_IMPLICIT_KEY'
const BOTH_LINES = 'MULTILINE_IMPLICIT_KEY'

/** Where a line is indented more than the `key: text` before it: the parser tells of that text, and then of both lines, at one place. */
function continuedAt(errors: readonly YAMLError[]): ReadonlySet<number> {
  const startsOf = (wanted: string): readonly number[] =>
    errors.flatMap(({ code, pos: [start] }) => (code === wanted ? [start] : []))
  const texts = new Set(startsOf(TEXT_BEFORE))
  return new Set(startsOf(BOTH_LINES).filter((start) => texts.has(start)))
}

const CONTINUED = {
  summary: 'A line is indented more than the one before, whose text it would go on with',
  detail: 'Keys that belong together begin in the same column. A text of several lines begins with `|` behind its key.',
}

function syntaxDiagnostics(document: Document.Parsed, text: string, file: string, lines: LineIndex): Diagnostic[] {
  const continued = continuedAt(document.errors)
  const errors = ownErrors(document, text, continued)
  const warnings = document.warnings.slice(0, MOST_SYNTAX_ERRORS)
  return [...errors, ...warnings].map((error) => {
    const isOfTwoLines = error.code === BOTH_LINES && continued.has(error.pos[0])
    const [start, end] = isOfTwoLines ? lastLineOf(text, error.pos) : placeOf(error, document, text)
    const words = isOfTwoLines ? CONTINUED : wordsFor(error, text)
    return {
      code: 'YAML_SYNTAX_INVALID',
      severity: 'error',
      summary: words?.summary ?? error.message,
      detail: words?.detail ?? 'What is meant here cannot be told: check indentation, quotes and brackets.',
      source: lines.range(file, start, end),
    }
  })
}

function lastLineOf(text: string, [start, end]: readonly [number, number]): readonly [number, number] {
  const lines = text.slice(start, end)
  const from = start + lines.lastIndexOf('\n') + 1
  return [from + text.slice(from, end).search(/\S|$/), end]
}

function wordsFor(error: YAMLError, text: string): (typeof SYNTAX_WORDS)[string] {
  if (isOpenQuote(error)) return OPEN_QUOTE
  if (isBareExpression(error, text)) return BARE_EXPRESSION
  if (isOtherColumn(error)) return SYNTAX_WORDS['BAD_INDENT']
  if (isBehindQuote(error, text)) return BEHIND_QUOTE
  if (isJinja(error, text)) return JINJA
  return isOpenBracket(error) ? OPEN_BRACKET : SYNTAX_WORDS[error.code]
}

/** An item of a list that begins to the left of those before it, and yet inside of what holds them. */
function isOtherColumn({ code, message }: YAMLError): boolean {
  return code === TEXT_BEFORE && message.includes('block sequence')
}

function isBehindQuote({ code, message, pos: [start] }: YAMLError, text: string): boolean {
  return code === 'UNEXPECTED_TOKEN' && message.includes('scalar') && /["']\s*$/.test(text.slice(0, start))
}

const BEHIND_QUOTE = {
  summary: 'Text goes on behind a closing quote',
  detail:
    'Put the whole of it in quotes of the other kind, or write it without any. Inside of single quotes a single quote is doubled.',
}

function isJinja({ code, pos: [start] }: YAMLError, text: string): boolean {
  return code === 'BAD_SCALAR_START' && text.startsWith('{%', start - 1)
}

const JINJA = {
  summary: 'A statement of Jinja, which is not carried out here',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the sign of expressions
  detail: 'What differs between devices is a value of the inventory, "${{ vars.x }}"; a step for some has `when`.',
}

function isOpenBracket({ code, message }: YAMLError): boolean {
  return code === 'BAD_INDENT' && message.startsWith('Flow ')
}

const OPEN_BRACKET = {
  summary: 'A bracket is never closed',
  detail: 'Close it, { by } and [ by ]. What stands behind " #" is a comment: put such text in quotes.',
}

/** Where the parser stopped at the brace of `${{`: inside of a map or list in braces it is no text. */
function isBareExpression({ pos: [start] }: YAMLError, text: string): boolean {
  return text.startsWith('${{', start) || text.startsWith('${{', start - 1)
}

const BARE_EXPRESSION = {
  summary: 'An expression without quotes, inside of { } or [ ] or with ": " in it',
  detail: `Put the whole value in quotes: "\${{ … }}", with single quotes for text inside of it.`,
}

const OPEN_QUOTE = { summary: 'A quote is never closed', detail: 'Close it with the same character that opens it.' }

function isOpenQuote({ code, message }: YAMLError): boolean {
  return code === 'MISSING_CHAR' && message.includes('quote')
}

/** Where the error is; for an open quote where it opens, since the parser names where the file ends. */
function placeOf(error: YAMLError, document: Document.Parsed, text: string): readonly [number, number] {
  let [start, end] = error.pos
  if (isOtherColumn(error)) return [start + text.slice(start).search(/\S|$/), end]
  if (isOpenQuote(error)) {
    visit(document, {
      Scalar(_key, node) {
        const [from = 0, to = 0] = node.range ?? []
        if (node.type?.startsWith('QUOTE') && from <= start && start <= to) [start, end] = [from, from + 1]
      },
    })
  }
  return [start, end]
}

interface Child {
  readonly key: Node
  readonly value: Node | null
}

/** Finds nodes by path; the entries of a map are indexed when it is first looked into. */
class NodeFinder {
  readonly #root: Node | null
  readonly #tree: TreeValue
  readonly #children = new Map<Node, ReadonlyMap<string, Child>>()

  constructor(root: Node | null, tree: TreeValue) {
    this.#root = root
    this.#tree = tree
  }

  /** The node at a path, or that of the deepest part of the path that there is. */
  nodeAt(path: ValuePath, part: 'key' | 'value'): Node | null {
    let value = this.#root
    let key = this.#root
    for (const step of path) {
      const next = this.#childrenOf(value).get(String(step))
      if (next === undefined) break
      key = next.key
      value = next.value ?? next.key
    }
    return part === 'key' ? key : value
  }

  /** The entries of the map or list at a path; none when it is not there. */
  childrenAt(path: ValuePath): ReadonlyMap<string, Child> {
    let value = this.#root
    for (const step of path) value = this.#childrenOf(value).get(String(step))?.value ?? null
    return this.#childrenOf(value)
  }

  #childrenOf(node: Node | null): ReadonlyMap<string, Child> {
    const target = node && isAlias(node) ? this.#tree.aliased.get(node) : node
    if (!target) return new Map()
    const known = this.#children.get(target)
    if (known) return known
    const children = new Map<string, Child>()
    // Set before it is filled: a merge that leads back ends.
    this.#children.set(target, children)
    if (isSeq(target)) this.#indexList(target.items as (Node | null)[], children)
    if (isMap(target)) this.#indexMap(target.items as Pair<Node, Node | null>[], children)
    return children
  }

  #indexList(items: readonly (Node | null)[], into: Map<string, Child>): void {
    for (const [index, item] of items.entries()) if (item) into.set(String(index), { key: item, value: item })
  }

  #indexMap(items: readonly Pair<Node, Node | null>[], into: Map<string, Child>): void {
    const merges: (Node | null)[] = []
    for (const { key, value } of items) {
      const name = nameOf(key)
      if (name === MERGE) merges.push(value)
      else if (name !== undefined && !into.has(name)) into.set(name, { key, value })
    }
    for (const merge of merges.flatMap((value) => (isSeq(value) ? (value.items as Node[]) : [value]))) {
      for (const [name, child] of this.#childrenOf(merge)) if (!into.has(name)) into.set(name, child)
    }
  }
}

const MERGE = Symbol('<<')

function nameOf(key: Node): string | typeof MERGE | undefined {
  if (!isScalar(key)) return undefined
  if (key.type !== 'PLAIN') return String(key.value)
  return key.source === '<<' ? MERGE : (key.source ?? '')
}
