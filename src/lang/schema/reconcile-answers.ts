import { ASSIGNMENT_MODES } from '../../core/assignment-schedule.ts'
import { HEAD, open } from './forms.ts'
import { OVERTAKEN } from './gitops-answers.ts'
import { COUNTS, DEVICE_NAME, EXIT_CODE, RUN_ID, TIME } from './records.ts'

const NAME = { description: 'Name of an assignment.', type: 'string' } as const
const NAMES = { type: 'array', items: NAME } as const

const SUSPENDED = {
  title: 'Suspension',
  ...open({ by: { type: 'string' }, reason: { type: 'string' }, at: TIME }),
} as const

const ASSIGNMENT = {
  title: 'Assignment',
  ...open({
    name: NAME,
    runbook: { type: 'string' },
    where: { type: ['string', 'null'] },
    mode: { enum: ASSIGNMENT_MODES },
    every_ms: { description: 'Cadence in milliseconds; null: with every pass.', type: ['number', 'null'] },
    owner: { type: ['string', 'null'] },
    last: {
      description: 'The last time; null: never.',
      anyOf: [open({ at: TIME, run: { type: 'string' }, exit_code: EXIT_CODE }), { type: 'null' }],
    },
    next: { description: 'When it is due; null while it is suspended.', anyOf: [TIME, { type: 'null' }] },
    suspended: { anyOf: [SUSPENDED, { type: 'null' }] },
    contested: { description: 'Devices that something else changes back.', type: 'array', items: DEVICE_NAME },
    empty_since: {
      description: 'Since when it has meant no device, where it meant some before; null: it does, or it is meant so.',
      anyOf: [TIME, { type: 'null' }],
    },
  }),
} as const

const RUN = {
  title: 'Run',
  ...open({
    run: RUN_ID,
    mode: { enum: ['drift', 'apply'] },
    assignments: NAMES,
    devices: { type: 'integer', minimum: 0 },
    counts: COUNTS,
    exit_code: EXIT_CODE,
  }),
} as const

const OF_DEVICE = { assignment: NAME, device: DEVICE_NAME } as const

/** What `till assignments --json` and `till reconcile --json` answer. */
export const RECONCILE_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  assignments: {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/assignments/1',
    title: 'Assignments',
    description: 'When assignments were and will be gone through (`till assignments --json`).',
    ...open({ schema: { const: 'till.assignments/1' }, assignments: { type: 'array', items: ASSIGNMENT } }),
  },
  reconciled: {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/reconciled/1',
    title: 'Reconciled',
    description: 'What a pass over the assignments found and did (`till reconcile --json`).',
    ...open({
      schema: { const: 'till.reconciled/1' },
      exit_code: EXIT_CODE,
      pull: {
        description: 'What the remote had, as in till.gitops.verified/1; null where nothing is followed.',
        type: ['object', 'null'],
        required: ['ok', 'outcome', 'in_force', 'tip', 'commits', 'problems', 'problem_count'],
      },
      overtaken: OVERTAKEN,
      runs: { type: 'array', items: RUN },
      waiting: { ...NAMES, description: 'Not due.' },
      suspended: NAMES,
      asked: {
        description: 'Devices that differ and wait for a person: the mode of the assignment is ask.',
        type: 'array',
        items: { type: 'object', required: ['assignment', 'device'], properties: OF_DEVICE },
      },
      contested: {
        description: 'Devices that were mended twice and differ again; they are left as they are.',
        type: 'array',
        items: {
          type: 'object',
          required: ['assignment', 'device', 'since'],
          properties: { ...OF_DEVICE, since: TIME },
        },
      },
      emptied: {
        description: 'Assignments that mean no device any more, and meant some: nothing is kept to them.',
        type: 'array',
        items: { type: 'object', required: ['assignment', 'since'], properties: { assignment: NAME, since: TIME } },
      },
    }),
  },
}
