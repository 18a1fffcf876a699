import { STEP_STATES } from '../../core/outcome.ts'
import { PLAN_SCHEMA } from '../../core/plan.ts'
import { HEAD } from './forms.ts'
import { CHANGE, DEVICE_NAME, DEVICE_STATE, DIGEST, REVISION, RUNBOOK_REFERENCE, TIME } from './records.ts'

const STEP = {
  title: 'Planned step',
  description: 'What a step will do on the device, as it was reviewed.',
  type: 'object',
  required: ['step', 'module', 'state', 'changes'],
  properties: {
    step: { description: 'Id of the step.', type: 'string' },
    module: { type: 'string' },
    state: { description: 'How the step ended when it was planned.', enum: STEP_STATES },
    changes: { type: 'array', items: CHANGE },
  },
} as const

const DEVICE = {
  title: 'Planned device',
  description: 'A device as it was when the plan was made.',
  type: 'object',
  required: ['device', 'state', 'digest', 'steps'],
  properties: {
    device: DEVICE_NAME,
    state: DEVICE_STATE,
    digest: {
      ...DIGEST,
      description:
        'sha256 of what the inventory says of the device, and of the files and the facts of its store that the runbook gives it.',
    },
    steps: { type: 'array', items: STEP },
  },
} as const

export const PLAN_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/plan/1',
  title: 'Plan',
  description: 'What `till plan --output` wrote, to be reviewed and applied.',
  type: 'object',
  required: ['schema', 'id', 'created_at', 'revision', 'runbook', 'devices', 'complete'],
  properties: {
    schema: { const: PLAN_SCHEMA },
    id: { description: 'Names the plan.', type: 'string', minLength: 1 },
    created_at: TIME,
    expires_at: { ...TIME, description: 'It is not applied later than this.' },
    revision: REVISION,
    sandbox: { description: 'It was made of the devices of a sandbox, and is good for those alone.', const: true },
    runbook: {
      ...RUNBOOK_REFERENCE,
      required: [...RUNBOOK_REFERENCE.required, 'file'],
      properties: { ...RUNBOOK_REFERENCE.properties, file: { description: 'Its file.', type: 'string', minLength: 1 } },
    },
    policy: {
      description: 'The policy of tillwright.yaml that it was reviewed under; absent where there is none.',
      type: 'object',
      required: ['name', 'digest'],
      properties: {
        name: { type: 'string' },
        digest: { ...DIGEST, description: 'sha256 of its rules.' },
      },
    },
    devices: { type: 'array', items: DEVICE },
    complete: { description: 'Every targeted device was read and judged.', type: 'boolean' },
  },
}
