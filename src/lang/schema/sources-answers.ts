import { SOURCE_TALLIES } from '../../core/event-source.ts'
import { answer, COUNT, closed, MOMENT, MOMENT_OR_NULL } from './forms.ts'

const EVENTS = closed(Object.fromEntries(SOURCE_TALLIES.map((what) => [what, COUNT])))
const UNKNOWN = {
  description: 'Names that nobody knows, the most frequent first; the others together without a name.',
  type: 'array',
  items: closed({ what: { enum: ['kind', 'device'] }, name: { type: 'string' }, count: COUNT }),
} as const

/** What the commands of `till sources` and POST to /sources answer. */
export const SOURCES_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  sources: answer('sources', ['Sources', 'What comes from each source of events (`till sources status --json`).'], {
    sources: {
      type: 'array',
      items: closed({
        source: { type: 'string' },
        from: {
          description: 'Where it comes from; empty for one that is not in tillwright.yaml any more.',
          type: 'string',
        },
        configured: { type: 'boolean' },
        devices: { ...COUNT, description: 'Devices that it was heard of.' },
        last_at: MOMENT_OR_NULL,
        quiet: { description: 'Nothing comes from any device: that is the source.', type: 'boolean' },
        silent: {
          description: 'Devices that are silent for too long: silent, never heard of, or without a licence for events.',
          type: 'array',
          items: closed({
            device: { type: 'string' },
            kind: { enum: ['silent', 'never', 'licence'] },
            heard_at: MOMENT_OR_NULL,
          }),
        },
        events: EVENTS,
        unknown: UNKNOWN,
        trouble: { description: 'Why it brings nothing.', type: ['string', 'null'] },
        trouble_since: MOMENT_OR_NULL,
      }),
    },
  }),
  'sources-tried': answer(
    'sources-tried',
    ['Sources tried', 'What recorded events would come to (`till sources test --json`).'],
    {
      source: { type: 'string' },
      events: EVENTS,
      unknown: UNKNOWN,
      wrong: {
        description:
          'Lines of events that came to nothing, at most 20; of objects one behind the other, which of them.',
        type: 'array',
        items: closed(
          { line: { type: 'integer', minimum: 1 }, what: { enum: SOURCE_TALLIES } },
          { why: { description: 'What of it could not be used, where that is known.', type: 'string' } },
        ),
      },
      devices: {
        type: 'array',
        items: closed({
          device: { type: 'string' },
          events: COUNT,
          counts: { type: 'array', items: closed({ series: { type: 'string' }, hour: MOMENT, count: COUNT }) },
          samples: {
            type: 'array',
            items: closed({ series: { type: 'string' }, count: COUNT, last: { type: 'number' } }),
          },
          marks: {
            type: 'array',
            items: closed({ name: { type: 'string' }, value: { type: 'string' }, at: MOMENT }),
          },
        }),
      },
    },
  ),
  'events-taken': answer(
    'events-taken',
    ['Events taken in', 'The answer to events that are kept (200 of POST /sources/NAME).'],
    {
      source: { type: 'string' },
      taken: { ...COUNT, description: 'New ones that found their device.' },
      repeated: { ...COUNT, description: 'That had come before.' },
    },
  ),
}
