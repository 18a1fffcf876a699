import type { Diagnostic } from '../core/diagnostic.ts'
import type { SourceRange } from '../core/source.ts'
import { isPointerText, POINTER_HINT } from '../files/lfs-pointer.ts'

/** Offsets to lines and columns of one text, found when first asked. */
export class LineIndex {
  readonly #text: string
  #starts: number[] | undefined

  constructor(text: string) {
    this.#text = text
  }

  /** Line and column, both from 1, of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const starts = this.#lineStarts()
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }

  /** The offset of a line and column, both from 1. */
  offset(line: number, column: number): number {
    return (this.#lineStarts()[line - 1] ?? this.#text.length) + column - 1
  }

  range(file: string, start: number, end: number): SourceRange {
    const from = this.position(start)
    const to = this.position(Math.max(start, end))
    return { file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column }
  }

  #lineStarts(): number[] {
    if (this.#starts === undefined) {
      this.#starts = [0]
      for (let at = this.#text.indexOf('\n'); at >= 0; at = this.#text.indexOf('\n', at + 1)) this.#starts.push(at + 1)
    }
    return this.#starts
  }
}

/** The text without a byte order mark; columns count without it. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** Bytes of a file as text. What is not UTF-8 is a diagnostic at the first wrong byte; so is what only stands for a file. */
export function decodeText(
  bytes: Uint8Array,
  file: string,
): { readonly text: string; readonly diagnostics: readonly Diagnostic[] } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (isPointerText(text)) return { text: '', diagnostics: [pointerAt(file)] }
    const nul = text.indexOf('\0')
    return { text: nul < 0 ? text : '', diagnostics: nul < 0 ? [] : [nulAt(text, nul, file)] }
  } catch {
    const text = new TextDecoder('utf-8').decode(bytes)
    const wrong = firstWrongCharacter(text, bytes)
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const detail = utf16
      ? 'It looks like UTF-16, as Windows programs write it. Save the file as UTF-8.'
      : 'It is probably in an older encoding such as Windows-1250. Save the file as UTF-8.'
    const source = new LineIndex(text).range(file, wrong, wrong + 1)
    const diagnostic: Diagnostic = {
      code: 'YAML_SYNTAX_INVALID',
      severity: 'error',
      summary: 'The file is not UTF-8 text',
      detail,
      source,
    }
    return { text, diagnostics: [diagnostic] }
  }
}

/** As an empty text it would be a file in which nothing is wrong, and nothing is said. */
export function pointerAt(file: string): Diagnostic {
  return {
    code: 'FILE_IS_POINTER',
    severity: 'error',
    summary: 'The file is a pointer of Git LFS: its content is not here',
    hint: POINTER_HINT,
    source: { file, line: 1, column: 1, endLine: 1, endColumn: 1 },
  }
}

function nulAt(text: string, at: number, file: string): Diagnostic {
  return {
    code: 'YAML_SYNTAX_INVALID',
    severity: 'error',
    summary: 'The file is not text: it holds a NUL character',
    detail: 'It may be damaged, or not the file that was meant.',
    source: new LineIndex(text.slice(0, at + 1)).range(file, at, at + 1),
  }
}

/** Index of the first replacement character that does not stand in the file itself. */
function firstWrongCharacter(text: string, bytes: Uint8Array): number {
  let byte = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let from = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) {
    byte += Buffer.byteLength(text.slice(from, at))
    if (bytes[byte] !== 0xef || bytes[byte + 1] !== 0xbf || bytes[byte + 2] !== 0xbd) return at
    from = at
  }
  return 0
}
