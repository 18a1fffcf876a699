import { DEVICE_KINDS, OS_FAMILIES } from '../../core/fleet.ts'
import { TRANSPORT } from './transport.ts'

/** Ids stand in full names (`PL-0412/pos1`), on command lines and in file names. */
const NAME = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'Names are made of letters, digits, dots, dashes and underscores, and begin with a letter or a digit.',
  examples: ['PL-0412'],
} as const

export const SPAN = {
  type: 'string',
  pattern: '^(closed|[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2})$',
  description: 'Hours are written HH:MM-HH:MM; the end may lie after midnight. `closed` is a day without any.',
  examples: ['06:00-22:00', '22:00-02:00', 'closed'],
} as const

const DAY = {
  type: ['string', 'array'],
  title: 'Hours of a day',
  description: 'Hours are written HH:MM-HH:MM, several as a list; `closed` is a day without any.',
  examples: ['06:00-22:00', ['08:00-12:00', '13:00-18:00'], 'closed'],
  pattern: SPAN.pattern,
  items: SPAN,
} as const

const WEEK = {
  type: 'object',
  title: 'Week',
  description: 'The hours of each day; days may be grouped.',
  examples: [{ 'mon-sat': '06:00-22:00', sun: 'closed' }],
  propertyNames: {
    type: 'string',
    pattern: '^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$',
    description: 'Days are mon, tue, wed, thu, fri, sat, sun, or a group of them.',
    examples: ['mon-fri'],
  },
  additionalProperties: { $ref: '#/$defs/day' },
} as const

const EXCEPTIONS = {
  type: 'object',
  title: 'Exceptions',
  description: 'Dates that differ from the week, with their hours.',
  examples: [{ '2026-12-24': '06:00-14:00', '2026-12-25': 'closed' }],
  propertyNames: {
    type: 'string',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
    description: 'Dates are written YYYY-MM-DD.',
    examples: ['2026-12-24'],
  },
  additionalProperties: { $ref: '#/$defs/day' },
} as const

/** Hours written out, for files that have no definitions to point to. */
export const WRITTEN_HOURS = {
  type: 'object',
  title: 'Hours',
  description: 'A week, and dates that differ from it.',
  examples: [{ week: { 'mon-fri': '08:00-18:00', 'sat-sun': 'closed' } }],
  additionalProperties: false,
  required: ['week'],
  properties: {
    week: { ...WEEK, additionalProperties: DAY },
    exceptions: { ...EXCEPTIONS, additionalProperties: DAY },
  },
} as const

const CALENDAR = {
  type: 'object',
  title: 'Calendar',
  description: 'Trading hours that many stores share.',
  additionalProperties: false,
  required: ['week'],
  properties: { week: { $ref: '#/$defs/week' }, exceptions: { $ref: '#/$defs/exceptions' } },
} as const

const VARS = {
  type: 'object',
  title: 'Variables',
  description:
    'Values for runbooks. They cascade fleet, region, store, profile, device: maps are merged, anything else is replaced, null removes.',
  examples: [{ zabbix: { server: '10.0.0.5' } }],
} as const

const TAGS = {
  type: 'array',
  title: 'Tags',
  description: 'Words to select by.',
  examples: [['pilot']],
  items: { ...NAME, description: 'A tag is one word.', examples: ['pilot'] },
} as const

const TIME_ZONE = {
  type: 'string',
  title: 'Time zone',
  description: 'The IANA name of the time zone.',
  examples: ['Europe/Warsaw'],
} as const

export const OS_PROPERTIES = {
  family: {
    enum: OS_FAMILIES,
    description: 'What runs on it; `none` has no operating system to speak of.',
    examples: ['linux'],
  },
  distribution: { type: 'string', description: 'Name of the distribution or edition.', examples: ['debian'] },
  version: { type: 'string', description: 'Version, as text.', examples: ['12'] },
} as const

const FLEET = {
  type: 'object',
  title: 'Fleet',
  description: 'What holds for all stores. It stands in one file only.',
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      description:
        'Name of the chain, by which the state knows it. Where it is another, holds, what is in progress or out and the breaker are taken over; known outages are to be said anew (till outages add).',
      examples: ['Sklepy Polskie'],
    },
    time_zone: TIME_ZONE,
    vars: { $ref: '#/$defs/vars' },
    transport: { $ref: '#/$defs/transport' },
    calendars: {
      type: 'object',
      examples: [{ large: { week: { 'mon-sat': '06:00-22:00', sun: 'closed' } } }],
      description: 'Trading hours by name, for `hours` of stores.',
      propertyNames: NAME,
      additionalProperties: CALENDAR,
    },
  },
} as const

const PROFILE = {
  type: 'object',
  title: 'Profile',
  description: 'What a class of devices has in common.',
  additionalProperties: false,
  required: ['kind', 'os'],
  properties: {
    kind: { enum: DEVICE_KINDS, title: 'Kind', description: 'What the device is.', examples: ['till'] },
    os: {
      type: 'object',
      title: 'Operating system',
      description: 'The operating system.',
      examples: [{ family: 'linux', distribution: 'debian', version: '12' }],
      additionalProperties: false,
      required: ['family'],
      properties: OS_PROPERTIES,
    },
    tags: TAGS,
    vars: { $ref: '#/$defs/vars' },
    transport: { $ref: '#/$defs/transport' },
  },
} as const

const REGION = {
  type: 'object',
  title: 'Region',
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, description: 'Name for people.', examples: ['Mazowieckie'] },
    vars: { $ref: '#/$defs/vars' },
    transport: { $ref: '#/$defs/transport' },
  },
} as const

export const DEVICE = {
  type: 'object',
  title: 'Device',
  additionalProperties: false,
  required: ['profile'],
  properties: {
    profile: { type: 'string', description: 'The profile of the device.', examples: ['till-linux'] },
    address: {
      type: 'string',
      title: 'Address',
      description: 'Host name or IP address, without a port. A device attached to another one may have none.',
      examples: ['10.4.12.11'],
    },
    attached_to: {
      type: 'string',
      description: 'The device of this store whose serial or USB port it hangs on.',
      examples: ['pos1'],
    },
    os: {
      type: 'object',
      description: 'Where this device differs from the operating system of its profile.',
      additionalProperties: false,
      properties: OS_PROPERTIES,
    },
    tags: TAGS,
    note: { type: 'string', description: 'For people.', examples: ['in the back room'] },
    vars: { $ref: '#/$defs/vars' },
    transport: { $ref: '#/$defs/transport' },
  },
} as const

export const STORE = {
  type: 'object',
  title: 'Store',
  additionalProperties: false,
  properties: {
    name: { type: 'string', minLength: 1, description: 'Name for people.', examples: ['Warszawa Marszałkowska'] },
    region: {
      type: 'string',
      description: 'The region of the store, if not the one of the file.',
      examples: ['mazowieckie'],
    },
    address: {
      type: 'object',
      description: 'Where the store is.',
      examples: [{ street: 'ul. Marszałkowska 12', postcode: '00-590', city: 'Warszawa' }],
      additionalProperties: false,
      required: ['street', 'postcode', 'city'],
      properties: {
        street: { type: 'string', description: 'Street and number.', examples: ['ul. Marszałkowska 12'] },
        postcode: { type: 'string', description: 'Postal code, as text.', examples: ['00-590'] },
        city: { type: 'string', description: 'Town.', examples: ['Warszawa'] },
        country: { type: 'string', description: 'Country, as a code of two letters.', examples: ['PL'] },
      },
    },
    location: {
      type: 'object',
      description: 'Where it lies on the map of the dashboard.',
      examples: [{ lat: 52.2297, lon: 21.0122 }],
      additionalProperties: false,
      required: ['lat', 'lon'],
      properties: {
        lat: {
          type: 'number',
          minimum: -90,
          maximum: 90,
          description: 'Latitude in degrees (WGS 84); south is negative.',
          examples: [52.2297],
        },
        lon: {
          type: 'number',
          minimum: -180,
          maximum: 180,
          description: 'Longitude in degrees; west is negative.',
          examples: [21.0122],
        },
      },
    },
    time_zone: TIME_ZONE,
    hours: {
      type: ['string', 'object'],
      title: 'Trading hours',
      description: 'The name of a calendar, or a week of its own; exceptions may be added to either.',
      examples: ['large', { calendar: 'large', exceptions: { '2026-12-24': 'closed' } }],
      additionalProperties: false,
      properties: {
        calendar: { type: 'string', description: 'The name of a calendar.', examples: ['large'] },
        week: { $ref: '#/$defs/week' },
        exceptions: { $ref: '#/$defs/exceptions' },
      },
    },
    link: {
      type: 'object',
      title: 'Link',
      description: 'The line that the store hangs on.',
      examples: [{ type: 'fibre', rtt_ms: 18, backup: 'lte' }],
      additionalProperties: false,
      required: ['type'],
      properties: {
        type: {
          enum: ['fibre', 'cable', 'dsl', 'lte', '5g', 'satellite', 'lan', 'other'],
          description: 'Kind of line.',
          examples: ['fibre'],
        },
        rtt_ms: {
          type: 'number',
          minimum: 0,
          maximum: 60_000,
          description: 'Round trip in milliseconds.',
          examples: [18],
        },
        backup: { type: 'string', minLength: 1, description: 'Second line, if there is one.', examples: ['lte'] },
        metered: {
          type: 'boolean',
          description:
            'What goes over it is paid for: larger files do not, unless `content` of tillwright.yaml allows it.',
          examples: [true],
        },
      },
    },
    gateway: {
      type: 'string',
      description: 'The device of this store through which others can be reached.',
      examples: ['router1'],
    },
    owner: {
      type: 'object',
      description: 'Who is responsible, in words of your own.',
      examples: [{ team: 'retail-ops', contact: 'ops@example.pl' }],
    },
    tags: TAGS,
    vars: { $ref: '#/$defs/vars' },
    transport: { $ref: '#/$defs/transport' },
    devices: {
      type: 'object',
      description: 'The devices of the store, by id.',
      examples: [{ pos1: { profile: 'till-linux', address: '10.4.12.11' } }],
      propertyNames: NAME,
      additionalProperties: DEVICE,
    },
  },
} as const

/** One file of an inventory: any of the five keys, in any file. */
export const INVENTORY_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Tillwright inventory',
  description: 'A file of an inventory. An inventory is a folder of such files; each holds any of these keys.',
  type: 'object',
  additionalProperties: false,
  properties: {
    region: { type: 'string', description: 'The region of the stores of this file.', examples: ['mazowieckie'] },
    fleet: FLEET,
    profiles: {
      type: 'object',
      description: 'Profiles by id: what a class of devices has in common.',
      examples: [{ 'till-linux': { kind: 'till', os: { family: 'linux' } } }],
      propertyNames: NAME,
      additionalProperties: PROFILE,
    },
    regions: {
      type: 'object',
      description: 'Regions by id.',
      examples: [{ mazowieckie: { name: 'Mazowieckie' } }],
      propertyNames: NAME,
      additionalProperties: REGION,
    },
    stores: {
      type: 'object',
      description: 'Stores by id, each with its devices.',
      examples: [
        { 'PL-0412': { name: 'Warszawa', devices: { pos1: { profile: 'till-linux', address: '10.4.12.11' } } } },
      ],
      propertyNames: NAME,
      additionalProperties: STORE,
    },
  },
  $defs: { day: DAY, week: WEEK, exceptions: EXCEPTIONS, vars: VARS, transport: TRANSPORT },
} as const
