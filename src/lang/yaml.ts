import type { Diagnostic } from '../core/diagnostic.ts'
import type { JsonValue } from '../core/json.ts'
import type { SourceRange } from '../core/source.ts'
import { type PlainYaml, readPlainYaml } from './plain-yaml.ts'
import { LineIndex, withoutMark } from './source-text.ts'
import { type ValuePath, valueAt } from './value-path.ts'
import { readYamlTree, type YamlTree } from './yaml-tree.ts'

export { type ValuePath, valueAt }

/** One YAML file, read. `value` is null where the file is empty or has errors that leave nothing to look at. */
export interface ParsedYaml {
  readonly file: string
  readonly text: string
  readonly value: JsonValue
  readonly diagnostics: readonly Diagnostic[]
  /** The place of a value, or of its key. For a path that is not there: the nearest part of it that is. */
  rangeAt(path: ValuePath, part?: 'key' | 'value'): SourceRange
  /** The places of all keys of the map at a path, in the order of the file; cheaper than asking one by one. */
  keyRanges(path: ValuePath): ReadonlyMap<string, SourceRange>
}

/** Characters that one file may have. */
const MOST_CHARACTERS = 8 * 1024 * 1024

/** Reads one YAML 1.2 document. Every problem is a diagnostic with its place; nothing throws. */
export function parseYaml(source: string, file: string): ParsedYaml {
  const text = withoutMark(source)
  const lines = new LineIndex(text)
  const refusal = refusalOf(text, file, lines)
  if (refusal) return unread(file, text, refusal)
  const plain = readPlainYaml(text)
  let tree = plain ? undefined : readYamlTree(text, file, lines)
  // Places are mostly not asked for; then the tree is never built.
  const treeOf = (): YamlTree => {
    tree ??= readYamlTree(text, file, lines)
    return tree
  }
  return {
    file,
    text,
    value: plain ? plain.value : treeOf().value,
    diagnostics: plain ? [] : treeOf().diagnostics,
    rangeAt: (path, part = 'value') => treeOf().rangeAt(path, part),
    keyRanges: (path) => (plain ? plainKeyRanges(plain, path, file, lines) : treeOf().keyRanges(path)),
  }
}

function plainKeyRanges(
  plain: PlainYaml,
  path: ValuePath,
  file: string,
  lines: LineIndex,
): ReadonlyMap<string, SourceRange> {
  const map = valueAt(plain.value, path)
  const keys = (map !== null && typeof map === 'object' && plain.keys.get(map)) || []
  return new Map(keys.map(({ name, start, end }) => [name, lines.range(file, start, end)]))
}

function unread(file: string, text: string, diagnostic: Diagnostic): ParsedYaml {
  const start = { file, line: 1, column: 1, endLine: 1, endColumn: 1 }
  return { file, text, value: null, diagnostics: [diagnostic], rangeAt: () => start, keyRanges: () => new Map() }
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
