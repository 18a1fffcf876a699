import { CHAIN, CHANNELS, contacts } from './channels.ts'
import { DOTTED_NAME, duration, NAME_OF_PARTY, text } from './input-forms.ts'

const name = (description: string, example: string) =>
  ({ description, type: 'string', pattern: DOTTED_NAME, examples: [example] }) as const
const names = (description: string, example: string) =>
  ({ description, type: 'array', minItems: 1, items: { type: 'string', minLength: 1 }, examples: [[example]] }) as const

const SPAN = '([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)'
const DAY = {
  description: 'Hours of a day, by the clocks of the store; closed is none.',
  anyOf: [
    { type: 'string', pattern: `^(${SPAN}|closed)$` },
    { type: 'array', items: { type: 'string', pattern: `^${SPAN}$` } },
  ],
} as const

/** When something counts or somebody is there. */
const HOURS = {
  description:
    'always; business, which is Monday to Friday from 9 to 17; hours of every day, as in 07:00-22:00; or the hours of each day. They are ' +
    'those of the clocks of the store.',
  anyOf: [
    { type: 'string', pattern: `^(always|business|${SPAN})$` },
    {
      type: 'object',
      propertyNames: {
        description: 'A day, or days from one to another: mon, mon-fri.',
        pattern: '^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$',
      },
      additionalProperties: DAY,
    },
  ],
  examples: ['always', 'business', '07:00-22:00', { 'mon-fri': '08:00-18:00', 'sat-sun': 'closed' }],
} as const

const CONTRACT = {
  title: 'Contract',
  description: 'How soon something is promised, and in which hours that counts.',
  type: 'object',
  additionalProperties: false,
  required: ['hours'],
  properties: {
    hours: HOURS,
    holidays: {
      description:
        'An iCal file, relative to tillwright.yaml: the days of its events are without hours. Default: none.',
      type: 'string',
      minLength: 1,
      examples: ['calendars/pl.ics'],
    },
    reaction: duration('Until somebody takes it. Default: 15m.', '15m'),
    diagnosis: duration('Until its cause is said. Default: 1h.', '1h'),
    fix: duration('Until nothing of it fires any more. Default: 4h.', '4h'),
  },
} as const

const TEAM = {
  title: 'Team',
  description: 'People who are responsible for something.',
  type: 'object',
  additionalProperties: false,
  properties: {
    chain: CHAIN,
    partner: name('Somebody outside of the house, for whom there are no incidents but those of this team.', 'acme'),
  },
} as const

const ROW = {
  title: 'Row',
  description: 'Whose a fault is. What it does not name is any.',
  type: 'object',
  additionalProperties: false,
  required: ['fault', 'team'],
  properties: {
    fault: {
      description: 'Fault classes: `fault` of `classify` in a runbook, `fault` or name of a rule, and `storm`.',
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      ],
      examples: ['sale-blocked', ['disk-full', 'disk-dead']],
    },
    vendor: names('Vendors of devices. Default: any.', 'acme'),
    region: names('Ids of regions. Default: any.', 'north'),
    contract: names('Names of contracts. Default: any.', 'gold'),
    team: name('The team whose it is.', 'till-desk'),
    steps: names('What has to be done before an incident may be closed. Default: nothing.', 'receipt printed'),
  },
} as const

export const RESPONSIBILITY = {
  title: 'Responsibility',
  description: 'Whose a fault is, and what is promised: the responsibility matrix.',
  type: 'object',
  additionalProperties: false,
  required: ['teams', 'rows'],
  properties: {
    vendor: text('Whose device it is: CEL over store and device. Default: nobody’s.', 'device.vars.vendor'),
    contract: text(
      'Name of the contract of a device: CEL over store and device; each device has one then. Default: none, around the clock.',
      'store.vars.contract',
    ),
    contracts: {
      description: 'What is promised, by name.',
      type: 'object',
      propertyNames: NAME_OF_PARTY,
      additionalProperties: CONTRACT,
      examples: [{ gold: { hours: 'always' }, office: { hours: 'business', fix: '8h' } }],
    },
    channels: CHANNELS,
    contacts: contacts(HOURS),
    teams: {
      description: 'Who is responsible, by name.',
      type: 'object',
      minProperties: 1,
      propertyNames: NAME_OF_PARTY,
      additionalProperties: TEAM,
      examples: [{ 'till-desk': {}, acme: { partner: 'acme' } }],
    },
    rows: {
      description:
        'The matrix, in order: the first row that fits is the one. Each fault class that a rule or its runbook can raise has one for all ' +
        'devices.',
      type: 'array',
      items: ROW,
      examples: [[{ fault: 'sale-blocked', vendor: ['acme'], team: 'acme' }]],
    },
  },
} as const

/** The file that tillwright.yaml names as `responsibility`. */
export const RESPONSIBILITY_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://tillwright.dev/schemas/responsibility/1',
  ...RESPONSIBILITY,
} as const

/** What `responsibility` of tillwright.yaml may be. */
export const RESPONSIBILITY_KEY = {
  title: 'Responsibility',
  description: 'Whose a fault is, and what is promised; or the file that says so, relative to this one.',
  anyOf: [{ type: 'string', minLength: 1 }, RESPONSIBILITY],
  examples: ['responsibility.yaml'],
} as const
