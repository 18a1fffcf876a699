import type { Hook } from '@oclif/core'
import { EXIT } from '../core/outcome.ts'

/** What is told of a flag of a command. */
interface FlagFacts {
  readonly type: string
  readonly char?: string | undefined
}

/**
 * The first flag that takes a value and would get another flag for it: `--device --help`, where a variable of a script held
 * something else than was thought. Behind `=` a value may begin as it likes, and so may numbers; what follows `--` is not ours.
 */
export function flagForValue(
  argv: readonly string[],
  flags: Readonly<Record<string, FlagFacts>>,
): { readonly flag: string; readonly value: string } | undefined {
  const takesValue = new Set(
    Object.entries(flags).flatMap(([name, { type, char }]) =>
      type === 'option' ? [`--${name}`, ...(char === undefined ? [] : [`-${char}`])] : [],
    ),
  )
  for (let at = 0; at < argv.length && argv[at] !== '--'; at += 1) {
    const [flag = '', value] = [argv[at], argv[at + 1]]
    if (!takesValue.has(flag)) continue
    if (value !== undefined && /^-[^\d]/.test(value)) return { flag, value }
    at += 1
  }
  return undefined
}

/** Refuses a flag in the place of a value before `--help` or `--version` in it is taken for one; exit code 2. */
const flagValues: Hook.Init = async ({ id, argv, config, context }) => {
  const command = id === undefined ? undefined : config.findCommand(id)
  const wrong = command && flagForValue(argv, command.flags)
  if (!wrong) return
  const { flag, value } = wrong
  const summary = `${flag} takes a value, and "${value}" looks like a flag`
  const written = flag.startsWith('--') ? `${flag}=${value}` : `${flag}${value}`
  const detail = `If it is the value, write ${written}; in a script, ${flag.startsWith('--') ? `${flag}="$value"` : 'the long form with ='}.`
  if (argv.includes('--json')) {
    const diagnostic = { code: 'USAGE_INVALID', severity: 'error', summary, detail }
    process.stdout.write(`${JSON.stringify({ schema: 'till.diagnostics/1', diagnostics: [diagnostic] }, null, 2)}\n`)
  } else process.stderr.write(`error ${summary} USAGE_INVALID\n  ${detail}\n`)
  context.exit(EXIT.usage)
}

export default flagValues
