import type { ShellValue } from '../core/channel.ts'
import { Secret } from '../core/secret.ts'
import { quoteWindowsArgument } from '../shell/powershell.ts'
import { WINDOWS_PROGRAM, WINDOWS_TEXT } from '../shell/run-programs.ts'
import { defineModule } from './define.ts'
import {
  convergeDue,
  DUE_PATTERNS,
  DUE_PROPERTIES,
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
          'A text for sh, or for PowerShell on Windows; or a list: a program and its arguments, taken as they are.',
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
  validate: validateDue,
  onlyChecks: (params) => params.read_only === true,
  observe: (context, params) => observeDue(context, params, runOf(params.run)),
  diff: (params, state, triggers) => diffDue(params, state, { triggers, shown: runOf(params.run).shown }),
  explain: (params, state) => explainDue(params, state),
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
  const shown = run.map((item) => ((item as unknown) instanceof Secret ? String(item) : item))
  return { posix: { script: SCRIPT, values }, powershell: { ...WINDOWS_PROGRAM, values: windowsLine(run) }, shown }
}

/** A line with a secret in it is one. */
function windowsLine(run: readonly unknown[]): Record<string, ShellValue> {
  const bare = run.map((item) => (item instanceof Secret ? item.reveal() : String(item)))
  const [program = '', ...rest] = bare
  const line = rest.map(quoteWindowsArgument).join(' ')
  return { till_program: program, till_line: run.some((item) => item instanceof Secret) ? new Secret(line) : line }
}
