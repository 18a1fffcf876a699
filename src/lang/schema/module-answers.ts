import { DIAGNOSTIC } from './diagnostics.ts'
import { answer, closed, HEAD } from './forms.ts'

const BRIEF = {
  name: { type: 'string' },
  summary: { type: 'string' },
  shipped: { description: 'It is a part of Tillwright, and not of the repository.', type: 'boolean' },
  file: { description: 'Of one of the repository.', type: 'string' },
  systems: { description: 'Systems that it works on.', type: 'array', items: { type: 'string' } },
  converges: { description: 'It changes what differs; otherwise it only checks.', type: 'boolean' },
  reacts: { description: '`restart_on` means something to it.', type: 'boolean' },
} as const
const BRIEF_KEYS = ['name', 'summary', 'shipped', 'systems', 'converges', 'reacts'] as const

/** What `till module list --json` answers. */
const LIST = answer('modules', ['Modules', 'What `till module list` answers with `--json`.'], {
  modules: {
    description: 'Those that can be used, in the order of their names.',
    type: 'array',
    items: { type: 'object', additionalProperties: false, required: BRIEF_KEYS, properties: BRIEF },
  },
  diagnostics: { description: 'What is wrong with modules of the repository.', type: 'array', items: DIAGNOSTIC },
})

/** What `till module show --json` answers. */
const SHOWN = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/module-shown/1',
  title: 'Module',
  description: 'What `till module show` answers with `--json`.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', ...BRIEF_KEYS, 'documentation', 'params', 'value', 'example'],
  properties: {
    schema: { const: 'till.module/1' },
    ...BRIEF,
    documentation: { description: 'Markdown; empty where there is none.', type: 'string' },
    params: { description: 'JSON Schema of what a step gives it.', type: 'object' },
    value: {
      description: 'JSON Schema of `steps.<id>.value`; null where that cannot be said before it is observed.',
      type: ['object', 'null'],
    },
    desired: {
      description:
        'Of one of the repository: fields that a step wants something of, and the parameters that this takes.',
      type: 'array',
      items: closed({ path: { type: 'string' }, params: { type: 'array', items: { type: 'string' } } }),
    },
    example: { description: 'A step, made from the examples of its parameters.', type: 'object' },
  },
} as const

/** What `till module test --json` answers. */
const TESTED = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/module-tested/1',
  title: 'Tested modules',
  description: 'What `till module test` answers with `--json`.',
  ...closed({
    schema: { const: 'till.module.test/1' },
    ok: { description: 'Nothing failed, and something was run.', type: 'boolean' },
    shells: {
      description: 'Interpreters of this machine in which cases were run.',
      type: 'array',
      items: { type: 'string' },
    },
    results: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['module', 'it', 'side', 'state', 'problems'],
        properties: {
          module: { type: 'string' },
          it: { description: 'What the case says.', type: 'string' },
          side: { enum: ['posix', 'powershell'] },
          shell: { description: 'Absent when it was not run.', type: 'string' },
          state: { enum: ['ok', 'failed', 'not-run'] },
          problems: { description: 'What is wrong, or why it was not run.', type: 'array', items: { type: 'string' } },
        },
      },
    },
    untested: { description: 'Modules without cases.', type: 'array', items: { type: 'string' } },
  }),
} as const

/** What is answered about modules, by the name of the schema. */
export const MODULE_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  modules: LIST,
  'module-shown': SHOWN,
  'module-tested': TESTED,
}
