import type { Hook } from '@oclif/core'
import { EXIT } from '../core/outcome.ts'
import { wantsSandbox } from './sandbox-variable.ts'

/** What is told of a flag of a command. */
interface FlagFacts {
  readonly type: string
  readonly char?: string | undefined
}

/** Of a command line: a flag that takes a value, and what stands there for it. */
interface WrongValue {
  readonly flag: string
  readonly value: string
}

/**
 * The first flag that takes a value and would get another flag for it (`--device --help`), or nothing (`--from-run ""`),
 * where a variable of a script held something else than was thought. Behind `=` a value may begin as it likes, and so may
 * numbers; what follows `--` is not ours.
 */
export function wrongValue(
  argv: readonly string[],
  flags: Readonly<Record<string, FlagFacts>>,
): WrongValue | undefined {
  const takesValue = new Set(
    Object.entries(flags).flatMap(([name, { type, char }]) =>
      type === 'option' ? [`--${name}`, ...(char === undefined ? [] : [`-${char}`])] : [],
    ),
  )
  for (let at = 0; at < argv.length && argv[at] !== '--'; at += 1) {
    const [flag = '', joined] = partsOf(argv[at] ?? '')
    if (!takesValue.has(flag)) continue
    const value = joined ?? argv[at + 1]
    const isFlag = joined === undefined && value !== undefined && /^-[^\d]/.test(value)
    if (value !== undefined && (isFlag || value.trim() === '')) return { flag, value }
    if (joined === undefined) at += 1
  }
  return undefined
}

/** `--name=value` in its two parts. */
function partsOf(word: string): readonly string[] {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1
  return equals < 0 ? [word] : [word.slice(0, equals), word.slice(equals + 1)]
}

function toldOf({ flag, value }: WrongValue): { readonly summary: string; readonly detail: string } {
  if (value.trim() === '') {
    const detail = 'Give it one, or leave the flag away. Did a variable of a script hold nothing?'
    return { summary: `${flag} takes a value, and the one that is given is empty`, detail }
  }
  const written = flag.startsWith('--') ? `${flag}=${value}` : `${flag}${value}`
  const inScript = flag.startsWith('--') ? `${flag}="$value"` : 'the long form with ='
  return {
    summary: `${flag} takes a value, and "${value}" looks like a flag`,
    detail: `If it is the value, write ${written}; in a script, ${inScript}.`,
  }
}

/** What is wrong with the variable that stands for `--sandbox`. Where it is right, it is written as oclif reads it. */
function sandboxProblem(flags: Readonly<Record<string, FlagFacts>>): ReturnType<typeof toldOf> | undefined {
  if (!('sandbox' in flags) || process.env['TILL_SANDBOX'] === undefined) return undefined
  const wanted = wantsSandbox(process.env)
  if (wanted !== undefined) process.env['TILL_SANDBOX'] = String(wanted)
  if (wanted !== undefined) return undefined
  const summary = `TILL_SANDBOX is "${process.env['TILL_SANDBOX']}", which is neither true nor false`
  return {
    summary,
    detail: 'Set it to true or false, or unset it: the sandbox and the real devices are not to be mistaken.',
  }
}

/** Refuses a wrong value before `--help` or `--version` in its place is taken for one; exit code 2. */
const flagValues: Hook.Init = async ({ id, argv, config, context }) => {
  const command = id === undefined ? undefined : config.findCommand(id)
  const wrong = command && wrongValue(argv, command.flags)
  const told = wrong ? toldOf(wrong) : command && sandboxProblem(command.flags)
  if (!told) return
  const { summary, detail } = told
  if (argv.includes('--json')) {
    const diagnostic = { code: 'USAGE_INVALID', severity: 'error', summary, detail }
    process.stdout.write(`${JSON.stringify({ schema: 'till.diagnostics/1', diagnostics: [diagnostic] }, null, 2)}\n`)
  } else process.stderr.write(`error ${summary} USAGE_INVALID\n  ${detail}\n`)
  context.exit(EXIT.usage)
}

export default flagValues
