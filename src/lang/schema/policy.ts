import { DEVICE_KINDS } from '../../core/fleet.ts'
import { DIMENSIONS } from '../../core/policy.ts'
import { duration } from './input-forms.ts'

const AMOUNT_PATTERN = '^(100|[0-9]{1,2})(\\.[0-9]+)?%$'
const DATE_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?$'
const DAYS_PATTERN = '^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$'

const count = (description: string, example: number, minimum = 1) =>
  ({ description, type: 'integer', minimum, maximum: 1_000_000, examples: [example] }) as const

const amount = (description: string, examples: readonly (number | string)[]) =>
  ({
    description,
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 1_000_000 },
      { type: 'string', pattern: AMOUNT_PATTERN },
    ],
    examples,
  }) as const

const share = (description: string, example: string) =>
  ({ description, type: 'string', pattern: AMOUNT_PATTERN, examples: [example] }) as const

const NAME = {
  description: 'What people read when it holds a device back.',
  type: 'string',
  minLength: 1,
  examples: ['nights'],
} as const

/** Which devices an entry is about. */
export const SCOPE = {
  regions: {
    description: 'Only devices of these regions. Default: all.',
    type: 'array',
    minItems: 1,
    items: { type: 'string', minLength: 1 },
    examples: [['mazowieckie']],
  },
  kinds: {
    description: 'Only devices of these kinds. Default: all.',
    type: 'array',
    minItems: 1,
    items: { enum: DEVICE_KINDS },
    examples: [['till']],
  },
  where: {
    description: 'Only devices for which this holds: CEL over store and device. Default: all.',
    type: 'string',
    minLength: 1,
    examples: ["'24h' in store.tags"],
  },
} as const

/** When an entry holds: one of these ways. */
const WHEN = {
  hours: {
    description: 'From when to when, by the clocks of each store, on the days of `days`; may run past midnight.',
    type: 'string',
    pattern: '^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$',
    examples: ['22:00-05:00'],
  },
  days: {
    description: 'Days on which `hours` begin, alone or in groups. Default: every day.',
    type: 'array',
    minItems: 1,
    items: { type: 'string', pattern: DAYS_PATTERN },
    examples: [['mon-thu', 'sun']],
  },
  from: {
    description: 'First day, or minute, by the clocks of each store.',
    type: 'string',
    pattern: DATE_PATTERN,
    examples: ['2026-12-20', '2026-12-20 18:00'],
  },
  to: {
    description: 'Last day, all of it; or the minute at which it ends.',
    type: 'string',
    pattern: DATE_PATTERN,
    examples: ['2027-01-02', '2027-01-02 06:00'],
  },
  closed: { description: 'While the store does not trade.', const: true, examples: [true] },
  margin: duration('With `closed`: so long after it closes and before it opens do not count. Default: 0s.', '30m'),
  calendar: {
    description: 'Events of an iCal file of the repository. Times without a zone are those of each store.',
    type: 'string',
    minLength: 1,
    examples: ['calendars/maintenance.ics'],
  },
} as const

const WINDOW = {
  title: 'Window',
  description: 'Changes begin within one of the windows. One of hours, from and to, closed or calendar says when.',
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: { name: NAME, ...WHEN, ...SCOPE },
} as const

/** A time, and what it is about. */
export const FREEZE = {
  title: 'Freeze',
  description: 'A time in which nothing changes. One of hours, from and to, closed or calendar says when.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'why'],
  properties: {
    name: NAME,
    why: {
      description: 'What people read who want to change something.',
      type: 'string',
      minLength: 1,
      examples: ['Christmas trade'],
    },
    ...WHEN,
    ...SCOPE,
  },
} as const

const CAP = {
  title: 'Cap',
  description: 'At most so many devices out at once, over all runs in progress.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'out'],
  properties: {
    name: NAME,
    per: {
      description: 'What is counted by itself: [store, kind] is each kind of each store. Default: [], the whole fleet.',
      type: 'array',
      uniqueItems: true,
      items: { enum: DIMENSIONS },
      examples: [['store', 'kind']],
    },
    out: amount('So many, or a share of those that there are, at least one.', [1, '5%']),
    ...SCOPE,
  },
} as const

const GROUP = {
  title: 'Group',
  description: 'Devices of a store that can stand in for each other: so many go on working while the store trades.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'working'],
  properties: {
    name: NAME,
    working: amount('So many, or a share of those of the store.', [1, '50%']),
    seen_within: duration('A device counts as working if it was seen so within this time. Default: 24h.', '24h'),
    ...SCOPE,
  },
} as const

const WAVES = {
  title: 'Waves',
  description: 'A few first, then growing shares; each is judged before the next. false: all at once.',
  anyOf: [
    { const: false },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        unit: {
          description: 'What is drawn into a wave as a whole. Default: store.',
          enum: ['store', 'device'],
          examples: ['store'],
        },
        canary: count('So many first. Default: 10.', 10),
        canary_at_most: count(
          'So many where more are needed to have every profile, system and version among them. Default: 50.',
          50,
        ),
        shares: {
          description: 'How much is done at the end of each further wave; the last is 100%. Default: 5%, 25%, 100%.',
          type: 'array',
          minItems: 1,
          items: { type: 'string', pattern: AMOUNT_PATTERN },
          examples: [['5%', '25%', '100%']],
        },
        soak: duration('How long the devices of a wave are watched before it is judged. Default: 10m.', '30m'),
        pause: {
          description:
            'Whether somebody must say that it goes on after the first wave: never, always, or in runs that were ' +
            'started on a terminal. Default: terminal.',
          enum: ['never', 'terminal', 'always'],
          examples: ['always'],
        },
        max_failures: {
          description: 'A wave stops at so many devices that failed; the least of these counts. Default: [10%, 250].',
          type: 'array',
          minItems: 1,
          items: amount('So many, or a share of the wave, at least one.', [5, '10%']),
          examples: [['10%', 250]],
        },
      },
    },
  ],
} as const

const APPROVAL = {
  title: 'Approval',
  description: 'People who must agree before anything is changed.',
  type: 'object',
  additionalProperties: false,
  properties: {
    people: count('How many. Default: 0, nobody is asked.', 1, 0),
    four_eyes: { description: 'Who asks cannot approve. Default: true.', type: 'boolean', examples: [true] },
    signed: {
      description:
        'By people whom the server signed in, or by an SSH signature (`till approve --sign KEY`): the account that runs a command is not ' +
        'taken for somebody. Default: false.',
      type: 'boolean',
      examples: [true],
    },
    valid: duration('It must be given and used within this time. Default: 24h.', '24h'),
    each: {
      description: 'What they agree to: the run, or each of its waves. Default: run.',
      enum: ['run', 'wave'],
      examples: ['wave'],
    },
  },
} as const

const purpose = (description: string) =>
  ({
    description,
    type: 'object',
    additionalProperties: false,
    properties: {
      windows: {
        description: 'When changes may begin. Default: at any time.',
        type: 'array',
        items: WINDOW,
        examples: [[{ name: 'nights', hours: '22:00-05:00' }]],
      },
      devices: count('At most so many devices in one run. Default: 1 for repairs, any number for rollouts.', 1),
      waves: WAVES,
      max_failures: count('The run stops at so many devices that failed. Default: any number.', 5),
      approval: APPROVAL,
      guards: {
        description: 'Names of `guards` of this file that are asked right before each change. Default: none.',
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', minLength: 1 },
        examples: [['receipt']],
      },
      warn: {
        description:
          'Names of `warnings` of this file: what people at a device are told before it is changed. Default: nothing.',
        type: 'array',
        uniqueItems: true,
        items: { type: 'string', minLength: 1 },
        examples: [['cashier']],
      },
      confirm_share: share(
        'An apply on a terminal that reaches more of the fleet than that has its number of devices typed. Default: 20%.',
        '20%',
      ),
    },
  }) as const

const POLICY = {
  title: 'Policy',
  description: 'What must hold before a device is changed. What is left out is as in the policy `default`.',
  type: 'object',
  additionalProperties: false,
  properties: {
    description: { description: 'What it is for, for people.', type: 'string', examples: ['Agents, at night'] },
    caps: {
      description: 'How many devices may be out at once. Default: one of a kind of each store.',
      type: 'array',
      items: CAP,
      examples: [[{ name: 'region', per: ['region'], out: '5%' }]],
    },
    keep: {
      description: 'What goes on working. Default: a till, a fiscal printer and a payment terminal of each store.',
      type: 'array',
      items: GROUP,
      examples: [[{ name: 'tills', kinds: ['till'], working: 1 }]],
    },
    freezes: {
      description: 'Times in which nothing changes. Default: none.',
      type: 'array',
      items: FREEZE,
      examples: [[{ name: 'christmas', from: '2026-12-20', to: '2027-01-02', why: 'Christmas trade' }]],
    },
    rollout: purpose('What holds for bringing something to many devices.'),
    repair: purpose('What holds for mending a device that is broken.'),
    dependents: {
      description:
        'Kinds of devices of the same store that go out with one of a kind, beside those that are reached through it. ' +
        'Default: everything with a router, tills with a server.',
      type: 'object',
      propertyNames: { enum: DEVICE_KINDS },
      additionalProperties: { type: 'array', items: { enum: DEVICE_KINDS } },
      examples: [{ server: ['till'] }],
    },
    breakers: {
      description: 'Failures over all runs that stop everything. Default: 20 devices within 30 minutes.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['failures', 'within'],
        properties: {
          failures: count('So many devices.', 20),
          within: duration('Within this time.', '30m'),
        },
      },
      examples: [[{ failures: 20, within: '30m' }]],
    },
    rollback: {
      description: 'How devices are brought back, by till rollback or by itself.',
      type: 'object',
      additionalProperties: false,
      properties: {
        at_once: count('So many at a time. Default: 10.', 10),
        stop_after: count('They stop at so many that failed. Default: 3.', 3),
        automatic: {
          description:
            'wave: a wave that stops at its failures is taken back by itself, by the rollback steps of what was changed in it. ' +
            'Where two policies hold, both must say so. Default: never.',
          enum: ['never', 'wave'],
          examples: ['wave'],
        },
      },
    },
    guess: {
      description:
        'How long things are taken to last until there were 20 changes by the runbook on devices of the class.',
      type: 'object',
      additionalProperties: false,
      properties: {
        change: duration('The change of a device. Default: 5m.', '5m'),
        proof: duration('The proof that it works. Default: 2m.', '2m'),
        rollback: duration('Bringing it back. Default: 5m.', '5m'),
      },
    },
    back_at_once: count('Devices that were away and get what they missed, at a time. Default: 50.', 50),
  },
} as const

export const POLICIES = {
  title: 'Policies',
  description: 'Rules for changing devices, by name. `default` holds where a runbook asks for no other.',
  type: 'object',
  propertyNames: { pattern: '^[a-z][a-z0-9-]*$' },
  additionalProperties: POLICY,
  examples: [{ nights: { rollout: { windows: [{ name: 'nights', hours: '22:00-05:00' }] } } }],
} as const

/** How a runbook or an assignment asks for a policy. */
export const POLICY_NAME = {
  title: 'Policy',
  description: 'Name of a policy of tillwright.yaml. Default: default.',
  type: 'string',
  pattern: '^[a-z][a-z0-9-]*$',
  examples: ['nights'],
} as const
