import { DURATION } from '../../core/duration.ts'
import { FREEZE } from './policy.ts'

const { calendar: _calendar, ...WHEN_AND_WHERE } = FREEZE.properties

/** `availability` of tillwright.yaml. */
export const AVAILABILITY = {
  title: 'Availability',
  description: 'How what runs find is taken for availability, in `till report`.',
  type: 'object',
  additionalProperties: false,
  properties: {
    every: {
      description: 'How often devices are looked at, as a rule. Default: 1h.',
      ...DURATION,
      examples: ['15m'],
    },
    holds: {
      description:
        'A look holds for so many times `every`; where none holds, it is unknown how the device was. Default: 2.',
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      examples: [3],
    },
    maintenance: {
      description:
        'Times that count neither as up nor as down. Holds (`till hold`) count so by themselves. Default: none.',
      type: 'array',
      items: {
        ...FREEZE,
        title: 'Maintenance',
        description: 'A time of work, or a store that does not trade. One of hours, from and to, or closed says when.',
        properties: {
          ...WHEN_AND_WHERE,
          name: { ...WHEN_AND_WHERE.name, description: 'What reports call it.', examples: ['refit'] },
          why: { ...WHEN_AND_WHERE.why, description: 'What people read about it.', examples: ['new tills'] },
        },
      },
      examples: [
        [{ name: 'refit', from: '2026-11-03', to: '2026-11-05', why: 'new tills', where: "store.id == 'PL-0412'" }],
      ],
    },
  },
} as const
