import { PHASES } from '../../core/failure.ts'
import { DEVICE_KINDS } from '../../core/fleet.ts'
import { DEVICE_STATES, STEP_STATES } from '../../core/outcome.ts'
import { COUNT } from './forms.ts'

/** Parts that events, results and plans share. All of them may gain keys; none loses any. */

export const TIME = {
  description: 'ISO 8601 in UTC with milliseconds.',
  type: 'string',
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$',
  examples: ['2026-11-22T03:47:16.123Z'],
} as const

export const timeOrNull = (description: string): object => ({ description, anyOf: [TIME, { type: 'null' }] })

export const RUN_ID = {
  description: 'The run; ids sort by time.',
  type: 'string',
  minLength: 1,
  examples: ['20261122T034716Z-7f3a9c'],
} as const

export const DEVICE_NAME = {
  description: 'Full name of the device.',
  type: 'string',
  minLength: 1,
  examples: ['PL-0412/pos1'],
} as const

export const DIGEST = { description: 'sha256 in hexadecimal.', type: 'string', pattern: '^[0-9a-f]{64}$' } as const

export const REVISION = {
  description:
    'git commit of the repository; behind it +sparse when files of it are left out of the work tree, +dirty when that differs; null outside git.',
  type: ['string', 'null'],
} as const

export const DURATION_MS = { description: 'Milliseconds.', type: 'number', minimum: 0 } as const

export const EXIT_CODE = {
  description:
    '0 as desired, 1 own bug, 2 usage, 3 drift or an unmet check, 4 failed, 5 unreachable or unknown, 6 held back, 130 interrupted.',
  enum: [0, 1, 2, 3, 4, 5, 6, 130],
} as const

export const MODE = { description: 'What the run does.', enum: ['plan', 'apply', 'drift', 'exec'] } as const

export const DEVICE_STATE = { description: 'How the device ended.', enum: DEVICE_STATES } as const

export const COUNTS = {
  description: 'Devices by state.',
  type: 'object',
  // Documents of older versions lack the states that came later.
  required: ['in-sync', 'drifted', 'changed', 'failed', 'unreachable', 'deferred', 'cancelled', 'indeterminate'],
  properties: Object.fromEntries(DEVICE_STATES.map((state) => [state, COUNT])),
}

export const UNKNOWN_DEVICES = {
  ...COUNT,
  description: 'Devices with at least one step that could not be judged.',
} as const

export const OVERLOAD = {
  wanted: { ...COUNT, description: 'Programs that want a processor; 0 where the system does not tell.' },
  processors: { ...COUNT, description: 'Processors that there are.' },
  late_ms: { ...COUNT, description: 'How late the controller does what is due, in milliseconds.' },
} as const

export const PROOF = {
  description:
    'How it is known who it was: signed in at the server, or by a key. Absent: the account of a command, who may be anybody.',
  type: 'object',
  required: ['kind'],
  properties: {
    kind: { enum: ['server', 'ssh'] },
    key: { description: 'Fingerprint of the key.', type: 'string', examples: ['SHA256:…'] },
  },
} as const

export const ROLLBACK_BEGUN = {
  wave: { description: 'The wave that is taken back, from 1.', type: 'integer', minimum: 1 },
  failed: { ...COUNT, description: 'How many of its devices failed.' },
  limit: { ...COUNT, description: 'At how many it stops.' },
  devices: { ...COUNT, description: 'How many of its devices are to be brought back.' },
  rollback_run: { ...RUN_ID, description: 'The run that does it.' },
} as const

export const CHANGE = {
  title: 'Change',
  description: 'One field that differs. null before: it is not there; null after: it goes away.',
  type: 'object',
  required: ['path', 'before', 'after'],
  properties: {
    path: { description: 'Dotted path inside what the step manages.', type: 'string', examples: ['keys.Server'] },
    before: { description: 'What is there; *** when it is hidden.' },
    after: { description: 'What is to be there; *** when it is hidden.' },
    sensitive: { description: 'The values are hidden.', type: 'boolean' },
    diff: {
      description:
        'Of a text, the lines that differ: a head with @@, then a blank, - or + before each line. At most 200.',
      type: 'string',
      examples: ['@@ -1,1 +1,1 @@\n-Hello\n+Hallo'],
    },
    once: { description: 'An action: having been carried out is its proof.', type: 'boolean' },
  },
} as const

export const FAILURE = {
  title: 'Failure',
  description: 'Why something failed, and in which phase.',
  type: 'object',
  required: ['code', 'phase', 'message'],
  properties: {
    code: { description: 'Stable; see the reference of errors.', type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
    phase: { description: 'Where it happened.', enum: PHASES },
    message: { type: 'string' },
    hint: { type: 'string' },
    evidence: {
      description: 'Raw facts.',
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
    },
  },
} as const

const CLASSIFICATION = {
  title: 'Classification',
  description: 'What the truth table of the runbook says.',
  type: 'object',
  required: ['fault', 'severity'],
  properties: {
    fault: { type: 'string' },
    cause: { description: 'What lies behind the fault, where more is known than its class.', type: 'string' },
    severity: { type: 'string' },
    owner: { type: 'string' },
    remedy: { type: 'string' },
    about: { description: 'What is at fault where it is not the device itself.', type: 'string' },
  },
} as const

/** `Finding`. */
export const FINDING = {
  title: 'Finding',
  description:
    'What is wrong, told once however many devices suffer from it: what the truth tables of runbooks say (`fault` is theirs), `drift`, `check-unmet`, `unreachable`, `failed`, `indeterminate`, `deferred`, `unknown`.',
  type: 'object',
  required: ['fault', 'severity', 'count', 'devices'],
  properties: {
    key: {
      description: 'The same in every run that finds the same; no other finding of the run has it.',
      type: 'string',
      examples: ['sale-blocked|paper-out||sale-blocked|store-staff'],
    },
    ...CLASSIFICATION.properties,
    cause: {
      description:
        'What lies behind the fault: as the runbook says, or the step (runbook/step), or the code of the failure.',
      type: 'string',
    },
    remedy: { description: 'What helps; absent where it is not the same for all of the devices.', type: 'string' },
    count: { description: 'Devices that suffer from it.', type: 'integer', minimum: 1 },
    devices: { description: 'Their names; the first 50 of them.', type: 'array', items: { type: 'string' } },
  },
} as const

/** `DeviceOutcome`. */
export const DEVICE_OUTCOME = {
  state: DEVICE_STATE,
  failure: FAILURE,
  unknown: { description: 'At least one step could not be judged.', type: 'boolean' },
  answered: { description: 'The device itself answered something.', type: 'boolean' },
  leftovers: {
    description: 'What of earlier sessions was met on the device.',
    type: 'array',
    items: {
      type: 'object',
      required: ['run', 'seconds', 'state'],
      properties: {
        run: { description: 'The run that began it.', type: 'string' },
        seconds: { description: 'For how long it had been running, by the clock of the device.', type: 'integer' },
        state: {
          description:
            'running: seen, and left alone. awaited: its end was waited for. ended: it was ended. unseen: the device has no place for a lock, so that it cannot be known.',
          enum: ['running', 'awaited', 'ended', 'unseen'],
        },
      },
    },
  },
  classification: CLASSIFICATION,
  undone: {
    description: 'Changes of an earlier run were taken back: it is as its runbook does not want it.',
    type: 'boolean',
  },
  not_before: { ...TIME, description: 'When a deferred device may be worked on, as far as that is known.' },
} as const

/** `StepRecord`, which is also the body of step.finished. */
const CONTENT_CAME = {
  type: 'object',
  required: ['sha256', 'bytes', 'kept_bytes', 'line_bytes'],
  properties: {
    sha256: { type: 'string' },
    bytes: { type: 'integer' },
    giver: { description: 'The device of the store that gave it; absent where none did.', type: 'string' },
    kept_bytes: { description: 'How many of the bytes the device had from earlier.', type: 'integer' },
    line_bytes: { description: 'How many went over the line of the store.', type: 'integer' },
    why: { description: 'Why a device of the store did not give it, or not all of it.', type: 'string' },
    held: {
      description: 'In a plan: what is missing would go over a metered line, and is not sent.',
      type: 'boolean',
    },
  },
} as const

const BYTES = { type: 'integer', minimum: 0 } as const

export const CONTENT_BYTES = {
  description:
    'Bytes of files of the repository by the ways that they went; in a plan, would go, with no less over lines than will. Absent: none is looked after.',
  type: 'object',
  required: ['line_bytes', 'neighbour_bytes', 'kept_bytes', 'held_bytes'],
  properties: {
    line_bytes: { ...BYTES, description: 'Over lines of stores.' },
    neighbour_bytes: { ...BYTES, description: 'From other devices of the store, by its LAN.' },
    kept_bytes: { ...BYTES, description: 'The devices had them from earlier.' },
    held_bytes: { ...BYTES, description: 'Held back, as they would go over a metered line.' },
  },
} as const

export const STEP_RECORD = {
  required: ['runbook', 'step', 'name', 'module', 'duration_ms', 'state'],
  properties: {
    runbook: { description: 'Name of the runbook.', type: 'string' },
    step: { description: 'Id of the step.', type: 'string' },
    name: { description: 'Name of the step, for people.', type: 'string' },
    module: { type: 'string' },
    duration_ms: DURATION_MS,
    state: { description: 'How the step ended.', enum: STEP_STATES },
    changes: { description: 'What differs, or was made different.', type: 'array', items: CHANGE },
    failure: FAILURE,
    may_be_mended: {
      description: 'An unmet check of a plan, behind changes that were not made yet and may mend it.',
      type: 'boolean',
    },
    reason: { description: 'Why it was skipped or is unknown.', type: 'string' },
    value: { description: 'What was read.' },
    samples: {
      description: 'Values of time series that were noted for later runs.',
      type: 'array',
      items: {
        type: 'object',
        required: ['series', 'at', 'value'],
        properties: { series: { type: 'string' }, at: TIME, value: { type: 'number' } },
      },
    },
    marks: {
      description: 'By which the device is known again, by name.',
      type: 'object',
      additionalProperties: { type: 'string' },
    },
    content: {
      description: 'How files of the repository came to the device; of a step that is drifted, how they would come.',
      type: 'array',
      items: CONTENT_CAME,
    },
  },
} as const

export const RUNBOOK_REFERENCE = {
  title: 'Runbook',
  description: 'A runbook as the run used it.',
  type: 'object',
  required: ['name', 'digest', 'params'],
  properties: {
    name: { type: 'string' },
    digest: DIGEST,
    params: { description: 'Its parameters, defaults filled in.', type: 'object' },
    given: { description: 'Those that are not at their default.', type: 'object' },
    about: {
      description: 'What it is about: the parameters that have no default.',
      type: 'string',
      examples: ['service=cups'],
    },
  },
} as const

export const KIND = { description: 'Kind of the device.', enum: DEVICE_KINDS } as const

/** `RunStarted` without its type: what was known when the run began. */
export const RUN_START = {
  required: ['mode', 'runbooks', 'devices', 'inventory_digest', 'revision', 'by', 'host', 'pid', 'version'],
  properties: {
    mode: MODE,
    runbooks: { type: 'array', items: RUNBOOK_REFERENCE },
    devices: { description: 'How many devices are targeted.', type: 'integer', minimum: 0 },
    break_glass: { description: 'Why windows and freezes did not hold for it.', type: 'string' },
    inventory_digest: { description: 'sha256 of the inventory, in hexadecimal.', type: 'string' },
    revision: REVISION,
    plan: { description: 'Id of the plan that is applied.', type: 'string' },
    undoes: { description: 'Id of the run whose changes are taken back.', type: 'string' },
    previews: {
      description: 'The commit that a preview would merge (`till plan --against`); what it found counts in no status.',
      type: 'string',
    },
    by: { description: 'Who started it.', type: 'string' },
    host: { description: 'Where it runs.', type: 'string' },
    pid: { type: 'integer', minimum: 0 },
    version: { description: 'Version of Tillwright.', type: 'string' },
  },
} as const

/** A known outage as it stands in answers about what it covers. */
export const OUTAGE_NOTE = {
  outage: { type: 'string', pattern: '^O[0-9a-f]{8}$' },
  why: { type: 'string' },
  by: { type: 'string' },
  until: TIME,
  closed: { type: 'boolean', description: 'The store does not trade meanwhile.' },
} as const
