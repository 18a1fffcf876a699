import { RE2JS } from 're2js'

/** A regular expression of the one dialect (RE2), ready for use. Time grows with the length of the text, whatever it says. */
export interface Pattern {
  readonly source: string
  /** Whether it is found anywhere in the text. */
  readonly test: (text: string) => boolean
  /** The first place where it is found, and then its groups; a group that took no part is undefined. */
  readonly exec: (text: string) => readonly (string | undefined)[] | undefined
  /** The text with `put` in each place where it is found, or of its groups, where it has some; and in how many places. */
  readonly replace: (text: string, put: string) => { readonly text: string; readonly count: number }
  /** Numbers of the groups that have a name. */
  readonly names: Readonly<Record<string, number>>
  readonly groups: number
}

export interface PatternOptions {
  /** Small and capital letters are alike. */
  readonly ignoreCase?: boolean
  /** `^` and `$` stand for the begin and end of every line, not only of the text. */
  readonly lines?: boolean
}

export type PatternResult =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string }

/** Longer ones are written by no hand, and cost memory for every state. */
const LONGEST = 4096
/** Patterns of expressions may be made anew for every device. */
const KEPT = 500

const kept = new Map<string, PatternResult>()

/** Compiles a pattern; what is wrong with one comes as a sentence without a stop at its end. */
export function compilePattern(source: string, options: PatternOptions = {}): PatternResult {
  const key = `${options.ignoreCase ? 'i' : ''}${options.lines ? 'm' : ''}/${source}`
  const known = kept.get(key)
  if (known) return known
  const made = compile(source, options)
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '')
  kept.set(key, made)
  return made
}

/** For a pattern that was checked before. Throws for one that is none: that is a bug of the caller. */
export function patternOf(source: string, options: PatternOptions = {}): Pattern {
  const compiled = compilePattern(source, options)
  if (!compiled.ok) throw new Error(`The pattern "${source}" was not checked: ${compiled.problem}.`)
  return compiled.pattern
}

/** What is wrong with a pattern, as a sentence without a stop; undefined when nothing is. */
export function patternProblem(source: string): string | undefined {
  const compiled = compilePattern(source)
  return compiled.ok ? undefined : compiled.problem
}

/** A problem of a pattern as a sentence of its own. */
export function asSentence(problem: string): string {
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`
}

function compile(source: string, { ignoreCase = false, lines = false }: PatternOptions): PatternResult {
  if (source.length > LONGEST)
    return { ok: false, problem: `it has ${source.length} characters; ${LONGEST} are the most` }
  const flags = (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) | (lines ? RE2JS.MULTILINE : 0)
  try {
    return { ok: true, pattern: patternBy(RE2JS.compile(source, flags), source) }
  } catch (error) {
    return {
      ok: false,
      problem: problemOf(error as Error & { readonly error?: string; readonly input?: string }, source),
    }
  }
}

function patternBy(compiled: RE2JS, source: string): Pattern {
  return {
    source,
    groups: compiled.groupCount(),
    names: compiled.namedGroups(),
    test: (text) => compiled.test(text),
    exec: (text) => {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? undefined)
    },
    replace: (text, put) => replaced(compiled, text, put),
  }
}

function replaced(compiled: RE2JS, text: string, put: string): { readonly text: string; readonly count: number } {
  const matcher = compiled.matcher(text)
  const groups = matcher.groupCount()
  const parts: string[] = []
  let done = 0
  let count = 0
  while (matcher.find()) {
    for (let group = groups === 0 ? 0 : 1; group <= groups; group += 1) {
      const [from, to] = [matcher.start(group), matcher.end(group)]
      // A group that took no part is at -1; one within another has gone with it.
      if (from < done || to <= from) continue
      parts.push(text.slice(done, from), put)
      done = to
      count += 1
    }
  }
  return { text: count === 0 ? text : parts.join('') + text.slice(done), count }
}

/** What people bring along from other dialects, by the piece that RE2 stumbles over. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^\(\?(?:=|!|<=|<!|P?<!|P?<=)/, 'looking ahead or behind is not supported'],
  [/^\\[1-9k]/, 'references back to a group are not supported'],
  [/^\(\?>/, 'atomic groups are not supported; nothing here ever tries twice'],
  [/^\\Z/, 'the end of the text is written \\z'],
  [/^\\[uU]/, 'a character by its number is written \\x{0142}'],
  [/^[*+?}]*[+*?]{2}$|^\{.*\}[*+{]/, 'a repetition cannot be repeated'],
  [/^\{(\d+,)?\d+/, 'a part may be repeated at most 1000 times'],
]

function problemOf(
  { error, input, message }: { readonly error?: string; readonly input?: string; readonly message: string },
  source: string,
): string {
  const piece = input ?? ''
  const known = FOREIGN.find(([sign]) => sign.test(piece))?.[1]
  const words = known ?? (error ?? message).replace(/^error parsing regexp: /, '')
  return piece === '' || piece === source ? words : `${words}: \`${piece.slice(0, 60)}\``
}
