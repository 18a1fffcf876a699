import { InputError } from '../core/diagnostic.ts'
import { ERROR_CODES, type ErrorExplanation, explainError, isErrorCode } from '../core/explain-error.ts'
import { suggest } from '../lang/suggest.ts'
import { formatTable } from '../reporters/table.ts'
import { wrapText } from '../reporters/wrap-text.ts'

const MOST_NEAR = 5

const EXIT_WORDS: Readonly<Record<number, string>> = {
  1: 'a fault of Tillwright itself',
  2: 'bad input; nothing was touched',
  3: 'not as desired: drift, or an unmet check',
  4: 'some device failed or is in doubt',
  5: 'some device was unreachable or could not be judged',
  6: 'held back by safety',
  130: 'interrupted',
}

/** The catalogue's entry of a code, in any case of letters; throws InputError that names near ones. */
export function explainCode(name: string): ErrorExplanation {
  const code = name.trim().toUpperCase().replaceAll('-', '_')
  if (isErrorCode(code)) return explainError(code)
  const near = nearCodes(code)
  const hint = near.length > 0 ? `did you mean ${near.map((one) => `"${one}"`).join(' or ')}?` : undefined
  throw new InputError([
    {
      code: 'USAGE_INVALID',
      severity: 'error',
      summary: `There is no error code "${name}"`,
      detail: '`till explain` lists all of them.',
      ...(hint !== undefined && { hint }),
    },
  ])
}

/** What was meant by a slip of the finger, or those that have a word of it in common, most in common first. */
function nearCodes(name: string): readonly string[] {
  const meant = suggest(name, ERROR_CODES)
  if (meant !== undefined) return [meant]
  const words = name.split(/[^A-Z0-9]+/).filter((word) => word.length > 2)
  const shared = (code: string): number => code.split('_').filter((word) => words.includes(word)).length
  const squeezed = name.replace(/[^A-Z0-9]/g, '')
  const holds = (code: string): boolean => squeezed.length > 2 && code.replaceAll('_', '').includes(squeezed)
  const near = ERROR_CODES.filter((code) => shared(code) > 0 || holds(code))
  return near.sort((a, b) => shared(b) - shared(a)).slice(0, MOST_NEAR)
}

/** A code for people, within so many columns. */
export function explanationText(error: ErrorExplanation, width: number): string {
  const part = (title: string, text: string): string =>
    `${title}\n${wrapText(text, { width, indent: '  ' }).join('\n')}`
  const exit = `${error.exit_code}, where nothing worse happened: ${EXIT_WORDS[error.exit_code] ?? 'see docs/json.md'}.`
  return [
    error.code,
    part('What happened', `${error.title}.`),
    part('Why, usually', error.cause),
    part('What to do', error.advice),
    part('Exit code', exit),
    '',
  ].join('\n')
}

/** All codes as a table. */
export function codesTable(width: number | undefined): string {
  const columns = [
    { title: 'CODE', value: ({ code }: ErrorExplanation) => code },
    { title: 'WHAT HAPPENED', value: ({ title }: ErrorExplanation) => title, flexible: true },
  ]
  return `${formatTable(ERROR_CODES.map(explainError), columns, { width }).join('\n')}\n`
}
