import { dotnetOf } from './dotnet-pattern.ts'
import { grepOf } from './grep-pattern.ts'
import { type PatternNode, parsePattern, Untranslatable } from './parse-pattern.ts'
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

function checked(source: string): PatternNode {
  const problem = devicePatternProblem(source)
  if (problem !== undefined) throw new Error(`The pattern "${source}" was not checked: ${problem}.`)
  return parsePattern(source)
}
