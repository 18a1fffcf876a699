import type { JsonValue } from '../../core/json.ts'

/** Why a text could not be read, or why a format cannot hold what was asked for. Never quotes the file: it may hold secrets. */
export interface ConfigProblem {
  readonly message: string
  /** Counts from 1. */
  readonly line?: number
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: ConfigProblem }

/** What a configuration file says. */
export interface ConfigReading {
  /** Every key with its value, in the order of the file; a key that repeats has a list. Gathered where it is asked for. */
  readonly keys: ReadonlyMap<string, JsonValue>
  /**
   * The value at a key or path; undefined when it is not there. `desired`: what it is to be held against, where a format has
   * several ways to say the same.
   */
  get(key: string, desired?: JsonValue): JsonValue | undefined
  /** What people have to know of where these keys stand. */
  notes?(asked: readonly string[]): readonly string[]
}

export interface ConfigEdit {
  readonly set: ReadonlyMap<string, JsonValue>
  readonly remove: readonly string[]
}

/** One file format. Everything here is pure. */
export interface ConfigCodec {
  read(text: string): Parsed<ConfigReading>
  /**
   * The text with the edit made and nothing else touched: comments, order, blank lines, quotes and line ends stay.
   * A problem when the format cannot hold a value or a key. `has` says whether the encoding of the file has a character:
   * a format that can write those that are missing in another way does.
   */
  edit(text: string, edit: ConfigEdit, has?: (char: string) => boolean): Parsed<string>
  /** A desired value as reading it back would give it: 3 is "3" where a format knows only text. */
  normal(value: JsonValue): JsonValue
}

/** It could be read, or written. See `Parsed`. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

/** Why it cannot be read, or written, and in which line where there is one. */
export function problem(message: string, line?: number): { readonly ok: false; readonly problem: ConfigProblem } {
  return { ok: false, problem: line === undefined ? { message } : { message, line } }
}

/** A part of a text to be put in the place of another. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Makes splices that do not overlap; those at the same place keep their order. */
export function spliced(text: string, splices: readonly Splice[]): string {
  const ordered = splices
    .map((splice, index) => ({ ...splice, index }))
    .sort((a, b) => a.start - b.start || a.index - b.index)
  let out = ''
  let at = 0
  for (const splice of ordered) {
    out += text.slice(at, splice.start) + splice.text
    at = Math.max(at, splice.end)
  }
  return out + text.slice(at)
}

/** The number of the line, from 1, that holds an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** The line end that a text uses: that of its first line, `\n` when it has none. */
export function lineEndOf(text: string): string {
  const at = text.indexOf('\n')
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n'
}

/** Offset of the start of the line that holds an offset. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

/** Offset behind the line end of the line that holds an offset. */
export function nextLine(text: string, offset: number): number {
  const at = text.indexOf('\n', offset)
  return at < 0 ? text.length : at + 1
}

/** Blanks at the start of the line that holds an offset. */
export function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? ''
}

/** Splits `a.b\.c` at its dots; a backslash takes the next character as it is. */
export function splitPath(key: string): string[] {
  const parts = ['']
  for (let at = 0; at < key.length; at++) {
    const char = key[at] ?? ''
    if (char === '.') parts.push('')
    else parts.push(`${parts.pop() ?? ''}${char === '\\' && at + 1 < key.length ? key[++at] : char}`)
  }
  return parts
}

/** The reverse of `splitPath`. */
export function joinPath(parts: readonly (string | number)[]): string {
  return parts.map((part) => String(part).replace(/[\\.]/g, '\\$&')).join('.')
}

/** Whether two values say the same; the order of keys in maps does not count. */
export function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (Object.is(a, b) || a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at]))
    )
  }
  const left = Object.entries(a as Readonly<Record<string, JsonValue>>)
  const right = new Map(Object.entries(b as Readonly<Record<string, JsonValue>>))
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameValue(value, right.get(key)))
}
