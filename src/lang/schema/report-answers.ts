import { NAMED_REPORTS } from '../../core/report-names.ts'
import { answer, closed, TEXT } from './forms.ts'
import { DEVICE_NAME, timeOrNull } from './records.ts'

/** What `till report scheduled --json` answers. */
export const SCHEDULED_REPORTS_JSON_SCHEMA: object = answer(
  'scheduled-reports',
  [
    'Scheduled reports',
    'Reports that are sent by themselves, and what became of the last ones (`till report scheduled --json`).',
  ],
  {
    reports: {
      type: 'array',
      items: {
        title: 'Report and place',
        ...closed({
          name: { type: 'string' },
          report: { enum: NAMED_REPORTS },
          place: { description: 'The report and who gets it, or the folder.', type: 'string' },
          due_last: { description: 'ISO 8601 in UTC.', type: 'string' },
          state: {
            description:
              'never: it was not due since it is there. waiting: it is tried again. given-up: not until it is due again.',
            enum: ['never', 'waiting', 'sending', 'sent', 'given-up'],
          },
          sent_for: { description: 'When that was due; null: never.', type: ['string', 'null'] },
          why: { description: 'Why it was not sent.', type: ['string', 'null'] },
        }),
      },
    },
  },
)

export const CHECKLIST_JSON_SCHEMA: object = answer(
  'checklist',
  ['Checklist', 'Where tills are, when they were last seen, and when they sold last (`till report checklist --json`).'],
  {
    count: { description: 'How many devices follow.', type: 'integer', minimum: 0 },
    devices: {
      description: 'In the order of the inventory.',
      type: 'array',
      items: {
        title: 'Line',
        ...closed({
          device: DEVICE_NAME,
          store: { description: 'Id of the store.', ...TEXT },
          city: TEXT,
          address: { description: 'Street of the store.', ...TEXT },
          till: { description: 'Id of the device in its store.', ...TEXT },
          id: {
            description: 'By which others know it: of the inventory, or else what was read of it; null: neither says.',
            type: ['string', 'null'],
          },
          seen_at: timeOrNull('When it last answered; null: never.'),
          ip: { description: 'Its address; null: it has none of its own.', type: ['string', 'null'] },
          last_receipt_at: timeOrNull(
            'When its last receipt was made, or that of a printer that hangs on it; null: never.',
          ),
          time_zone: { description: 'Of its store.', ...TEXT },
        }),
      },
    },
  },
)

export const DUPLICATES_JSON_SCHEMA: object = answer(
  'duplicates',
  ['Duplicates', 'Identities that several devices claim (`till inventory duplicates --json`).'],
  {
    devices: { description: 'How many devices were compared.', type: 'integer', minimum: 0 },
    count: { description: 'How many identities follow.', type: 'integer', minimum: 0 },
    duplicates: {
      type: 'array',
      items: {
        title: 'Duplicate',
        ...closed({
          what: {
            description: 'Kind of identity; there may be more kinds one day.',
            type: 'string',
            examples: ['unique_number', 'serial', 'machine_id', 'hostname', 'address', 'host_key'],
          },
          value: TEXT,
          claims: {
            type: 'array',
            minItems: 2,
            items: closed({
              device: DEVICE_NAME,
              by: { description: 'How it is known.', enum: ['inventory', 'seen', 'known_hosts'] },
              evidence: { description: 'Where it is written, or when it was read.', ...TEXT },
            }),
          },
          advice: { description: 'What it means and what to do.', ...TEXT },
        }),
      },
    },
  },
)
