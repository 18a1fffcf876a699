import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '../core/json.ts'
import { WINDOWS_TEXT } from '../shell/run-programs.ts'
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

// Through a pipe: the text stands neither in a process list nor in a file of the device.
const SCRIPT = `command -v "$till_interpreter" >/dev/null 2>&1 || { printf '%s\\n' "till: missing program: $till_interpreter" >&2; exit 97; }
printf '%s' "$till_body" | { exec 3<&0 </dev/null; "$till_interpreter" /dev/fd/3; }`

export const script = defineModule({
  name: 'script',
  summary: 'Runs a script in sh, PowerShell, bash, python3, perl or another interpreter when it has to run, or to look',
  systems: ['linux', 'windows'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    properties: {
      body: {
        type: 'string',
        minLength: 1,
        description: 'The text of the script. It never becomes a file of the device.',
        examples: ['set -e\nrm -rf /var/spool/agent/*\n'],
      },
      sh: { type: 'string', minLength: 1, description: 'What is run where there is a POSIX shell; as `body` for sh.' },
      powershell: {
        type: 'string',
        minLength: 1,
        description: 'What is run on Windows, by Windows PowerShell 5.1. It never becomes a file of the device.',
        examples: ['Get-ChildItem $env:ProgramData\\Till\\*.tmp | Remove-Item'],
      },
      interpreter: {
        type: 'string',
        pattern: '^[A-Za-z0-9_/][A-Za-z0-9._+/-]*$',
        description: 'A program that runs the file named as its first argument. Default: sh.',
        examples: ['python3', '/usr/bin/perl'],
      },
      ...DUE_PROPERTIES,
    },
  },
  patterns: DUE_PATTERNS,
  validate,
  onlyChecks: (params) => params.read_only === true,
  observe: (context, params) => observeDue(context, params, runOf(params)),
  diff: (params, state, triggers) => diffDue(params, state, { triggers, shown: runOf(params).shown }),
  explain: (params, state) => explainDue(params, state),
  valueSchema: DUE_VALUE,
  value: valueOfDue,
  converge: (context, params) => convergeDue(context, params, runOf(params)),
  proof: (params, _changes, _state, system) => proofOfDue(params, system),
})

interface Bodies {
  readonly body?: string
  readonly sh?: string
  readonly powershell?: string
  readonly interpreter?: string
}

function validate(params: JsonObject, step: { readonly reacting: boolean }): string | undefined {
  const { body, sh, powershell, interpreter } = params
  if (body === undefined && sh === undefined && powershell === undefined) {
    return 'Say what to run: `sh`, `powershell` or both; or `body` with an `interpreter`.'
  }
  if (body !== undefined && sh !== undefined) return '`body` and `sh` are the same: use one of them.'
  if (interpreter !== undefined && body === undefined) return '`interpreter` goes with `body`.'
  return validateDue(params, step)
}

function runOf({ body, sh, powershell, interpreter = 'sh' }: Bodies): Run {
  const posix = body ?? sh
  const values = { till_interpreter: interpreter, till_body: posix ?? '' }
  return {
    ...(posix !== undefined && { posix: { script: SCRIPT, values } }),
    ...(powershell !== undefined && { powershell: { ...WINDOWS_TEXT, values: { till_text: powershell } } }),
    shown: shown(posix, powershell),
  }
}

const SHOWN_CHARACTERS = 200

function shown(posix: string | undefined, powershell: string | undefined): JsonValue {
  if (powershell === undefined) return brief(String(posix))
  return posix === undefined
    ? brief(String(powershell))
    : { sh: brief(String(posix)), powershell: brief(String(powershell)) }
}

/** A long text is shown by its beginning and a fingerprint: results of thousands of devices hold it. */
function brief(body: string): string {
  if (body.length <= SHOWN_CHARACTERS) return body
  const fingerprint = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return `${body.slice(0, SHOWN_CHARACTERS)}… (${body.length} characters, sha256 ${fingerprint})`
}
