import { answer, COUNT, closed, HEAD, MOMENT_OR_NULL } from './forms.ts'

/** What the commands of `till sinks` answer with --json. */
export const SINKS_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  sinks: answer('sinks', ['Sinks', 'How far each sink is (`till sinks status --json`).'], {
    sinks: {
      type: 'array',
      items: closed({
        sink: { type: 'string' },
        to: {
          description: 'What it goes to; empty for one that is not in tillwright.yaml any more.',
          type: 'string',
        },
        configured: { type: 'boolean' },
        full: { description: 'It lacks more than is kept for it.', type: 'boolean' },
        pending: { ...COUNT, description: 'Events that wait for it.' },
        pending_bytes: COUNT,
        oldest_at: MOMENT_OR_NULL,
        sent: COUNT,
        skipped: { ...COUNT, description: 'Left out by include and exclude.' },
        refused: { ...COUNT, description: 'Never taken, by it or by max_bytes.' },
        dropped: { ...COUNT, description: 'Let go of since it was away for too long.' },
        trouble: { description: 'Why it takes nothing.', type: ['string', 'null'] },
        trouble_since: MOMENT_OR_NULL,
        last_sent_at: MOMENT_OR_NULL,
      }),
    },
  }),
  'sinks-drained': answer('sinks-drained', ['Sinks drained', 'What was sent (`till sinks drain --json`).'], {
    sinks: {
      type: 'array',
      items: closed({ sink: { type: 'string' }, sent: COUNT, pending: COUNT, trouble: { type: ['string', 'null'] } }),
    },
  }),
  'sinks-replayed': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/sinks-replayed/1',
    title: 'Sinks replayed',
    description: 'What waits again, or what was refused (`till sinks replay --json`).',
    type: 'object',
    additionalProperties: false,
    required: ['schema', 'sink', 'queued', 'refused'],
    properties: {
      schema: { const: 'till.sinks-replayed/1' },
      sink: { type: 'string' },
      queued: COUNT,
      forgotten: { ...COUNT, description: 'So many were refused, and are not in the history any more.' },
      refused: {
        type: 'array',
        items: closed({
          sink: { type: 'string' },
          id: COUNT,
          run: { type: 'string' },
          seq: COUNT,
          at: { description: 'ISO 8601 in UTC.', type: 'string' },
          why: { type: 'string' },
        }),
      },
    },
  },
}
