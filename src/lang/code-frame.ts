import type { SourceRange } from '../core/source.ts'
import { withoutMark } from './source-text.ts'

const LINES_BEFORE = 2
const LINES_AFTER = 1
const TAB = '  '

export interface CodeFrameOptions {
  /** Columns to stay within. Default: 100. */
  readonly width?: number
  /** Styles the marked line's sign and the carets. */
  readonly emphasize?: (text: string) => string
  /** Styles the other lines and the line numbers. */
  readonly dim?: (text: string) => string
}

/** Four lines around a range of a text, with carets under it. Empty when the range is not in the text. */
export function codeFrame(text: string, range: SourceRange, options: CodeFrameOptions = {}): string {
  const lines = withoutMark(text).split('\n', range.line + LINES_AFTER)
  if (range.line > lines.length) return ''
  const { width = 100, emphasize = same, dim = same } = options
  const first = Math.max(1, range.line - LINES_BEFORE)
  const gutter = String(lines.length).length
  const room = Math.max(20, width - gutter - 5)
  const marked = (lines[range.line - 1] ?? '').replace(/\r$/, '')
  const from = shownWidth(marked.slice(0, range.column - 1))
  const end = range.endLine > range.line ? marked.length : range.endColumn - 1
  const to = Math.max(from + 1, shownWidth(marked.slice(0, end)))
  const shift = from < room - 10 ? 0 : from - Math.floor(room / 3)
  const out: string[] = []
  for (let number = first; number <= Math.min(lines.length, range.line + LINES_AFTER); number++) {
    const shown = clip(visible(withoutSecrets((lines[number - 1] ?? '').replace(/\r$/, ''))), shift, room)
    const label = `${String(number).padStart(gutter)} |`
    const line = shown === '' ? label : `${label} ${shown}`
    out.push(number === range.line ? `${emphasize('>')} ${line}` : dim(`  ${line}`))
    if (number !== range.line) continue
    const start = from - shift
    const carets = '^'.repeat(Math.max(1, Math.min(to - shift, room) - start))
    out.push(`  ${dim(`${' '.repeat(gutter)} |`)} ${' '.repeat(start)}${emphasize(carets)}`)
  }
  return out.join('\n')
}

function same(text: string): string {
  return text
}

/** Controls, bidirectional overrides and invisible characters as something that can be seen and does nothing. */
export function visible(text: string): string {
  return text
    .replaceAll('\t', TAB)
    .replace(/[\p{Cc}]/gu, (c) => {
      const code = c.charCodeAt(0)
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd'
    })
    .replace(/[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '\ufffd')
}

const SECRET_ENTRY = /((?:password|passphrase|passwd|token|secret_key|api_key|community)["']?\s*:\s*)([^\s#].*)$/i

/** Where a secret is kept, and nothing behind it: that is no secret itself. */
const REFERENCE = /^["']?(?:env:[A-Za-z_]\w*|file:\/[\w./-]+)["']?\s*[,}\]]*\s*$/

/** Secrets do not belong in files, but where one stands all the same, it is not shown. */
function withoutSecrets(line: string): string {
  return line.replace(SECRET_ENTRY, (entry, key: string, value: string) => {
    if (REFERENCE.test(value)) return entry
    return /^\{\s*secret\s*:\s*["']?[a-z][a-z0-9]*:\S/.test(value) ? entry : key + '*'.repeat(value.length)
  })
}

function shownWidth(text: string): number {
  return text.length + (text.split('\t').length - 1) * (TAB.length - 1)
}

function clip(line: string, shift: number, room: number): string {
  if (shift === 0 && line.length <= room) return line
  const part = line.slice(shift, shift + room)
  const start = shift > 0 && part !== '' ? `…${part.slice(1)}` : part
  return line.length > shift + room ? `${start.slice(0, -1)}…` : start
}
