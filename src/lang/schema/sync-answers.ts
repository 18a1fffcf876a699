import { answer, COUNT } from './sinks-answers.ts'

const closed = (properties: Readonly<Record<string, object>>) =>
  ({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties }) as const

/** What the commands of `till sync` answer with --json. */
export const SYNC_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  'zabbix-sync': answer(
    'zabbix-sync',
    ['Hosts of Zabbix', 'What hosts are to become by the inventory, or have become (`till sync zabbix --json`).'],
    {
      required: ['applied', 'counts', 'hosts'],
      properties: {
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
    },
  ),
}
