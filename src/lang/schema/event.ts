import { EVENT_SCHEMA, type RunEvent } from '../../core/events.ts'
import { HEAD, TEXT } from './forms.ts'
import {
  CHANGE,
  COUNTS,
  DEVICE_NAME,
  DEVICE_OUTCOME,
  DURATION_MS,
  EXIT_CODE,
  FAILURE,
  KIND,
  OVERLOAD,
  PROOF,
  ROLLBACK_BEGUN,
  RUN_ID,
  RUN_START,
  STEP_RECORD,
  TIME,
  UNKNOWN_DEVICES,
} from './records.ts'

interface Body {
  readonly description: string
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, unknown>>
}

const STORE = { description: 'Id of the store.', type: 'string' } as const
const ATTEMPT = {
  description: 'Which try at the device within the run; 1 where it is absent.',
  type: 'integer',
  minimum: 1,
} as const

const BODIES: Readonly<Record<RunEvent['type'], Body>> = {
  'run.started': { description: 'The first event of a run.', ...RUN_START },
  'run.targets': {
    description: 'Devices that the run is to work on, in the order in which they are to begin; some of them an event.',
    required: ['wave', 'devices'],
    properties: {
      wave: {
        description: 'From 1; those of a later wave begin after those of an earlier one.',
        type: 'integer',
        minimum: 1,
      },
      devices: { type: 'array', items: DEVICE_NAME },
    },
  },
  'run.resumed': {
    description:
      'Another process carries the run on. A device that is left has another attempt; the last that looked at it counts.',
    required: ['devices', 'by', 'host', 'pid', 'version', 'revision'],
    properties: {
      devices: { description: 'How many are left to do.', type: 'integer', minimum: 0 },
      by: TEXT,
      host: TEXT,
      pid: { type: 'integer' },
      version: TEXT,
      revision: { description: 'The commit of the repository at the time.', type: ['string', 'null'] },
      break_glass: { description: 'Why windows and freezes do not hold for what is left.', type: 'string' },
    },
  },
  'run.approved': {
    description: 'Somebody has said that the run, or what waits of it, goes on.',
    required: ['by', 'why'],
    properties: { by: TEXT, why: TEXT, proof: PROOF },
  },
  'run.aborted': {
    description: 'Somebody has ended the run for good.',
    required: ['by', 'why'],
    properties: { by: TEXT, why: TEXT },
  },
  'run.paused': {
    description: 'Somebody holds the run: what is being changed is finished, and nothing new begins.',
    required: ['by', 'why'],
    properties: { by: TEXT, why: TEXT },
  },
  'run.unpaused': {
    description: 'A run that was paused goes on.',
    required: ['by'],
    properties: { by: TEXT, why: { description: 'Where somebody said it.', type: 'string' } },
  },
  'run.rollback': {
    description: 'A wave has failed, and its policy has it taken back by a run of its own.',
    required: ['wave', 'failed', 'limit', 'devices', 'rollback_run'],
    properties: ROLLBACK_BEGUN,
  },
  'run.rolled_back': {
    description: 'The run that takes a wave back has ended.',
    required: ['rollback_run', 'counts', 'exit_code'],
    properties: { rollback_run: RUN_ID, counts: COUNTS, exit_code: EXIT_CODE },
  },
  'device.started': {
    description: 'Work on a device begins.',
    required: ['device', 'store'],
    properties: { device: DEVICE_NAME, attempt: ATTEMPT, store: STORE },
  },
  'device.waiting': {
    description: 'Safety said not now, and nothing was changed. The device is asked for again, or ends as deferred.',
    required: ['device', 'store', 'failure'],
    properties: {
      device: DEVICE_NAME,
      attempt: ATTEMPT,
      store: STORE,
      failure: FAILURE,
      not_before: { ...TIME, description: 'When it may be worked on; absent where that depends on somebody.' },
    },
  },
  'device.warned': {
    description: 'People at a device were told that it will be changed, by a command of the chain, or were to be.',
    required: ['device', 'warning', 'says', 'exit_code'],
    properties: {
      device: DEVICE_NAME,
      attempt: ATTEMPT,
      warning: { ...TEXT, description: 'Its name in `warnings` of tillwright.yaml.' },
      says: {
        description:
          'They were told, somebody said that it may begin at once, or "not now"; or the command failed, and nobody knows.',
        enum: ['warned', 'at-once', 'not-now', 'failed'],
      },
      exit_code: { description: 'Of the command; null where it did not end.', type: ['integer', 'null'] },
      detail: { ...TEXT, description: 'What it said, or why it failed.' },
    },
  },
  'device.past_doubt': {
    description:
      'Somebody has said that the device goes on, from this attempt on, although nobody can tell how a change of it came out.',
    required: ['device', 'by', 'why'],
    properties: { device: DEVICE_NAME, attempt: ATTEMPT, by: TEXT, why: TEXT },
  },
  'step.converging': {
    description: 'A change is about to be made; what was in doubt if nothing follows.',
    required: ['device', 'runbook', 'step', 'module', 'changes'],
    properties: {
      device: DEVICE_NAME,
      attempt: ATTEMPT,
      runbook: TEXT,
      step: TEXT,
      module: TEXT,
      changes: { type: 'array', items: CHANGE },
    },
  },
  'step.finished': {
    description: 'A step ended on a device.',
    required: ['device', ...STEP_RECORD.required],
    properties: { device: DEVICE_NAME, attempt: ATTEMPT, ...STEP_RECORD.properties },
  },
  'device.finished': {
    description:
      'A device ended: exactly once for each targeted device and attempt; the last that looked at it counts.',
    required: ['device', 'store', 'region', 'kind', 'duration_ms', 'state'],
    properties: {
      device: DEVICE_NAME,
      attempt: ATTEMPT,
      store: STORE,
      region: TEXT,
      kind: KIND,
      duration_ms: DURATION_MS,
      ...DEVICE_OUTCOME,
    },
  },
  'run.interrupted': {
    description: 'Someone asked the run to stop.',
    required: ['signal', 'hard'],
    properties: {
      signal: TEXT,
      hard: { description: 'Asked for the second time: at once.', type: 'boolean' },
    },
  },
  'run.overloaded': {
    description:
      'The machine of the controller has more to do than it can: logins are slowed down, and devices are given more time. Said once.',
    required: ['wanted', 'processors'],
    properties: OVERLOAD,
  },
  'run.finished': {
    description: 'The last event of a run, unless it is resumed.',
    required: ['counts', 'unknown', 'exit_code', 'duration_ms'],
    properties: { counts: COUNTS, unknown: UNKNOWN_DEVICES, exit_code: EXIT_CODE, duration_ms: DURATION_MS },
  },
}

/** Every kind of event of a run. */
export const EVENT_TYPES: readonly string[] = Object.keys(BODIES)

const EVENT_HEAD = {
  schema: { const: EVENT_SCHEMA },
  run: RUN_ID,
  seq: { description: '1, 2, 3… without gaps within a run.', type: 'integer', minimum: 1 },
  at: TIME,
} as const

export const EVENT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/event/1',
  title: 'Event',
  description: 'One line of the event stream (`--ndjson`).',
  oneOf: Object.entries(BODIES).map(([type, { description, required, properties }]) => ({
    title: type,
    description,
    type: 'object',
    required: ['type', 'schema', 'run', 'seq', 'at', ...required],
    properties: { type: { const: type }, ...EVENT_HEAD, ...properties },
  })),
}
