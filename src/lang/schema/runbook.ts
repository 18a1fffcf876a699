import { DURATION_PATTERN } from '../../core/duration.ts'
import type { Module } from '../../core/module.ts'
import { EXPRESSION_DEFINITIONS, openToExpressions } from './expression-forms.ts'
import { POLICY_NAME } from './policy.ts'

const RUNBOOK_SCHEMA_ID = 'https://tillwright.dev/schemas/runbook/1'

const PARAM_TYPES = ['string', 'integer', 'number', 'boolean', 'list', 'map'] as const
export type ParamType = (typeof PARAM_TYPES)[number]

const PARAM = {
  title: 'Parameter',
  description: 'A value that a run may set: `--param name=value`. Expressions see it as params.name.',
  type: 'object',
  additionalProperties: false,
  required: ['type'],
  properties: {
    type: {
      description: 'What it holds. Text of the command line is converted to it.',
      enum: PARAM_TYPES,
      examples: ['string'],
    },
    default: { description: 'Its value when a run does not set it.', examples: ['7.0.1'] },
    required: { description: 'A run must set it.', type: 'boolean', examples: [true] },
    enum: { description: 'The only values it may have.', type: 'array', minItems: 1, examples: [['stable', 'beta']] },
    description: { description: 'What it is for, for people.', type: 'string', examples: ['Version of the agent'] },
  },
} as const

const STEP_ID = {
  title: 'Id',
  description:
    'Names the step for steps.<id> and restart_on: small letters, digits, - and _. Default: the module’s name.',
  type: 'string',
  pattern: '^[a-z][a-z0-9_-]{0,62}$',
  examples: ['agent-config'],
} as const

const COMMON_STEP_KEYS = {
  id: STEP_ID,
  name: {
    title: 'Name',
    description: 'What people read while it runs.',
    type: 'string',
    minLength: 1,
    examples: ['Agent is configured'],
  },
  when: { $ref: '#/definitions/condition' },
  timeout: {
    title: 'Timeout',
    description: 'How long looking, changing and looking again may take, each: a number with ms, s, m or h.',
    type: 'string',
    pattern: DURATION_PATTERN,
    examples: ['90s', '2m'],
  },
  restart_on: {
    title: 'Restart on',
    description: 'Ids of steps before it: if one of them changes something, this step reacts (a service restarts).',
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: STEP_ID,
    examples: [['agent-config']],
  },
} as const

/** Keys of a step that are not modules. */
export const STEP_KEYS = {
  ...COMMON_STEP_KEYS,
  continue_on_failure: {
    title: 'Continue on failure',
    description: 'The steps after it run even when it fails; the device still counts as failed.',
    type: 'boolean',
    examples: [true],
  },
  on_failure: {
    title: 'On failure',
    description: 'Steps that run when this one failed while devices were being changed.',
    examples: [[{ service: { name: 'agent', state: 'running' } }]],
    type: 'array',
    minItems: 1,
    items: { $ref: '#/definitions/recovery' },
  },
  rollback: {
    title: 'Rollback',
    description: 'Steps that undo this one: they run when it had changed something and it or a later step failed.',
    examples: [[{ file: { path: '/etc/agent.conf', state: 'absent' } }]],
    type: 'array',
    minItems: 1,
    items: { $ref: '#/definitions/recovery' },
  },
} as const

/** Keys of a step inside on_failure and rollback, which has no recovery of its own. */
export const RECOVERY_KEYS = COMMON_STEP_KEYS

const CLASSIFY_ROW = {
  title: 'Row',
  description: 'The first row whose condition holds says what is wrong with the device.',
  type: 'object',
  additionalProperties: false,
  required: ['when', 'fault', 'severity'],
  properties: {
    when: { $ref: '#/definitions/condition' },
    fault: {
      description:
        'The class of the fault, as monitoring names it: small letters, digits, - and _. The texts of a row may hold expressions.',
      type: 'string',
      pattern: '^[a-z][a-z0-9_-]*$|\\$\\{\\{',
      examples: ['agent-down'],
    },
    cause: {
      description: 'What lies behind the fault, where more is known than its class.',
      type: 'string',
      examples: ['paper-out'],
    },
    severity: {
      description: 'How bad it is, in your own words.',
      type: 'string',
      minLength: 1,
      examples: ['critical'],
    },
    owner: { description: 'Who is to act.', type: 'string', minLength: 1, examples: ['pos-support'] },
    remedy: { description: 'What helps.', type: 'string', minLength: 1, examples: ['Restart the agent'] },
    about: {
      description:
        'What is at fault where it is not the device itself. Devices whose fault is about the same thing are one finding.',
      type: 'string',
      minLength: 1,
      examples: ['the line of the store'],
    },
  },
} as const

const RUNBOOK_KEYS = {
  name: {
    title: 'Name',
    description: 'The name of the runbook. Default: that of its file. Small letters, digits, - and _.',
    type: 'string',
    pattern: '^[a-z][a-z0-9_-]*$',
    examples: ['agent-update'],
  },
  description: { description: 'What it does, for people.', type: 'string', examples: ['Brings the agent up to date'] },
  targets: {
    title: 'Targets',
    description: 'Which devices it is meant for: CEL over store, device and region.',
    type: 'string',
    minLength: 1,
    examples: ['device.kind == "till" && device.os.family == "linux"'],
  },
  policy: POLICY_NAME,
  purpose: {
    title: 'Purpose',
    description:
      'repair: it mends a device that is broken, as the repairs of the policy may. rollout: it brings something to many ' +
      'devices. Default: rollout.',
    enum: ['repair', 'rollout'],
    examples: ['repair'],
  },
  params: {
    title: 'Parameters',
    description: 'Values that a run may set, by name: small letters, digits and _.',
    type: 'object',
    propertyNames: {
      description: 'A name is of small letters, digits and _, and begins with a letter.',
      type: 'string',
      pattern: '^[a-z][a-z0-9_]*$',
    },
    additionalProperties: PARAM,
    examples: [{ version: { type: 'string', default: '7.0.1' } }],
  },
  steps: {
    title: 'Steps',
    description: 'What is to hold on each device, in order.',
    type: 'array',
    minItems: 1,
    items: { $ref: '#/definitions/step' },
    examples: [[{ service: { name: 'till-agent', state: 'running' } }]],
  },
  classify: {
    title: 'Classification',
    description: 'A truth table over what the steps found; the first row that holds counts.',
    examples: [[{ when: "steps.disk.state == 'unmet'", fault: 'disk-full', severity: 'attention' }]],
    type: 'array',
    minItems: 1,
    items: CLASSIFY_ROW,
  },
} as const

/** The published schema of runbooks: what an editor completes and underlines. One property of a step for each module. */
export function runbookSchema(modules: readonly Module[]): object {
  const moduleKeys = Object.fromEntries(modules.map(({ name }) => [name, { $ref: `#/definitions/module-${name}` }]))
  const moduleParams = Object.fromEntries(modules.map((module) => [`module-${module.name}`, paramsOf(module)]))
  const oneModule = { oneOf: modules.map(({ name }) => ({ required: [name] })) }
  const step = (keys: object): object => ({
    title: 'Step',
    description: 'One thing that is to hold; exactly one module as a key.',
    type: 'object',
    additionalProperties: false,
    properties: { ...keys, ...moduleKeys },
    ...(modules.length > 0 && oneModule),
  })
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: RUNBOOK_SCHEMA_ID,
    title: 'Runbook',
    description: 'A procedure that Tillwright runs against the devices of a fleet.',
    ...runbookBody({ step: step(STEP_KEYS), recovery: step(RECOVERY_KEYS), ...moduleParams }),
  }
}

function paramsOf(module: Module): object {
  const params = openToExpressions(module.params as Readonly<Record<string, unknown>>)
  // A module without required parameters may be written as `facts:`.
  const type = 'required' in params ? {} : { type: ['object', 'null'] }
  return { title: module.name, ...params, ...type, description: module.summary }
}

function runbookBody(definitions: Readonly<Record<'step' | 'recovery' | `module-${string}`, object>>): object {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['steps'],
    properties: RUNBOOK_KEYS,
    definitions: { ...EXPRESSION_DEFINITIONS, ...definitions },
  }
}

/** What a load checks first. Keys of steps that are no keys of every step are looked at one by one, for better messages. */
export const RUNBOOK_SHAPE: object = runbookBody({
  step: { type: 'object', properties: { ...STEP_KEYS, timeout: {} } },
  recovery: { type: 'object', properties: { ...RECOVERY_KEYS, timeout: {} } },
})
