import { answer, COUNT, closed } from './forms.ts'

/** What the commands of `till sync` answer with --json. */
export const SYNC_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  'inventory-difference': answer(
    'inventory-difference',
    [
      'Difference of the inventory',
      'What a list of devices says otherwise than the inventory (`till sync inventory --json`).',
    ],
    {
      list: { description: 'Its name.', type: 'string' },
      as_of: { description: 'When it was made, ISO 8601 in UTC; null: it does not say.', type: ['string', 'null'] },
      pages: { description: 'How many were read.', type: 'integer', minimum: 1 },
      counts: closed({
        add: COUNT,
        change: COUNT,
        missing: COUNT,
        'no-store': COUNT,
        same: COUNT,
        unreadable: COUNT,
      }),
      unreadable: {
        description: 'Entries that could not be understood, and why.',
        type: 'array',
        items: { type: 'string' },
      },
      devices: {
        description: 'Those that differ.',
        type: 'array',
        items: closed({
          action: {
            description: 'missing: the list does not have it. no-store: the inventory does not have its store.',
            enum: ['add', 'change', 'missing', 'no-store'],
          },
          device: { description: 'Full name.', type: 'string' },
          fields: {
            type: 'array',
            items: closed({
              field: { description: 'address, profile, note, attached_to, or vars.PATH.', type: 'string' },
              is: { description: 'In the inventory; null: nothing.' },
              listed: { type: ['string', 'number', 'boolean'] },
              at: { description: 'Where the inventory says it; null: nowhere.', type: ['string', 'null'] },
            }),
          },
        }),
      },
    },
  ),
  'zabbix-sync': answer(
    'zabbix-sync',
    ['Hosts of Zabbix', 'What hosts are to become by the inventory, or have become (`till sync zabbix --json`).'],
    {
      applied: { description: 'It was carried out.', type: 'boolean' },
      counts: closed({ create: COUNT, update: COUNT, disable: COUNT, refused: COUNT, unchanged: COUNT }),
      hosts: {
        description: 'Those that are not as they should be.',
        type: 'array',
        items: closed({
          action: { enum: ['create', 'update', 'disable', 'refused'] },
          device: { description: 'Full name; empty where a host does not say which.', type: 'string' },
          host: { description: 'Technical name in Zabbix.', type: 'string' },
          changes: {
            type: 'array',
            items: closed({
              field: { enum: ['host', 'name', 'address', 'tags', 'group', 'status'] },
              from: { type: ['string', 'null'] },
              to: { type: 'string' },
            }),
          },
          result: { enum: ['planned', 'done', 'refused'] },
          why: {
            description:
              'Why it cannot be, in words of Zabbix where it refused; or that it was left, since Zabbix failed.',
            type: ['string', 'null'],
          },
        }),
      },
    },
  ),
}
