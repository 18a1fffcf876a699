import { DURATION } from '../../core/duration.ts'
import { EVENT_FORMATS } from '../../core/event-source.ts'
import { text } from './input-forms.ts'
import { KAFKA, MQTT as MQTT_SINK, NAME_OF } from './sinks.ts'

const SERIES_PATTERN = '^[a-z][a-z0-9_.-]{0,63}$'
const MARK_PATTERN = '^[a-z][a-z0-9_]{0,63}$'
const TOPICS = {
  description: 'Which topics.',
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: { type: 'string', minLength: 1, maxLength: 200 },
} as const

const FILES = {
  description: 'Lines of files, as they grow; files that are renamed are read to their end.',
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      description: 'A file, a folder, or a pattern with * and ? in its last part; relative to the repository.',
      type: 'string',
      minLength: 1,
      examples: ['events/*.ndjson'],
    },
    begin: {
      description: 'Where a file is begun that was never read: at its begin, the default, or at its end.',
      enum: ['begin', 'end'],
      examples: ['end'],
    },
  },
  examples: [{ path: 'events/*.ndjson' }],
} as const

const MQTT = {
  description: 'Topics of a broker that speaks MQTT 5.',
  type: 'object',
  additionalProperties: false,
  required: ['url', 'topics'],
  properties: {
    url: MQTT_SINK.properties.url,
    topics: { ...TOPICS, description: 'Filters of topics, with + and #.', examples: [['vending/+/telemetry']] },
    client: {
      description:
        'Name of the client, for a broker that takes known names alone. Default: that of state store and source. The broker keeps messages by it: one for each state store.',
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      examples: ['till-north'],
    },
    user: MQTT_SINK.properties.user,
    password: MQTT_SINK.properties.password,
    timeout: { ...DURATION, description: 'To connect. Default: 10s.' },
    ca: MQTT_SINK.properties.ca,
  },
  examples: [{ url: 'mqtts://broker.hq.example:8883', topics: ['vending/+/telemetry'] }],
} as const

const { brokers, tls, user, password, mechanism, timeout, ca } = KAFKA.properties
const KAFKA_TOPICS = {
  description: 'Topics of Apache Kafka, by the library node-rdkafka, which is installed beside this program.',
  type: 'object',
  additionalProperties: false,
  required: ['brokers', 'topics'],
  properties: {
    brokers,
    topics: { ...TOPICS, examples: [['set.events']] },
    group: {
      description: 'The consumer group. Default: till. Several servers of one state share it.',
      type: 'string',
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      examples: ['till'],
    },
    ...{ tls, user, password, mechanism, timeout, ca },
  },
  examples: [{ brokers: ['kafka1.hq.example:9093'], topics: ['set.events'] }],
} as const

const SET_EVENTS = {
  description:
    'JSON objects over TCP, as SetEvents of Set Retail sends them (version 2). It has no sign-in: see `from`.',
  type: 'object',
  additionalProperties: false,
  required: ['listen'],
  properties: {
    listen: {
      description: 'Address and port to listen on.',
      type: 'string',
      pattern: '^.+:[0-9]{1,5}$',
      examples: ['10.0.0.5:5455'],
    },
    from: {
      description: 'Addresses and networks that may send. Default: this machine alone.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$' },
      examples: [['10.0.0.0/8']],
    },
  },
  examples: [{ listen: '10.0.0.5:5455', from: ['10.0.0.0/8'] }],
} as const

const RULE = {
  title: 'Rule of a source',
  description:
    'What is made of events of some kinds. All rules that hold are followed; one without `gives` only knows a kind.',
  type: 'object',
  additionalProperties: false,
  properties: {
    kinds: {
      description: 'Of these kinds. Default: of all.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1, maxLength: 64 },
      examples: [['RECEIPT_CLOSED']],
    },
    when: text('Of these events: CEL over event and about (kind, at, topic).', 'event.sum > 0'),
    count: {
      description: 'Series that have one more, by the hour.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: SERIES_PATTERN },
      examples: [['receipts']],
    },
    samples: {
      description: 'Numbers at the time of the event, by series.',
      type: 'object',
      propertyNames: { pattern: SERIES_PATTERN },
      additionalProperties: text('The number.', 'double(event.temperature)'),
      examples: [{ temperature: 'double(event.temperature)' }],
    },
    marks: {
      description: 'The last known text of each name.',
      type: 'object',
      propertyNames: { pattern: MARK_PATTERN },
      additionalProperties: text('The text; no number of a card is kept.', 'about.at'),
      examples: [{ last_receipt_at: 'about.at' }],
    },
    facts: {
      description:
        'What is so from this event on; guards and silence know receipt_open, shift_open, online and licence.',
      type: 'object',
      propertyNames: { pattern: MARK_PATTERN },
      additionalProperties: { type: 'boolean' },
      examples: [{ receipt_open: false }],
    },
    alive: {
      description: 'The device itself has spoken; false for what a broker says in its place. Default: true.',
      type: 'boolean',
      examples: [false],
    },
  },
  examples: [{ kinds: ['RECEIPT_CLOSED'], count: ['receipts'], facts: { receipt_open: false } }],
} as const

const SILENCE = {
  title: 'Silence',
  description:
    'When a device has been silent for too long. It is told as an alert of the hook source `streams`, and as a metric.',
  type: 'object',
  additionalProperties: false,
  required: ['after'],
  properties: {
    after: { ...DURATION, description: 'After so long.', examples: ['45s'] },
    slow: {
      description: 'Others by a selector; the first that holds counts.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['where', 'after'],
        properties: {
          where: text('Which devices: CEL over store, device and region.', 'store.link.type == "4g"'),
          after: { ...DURATION, description: 'After so long.', examples: ['30m'] },
        },
      },
      examples: [[{ where: 'store.link.type == "4g"', after: '30m' }]],
    },
    expect: text(
      'Devices that have to speak, also where they never did. Others are told of once they have spoken.',
      'device.kind == "till"',
    ),
    always: {
      description: 'Also while the store is closed. Default: false.',
      type: 'boolean',
      examples: [true],
    },
  },
  examples: [{ after: '45s' }],
} as const

const SOURCE = {
  title: 'Source',
  description: 'Where events of devices come from: exactly one of push, files, mqtt, kafka and set_events.',
  type: 'object',
  additionalProperties: false,
  properties: {
    push: { description: 'By POST to /sources/NAME of `till serve`.', const: true, examples: [true] },
    files: FILES,
    mqtt: MQTT,
    kafka: KAFKA_TOPICS,
    set_events: SET_EVENTS,
    format: {
      description:
        'json, the default: JSON alone. text: `event` is the text. any: JSON where it is some, otherwise the text.',
      enum: EVENT_FORMATS,
      examples: ['any'],
    },
    like: {
      description: 'A description that comes with Tillwright: its rules come behind those that are given.',
      enum: ['set-events'],
      examples: ['set-events'],
    },
    device: text(
      'The device: its full name, its address, or a name that hooks.hostnames gives it. CEL over event and about.topic.',
      'event.till',
    ),
    store: text('The store, where `device` is the id of a device in it.', 'event.store'),
    at: text('When it happened. Default: when it comes.', 'event.time'),
    kind: text('What kind of event it is.', 'event.type'),
    id: text('By what it is known when it comes again. Default: by all of it.', 'event.id'),
    time_zone: {
      description: 'Of times without an offset. Default: that of the store.',
      type: 'string',
      minLength: 1,
      examples: ['Europe/Warsaw'],
    },
    month_first: { description: 'Dates with slashes are written 04/19/2016.', type: 'boolean', examples: [true] },
    max_bytes: {
      description: 'Longer events are not taken. Default: 65536.',
      type: 'integer',
      minimum: 64,
      maximum: 1_048_576,
      examples: [65_536],
    },
    repeated_within: {
      ...DURATION,
      description: 'For so long an event is known again. Default: 1h.',
      examples: ['6h'],
    },
    oldest: { ...DURATION, description: 'Older events are not taken. Default: 30d.', examples: ['7d'] },
    silence: SILENCE,
    rules: { description: 'What is made of events.', type: 'array', items: RULE, examples: [[RULE.examples[0]]] },
  },
} as const

export const SOURCES = {
  title: 'Sources',
  description: 'Events that devices send themselves, by name (docs/streams.md).',
  type: 'object',
  propertyNames: NAME_OF,
  additionalProperties: SOURCE,
  examples: [
    {
      tills: {
        files: { path: 'events/*.ndjson' },
        device: 'event.till',
        at: 'event.time',
        kind: 'event.type',
        rules: [{ kinds: ['RECEIPT_CLOSED'], count: ['receipts'], marks: { last_receipt_at: 'about.at' } }],
      },
    },
  ],
} as const
