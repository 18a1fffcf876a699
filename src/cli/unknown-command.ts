import type { Hook } from '@oclif/core'
import { EXIT } from '../core/outcome.ts'
import { didYouMean } from '../lang/suggest.ts'

/** Says what there is instead of a command that there is not; exit code 2. */
const unknownCommand: Hook.CommandNotFound = async ({ id, argv = [], config, context }) => {
  const name = id.replaceAll(':', ' ')
  const names = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '))
  const summary = `There is no command "${name}"`
  const hint = didYouMean(name, names)
  const topics = [...new Set(names.map((one) => one.split(' ')[0]))].sort()
  const detail =
    hint.hint === undefined ? `There are ${topics.join(', ')}; till help says more.` : '`till help` lists all of them.'
  if (argv.includes('--json')) {
    const diagnostic = { code: 'USAGE_INVALID', severity: 'error', summary, detail, ...hint }
    process.stdout.write(`${JSON.stringify({ schema: 'till.diagnostics/1', diagnostics: [diagnostic] }, null, 2)}\n`)
  } else {
    const lines = [`error ${summary} USAGE_INVALID`, detail, ...(hint.hint === undefined ? [] : [hint.hint])]
    process.stderr.write(`${lines.join('\n  ')}\n`)
  }
  context.exit(EXIT.usage)
}

export default unknownCommand
