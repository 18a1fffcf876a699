import { DEVICE_KINDS } from '../../core/fleet.ts'
import { DAYS } from '../inventory/trading-hours.ts'
import { COUNT, closed, HEAD, POSITION } from './forms.ts'
import { DEVICE, OS_PROPERTIES, SPAN, STORE } from './inventory.ts'
import { DEVICE_NAME } from './records.ts'
import { TRANSPORT } from './transport.ts'

const TAGS = { description: 'Words to select by.', type: 'array', items: { type: 'string' } } as const
const VARS = { description: 'Values for runbooks, after the cascade.', type: 'object' } as const
const STORE_ID = { description: 'Id of the store.', type: 'string', examples: ['PL-0412'] } as const
const REGION_ID = { description: 'Id of the region.', type: 'string' } as const

const PLACE = {
  title: 'Place',
  description: 'Where it was written. Lines and columns count from 1, columns in UTF-16 units.',
  ...closed({
    file: { description: 'Relative to the repository.', type: 'string' },
    line: POSITION,
    column: POSITION,
  }),
} as const

/** A level may take away with null what a wider one says; after the cascade nothing of that is left. */
function withoutNull(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.filter((each) => each !== null && each !== 'null').map(withoutNull)
  if (schema === null || typeof schema !== 'object') return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withoutNull(value)]))
}

const TRANSPORT_AFTER_CASCADE = {
  ...(withoutNull(TRANSPORT) as object),
  description: 'How the device is reached, after the cascade.',
  required: ['type'],
}

const DEVICE_ANSWER = {
  title: 'Device',
  description: 'All that the inventory says of a device.',
  type: 'object',
  additionalProperties: false,
  required: [
    ...['id', 'name', 'store', 'region', 'profile', 'kind', 'os'],
    ...['address', 'tags', 'transport', 'vars', 'source'],
  ],
  properties: {
    id: { description: 'Id within the store.', type: 'string', examples: ['pos1'] },
    name: DEVICE_NAME,
    store: STORE_ID,
    region: REGION_ID,
    profile: { description: 'Id of the profile.', type: 'string' },
    kind: { description: 'What the device is.', enum: DEVICE_KINDS },
    os: {
      description: 'The operating system.',
      type: 'object',
      additionalProperties: false,
      required: ['family'],
      properties: OS_PROPERTIES,
    },
    address: { description: 'Host name or IP address; empty for a device without one.', type: 'string' },
    attached_to: DEVICE.properties.attached_to,
    tags: TAGS,
    note: DEVICE.properties.note,
    transport: TRANSPORT_AFTER_CASCADE,
    vars: VARS,
    source: PLACE,
  },
}

const HOURS_OF_DAY = { description: 'Empty: closed.', type: 'array', items: SPAN } as const

const HOURS = {
  title: 'Trading hours',
  description: 'In the time zone of the store.',
  ...closed({
    week: {
      type: 'object',
      additionalProperties: false,
      required: DAYS,
      properties: Object.fromEntries(DAYS.map((day) => [day, HOURS_OF_DAY])),
    },
    exceptions: {
      description: 'Dates that differ from the week, with their hours.',
      type: 'object',
      propertyNames: { pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' },
      additionalProperties: HOURS_OF_DAY,
    },
  }),
} as const

const STORE_ANSWER = {
  title: 'Store',
  description: 'All that the inventory says of a store.',
  type: 'object',
  additionalProperties: false,
  required: [
    ...['id', 'name', 'region', 'address', 'time_zone', 'hours', 'link'],
    ...['owner', 'tags', 'vars', 'source', 'devices'],
  ],
  properties: {
    id: STORE_ID,
    name: { description: 'Name for people.', type: 'string' },
    region: REGION_ID,
    address: STORE.properties.address,
    location: STORE.properties.location,
    time_zone: { description: 'IANA name.', type: 'string', examples: ['Europe/Warsaw'] },
    hours: HOURS,
    link: STORE.properties.link,
    gateway: STORE.properties.gateway,
    owner: STORE.properties.owner,
    tags: TAGS,
    vars: VARS,
    source: PLACE,
    devices: { description: 'Full names of its devices.', type: 'array', items: DEVICE_NAME },
  },
} as const

const VALUE = {
  title: 'Value',
  description: 'One effective value and where it came from.',
  ...closed(
    {
      path: { description: 'Dotted path.', type: 'string', examples: ['vars.agent.server'] },
      value: { description: 'What holds.' },
      level: {
        description: 'The level of the cascade that says so; default: none does.',
        type: 'string',
        examples: ['fleet', 'region mazowieckie', 'store PL-0412', 'profile till-linux', 'device PL-0412/pos1'],
      },
    },
    {
      source: PLACE,
    },
  ),
} as const

/** What `inventory` commands answer with `--json` and `--ndjson`, by the name of the schema. */
export const INVENTORY_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  'inventory-list': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/inventory-list/1',
    title: 'Devices',
    description: 'Devices of the inventory (`till inventory list --json`).',
    ...closed({
      schema: { const: 'till.inventory/1' },
      fleet: { description: 'Name of the fleet.', type: 'string' },
      count: { ...COUNT, description: 'How many devices follow.' },
      devices: { description: 'In the order of the inventory.', type: 'array', items: DEVICE_ANSWER },
    }),
  },
  'inventory-device': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/inventory-device/1',
    ...DEVICE_ANSWER,
    description: 'All that the inventory says of a device: one line of `till inventory list --ndjson`.',
  },
  'inventory-explained': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/inventory-explained/1',
    title: 'Explained',
    description: 'What the inventory says of a device or a store, and where (`till inventory show --json`).',
    type: 'object',
    additionalProperties: false,
    required: ['schema', 'name', 'values'],
    oneOf: [{ required: ['device'] }, { required: ['store'] }],
    properties: {
      schema: { const: 'till.inventory.explained/1' },
      name: { description: 'The name that was asked for.', type: 'string', examples: ['PL-0412/pos1', 'PL-0412'] },
      device: DEVICE_ANSWER,
      store: STORE_ANSWER,
      values: { type: 'array', items: VALUE },
    },
  },
  'inventory-check': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/inventory-check/1',
    title: 'Checked inventory',
    description: 'The size of an inventory without mistakes (`till inventory validate --json`).',
    ...closed({
      schema: { const: 'till.inventory.check/1' },
      valid: { description: 'With mistakes the answer is till.diagnostics/1.', const: true },
      files: COUNT,
      regions: COUNT,
      profiles: COUNT,
      stores: COUNT,
      devices: COUNT,
    }),
  },
  'inventory-generated': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/inventory-generated/1',
    title: 'Generated inventory',
    description: 'A fleet that was made up and written (`till inventory generate --json`).',
    ...closed({
      schema: { const: 'till.inventory.generated/1' },
      folder: { description: 'As it was given.', type: 'string' },
      seed: { description: 'The same seed and number of stores give the same files.', type: 'string' },
      stores: POSITION,
      files: { description: 'Names of the files that were written.', type: 'array', items: { type: 'string' } },
    }),
  },
}
