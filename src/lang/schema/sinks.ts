import { DURATION } from '../../core/duration.ts'
import { WHEN_FULL } from '../../core/sink.ts'
import { EVENT_TYPES } from './event.ts'
import { secret, text } from './input-forms.ts'

const NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,31}$'
/** A key that is a name. */
export const NAME_OF = {
  description: 'A name is of small letters, digits and -, 32 of them at most, and does not begin with -.',
  pattern: NAME_PATTERN,
} as const

const topic = (description: string, example: string) =>
  ({
    description,
    type: 'string',
    minLength: 1,
    maxLength: 200,
    pattern: '^([^{}+#\\x00]|\\{(kind|store|device|run)\\})+$',
    examples: [example],
  }) as const

export const CA = {
  description: 'A PEM file of certificates to trust, from the folder of tillwright.yaml on.',
  type: 'string',
  minLength: 1,
  examples: ['/etc/till/ca.pem'],
} as const

const FILE = {
  description: 'Lines of JSON in a file, which is renamed to FILE.1, FILE.2 … when it has grown.',
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      description: 'The file; relative to the repository.',
      type: 'string',
      minLength: 1,
      examples: ['.till/events.ndjson'],
    },
    megabytes: {
      description: 'How large it may grow. Default: 100.',
      type: 'number',
      minimum: 0.001,
      maximum: 10_000,
      examples: [100],
    },
    files: {
      description: 'How many renamed ones are kept. Default: 5.',
      type: 'integer',
      minimum: 0,
      maximum: 1000,
      examples: [5],
    },
  },
  examples: [{ path: '.till/events.ndjson' }],
} as const

const HTTP = {
  description: 'Batches of CloudEvents (application/cloudevents-batch+json) by POST.',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      description: 'Where they go.',
      type: 'string',
      pattern: '^https?://[^\\s]+$',
      examples: ['https://events.hq.example/till'],
    },
    headers: {
      description: 'Headers of each request; a value such as env:NAME is where a secret is.',
      type: 'object',
      propertyNames: { pattern: '^[A-Za-z0-9-]+$' },
      additionalProperties: { type: 'string' },
      examples: [{ Authorization: 'env:TILL_EVENTS_AUTHORIZATION' }],
    },
    hmac: {
      description:
        'Sign each request: HMAC-SHA256 over the time (seconds since 1970), a colon and the body, in hexadecimal digits.',
      type: 'object',
      additionalProperties: false,
      required: ['secret'],
      properties: {
        secret: secret('Where the key is.', 'env:TILL_EVENTS_KEY'),
        header: {
          description: 'Default: X-Till-Signature.',
          type: 'string',
          pattern: '^[A-Za-z0-9-]+$',
          examples: ['X-Till-Signature'],
        },
        time_header: {
          description: 'Default: X-Till-Timestamp.',
          type: 'string',
          pattern: '^[A-Za-z0-9-]+$',
          examples: ['X-Till-Timestamp'],
        },
      },
      examples: [{ secret: 'env:TILL_EVENTS_KEY' }],
    },
    batch: {
      description: 'Events of one request. Default: 100.',
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      examples: [100],
    },
    timeout: { ...DURATION, description: 'For a request. Default: 10s.' },
    ca: CA,
  },
  examples: [{ url: 'https://events.hq.example/till' }],
} as const

export const MQTT = {
  description: 'A broker that speaks MQTT 5.',
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      description: 'The broker.',
      type: 'string',
      pattern: '^(mqtt|mqtts|ws|wss)://[^\\s@]+$',
      examples: ['mqtts://broker.hq.example:8883'],
    },
    user: { description: 'The user.', type: 'string', minLength: 1, examples: ['till'] },
    password: secret('Where the password is.', 'env:TILL_MQTT_PASSWORD'),
    timeout: { ...DURATION, description: 'To connect, and for each message to be confirmed. Default: 10s.' },
    ca: CA,
  },
  examples: [{ url: 'mqtts://broker.hq.example:8883' }],
} as const

export const KAFKA = {
  description: 'Apache Kafka, by the library node-rdkafka, which is installed beside this program.',
  type: 'object',
  additionalProperties: false,
  required: ['brokers'],
  properties: {
    brokers: {
      description: 'Some of the brokers.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^[^\\s,]+:[0-9]{1,5}$' },
      examples: [['kafka1.hq.example:9093', 'kafka2.hq.example:9093']],
    },
    tls: { description: 'Speak TLS. Default: false.', type: 'boolean', examples: [true] },
    user: { description: 'The user (SASL).', type: 'string', minLength: 1, examples: ['till'] },
    password: secret('Where the password is.', 'env:TILL_KAFKA_PASSWORD'),
    mechanism: {
      description: 'How the password is proven. Default: SCRAM-SHA-512.',
      enum: ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
      examples: ['SCRAM-SHA-512'],
    },
    timeout: { ...DURATION, description: 'To connect, and for each message to be confirmed. Default: 10s.' },
    ca: CA,
  },
  examples: [{ brokers: ['kafka1.hq.example:9093'] }],
} as const

const SINK = {
  title: 'Sink',
  description: 'Where events of runs go: exactly one of file, http, kafka and mqtt.',
  type: 'object',
  additionalProperties: false,
  properties: {
    file: FILE,
    http: HTTP,
    kafka: KAFKA,
    mqtt: MQTT,
    include: text(
      'Which events: CEL over event.kind, event.store, event.device, event.run and event.data. Default: all.',
      "event.kind == 'device.finished'",
    ),
    exclude: text('Which of these not.', "event.data.state == 'in-sync'"),
    topic: topic(
      'The topic; {kind}, {store}, {device} and {run} are filled in. Default: till/{kind}.',
      'till/{store}/{kind}',
    ),
    topics: {
      description: 'Other topics by kind of event.',
      type: 'object',
      propertyNames: { enum: EVENT_TYPES },
      additionalProperties: topic('The topic of this kind.', 'till/devices'),
      examples: [{ 'device.finished': 'till/devices' }],
    },
    max_bytes: {
      description: 'Longer messages are refused before they are sent. Default: 262144.',
      type: 'integer',
      minimum: 1024,
      maximum: 16_777_216,
      examples: [262_144],
    },
    keep: {
      description: 'How long events wait for a sink that is away.',
      type: 'object',
      additionalProperties: false,
      properties: {
        days: { description: 'Default: 7.', type: 'number', minimum: 0.01, maximum: 365, examples: [7] },
        megabytes: {
          description: 'Default: 500.',
          type: 'number',
          minimum: 0.01,
          maximum: 100_000,
          examples: [500],
        },
        when_full: {
          description: 'refuse, the default: no new run begins. drop-oldest: they are let go of, counted and told.',
          enum: WHEN_FULL,
          examples: ['drop-oldest'],
        },
      },
      examples: [{ days: 7, when_full: 'drop-oldest' }],
    },
  },
} as const

export const SINKS = {
  title: 'Sinks',
  description: 'Where events of runs go, by name. They wait in the state store until they are taken (docs/streams.md).',
  type: 'object',
  propertyNames: NAME_OF,
  additionalProperties: SINK,
  examples: [{ archive: { file: { path: '.till/events.ndjson' } } }],
} as const
