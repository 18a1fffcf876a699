import type { JsonValue } from '../core/json.ts'

/** Thrown and caught by the reader of plain YAML only: unwinds it at the first thing that is not plain. */
export const NOT_PLAIN = new Error('not plain YAML')

/** Forms of what stands in a line, each to be tried at one place. */
export const EMPTY_LINE = / *(?:#[^\n]*)?\r?(?:\n|$)/y
export const LINE_END = / *(?: #[^\n]*)?\r?(?:\n|$)/y
export const KEY = /(?:[A-Za-z0-9_][\w./-]*|<<|"[^"\\\n\r]+"|'[^'\n\r]+')(?=:[ \r\n])/y
/** After a quoted key of a flow map no space is needed: it may be JSON. */
export const FLOW_KEY = /(?:[A-Za-z0-9_][\w./-]*|<<)(?=:[ \r\n])|(?:"[^"\\\n\r]+"|'[^'\n\r]+')(?=:)/y
export const QUOTED = /"(?:[^"\\\n\r]|\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[\da-fA-F]{4}))*"|'(?:[^'\n\r]|'')*'/y
export const ANCHOR = /&[\w-]+(?= *\r?\n| +[^ \r\n])/y
export const ALIAS = /\*[\w-]+(?=[ ,\]}\r\n]|$)/y
export const LITERAL = /\|-?(?= *(?: #[^\n]*)?\r?\n)/y
export const IN_BLOCK =
  /(?:[\p{L}\p{N}_/(]|-(?=\d)|~(?=[/ \r\n]|$))(?:[\p{L}\p{N}_./+()%$@;!?'"*=~^<>&|\\,[\]{}-]| +(?=[^ #\r\n])|:(?=[^ \r\n]))*/uy
export const IN_FLOW =
  /(?:[\p{L}\p{N}_/(]|-(?=\d)|~(?=[/ ,\]}\r\n]))(?:[\p{L}\p{N}_./+()%$@;!?'"*=~^<>&|\\-]| +(?=[^ #,[\]{}\r\n])|:(?=[^ ,[\]{}\r\n]))*/uy

const NUMBER = /^-?(?:0|[1-9]\d{0,14}|\d+\.\d+|0\d{1,14})$/
const OTHER_NUMBER = /^(?:-?\d+\.?\d*(?:[eE][-+]?\d+)?|0[xo][\da-fA-F]+)$/
const WORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ...['null', 'Null', 'NULL', '~'].map((word): [string, JsonValue] => [word, null]),
  ...['true', 'True', 'TRUE'].map((word): [string, JsonValue] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, JsonValue] => [word, false]),
])

/** YAML 1.2, 10.3.2: the core schema. */
export function plainValue(text: string): JsonValue {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  const first = text.charCodeAt(0)
  if (first > 0x39 || (first < 0x30 && first !== 0x2d)) return text
  if (NUMBER.test(text)) return Number(text)
  if (OTHER_NUMBER.test(text)) throw NOT_PLAIN
  return text
}

/** The text of a scalar in quotes, which has the form QUOTED. */
export function quotedValue(written: string): string {
  const inner = written.slice(1, -1)
  if (written[0] === "'") return inner.includes("'") ? inner.replaceAll("''", "'") : inner
  if (!inner.includes('\\')) return inner
  // JSON has the same escapes; a tab as such it has not.
  return JSON.parse(written.replaceAll('\t', '\\t')) as string
}

/** A block of literal text, and where it ends. `at` is the beginning of its first line. */
export function literalText(
  text: string,
  at: number,
  options: { readonly deeperThan: number; readonly strip: boolean },
): { readonly value: string; readonly end: number } {
  const indent = indentAt(text, at)
  if (indent <= options.deeperThan) throw NOT_PLAIN
  const lines: string[] = []
  let start = at
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    // Without a line end after the last line, what it says depends on finer rules.
    if (end < 0) throw NOT_PLAIN
    const line = literalLine(text.slice(start, end).replace(/\r$/, ''), indent)
    if (line === undefined) break
    lines.push(line)
    start = end + 1
  }
  while (lines.at(-1) === '') lines.pop()
  if (lines.length === 0 || lines[0] === '') throw NOT_PLAIN
  return { value: `${lines.join('\n')}${options.strip ? '' : '\n'}`, end: start }
}

/** A line without its indentation; undefined when it is no longer of the block. */
function literalLine(line: string, indent: number): string | undefined {
  if (line.includes('\t')) throw NOT_PLAIN
  const own = indentAt(line, 0)
  if (own === line.length && own > indent) throw NOT_PLAIN
  return own === line.length || own >= indent ? line.slice(indent) : undefined
}

/** How many spaces stand at a place. */
export function indentAt(text: string, at: number): number {
  let end = at
  while (text.charCodeAt(end) === 0x20) end++
  return end - at
}
