import { dotnetOf } from './dotnet-pattern.ts'
import { grepOf } from './grep-pattern.ts'
import { between, LAST, type PatternNode, parsePattern, Untranslatable } from './parse-pattern.ts'
import { patternProblem } from './pattern.ts'

/**
 * What is wrong with a pattern that devices are asked to look for, by their grep or by .NET; a sentence without a stop,
 * undefined when it means there what it means here.
 */
export function devicePatternProblem(source: string): string | undefined {
  const problem = patternProblem(source)
  if (problem !== undefined) return problem
  try {
    const node = parsePattern(source)
    grepOf(node)
    dotnetOf(node)
    return undefined
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error
    return `it is looked for on the device itself, where ${error.message}`
  }
}

/**
 * An extended regular expression for grep in the C locale, a line at a time, as the format of `printf %b`: a script says
 * `pattern=$(printf %b "$pattern")` before. Throws for a pattern that was not checked.
 */
export function grepPattern(source: string): string {
  return grepOf(checked(source))
}

/** A regular expression for .NET without options. Throws for a pattern that was not checked. */
export function dotnetPattern(source: string): string {
  return dotnetOf(checked(source))
}

/**
 * Whether it is found only where a file is read in what it is written in, since it tells some letters beyond ASCII from
 * others; or, for grep, counts them: then letters of other encodings than UTF-8 are none. Throws for a pattern that was not
 * checked.
 */
export function looksBeyondAscii(source: string, by: 'grep' | 'dotnet'): boolean {
  return tellsBeyond(checked(source), by === 'dotnet' ? undefined : false)
}

/** `isCounted` as grep-pattern.ts has it; undefined where that makes no difference. */
function tellsBeyond(node: PatternNode, isCounted: boolean | undefined): boolean {
  if (node.kind === 'at') return false
  if (node.kind === 'repeat') {
    const counts = node.least > 1 || (node.most ?? 0) > 1
    return tellsBeyond(node.item, isCounted === undefined ? undefined : isCounted || counts)
  }
  if (node.kind !== 'set') return node.items.some((item) => tellsBeyond(item, isCounted))
  const size = between(node.ranges, 0x80, LAST).reduce((sum, [first, last]) => sum + last - first + 1, 0)
  return size > 0 && (isCounted === true || size < LAST - 0x80 + 1)
}

function checked(source: string): PatternNode {
  const problem = devicePatternProblem(source)
  if (problem !== undefined) throw new Error(`The pattern "${source}" was not checked: ${problem}.`)
  return parsePattern(source)
}
