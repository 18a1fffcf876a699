import { DURATION } from '../../core/duration.ts'
import { text } from './input-forms.ts'
import { NAME_OF } from './sinks.ts'

const DEVICE_LIST = {
  title: 'Device list',
  description:
    'An API of a vendor, or of headquarters, that lists devices: `till sync inventory` holds it against the inventory.',
  type: 'object',
  additionalProperties: false,
  required: ['url', 'items', 'device', 'fields'],
  properties: {
    url: {
      description: 'The first page. It is not followed to another server.',
      type: 'string',
      pattern: '^https?://[^@\\s]+$',
      examples: ['https://api.vendor.example/v1/devices?limit=500'],
    },
    token: {
      description: 'Where a bearer token is, as other secrets. Default: it asks for none.',
      type: 'string',
      pattern: '^(env|file|command|age):.+$',
      examples: ['env:TILL_VENDOR_TOKEN'],
    },
    items: text('CEL over `payload`, one page: the list of devices on it.', 'payload.items'),
    next: text(
      'CEL over `payload`: the address of the next page, or what `cursor` takes; null, empty or not there: it is the last. Default: there is one page.',
      'payload.next',
    ),
    cursor: {
      description: 'The query parameter that takes `next`. Default: `next` is an address.',
      type: 'string',
      pattern: '^[A-Za-z0-9_.-]+$',
      examples: ['after'],
    },
    total: text(
      'CEL over `payload`: how many devices there are on all pages, a number on each. Another number of them is no whole list.',
      'payload.total',
    ),
    as_of: text('CEL over `payload`: when it was made, ISO 8601.', 'payload.generated_at'),
    fresh: { description: 'A list that is older is not used; needs `as_of`.', ...DURATION, examples: ['24h'] },
    device: text('CEL over `item`, one device: its full name.', "item.shop + '/' + item.name"),
    fields: {
      description:
        'What it says of a device, CEL over `item`: address, profile, note, attached_to, and values as vars.PATH. What is null or empty says nothing.',
      type: 'object',
      minProperties: 1,
      propertyNames: {
        description: 'It is address, profile, note, attached_to, or vars.PATH, as vars.serial.',
        pattern: '^(address|profile|note|attached_to|vars(\\.[A-Za-z0-9_-]+)+)$',
      },
      additionalProperties: { type: 'string', minLength: 1 },
      examples: [{ address: 'item.ip', 'vars.serial': 'item.serial_number' }],
    },
    where: {
      description: 'Which devices of the inventory it has to have: CEL over store and device. Default: none is missed.',
      type: 'string',
      minLength: 1,
      examples: ["device.kind == 'payment-terminal'"],
    },
    timeout: { description: 'For one page. Default: 30s.', ...DURATION, examples: ['1m'] },
  },
} as const

/** `device_lists` of tillwright.yaml. */
export const DEVICE_LISTS = {
  title: 'Device lists',
  description: 'APIs that list devices, by name, for `till sync inventory`.',
  type: 'object',
  propertyNames: NAME_OF,
  additionalProperties: DEVICE_LIST,
  examples: [
    {
      terminals: {
        url: 'https://api.vendor.example/v1/devices?limit=500',
        token: 'env:TILL_VENDOR_TOKEN',
        items: 'payload.items',
        next: 'payload.next',
        device: "item.shop + '/' + item.name",
        fields: { address: 'item.ip' },
      },
    },
  ],
} as const
