import { HEAD, MOMENT } from './forms.ts'

/** What `till breaker --json` answers. */
export const BREAKER_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/breaker/1',
  title: 'Breaker',
  description: 'Whether the breaker stops changes (`till breaker --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'open'],
  properties: {
    schema: { const: 'till.breaker/1' },
    open: { description: 'Nothing newly changes.', type: 'boolean' },
    since: MOMENT,
    why: { description: 'What opened it.', type: 'string' },
    closed: {
      description: 'Who closed it last, and why.',
      type: 'object',
      additionalProperties: false,
      required: ['at', 'by', 'why'],
      properties: { at: MOMENT, by: { type: 'string' }, why: { type: 'string' } },
    },
  },
}
