import { createHash } from 'node:crypto'
import { defineModule } from './define.ts'
import {
  complainAboutDue,
  convergeDue,
  DUE_PROPERTIES,
  diffDue,
  observeDue,
  type Run,
  settledDue,
  valueOfDue,
} from './run-when-due.ts'

// Through a pipe: the text stands neither in a process list nor in a file of the device.
const SCRIPT = `command -v "$till_interpreter" >/dev/null 2>&1 || { printf '%s\\n' "till: missing program: $till_interpreter" >&2; exit 97; }
printf '%s' "$till_body" | { exec 3<&0 </dev/null; "$till_interpreter" /dev/fd/3; }`

export const script = defineModule({
  name: 'script',
  summary: 'Runs a script in sh, bash, python3, perl or another interpreter when it has to run, or to look',
  systems: ['linux'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['body'],
    properties: {
      body: {
        type: 'string',
        minLength: 1,
        description: 'The text of the script. It never becomes a file of the device.',
        examples: ['set -e\nrm -rf /var/spool/agent/*\n'],
      },
      interpreter: {
        type: 'string',
        pattern: '^[A-Za-z0-9_/][A-Za-z0-9._+/-]*$',
        description: 'A program that runs the file named as its first argument; sh unless told.',
        examples: ['python3', '/usr/bin/perl'],
      },
      ...DUE_PROPERTIES,
    },
  },
  complain: complainAboutDue,
  onlyChecks: (params) => params.read_only === true,
  observe: (context, params) => observeDue(context, params, runOf(params)),
  diff: (params, state, signals) => diffDue(params, state, { signals, shown: runOf(params).shown }),
  value: valueOfDue,
  converge: (context, params) => convergeDue(context, params, runOf(params)),
  settled: (params) => settledDue(params),
})

function runOf(params: { readonly body: string; readonly interpreter?: string }): Run {
  const values = { till_interpreter: params.interpreter ?? 'sh', till_body: params.body }
  return { script: SCRIPT, values, shown: shown(String(params.body)) }
}

const SHOWN_CHARACTERS = 200

/** A long text is shown by its beginning and a fingerprint: results of thousands of devices hold it. */
function shown(body: string): string {
  if (body.length <= SHOWN_CHARACTERS) return body
  const fingerprint = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return `${body.slice(0, SHOWN_CHARACTERS)}… (${body.length} characters, sha256 ${fingerprint})`
}
