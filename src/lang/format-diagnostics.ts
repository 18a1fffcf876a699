import { isAbsolute, relative } from 'node:path'
import { styleText } from 'node:util'
import { counted } from '../core/counted.ts'
import type { Diagnostic } from '../core/diagnostic.ts'
import { codeFrame, visible } from './code-frame.ts'

export interface FormatDiagnosticsOptions {
  /** Write ANSI colours. */
  readonly color: boolean
  /** The text of a file that a diagnostic points into, for its frame. */
  readonly textOf: (file: string) => string | undefined
  /** Columns to stay within. Default: 100. */
  readonly width?: number
  /** How many are written out; the rest are counted. Default: 100. */
  readonly limit?: number
}

/** What is imported was not written for us: any line of it may hold a secret, so none is shown. */
const WITHOUT_FRAME: readonly string[] = ['INV_IMPORT_INVALID', 'INV_IMPORT_PARTIAL']

type Paint = (style: 'red' | 'yellow' | 'bold' | 'dim' | 'cyan', text: string) => string

/**
 * Diagnostics as the terminal shows them: place, what is wrong, the lines around it, what would be right, the code.
 * They come in the order given; what comes from files (values, keys) cannot steer the terminal.
 */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options: FormatDiagnosticsOptions): string {
  const limit = options.limit ?? 100
  const paint: Paint = options.color
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_, text) => text
  const texts = new Map<string, string | undefined>()
  const textOf = (file: string): string | undefined => {
    if (!texts.has(file)) texts.set(file, options.textOf(file))
    return texts.get(file)
  }
  const blocks = diagnostics.slice(0, limit).map((diagnostic) => formatOne(diagnostic, paint, { ...options, textOf }))
  return [...blocks, closing(diagnostics, limit)].join('\n\n')
}

function formatOne(diagnostic: Diagnostic, paint: Paint, options: FormatDiagnosticsOptions): string {
  const { source, summary, detail, hint, code, severity } = diagnostic
  const lines: string[] = []
  const label = severity === 'error' ? paint('red', 'error') : paint('yellow', 'warning')
  if (source) lines.push(paint('cyan', `${visible(shortPath(source.file))}:${source.line}:${source.column}`))
  lines.push(`${label} ${paint('bold', visible(summary))} ${paint('dim', code)}`)
  const text = source && !WITHOUT_FRAME.includes(code) && options.textOf(source.file)
  if (source && typeof text === 'string') {
    const frame = codeFrame(text, source, {
      width: options.width ?? 100,
      emphasize: (part) => paint(severity === 'error' ? 'red' : 'yellow', part),
      dim: (part) => paint('dim', part),
    })
    if (frame !== '') lines.push(frame)
  }
  if (detail !== undefined) lines.push(`  ${visible(detail)}`)
  if (hint !== undefined) lines.push(`  ${paint('cyan', visible(hint))}`)
  return lines.join('\n')
}

function closing(diagnostics: readonly Diagnostic[], limit: number): string {
  const errors = diagnostics.filter((d) => d.severity === 'error').length
  const warnings = diagnostics.length - errors
  const files = new Set(diagnostics.flatMap((d) => (d.source ? [d.source.file] : []))).size
  const counts = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')].filter(Boolean)
  const where = files > 1 ? ` in ${counted(files, 'file')}` : ''
  const rest = diagnostics.length > limit ? `; the first ${limit} are shown` : ''
  return `${counts.join(' and ')}${where}${rest}.`
}

/** Relative to where the user stands, when the file is below that. */
function shortPath(file: string): string {
  if (!isAbsolute(file)) return file
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? file : path
}
