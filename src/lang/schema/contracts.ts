import { BOUNDS, CONTRACT_UNITS } from '../../core/contract.ts'
import { WRITTEN_HOURS } from './inventory.ts'
import { FREEZE, SCOPE } from './policy.ts'

const { calendar: _calendar, ...WHEN_AND_WHERE } = FREEZE.properties

const share = (description: string, example: number) =>
  ({ description, type: 'number', minimum: 0, maximum: 100, examples: [example] }) as const
const choice = <const T extends readonly string[]>(description: string, values: T) =>
  ({ description, enum: values, examples: [values[0]] }) as const

const CONTRACT = {
  title: 'Contract',
  description: 'What a partner has promised of devices, month by month of the clocks of each store.',
  type: 'object',
  additionalProperties: false,
  required: ['threshold'],
  properties: {
    partner: { description: 'With whom.', type: 'string', minLength: 1, examples: ['Serwis Kas Sp. z o.o.'] },
    of: choice('What was promised: that devices work (default), or that stores can sell.', ['devices', 'selling']),
    ...SCOPE,
    hours: {
      description: 'When it holds: trading hours of each store (default), always, or hours as stores have them.',
      anyOf: [{ enum: ['trading', 'always'] }, WRITTEN_HOURS],
      examples: ['always'],
    },
    bound: choice(
      'How long an outage was: from the first bad look to the last bad one (certain), to the first good one (seen, the ' +
        'default), or from the last good one to the first good one (possible).',
      BOUNDS,
    ),
    unknown: choice('Time of which nothing is known is left out (default), or down.', ['excluded', 'down']),
    maintenance: choice('Maintenance is left out (default), or counts as devices were found.', ['excluded', 'counted']),
    line: choice('Times in which the gateway of the store was down count (default), or are left out.', [
      'counted',
      'excluded',
    ]),
    pauses: {
      description: 'Times that the partner does not answer for. Default: none.',
      type: 'array',
      items: {
        ...FREEZE,
        title: 'Pause',
        description: 'A time that does not count. One of hours, from and to, or closed says when.',
        properties: {
          ...WHEN_AND_WHERE,
          name: { ...WHEN_AND_WHERE.name, description: 'What it is called.', examples: ['flood'] },
          why: { ...WHEN_AND_WHERE.why, description: 'Why it does not count.', examples: ['the street was closed'] },
        },
      },
      examples: [[{ name: 'flood', from: '2026-11-03', to: '2026-11-05', why: 'the street was closed' }]],
    },
    threshold: share('What was promised, in per cent.', 99.5),
    per: choice(
      'What is held against it, each by itself: all together (default), each store, or each device.',
      CONTRACT_UNITS,
    ),
    penalties: {
      description: 'What is due below a share, for each `per`; of several the lowest share that holds. Default: none.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['below', 'amount'],
        properties: {
          below: share('Where availability is below, in per cent.', 99.5),
          amount: { description: 'This is due.', type: 'number', minimum: 0, examples: [500] },
        },
      },
      examples: [
        [
          { below: 99.5, amount: 500 },
          { below: 98, amount: 2_000 },
        ],
      ],
    },
    currency: {
      description: 'Of the amounts, for people.',
      type: 'string',
      minLength: 1,
      maxLength: 10,
      examples: ['PLN'],
    },
  },
} as const

/** `contracts` of tillwright.yaml. */
export const CONTRACTS = {
  title: 'Contracts',
  description: 'What partners have promised, by name, for `till report sla`.',
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  additionalProperties: CONTRACT,
  examples: [{ 'serwis-kas': { threshold: 99.5, kinds: ['fiscal-printer'] } }],
} as const
