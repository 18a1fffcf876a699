import { DEVICE_STATES, STEP_STATES } from '../../core/outcome.ts'
import { answer, closed, HEAD } from './forms.ts'
import {
  COUNTS,
  DEVICE_NAME,
  DEVICE_STATE,
  EXIT_CODE,
  MODE,
  OUTAGE_NOTE,
  RUN_ID,
  TIME,
  UNKNOWN_DEVICES,
} from './records.ts'

const ABOUT = {
  description: 'What each runbook was about, in their order: the parameters that it cannot do without.',
  type: 'array',
  items: { type: 'string' },
  examples: [['service=cups']],
} as const
const RUNBOOK_NAMES = { description: 'Names of its runbooks.', type: 'array', items: { type: 'string' } } as const
const CODE = {
  description: 'Why; see the reference of errors. null when there is nothing to explain.',
  type: ['string', 'null'],
  pattern: '^[A-Z][A-Z0-9_]*$',
} as const
const UNKNOWN = { description: 'At least one step could not be judged.', type: 'boolean' } as const
const orNull = <const S extends { readonly description: string }>(schema: S, description: string): object => ({
  description,
  anyOf: [schema, { type: 'null' }],
})

const RUN = {
  title: 'Run',
  description: 'A line of the history.',
  ...closed(
    {
      run: RUN_ID,
      mode: MODE,
      runbooks: RUNBOOK_NAMES,
      started_at: TIME,
      finished_at: orNull(TIME, 'null unless the run is finished.'),
      state: {
        description: 'interrupted: its process ended without finishing it.',
        enum: ['running', 'finished', 'interrupted'],
      },
      devices: { description: 'How many devices were targeted.', type: 'integer', minimum: 0 },
      counts: { ...COUNTS, additionalProperties: false },
      exit_code: orNull(EXIT_CODE, 'null unless the run is finished.'),
      by: { description: 'Who started it.', type: 'string' },
    },
    {
      resumed: { description: 'How often `till resume` has carried it on.', type: 'integer', minimum: 0 },
    },
  ),
}

const LISTED_RUN = {
  ...RUN,
  properties: {
    ...RUN.properties,
    paused: {
      description: 'Of a run that somebody holds by `till pause`: it is running and begins nothing new.',
      ...closed({ by: { type: 'string' }, at: TIME, why: { type: 'string' } }),
    },
  },
}

export const RUNS_JSON_SCHEMA: object = answer(
  'runs',
  ['Runs', 'The history of runs, newest first (`till runs list --json`).'],
  { runs: { type: 'array', items: LISTED_RUN } },
)

export const UNFINISHED_JSON_SCHEMA: object = answer(
  'unfinished',
  ['Unfinished runs', 'Runs of which something is left, newest first (`till resume --list --json`).'],
  {
    runs: {
      type: 'array',
      items: {
        ...RUN,
        required: [...RUN.required, 'left'],
        properties: {
          ...RUN.properties,
          left: {
            description:
              'Devices that are not done; 0: the run was killed when all had their end, and has none itself.',
            type: 'integer',
            minimum: 0,
          },
        },
      },
    },
  },
)

const ENDING = {
  title: 'Ending',
  description: 'How the device ended in the run; null: it was not in it.',
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['state', 'unknown', 'code'],
  properties: { state: DEVICE_STATE, unknown: UNKNOWN, code: CODE },
} as const

const STEP_ENDING = {
  description: 'How the step ended in the run; null: it was not in it.',
  enum: [...STEP_STATES, null],
} as const

const DIFFERENCE = {
  title: 'Difference',
  description: 'A device that did not end the same in both runs.',
  ...closed({
    device: DEVICE_NAME,
    before: ENDING,
    after: ENDING,
    steps: {
      description: 'Steps that differ. Equal states stand here when what was found or changed differs.',
      type: 'array',
      items: {
        title: 'Step',
        ...closed({
          runbook: { description: 'Name of the runbook.', type: 'string' },
          step: { description: 'Id of the step.', type: 'string' },
          before: STEP_ENDING,
          after: STEP_ENDING,
        }),
      },
    },
  }),
} as const

export const RUNS_DIFF_JSON_SCHEMA: object = answer(
  'runs-diff',
  ['Difference of two runs', 'Devices that ended differently in two runs (`till runs diff --json`).'],
  {
    first: RUN_ID,
    second: RUN_ID,
    devices: { description: 'By name.', type: 'array', items: DIFFERENCE },
  },
)

/** A device whose state is `never` has no run, and so nothing that comes from one. */
const STATUS_DEVICE = {
  title: 'Known state',
  description: 'What is known of a device of the inventory.',
  type: 'object',
  additionalProperties: false,
  required: ['device', 'state', 'unknown', 'code', 'message', 'run', 'runbooks', 'at', 'age_s', 'seen_at'],
  properties: {
    device: DEVICE_NAME,
    state: {
      description: 'How the device ended when it was last looked at; never: no run has.',
      enum: [...DEVICE_STATES, 'never'],
    },
    unknown: { ...UNKNOWN, description: 'At least one step could not be judged, or no run has looked at it.' },
    code: CODE,
    message: { description: 'The code in words.', type: ['string', 'null'] },
    run: orNull(RUN_ID, 'The run that looked at it; null: none has.'),
    runbooks: RUNBOOK_NAMES,
    about: ABOUT,
    at: orNull(TIME, 'When it did.'),
    seen_at: orNull(TIME, 'When it last answered; null: never, as far as is known.'),
    last_at: orNull(TIME, 'When any run looked at it last.'),
    outages: {
      description: 'What is known to be out of order there now (`till outages`).',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: Object.keys(OUTAGE_NOTE),
        properties: OUTAGE_NOTE,
      },
    },
    looks: {
      description:
        'The last word of each set of runbooks that was run together, newest first; the worst that counts is the state.',
      type: 'array',
      items: {
        title: 'Look',
        type: 'object',
        additionalProperties: false,
        required: ['state', 'unknown', 'code', 'message', 'run', 'runbooks', 'at', 'counts'],
        properties: {
          state: DEVICE_STATE,
          unknown: UNKNOWN,
          code: CODE,
          message: { description: 'The code in words.', type: ['string', 'null'] },
          run: RUN_ID,
          runbooks: RUNBOOK_NAMES,
          about: ABOUT,
          at: TIME,
          counts: {
            description:
              'false: older than 7 days, and none of its runbooks is assigned to the device; or out of reach then, and answered since.',
            type: 'boolean',
          },
        },
      },
    },
    age_s: { description: 'Seconds since then.', type: ['integer', 'null'], minimum: 0 },
  },
}

export const STATUS_JSON_SCHEMA: object = answer(
  'status',
  ['Status', 'The last known state of devices (`till status --json`).'],
  {
    counts: {
      ...COUNTS,
      additionalProperties: false,
      required: [...COUNTS.required, 'never'],
      properties: { ...COUNTS.properties, never: { type: 'integer', minimum: 0 } },
    },
    unknown: {
      ...UNKNOWN_DEVICES,
      description: 'Devices with a step that could not be judged, or that no run looked at.',
    },
    devices: { description: 'In the order of the inventory.', type: 'array', items: STATUS_DEVICE },
  },
)

export const HISTORY_JSON_SCHEMA: object = answer(
  'history',
  ['History of a device', 'How runs ended on a device, newest first (`till history --json`).'],
  {
    device: DEVICE_NAME,
    since: orNull(
      TIME,
      'Since when, by the runs that are listed, it is as the newest of them found it; null: there is none.',
    ),
    runs: {
      type: 'array',
      items: {
        title: 'Visit',
        ...closed(
          {
            run: RUN_ID,
            mode: MODE,
            by: { description: 'Who started it.', type: 'string' },
            runbooks: RUNBOOK_NAMES,
            about: ABOUT,
            at: { ...TIME, description: 'When it ended on the device.' },
            state: DEVICE_STATE,
            unknown: UNKNOWN,
            code: CODE,
            message: { description: 'The code in words.', type: ['string', 'null'] },
            steps: {
              description: 'Steps that were not as desired, or were changed.',
              type: 'array',
              items: {
                title: 'Step',
                ...closed({
                  runbook: { description: 'Name of the runbook.', type: 'string' },
                  step: { description: 'Id of the step.', type: 'string' },
                  name: { description: 'What it is for, in words.', type: 'string' },
                  state: { description: 'How it ended.', enum: [...STEP_STATES] },
                }),
              },
            },
          },
          {
            previews: {
              description: 'The commit that a preview would merge: what it found counts in no status.',
              type: 'string',
            },
          },
        ),
      },
    },
  },
)

export const STATUS_DEVICE_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/status-device/1',
  ...STATUS_DEVICE,
  description: 'What is known of a device: one line of `till status --ndjson`.',
}

export const WATCH_JSON_SCHEMA: object = answer(
  'watch',
  ['Change', 'What came to be wrong, changed, or is well again: one line of `till watch --json`.'],
  {
    at: TIME,
    change: { description: 'changed: it was wrong before, in another way.', enum: ['wrong', 'changed', 'well'] },
    device: DEVICE_NAME,
    store: { description: 'Id of its store.', type: 'string' },
    region: { description: 'Id of its region.', type: 'string' },
    state: { description: 'What it counts as; null: it is well again.', enum: [...DEVICE_STATES, 'never', null] },
    code: CODE,
    message: { description: 'The code in words.', type: ['string', 'null'] },
    run: orNull(RUN_ID, 'The run that found it.'),
  },
)
