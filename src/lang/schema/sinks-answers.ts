import { COUNT, HEAD } from './forms.ts'

export const TIME_OR_NULL = { description: 'ISO 8601 in UTC.', type: ['string', 'null'] } as const

export function answer(
  name: string,
  [title, description]: readonly [string, string],
  fields: { readonly required: readonly string[]; readonly properties: object },
): object {
  return {
    ...HEAD,
    $id: `https://tillwright.dev/schemas/${name}/1`,
    title,
    description,
    type: 'object',
    additionalProperties: false,
    required: ['schema', ...fields.required],
    properties: { schema: { const: `till.${name}/1` }, ...fields.properties },
  }
}

/** What the commands of `till sinks` answer with --json. */
export const SINKS_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  sinks: answer('sinks', ['Sinks', 'How far each sink is (`till sinks status --json`).'], {
    required: ['sinks'],
    properties: {
      sinks: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: [
            'sink',
            'to',
            'configured',
            'full',
            'pending',
            'pending_bytes',
            'oldest_at',
            'sent',
            'skipped',
            'refused',
            'dropped',
            'trouble',
            'trouble_since',
            'last_sent_at',
          ],
          properties: {
            sink: { type: 'string' },
            to: {
              description: 'What it goes to; empty for one that is not in tillwright.yaml any more.',
              type: 'string',
            },
            configured: { type: 'boolean' },
            full: { description: 'It lacks more than is kept for it.', type: 'boolean' },
            pending: { ...COUNT, description: 'Events that wait for it.' },
            pending_bytes: COUNT,
            oldest_at: TIME_OR_NULL,
            sent: COUNT,
            skipped: { ...COUNT, description: 'Left out by include and exclude.' },
            refused: { ...COUNT, description: 'Never taken, by it or by max_bytes.' },
            dropped: { ...COUNT, description: 'Let go of since it was away for too long.' },
            trouble: { description: 'Why it takes nothing.', type: ['string', 'null'] },
            trouble_since: TIME_OR_NULL,
            last_sent_at: TIME_OR_NULL,
          },
        },
      },
    },
  }),
  'sinks-drained': answer('sinks-drained', ['Sinks drained', 'What was sent (`till sinks drain --json`).'], {
    required: ['sinks'],
    properties: {
      sinks: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['sink', 'sent', 'pending', 'trouble'],
          properties: { sink: { type: 'string' }, sent: COUNT, pending: COUNT, trouble: { type: ['string', 'null'] } },
        },
      },
    },
  }),
  'sinks-replayed': answer(
    'sinks-replayed',
    ['Sinks replayed', 'What waits again, or what was refused (`till sinks replay --json`).'],
    {
      required: ['sink', 'queued', 'refused'],
      properties: {
        sink: { type: 'string' },
        queued: COUNT,
        forgotten: { ...COUNT, description: 'So many were refused, and are not in the history any more.' },
        refused: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['sink', 'id', 'run', 'seq', 'at', 'why'],
            properties: {
              sink: { type: 'string' },
              id: COUNT,
              run: { type: 'string' },
              seq: COUNT,
              at: { description: 'ISO 8601 in UTC.', type: 'string' },
              why: { type: 'string' },
            },
          },
        },
      },
    },
  ),
}
