import type { ExpressionProblem } from './expression-problem.ts'

/** A piece of a string: text as it is, or the CEL between `${{` and `}}` with its place in the string. */
export type TemplatePart = { readonly text: string } | { readonly code: string; readonly offset: number }

export const EXPRESSION_OPEN = '${{'
const ESCAPED = '$${{'

/** Cuts a string into text and expressions. A closing `}}` inside quotes or a map of the expression does not count. */
export function splitTemplate(
  source: string,
): { readonly parts: readonly TemplatePart[] } | { readonly problem: ExpressionProblem } {
  const parts: TemplatePart[] = []
  let text = ''
  let at = 0
  while (at < source.length) {
    const open = source.indexOf(EXPRESSION_OPEN, at)
    if (open < 0) break
    if (open > at && source[open - 1] === '$') {
      text += source.slice(at, open - 1) + EXPRESSION_OPEN
      at = open + EXPRESSION_OPEN.length
      continue
    }
    const start = open + EXPRESSION_OPEN.length
    const end = endOfCode(source, start)
    if (end === undefined) return { problem: unclosed(open, source.length) }
    text += source.slice(at, open)
    if (text !== '') parts.push({ text })
    text = ''
    parts.push({ code: source.slice(start, end), offset: start })
    at = end + 2
  }
  text += source.slice(at)
  if (text !== '' || parts.length === 0) parts.push({ text })
  return { parts }
}

function unclosed(open: number, length: number): ExpressionProblem {
  const detail = `An expression in a text is written ${EXPRESSION_OPEN} like this }}. For the characters themselves write ${ESCAPED}.`
  return { summary: 'An expression is not closed with }}', detail, offset: open, length: length - open }
}

function endOfCode(source: string, start: number): number | undefined {
  let depth = 0
  for (let at = start; at < source.length; at++) {
    const character = source[at]
    if (character === '"' || character === "'") at = endOfString(source, at)
    else if (character === '{') depth++
    else if (character === '}' && depth > 0) depth--
    else if (character === '}' && source[at + 1] === '}') return at
  }
  return undefined
}

/** Index of the closing quote, or the end. In `r"..."` a backslash is a character like others. */
function endOfString(source: string, start: number): number {
  const quote = source[start]
  const raw = /(^|\W)[rR]$/.test(source.slice(Math.max(0, start - 2), start))
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\' && !raw) at++
    else if (source[at] === quote) return at
  }
  return source.length
}
