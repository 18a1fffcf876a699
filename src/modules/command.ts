import type { ShellValue } from '../core/channel.ts'
import { isSecret, Secret } from '../core/secret.ts'
import { batchProblem, windowsCommandLine } from '../shell/powershell.ts'
import { WINDOWS_PROGRAM, WINDOWS_REFUSED, WINDOWS_TEXT } from '../shell/run-programs.ts'
import { defineModule } from './define.ts'
import {
  convergeDue,
  DUE_PATTERNS,
  DUE_PROPERTIES,
  DUE_VALUE,
  diffDue,
  explainDue,
  observeDue,
  proofOfDue,
  type Run,
  validateDue,
  valueOfDue,
} from './run-when-due.ts'

// A text is evaluated by the shell that is there, so that neither it nor a secret in it stands in a process list.
const SCRIPT = `if [ "$till_arg_count" -eq 0 ]; then
  eval "$till_run"
else
  set --
  till_i=1
  while [ "$till_i" -le "$till_arg_count" ]; do
    eval "set -- \\"\\$@\\" \\"\\\${till_arg_$till_i}\\""
    till_i=$((till_i + 1))
  done
  command -v "$1" >/dev/null 2>&1 || { printf '%s\\n' "till: missing program: $1" >&2; exit 97; }
  "$@"
fi`

export const command = defineModule({
  name: 'command',
  summary: 'Runs a command when it has to run, or to look',
  systems: ['linux', 'windows'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['run'],
    properties: {
      run: {
        description:
          'A text for sh, or for PowerShell on Windows; or a list: a program and its arguments, taken as they are. ' +
          'What it leaves running is no longer heard, and may end by writing: send its output elsewhere.',
        examples: ['agentctl cleanup', ['agentctl', 'set', 'store name', 'Żabka "Pod Dębem"']],
        anyOf: [
          { type: 'string', minLength: 1 },
          { type: 'array', minItems: 1, items: { type: ['string', 'number'] } },
        ],
      },
      ...DUE_PROPERTIES,
    },
  },
  patterns: DUE_PATTERNS,
  validate: (params, step) => validateDue(params, step) ?? complainAboutBatch(params['run']),
  onlyChecks: (params) => params.read_only === true,
  observe: (context, params) => observeDue(context, params, runOf(params.run)),
  diff: (params, state, triggers) => diffDue(params, state, { triggers, shown: runOf(params.run).shown }),
  explain: (params, state) => explainDue(params, state),
  valueSchema: DUE_VALUE,
  value: valueOfDue,
  converge: (context, params) => convergeDue(context, params, runOf(params.run)),
  proof: (params, _changes, _state, system) => proofOfDue(params, system),
})

function runOf(run: string | readonly (string | number)[]): Run {
  if (!Array.isArray(run)) {
    const text = run as string
    return {
      posix: { script: SCRIPT, values: { till_arg_count: 0, till_run: text } },
      powershell: { ...WINDOWS_TEXT, values: { till_text: text } },
      shown: String(run),
    }
  }
  const values: Record<string, ShellValue> = { till_arg_count: run.length, till_run: '' }
  for (const [index, item] of run.entries()) values[`till_arg_${index + 1}`] = item
  const shown = run.map((item) => (isSecret(item) ? String(item) : item))
  return { posix: { script: SCRIPT, values }, powershell: windowsProgram(run), shown }
}

/** A line with a secret in it is one. */
function windowsProgram(run: readonly unknown[]): NonNullable<Run['powershell']> {
  const [program = '', ...rest] = wordsOf(run)
  const problem = batchProblem(program, rest)
  if (problem !== undefined) return { ...WINDOWS_REFUSED, values: { till_why: problem } }
  const line = windowsCommandLine(program, rest)
  const till_line = run.some(isSecret) ? new Secret(line) : line
  return { ...WINDOWS_PROGRAM, values: { till_program: program, till_line } }
}

function wordsOf(run: readonly unknown[]): string[] {
  return run.map((item) => (isSecret(item) ? item.reveal() : String(item)))
}

function complainAboutBatch(run: unknown): string | undefined {
  if (!Array.isArray(run)) return undefined
  // What is not known yet is looked at when it is.
  const [program = '', ...rest] = wordsOf(run).filter((word) => !word.includes('${{'))
  const problem = batchProblem(program, rest)
  return problem && `${problem} Give it by \`environment\`, or write \`run\` as a text for PowerShell.`
}
