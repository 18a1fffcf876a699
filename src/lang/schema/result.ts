import { HEAD } from './forms.ts'
import {
  CONTENT_BYTES,
  COUNTS,
  DEVICE_NAME,
  DEVICE_OUTCOME,
  DURATION_MS,
  EXIT_CODE,
  FINDING,
  OVERLOAD,
  ROLLBACK_BEGUN,
  RUN_ID,
  RUN_START,
  STEP_RECORD,
  TIME,
  UNKNOWN_DEVICES,
} from './records.ts'

const STEP = {
  title: 'Step',
  description: 'How a step ended on the device.',
  type: 'object',
  ...STEP_RECORD,
} as const

const DEVICE = {
  title: 'Device',
  description: 'How a device ended. Each targeted device stands here exactly once.',
  type: 'object',
  required: ['device', 'store', 'region', 'kind', 'duration_ms', 'state', 'steps'],
  properties: {
    device: DEVICE_NAME,
    store: { description: 'Id of the store.', type: 'string' },
    region: { description: 'null when the run ended before the device did.', type: ['string', 'null'] },
    kind: { description: 'null when the run ended before the device did.', type: ['string', 'null'] },
    duration_ms: DURATION_MS,
    ...DEVICE_OUTCOME,
    steps: { description: 'In the order in which they ran.', type: 'array', items: STEP },
  },
} as const

export const RESULT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/result/1',
  title: 'Result',
  description: 'A run and everything that it found (`--json`, `--output`).',
  type: 'object',
  required: ['schema', 'run', 'devices', 'summary', 'exit_code', 'finished_at'],
  properties: {
    schema: { const: 'till.result/1' },
    run: {
      title: 'Run',
      description: 'What was known when the run began.',
      type: 'object',
      required: ['run', 'started_at', 'mode', 'runbooks', 'revision', 'by', 'host', 'version'],
      properties: { run: RUN_ID, started_at: TIME, ...RUN_START.properties },
    },
    devices: { type: 'array', items: DEVICE },
    summary: {
      title: 'Summary',
      description: 'Devices by how they ended.',
      type: 'object',
      required: ['counts', 'unknown'],
      properties: {
        counts: COUNTS,
        unknown: UNKNOWN_DEVICES,
        content: CONTENT_BYTES,
      },
    },
    findings: {
      description: 'What the truth tables of the runbooks say, each cause once.',
      type: 'array',
      items: FINDING,
    },
    overloaded: {
      description: "The controller's machine had more to do than it could; absent where it had not.",
      type: 'object',
      required: ['at', 'wanted', 'processors'],
      properties: { at: TIME, ...OVERLOAD },
    },
    rollback: {
      description: 'A wave that failed and is taken back by a run of its own; absent where none is.',
      type: 'object',
      required: ['wave', 'failed', 'limit', 'devices', 'rollback_run'],
      properties: {
        ...ROLLBACK_BEGUN,
        counts: { ...COUNTS, description: 'How its devices ended; absent where it has not come to its end.' },
        exit_code: { ...EXIT_CODE, description: 'Exit code of that run; absent where it has not come to its end.' },
      },
    },
    exit_code: EXIT_CODE,
    finished_at: TIME,
  },
}
