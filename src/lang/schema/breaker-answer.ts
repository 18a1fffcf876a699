import { answer, closed, MOMENT } from './forms.ts'

/** What `till breaker --json` answers. */
export const BREAKER_JSON_SCHEMA: object = answer(
  'breaker',
  ['Breaker', 'Whether the breaker stops changes (`till breaker --json`).'],
  {
    open: { description: 'Nothing newly changes.', type: 'boolean' },
  },
  {
    since: MOMENT,
    why: { description: 'What opened it.', type: 'string' },
    closed: {
      description: 'Who closed it last, and why.',
      ...closed({ at: MOMENT, by: { type: 'string' }, why: { type: 'string' } }),
    },
  },
)
