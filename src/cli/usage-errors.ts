import { stripVTControlCharacters } from 'node:util'
import type { Diagnostic } from '../core/diagnostic.ts'
import { insteadOfFlag } from '../lang/foreign-words.ts'
import { didYouMean, suggest } from '../lang/suggest.ts'

/** What is told of a command to say what is wrong with its line. */
export interface CommandFacts {
  readonly id: string
  readonly args: Readonly<Record<string, ArgFacts>>
  readonly flags: Readonly<Record<string, FlagFacts>>
}

interface ArgFacts {
  readonly name?: string
  readonly description?: string | undefined
  readonly required?: boolean | undefined
  readonly options?: readonly string[] | undefined
}

interface FlagFacts {
  readonly description?: string | undefined
  readonly helpValue?: string | readonly string[] | undefined
  readonly options?: readonly string[] | undefined
}

export interface Told {
  readonly summary: string
  readonly detail?: string
  readonly hint?: string
}

/** oclif tells most of it as text only. Each form of it, and what is said in its place. */
const FORMS: readonly (readonly [RegExp, (words: readonly string[], command: CommandFacts) => Told])[] = [
  [
    /^Expected --(\S+?)=(.*) to be one of: (.*)$/s,
    ([flag, value, list = '']) => ({ summary: `--${flag} takes no "${value}"`, ...oneOf(list, value) }),
  ],
  [
    /^Expected (.*) to be one of: (.*)$/s,
    ([value, list = '']) => ({ summary: `"${value}" is not taken here`, ...oneOf(list, value) }),
  ],
  [
    /^Parsing --(\S+) \n\tExpected an integer(?: (greater|less) than or equal to (\d+))? but received: (.*)$/s,
    ([flag, bound, number, value]) => {
      const range = bound === undefined ? '' : bound === 'greater' ? ` of ${number} or more` : ` of ${number} or less`
      return { summary: `--${flag} takes a whole number${range}, not "${value}"` }
    },
  ],
  [/^Parsing --(\S+) \n\t(.*)$/s, ([flag, said]) => ({ summary: `--${flag}: ${said}` })],
  [
    /^Missing required flag (\S+)$/,
    ([flag = ''], { flags }) => ({ summary: `--${flag} is missing`, detail: aboutFlag(flag, flags[flag]) }),
  ],
  [
    /^--(\S+?)(?:=.*)? cannot also be provided when using --(\S+)$/s,
    ([one, other]) => ({ summary: `--${one} and --${other} do not go together`, detail: 'Leave one of them out.' }),
  ],
  [
    /^All of the following must be provided when using --(\S+): (.*)$/,
    ([flag, needed = '']) => ({ summary: `--${flag} goes with ${needed.replaceAll(', ', ' and ')} only` }),
  ],
  [
    /^Exactly one of the following must be provided: (.*)$/,
    ([list = '']) => ({ summary: `One of ${list} is needed, and one only` }),
  ],
  [
    /^Flag --(\S+) can only be specified once$/,
    ([flag]) => ({ summary: `--${flag} is taken once; it is there twice` }),
  ],
  [
    /^Flag --(\S+) expects (?:a value|one of these values: .*)$/,
    ([flag = ''], { flags }) => ({
      summary: `--${flag} takes a value, and there is none`,
      detail: aboutFlag(flag, flags[flag]),
    }),
  ],
]

/** What is wrong with a command line that oclif does not take. */
export function usageErrors(error: Error, command: CommandFacts): readonly Diagnostic[] {
  const usage = `See ${wordsOf(command)} --help.`
  const seen = new Map<string, Diagnostic>()
  for (const told of toldOf(error, command)) {
    const { summary, detail = usage, hint } = told
    const diagnostic = { code: 'USAGE_INVALID', severity: 'error', summary, detail, ...(hint && { hint }) } as const
    // Two flags that exclude each other are told from both sides.
    const key = told.summary.split(' ').toSorted().join(' ')
    if (!seen.has(key)) seen.set(key, diagnostic)
  }
  return [...seen.values()]
}

function toldOf(error: Error, command: CommandFacts): readonly Told[] {
  const { name } = error.constructor
  if (name === 'NonExistentFlagsError' && 'flags' in error && Array.isArray(error.flags))
    return error.flags.map((flag) => unknownFlag(String(flag), command))
  if (name === 'RequiredArgsError' && 'args' in error && Array.isArray(error.args))
    return error.args.map((arg) => missingArg(arg, command))
  if (name === 'UnexpectedArgsError' && 'args' in error && Array.isArray(error.args))
    return [argTooMany(error.args.map(String), command)]
  const text = stripVTControlCharacters(error.message).replace(/\nSee more help with --help$/, '')
  const [, several] = /^The following errors? occurred:\n(.*)$/s.exec(text) ?? []
  const each = several === undefined ? [text] : several.split('\n').map((line) => line.trim())
  return each.map((line) => formOf(line, command))
}

function formOf(text: string, command: CommandFacts): Told {
  for (const [form, told] of FORMS) {
    const [whole, ...words] = form.exec(text) ?? []
    if (whole !== undefined) return told(words, command)
  }
  return { summary: text }
}

function unknownFlag(flag: string, { id, flags }: CommandFacts): Told {
  const name = flag.replace(/^-+/, '').replace(/=.*$/s, '')
  const near = suggest(name, Object.keys(flags))
  const hint = near === undefined ? insteadOfFlag(name) : `did you mean --${near}?`
  if (id === 'exec' && hint === undefined) {
    const detail = 'What is for the command stands behind two dashes: till exec --store PL-0412 -- uname -r'
    return { summary: `There is no flag ${flag} here`, detail }
  }
  return { summary: `There is no flag ${flag} here`, ...(hint !== undefined && { hint }) }
}

function missingArg(arg: ArgFacts, command: CommandFacts): Told {
  const about = arg.options?.join(', ') ?? arg.description
  return {
    summary: `${titleOf(arg)} is missing`,
    detail: `Write ${[wordsOf(command), ...requiredArgs(command)].join(' ')}${about === undefined ? '' : `: ${about}`}`,
  }
}

const WHOLE_REPOSITORY = ' It is about the whole repository that it runs in; --project FOLDER names another one.'

/** The words that stand first for an answer: where devices are picked by flags, an argument is most often one of them. */
export function argTooMany(args: readonly string[], command: CommandFacts): Told {
  const [first = ''] = args
  const taken = Object.values(command.args).map(titleOf)
  const summary = `${args.map((arg) => `"${arg}"`).join(', ')}: ${args.length === 1 ? 'that is an argument' : 'those are arguments'} too many`
  const words = wordsOf(command)
  if (first !== '' && 'device' in command.flags && 'store' in command.flags) {
    const flag = first.includes('/') ? '--device' : '--store'
    if (taken.length === 0)
      return { summary, detail: `Devices and stores are picked by flags: ${words} ${flag} ${first}` }
  }
  if (taken.length === 0) {
    const whole = 'project' in command.flags && /[/\\.]/.test(first) ? WHOLE_REPOSITORY : ''
    return { summary, detail: `${words} takes none.${whole}` }
  }
  const quotes = ' Words that belong together stand in quotes.'
  return { summary, detail: `${words} takes ${taken.join(' and ')}, and nothing more.${quotes}` }
}

function oneOf(list: string, value = ''): Omit<Told, 'summary'> {
  return { detail: `It is one of ${list}.`, ...didYouMean(value, list.split(', ')) }
}

function aboutFlag(name: string, { description, helpValue, options }: FlagFacts = {}): string {
  const value = options?.join('|') ?? [helpValue ?? 'VALUE'].flat()[0]
  return `Write --${name} ${value}${description === undefined ? '' : `: ${description}`}`
}

function wordsOf({ id }: CommandFacts): string {
  return `till ${id.replaceAll(':', ' ')}`
}

function requiredArgs({ args }: CommandFacts): readonly string[] {
  return Object.values(args).flatMap((arg) => (arg.required ? [titleOf(arg)] : []))
}

function titleOf({ name = '' }: ArgFacts): string {
  return name.toUpperCase()
}
