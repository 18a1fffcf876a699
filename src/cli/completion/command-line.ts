/** The part of oclif's manifest that completion reads. */
export interface Manifest {
  readonly commands: Readonly<Record<string, ManifestCommand>>
}

interface ManifestCommand {
  readonly summary?: string
  readonly hidden?: boolean
  readonly strict?: boolean
  readonly args: Readonly<Record<string, ManifestArg>>
  readonly flags: Readonly<Record<string, ManifestFlag>>
}

interface ManifestArg {
  readonly name: string
  readonly options?: readonly string[]
}

interface ManifestFlag {
  readonly name: string
  readonly char?: string
  readonly description?: string
  readonly type: 'option' | 'boolean'
  readonly helpValue?: string | readonly string[]
  readonly delimiter?: string
  readonly multiple?: boolean
  readonly options?: readonly string[]
  readonly hidden?: boolean
}

/** One thing that may stand at the cursor. */
export interface Candidate {
  readonly value: string
  readonly about?: string
}

/** What is wanted at the cursor: words that are known already, or a value of something. */
export type Wanted =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  /** `before` stands before the value in the same word: `--store=`. */
  | {
      readonly kind: 'value'
      readonly command: string
      readonly of: ValueOf
      /** Arguments of the command that stand before it. */
      readonly given: readonly string[]
      readonly before: string
      readonly prefix: string
    }

interface ValueOf {
  readonly flag?: string
  /** What the help has for its value: FILE. */
  readonly help?: string
  readonly arg?: string
  readonly options?: readonly string[]
}

const NOTHING: Wanted = { kind: 'words', candidates: [] }

/** What may stand in the last word, given those before it; pure. `words` begins behind `till`. */
export function wantedAt(words: readonly string[], manifest: Manifest): Wanted {
  const before = words.slice(0, -1)
  const current = words.at(-1) ?? ''
  const found = commandOf(before, manifest)
  if (found === undefined) return { kind: 'words', candidates: commandWords(before, manifest) }
  const { id, command, rest } = found
  if (rest.includes('--') && !current.startsWith('-')) return NOTHING
  const given = positionals(rest, command)
  const open = openFlag(rest.at(-1), command)
  if (open) return valueAt({ command: id, given }, open, '', current)
  const [, assigned, value = ''] = /^(--[a-z][a-z-]*)=(.*)$/s.exec(current) ?? []
  if (assigned !== undefined) {
    const flag = flagOf(assigned, command)
    return flag?.type === 'option' ? valueAt({ command: id, given }, flag, `${assigned}=`, value) : NOTHING
  }
  if (current.startsWith('-')) return { kind: 'words', candidates: flagWords(rest, command) }
  const args = Object.values(command.args)
  // `strict: false` says that the last argument may be repeated.
  const arg = args[given.length] ?? (command.strict === false ? args.at(-1) : undefined)
  if (arg === undefined) return NOTHING
  const of = { arg: arg.name, ...(arg.options && { options: arg.options }) }
  return { kind: 'value', command: id, of, given, before: '', prefix: current }
}

function valueAt(
  at: { readonly command: string; readonly given: readonly string[] },
  { name, options, helpValue, delimiter }: ManifestFlag,
  before: string,
  typed: string,
): Wanted {
  const help = [helpValue ?? []].flat()[0]
  // Of a list, the last of it is being typed.
  const listed = delimiter === undefined ? '' : typed.slice(0, typed.lastIndexOf(delimiter) + 1)
  return {
    kind: 'value',
    ...at,
    of: { flag: name, ...(help !== undefined && { help }), ...(options && { options }) },
    before: `${before}${listed}`,
    prefix: typed.slice(listed.length),
  }
}

/** The command that the words begin with, and the words behind it. */
function commandOf(
  words: readonly string[],
  { commands }: Manifest,
): { readonly id: string; readonly command: ManifestCommand; readonly rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const id = words.slice(0, length).join(':')
    const command = words.length >= length ? commands[id] : undefined
    if (command) return { id, command, rest: words.slice(length) }
  }
  return undefined
}

/** Words of commands that come next: topics, and commands of their own. */
function commandWords(before: readonly string[], { commands }: Manifest): readonly Candidate[] {
  const next = new Map<string, Candidate>()
  for (const [id, { summary, hidden }] of Object.entries(commands)) {
    const words = id.split(':')
    const value = words[before.length]
    if (hidden || value === undefined || words.slice(0, before.length).join(':') !== before.join(':')) continue
    const isWhole = words.length === before.length + 1
    if (isWhole || !next.has(value))
      next.set(value, { value, ...(isWhole && summary !== undefined && { about: summary }) })
  }
  return [...next.values()].sort((a, b) => (a.value < b.value ? -1 : 1))
}

/** Flags that may still be given, long ones only: they say what they mean. */
function flagWords(given: readonly string[], command: ManifestCommand): readonly Candidate[] {
  const names = new Set(given.map((word) => flagOf(word.replace(/=.*/s, ''), command)?.name))
  const flags = Object.values(command.flags).filter(
    ({ name, multiple, hidden }) => !hidden && (multiple || !names.has(name)),
  )
  return [
    ...flags.map(({ name, description }) => ({
      value: `--${name}`,
      ...(description !== undefined && { about: description }),
    })),
    { value: '--help', about: 'say what the command does' },
  ]
}

function flagOf(word: string, { flags }: ManifestCommand): ManifestFlag | undefined {
  if (word.startsWith('--')) return flags[word.slice(2)]
  return word.length === 2 && word.startsWith('-')
    ? Object.values(flags).find(({ char }) => char === word[1])
    : undefined
}

/** The flag whose value the next word is. */
function openFlag(word: string | undefined, command: ManifestCommand): ManifestFlag | undefined {
  const flag = word === undefined ? undefined : flagOf(word, command)
  return flag?.type === 'option' ? flag : undefined
}

/** The arguments that stand there already. */
function positionals(words: readonly string[], command: ManifestCommand): readonly string[] {
  return words.filter((word, index) => !word.startsWith('-') && !openFlag(words[index - 1], command))
}
