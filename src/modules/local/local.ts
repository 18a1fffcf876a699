import { existsSync } from 'node:fs'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { defineModule } from '../define.ts'
import { type LocalParams, type Looked, lookWith, PROGRAM, runWith, says } from './run-local.ts'

export const local = defineModule({
  name: 'local',
  summary: 'Runs a tool of this machine for a device: an Ansible playbook, a script of your own',
  systems: ['linux', 'windows', 'none'],
  reacts: true,
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['run'],
    properties: {
      run: {
        ...PROGRAM,
        description:
          'The program and its arguments, taken as they are; no shell reads them. `{inventory}` becomes the file of an Ansible inventory that holds this device alone. The tool sees TILL_DEVICE, TILL_STORE, TILL_REGION, TILL_KIND, TILL_OS, TILL_ADDRESS, TILL_PORT, TILL_USER, TILL_TRANSPORT and, as JSON, TILL_FACTS.',
        examples: [['ansible-playbook', '-i', '{inventory}', 'playbooks/agent.yml']],
      },
      check: {
        ...PROGRAM,
        description:
          'A program that changes nothing and tells, by `changed_when`, whether `run` would; a plan runs it, and it proves the change afterwards.',
        examples: [['ansible-playbook', '-i', '{inventory}', '--check', 'playbooks/agent.yml']],
      },
      changed_when: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
        description:
          'How `check` says that something would change. Any exit code but 0 and those named here is a failure.',
        examples: [{ stdout: 'changed=[1-9]' }, { exit: 2 }, { json: true }],
        properties: {
          stdout: {
            type: 'string',
            minLength: 1,
            description: 'A regular expression (JavaScript) that matches in its output.',
            examples: ['changed=[1-9]'],
          },
          exit: { type: 'integer', minimum: 1, maximum: 255, description: 'Its exit code.', examples: [2] },
          json: {
            const: true,
            description:
              'The last line of its output is JSON: `{"changed": true}` or false. The whole of it is the value of the step.',
            examples: [true],
          },
        },
      },
      creates: {
        type: 'string',
        minLength: 1,
        description: 'It has to run while this path of this machine does not exist, and makes it exist.',
        examples: ['/var/lib/exports/PL-0412.done'],
      },
      read_only: {
        const: true,
        description:
          'It changes nothing, by the word of the author: it is run to look, by a plan too, and has to end with 0.',
        examples: [true],
      },
      always: { const: true, description: 'It runs in every apply.', examples: [true] },
      cwd: {
        type: 'string',
        minLength: 1,
        description: 'The folder that it runs in, from that of tillwright.yaml. Default: that one.',
        examples: ['ansible'],
      },
      environment: {
        type: 'object',
        description: 'Variables that it sees. Secrets are handed over here, and nowhere else.',
        propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        examples: [{ ANSIBLE_REMOTE_PASSWORD: { secret: 'env:TILL_PASSWORD' } }],
      },
    },
  },
  paths: { creates: 'place', cwd: 'folder' },
  patterns: { 'changed_when.stdout': 'here' },
  validate,
  onlyChecks: ({ read_only }) => read_only === true,
  async observe(context, params): Promise<Result<Looked>> {
    if (params.creates !== undefined) return success({ kind: 'path', differs: !existsSync(params.creates) })
    const words = params.read_only === true ? params.run : params.check
    return words === undefined ? success({ kind: 'nothing' }) : lookWith(context, params as LocalParams, words)
  },
  diff(params, state, { triggered }) {
    const run = params.run.map(String)
    if (state.kind === 'ran' && params.read_only === true) {
      return state.exit === 0 ? [] : [{ path: 'exit', before: state.exit, after: 0 }]
    }
    if (state.kind === 'path' && state.differs)
      return [{ path: 'creates', before: null, after: params.creates ?? null }]
    if (state.kind === 'ran' && state.differs)
      return [{ path: 'check', before: 'would change', after: 'changes nothing' }]
    return params.always === true || triggered ? [{ path: 'run', before: null, after: run, once: true }] : []
  },
  value: (state): JsonValue => (state.kind === 'ran' ? state.value : null),
  async converge(context, params) {
    const failure = await runWith(context, params as LocalParams)
    return failure ? fail(failure) : success(undefined)
  },
})

const WAYS = ['check', 'creates', 'read_only', 'always'] as const

function validate(params: JsonObject, { reacting }: { readonly reacting: boolean }): string | undefined {
  const given = WAYS.filter((way) => params[way] !== undefined)
  if (given.length > 1) return `Only one of ${given.join(', ')} can tell whether it has to run.`
  if (given.length === 0 && !reacting) {
    return `Say when it has to run: one of ${WAYS.join(', ')} is needed (or restart_on on the step).`
  }
  if ((params['check'] === undefined) !== (params['changed_when'] === undefined)) {
    return '`check` and `changed_when` belong together: what is run to look, and how it says that something would change.'
  }
  return says(params)
}
