import type { Hook } from '@oclif/core'
import { EXIT } from '../core/outcome.ts'
import { suggest } from '../lang/suggest.ts'
import { argTooMany, type CommandFacts, type Told } from './usage-errors.ts'

/** What there is instead of `words`, which begin with no command, or hold more than the command takes. */
export function unknownCommand(words: readonly string[], commands: readonly CommandFacts[]): Told {
  const [first = ''] = words
  if (first.startsWith('-')) {
    const summary = `"${first}" stands where the command is expected`
    return { summary, detail: 'Flags stand behind the command: till status --help. `till help` lists the commands.' }
  }
  for (let length = words.length - 1; length > 0; length -= 1) {
    const id = words.slice(0, length).join(':')
    const command = commands.find((one) => one.id === id)
    const near = command && meant(words, commands, length + 1)
    if (command && near === undefined) return argTooMany(words.slice(length), command)
  }
  const summary = `There is no command "${words.join(' ')}"`
  const near = meant(words, commands)
  if (near !== undefined) {
    return { summary, detail: '`till help` lists all of them.', hint: `did you mean "${near}"?` }
  }
  const own = commands.map(({ id }) => id.replaceAll(':', ' ')).filter((id) => id.split(' ').includes(first))
  if (own.length > 0) return { summary, detail: `There are ${own.join(', ')}.` }
  const topics = [...new Set(commands.map(({ id }) => id.split(':')[0]))].sort()
  return { summary, detail: `There are ${topics.join(', ')}; \`till help\` says more.` }
}

/** The line with the command in it that was probably meant: its first words are it, all but for a slip or their order. */
function meant(words: readonly string[], commands: readonly CommandFacts[], from = 1): string | undefined {
  const names = commands.map(({ id }) => id.replaceAll(':', ' '))
  for (let length = Math.min(2, words.length); length >= from; length -= 1) {
    const begin = words.slice(0, length)
    const swapped = begin.toReversed().join(' ')
    const candidates = names.filter((name) => name.split(' ').length === length)
    const near = candidates.includes(swapped) ? swapped : suggest(begin.join(' '), candidates)
    if (near !== undefined) return [near, ...words.slice(length)].join(' ')
  }
  return undefined
}

/** Says what there is instead of a command that there is not; exit code 2. */
const hook: Hook.CommandNotFound = async ({ id, argv = [], config, context }) => {
  const { summary, ...more } = unknownCommand(
    id.split(':'),
    config.commands.filter((command) => !command.hidden),
  )
  if (argv.includes('--json')) {
    const diagnostic = { code: 'USAGE_INVALID', severity: 'error', summary, ...more }
    process.stdout.write(`${JSON.stringify({ schema: 'till.diagnostics/1', diagnostics: [diagnostic] }, null, 2)}\n`)
  } else {
    const lines = [`error ${summary} USAGE_INVALID`, ...Object.values(more)]
    process.stderr.write(`${lines.join('\n  ')}\n`)
  }
  context.exit(EXIT.usage)
}

export default hook
