import { answer, closed, HEAD, MOMENT, TEXT } from './forms.ts'
import { OUTAGE_NOTE } from './records.ts'

/** What `till why --json` answers. */
const WHY_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/why/1',
  title: 'Why',
  description: 'When a device may be changed, and why not now (`till why --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'device', 'store', 'policy', 'purpose', 'may', 'not_before', 'reasons', 'guards'],
  properties: {
    schema: { const: 'till.why/1' },
    device: { description: 'Full name.', type: 'string' },
    store: TEXT,
    policy: { description: 'Its name.', type: ['string', 'null'] },
    is_built_in: {
      description: 'It is the one that comes with Tillwright: tillwright.yaml has no policies.',
      type: 'boolean',
    },
    purpose: { enum: ['repair', 'rollout'] },
    may: { description: 'It may be changed now, as far as can be told without asking it.', type: 'boolean' },
    not_before: {
      description: 'When it may as far as is known now; null: that depends on somebody.',
      type: ['string', 'null'],
    },
    reasons: {
      description: 'What speaks against it now.',
      type: 'array',
      items: closed(
        {
          rule: { description: 'Name of the rule of admission.', type: 'string' },
          code: { description: 'Code of the catalogue.', type: 'string' },
          message: TEXT,
          by: { description: 'The cap, window, freeze, hold, wave or approval.', type: 'string' },
        },
        {
          whom: { description: 'The person, run or device that could end it.', type: 'string' },
          until: MOMENT,
        },
      ),
    },
    guards: {
      description: 'What the device is asked for right before a change.',
      type: 'array',
      items: closed({ name: TEXT, says: { description: 'What is so while it holds back.', type: 'string' } }),
    },
    warnings: {
      description: 'What people at it are told before it is changed; absent: nothing.',
      type: 'array',
      items: closed({
        name: TEXT,
        wait_seconds: { description: 'Between the warning and the change.', type: 'number' },
        not_now_exit: { description: 'The exit code of "not now".', type: 'integer' },
        times: { description: '"Not now" is heeded so many times.', type: 'integer' },
        for_seconds: { description: 'And for so long; null: by `times` alone.', type: ['number', 'null'] },
        after: { description: 'What becomes of it then.', enum: ['defer', 'change'] },
        fails: { description: 'What becomes of it where the command fails.', enum: ['defer', 'change'] },
      }),
    },
    undecided: {
      description:
        'Rules of which the policy cannot tell whether they are about the device, as `freeze closing`: they count as if they were.',
      type: 'array',
      items: TEXT,
    },
    guard_seen: {
      description: 'A guard held the device back in its last run.',
      ...closed({ at: MOMENT, message: { type: ['string', 'null'] } }),
    },
  },
}

/** What `till hold list --json` answers. */
const HOLDS_JSON_SCHEMA: object = answer(
  'holds',
  ['Holds', 'Stores and devices that somebody asked not to touch (`till hold list --json`).'],
  {
    holds: {
      type: 'array',
      items: closed({
        on: { description: 'A store, or a device by its full name.', type: 'string' },
        by: { description: 'Who asked.', type: 'string' },
        why: TEXT,
        from: MOMENT,
        until: MOMENT,
      }),
    },
  },
)

const MAYBE_TIME = { description: 'ISO 8601 in UTC; null where there is none.', type: ['string', 'null'] } as const

/** What `till schedule --json` answers. */
const SCHEDULE_JSON_SCHEMA: object = answer(
  'schedule',
  ['Schedule', 'The calendar of a rollout before it starts (`till schedule --json`).'],
  {
    runbook: TEXT,
    policy: TEXT,
    purpose: { enum: ['repair', 'rollout'] },
    start: MOMENT,
    devices: { type: 'integer' },
    change_s: {
      description: 'How long a change is taken to last at the most, with its proof, in seconds.',
      type: 'integer',
    },
    approvals: { description: 'How many people must agree first.', type: 'integer' },
    waves: {
      type: 'array',
      items: closed({
        wave: { type: 'integer' },
        devices: { type: 'integer' },
        from: MAYBE_TIME,
        to: MAYBE_TIME,
        watched_until: MAYBE_TIME,
        pause: { description: 'Somebody must say that it goes on behind it.', type: 'boolean' },
        stores: {
          type: 'array',
          items: closed(
            {
              store: TEXT,
              time_zone: TEXT,
              from: MOMENT,
              to: MOMENT,
              devices: { description: 'Full names.', type: 'array', items: TEXT },
            },
            { warned_at: { ...MOMENT, description: 'When the first people there are warned; absent: nobody is.' } },
          ),
        },
      }),
    },
    never: {
      description: 'Devices that would not begin within 90 days, and why.',
      type: 'array',
      items: closed({
        device: TEXT,
        reasons: {
          type: 'array',
          items: closed({ code: TEXT, by: TEXT, message: TEXT }),
        },
      }),
    },
  },
)

const OUTAGE = {
  title: 'Known outage',
  description: 'Something that is known to be out of order, by place and time.',
  ...closed({
    outage: OUTAGE_NOTE.outage,
    state: { enum: ['coming', 'current', 'over'] },
    why: TEXT,
    by: { description: 'Who said so.', type: 'string' },
    from: MOMENT,
    until: MOMENT,
    closed: { description: 'The place does not trade meanwhile: the time is maintenance.', type: 'boolean' },
    ended_by: { description: 'Who ended it before its time; null: nobody.', type: ['string', 'null'] },
    where: {
      description: 'What is given must all hold.',
      type: 'object',
      additionalProperties: false,
      properties: {
        stores: { type: 'array', items: TEXT },
        devices: { description: 'Full names.', type: 'array', items: TEXT },
        regions: { type: 'array', items: TEXT },
        kinds: { type: 'array', items: TEXT },
        where: { description: 'CEL over store and device.', type: 'string' },
      },
    },
    devices: { description: 'Devices of the inventory that it covers.', type: 'integer', minimum: 0 },
    stores: { description: 'Stores with one of them.', type: 'integer', minimum: 0 },
  }),
} as const

/** What `till outages list --json` answers. */
const OUTAGES_JSON_SCHEMA: object = answer(
  'outages',
  ['Known outages', 'What is known to be out of order (`till outages list --json`).'],
  { outages: { type: 'array', items: OUTAGE } },
)

export const SAFETY_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  why: WHY_JSON_SCHEMA,
  holds: HOLDS_JSON_SCHEMA,
  outages: OUTAGES_JSON_SCHEMA,
  schedule: SCHEDULE_JSON_SCHEMA,
}
