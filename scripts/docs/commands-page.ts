import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from '@oclif/core'
import { code, notice, table } from './markdown.ts'

interface Flag {
  readonly char?: string
  readonly description?: string
  readonly helpGroup?: string
  readonly helpValue?: string | readonly string[]
  readonly options?: readonly string[]
  readonly required?: boolean
  readonly multiple?: boolean
  readonly type: 'boolean' | 'option'
  readonly env?: string
  readonly default?: unknown
  readonly hidden?: boolean
}

interface Described {
  readonly name: string
  readonly command: typeof Command
}

/** `docs/commands.md`, from the classes in the given folder. */
export async function commandsPage(folder: string): Promise<string> {
  const commands = await Promise.all(namesBelow(folder).map((name) => describeCommand(folder, name)))
  const overview = commands.map(({ name, command }) => [
    `[${name}](#till-${name.replaceAll(' ', '-')})`,
    text(command.summary ?? ''),
  ])
  const shared = sharedFlags(commands)
  return [
    notice('the classes in src/commands'),
    INTRODUCTION,
    table(['command', 'what it does'], overview),
    '## Flags that pick devices',
    'The same for every command that works on devices or shows them; several of one kind are joined by or, different kinds by ' +
      'and. What is listed by `till inventory list` with them is what a run would work on.',
    flagTable(shared),
    ...commands.map(({ name, command }) => section(name, command, new Set(Object.keys(shared)))),
    '',
  ].join('\n\n')
}

const INTRODUCTION = `# Commands

Every command says the same with \`--help\`. All of them take \`--project FOLDER\` (or \`TILL_PROJECT\` in the environment) where
the repository is neither this folder nor one above it. Exit codes: [json.md](json.md#exit-codes).`

function namesBelow(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.map((file) => file.slice(0, -'.ts'.length).replaceAll('/', ' ')).sort()
}

async function describeCommand(folder: string, name: string): Promise<Described> {
  const file = join(folder, `${name.replaceAll(' ', '/')}.ts`)
  const { default: command } = (await import(pathToFileURL(file).href)) as { default: typeof Command }
  return { name, command }
}

/** Those of the group SELECT that more than one command takes. */
function sharedFlags(commands: readonly Described[]): Readonly<Record<string, Flag>> {
  const select = commands.flatMap(({ command }) =>
    Object.entries(flagsOf(command)).filter(([, f]) => f.helpGroup === 'SELECT'),
  )
  const often = select.filter(([name]) => select.filter(([other]) => other === name).length > 4)
  return Object.fromEntries(often)
}

function flagsOf(command: typeof Command): Readonly<Record<string, Flag>> {
  return (command.flags ?? {}) as unknown as Readonly<Record<string, Flag>>
}

function section(name: string, command: typeof Command, shared: ReadonlySet<string>): string {
  const args = Object.entries(command.args ?? {}).map(([arg, { required, description = '' }]) => [
    code(required ? arg.toUpperCase() : `[${arg.toUpperCase()}]`),
    text(description),
  ])
  const own = Object.fromEntries(Object.entries(flagsOf(command)).filter(([flag]) => !shared.has(flag)))
  const picks = Object.keys(flagsOf(command)).some((flag) => flag === 'where')
  const rows = Object.values(own).some(({ hidden }) => !hidden) ? flagTable(own) : ''
  return [
    `## till ${name}`,
    text(command.summary ?? ''),
    text(command.description ?? ''),
    args.length > 0 ? table(['argument', 'what it is'], args) : '',
    picks ? 'Takes the [flags that pick devices](#flags-that-pick-devices).' : '',
    rows,
    examplesOf(command),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function flagTable(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).flatMap(([name, flag]) => {
    if (flag.hidden) return []
    const value = flag.type === 'boolean' ? '' : ` ${[flag.helpValue ?? 'VALUE'].flat().join(' ')}`
    const written = `${flag.char ? `-${flag.char}, ` : ''}--${name}${value}`
    return [[code(written), whatItIs(flag)]]
  })
  return table(['flag', 'what it is'], rows)
}

function whatItIs({ description = '', options, required, multiple, env, ...flag }: Flag): string {
  return [
    text(description),
    options ? `One of ${options.map(code).join(', ')}.` : '',
    ['string', 'number'].includes(typeof flag.default) ? `Default: ${code(String(flag.default))}.` : '',
    required ? 'Required.' : '',
    multiple ? 'May be given several times.' : '',
    env ? `In the environment: ${code(env)}.` : '',
  ]
    .filter((part) => part !== '')
    .join(' · ')
}

function examplesOf(command: typeof Command): string {
  const lines = (command.examples ?? []).map((example) => {
    if (typeof example === 'string') return text(example)
    return `# ${example.description}\n${text(example.command)}`
  })
  return lines.length > 0 ? `\`\`\`sh\n${lines.join('\n\n')}\n\`\`\`` : ''
}

/** Text of a class without oclif's templates. */
function text(template: string): string {
  return template.replaceAll('<%= config.bin %>', 'till').trim()
}
