import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml'
import type { Diagnostic } from '../core/diagnostic.ts'
import type { JsonValue } from '../core/json.ts'
import type { SourceRange } from '../core/source.ts'
import { LineIndex, withoutMark } from './source-text.ts'
import { type TreeValue, treeToValue } from './yaml-values.ts'

/** A path into a value: keys of maps and indexes of lists. */
export type ValuePath = readonly (string | number)[]

/** One YAML file, read. `value` is null where the file is empty or has errors that leave nothing to look at. */
export interface ParsedYaml {
  readonly file: string
  readonly text: string
  readonly value: JsonValue
  readonly diagnostics: readonly Diagnostic[]
  /** The place of a value, or of its key. For a path that is not there: the nearest part of it that is. */
  rangeAt(path: ValuePath, part?: 'key' | 'value'): SourceRange
}

/** Characters that one file may have. */
const MOST_CHARACTERS = 8 * 1024 * 1024
/** A syntax error is mostly followed by others that it caused. */
const MOST_SYNTAX_ERRORS = 5

/** Reads one YAML 1.2 document. Every problem is a diagnostic with its place; nothing throws. */
export function parseYaml(source: string, file: string): ParsedYaml {
  const text = withoutMark(source)
  const lines = new LineIndex(text)
  const refusal = refusalOf(text, file, lines)
  if (refusal) return { file, text, value: null, diagnostics: [refusal], rangeAt: () => lines.range(file, 0, 0) }
  const parsed = parseTree(text)
  if (parsed === undefined) {
    const diagnostic = problem('YAML_LIMIT_EXCEEDED', 'Values are nested too deeply', lines.range(file, 0, 0))
    return { file, text, value: null, diagnostics: [diagnostic], rangeAt: () => lines.range(file, 0, 0) }
  }
  const { document, tree } = parsed
  const diagnostics = [
    ...syntaxDiagnostics(document, file, lines),
    ...tree.problems.map(({ node, ...rest }): Diagnostic => {
      return { ...rest, severity: 'error', source: nodeRange(node, file, lines) }
    }),
  ]
  const rangeAt = (path: ValuePath, part: 'key' | 'value' = 'value'): SourceRange => {
    const node = findNode(document.contents, path, part, tree)
    return node ? nodeRange(node, file, lines) : lines.range(file, 0, 0)
  }
  return { file, text, value: tree.value, diagnostics, rangeAt }
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

/** Files that are not even handed to the parser. */
function refusalOf(text: string, file: string, lines: LineIndex): Diagnostic | undefined {
  if (text.length > MOST_CHARACTERS) {
    const detail = `It has ${text.length} characters; at most ${MOST_CHARACTERS} are accepted. Split it into several files.`
    return { ...problem('YAML_LIMIT_EXCEEDED', 'The file is too large', lines.range(file, 0, 0)), detail }
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: YAML 1.2, 5.1: these may not stand in a file
  const control = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/)
  if (control < 0) return undefined
  const code = text.charCodeAt(control).toString(16).toUpperCase().padStart(4, '0')
  const detail =
    'YAML files hold printable characters only. Remove it, or write it as an escape in double quotes ("\\x1b").'
  const source = lines.range(file, control, control + 1)
  return { ...problem('YAML_SYNTAX_INVALID', `The file holds a control character, U+${code}`, source), detail }
}

function problem(code: Diagnostic['code'], summary: string, source: SourceRange): Diagnostic {
  return { code, severity: 'error', summary, source }
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
}

function syntaxDiagnostics(document: Document.Parsed, file: string, lines: LineIndex): Diagnostic[] {
  const errors = document.errors.slice(0, MOST_SYNTAX_ERRORS).map((error) => syntaxDiagnostic(error, file, lines))
  const warnings = document.warnings
    .slice(0, MOST_SYNTAX_ERRORS)
    .map((warning) => syntaxDiagnostic(warning, file, lines))
  return [...errors, ...warnings]
}

function syntaxDiagnostic(error: YAMLError, file: string, lines: LineIndex): Diagnostic {
  const words = SYNTAX_WORDS[error.code]
  return {
    code: 'YAML_SYNTAX_INVALID',
    severity: 'error',
    summary: words?.summary ?? error.message,
    detail: words?.detail ?? 'What is meant here cannot be told: check indentation, quotes and brackets.',
    source: lines.range(file, error.pos[0], error.pos[1]),
  }
}

function nodeRange(node: Node, file: string, lines: LineIndex): SourceRange {
  const range = (node as ParsedNode).range
  return lines.range(file, range?.[0] ?? 0, range?.[1] ?? 0)
}

/** The node at a path, or that of the deepest part of the path that there is. */
function findNode(root: Node | null, path: ValuePath, part: 'key' | 'value', tree: TreeValue): Node | null {
  let value: Node | null = root
  let key: Node | null = root
  for (const step of path) {
    const inside = value && isAlias(value) ? tree.aliased.get(value) : value
    const next = inside ? childOf(inside, step, tree) : undefined
    if (next === undefined) break
    key = next.key
    value = next.value ?? next.key
  }
  return part === 'key' ? key : value
}

interface Child {
  readonly key: Node
  readonly value: Node | null
}

function childOf(node: Node, step: string | number, tree: TreeValue): Child | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined
    return item && { key: item, value: item }
  }
  if (!isMap(node)) return undefined
  for (const pair of node.items) {
    const key = pair.key as Node
    const value = pair.value as Node | null
    if (isScalar(key) && (key.source === String(step) || String(key.value) === String(step))) return { key, value }
  }
  return mergedChildOf(node.items as readonly { readonly key: unknown; readonly value: unknown }[], step, tree)
}

function mergedChildOf(
  items: readonly { readonly key: unknown; readonly value: unknown }[],
  step: string | number,
  tree: TreeValue,
): Child | undefined {
  const merge = items.find(({ key }) => isScalar(key) && key.source === '<<')?.value as Node | undefined
  if (!merge) return undefined
  for (const source of isSeq(merge) ? (merge.items as Node[]) : [merge]) {
    const target = isAlias(source) ? tree.aliased.get(source) : source
    const child = target && childOf(target, step, tree)
    if (child) return child
  }
  return undefined
}
