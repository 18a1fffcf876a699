import { TIME } from './records.ts'

const HEAD = { $schema: 'http://json-schema.org/draft-07/schema#' } as const
const COUNT = { type: 'integer', minimum: 0 } as const

const closed = (properties: Readonly<Record<string, object>>) =>
  ({ type: 'object', additionalProperties: false, required: Object.keys(properties), properties }) as const

const WORKER = closed({
  name: { type: 'string' },
  host: { type: 'string' },
  pid: { type: 'integer', minimum: 1 },
  serve: { description: 'Terms in order, or `all`.', type: 'string' },
  slots: { description: 'Devices at a time.', type: 'integer', minimum: 1 },
  busy: { ...COUNT, description: 'Devices that it has.' },
  draining: { description: 'It takes nothing new.', type: 'boolean' },
  version: { description: 'Of Tillwright.', type: 'string' },
})

const QUEUE = closed({
  queue: { description: 'What those serve who take from it.', type: 'string' },
  waiting: { ...COUNT, description: 'Jobs that nobody has.' },
  active: { ...COUNT, description: 'Jobs that somebody works on.' },
  oldest_seconds: { ...COUNT, description: 'For how long the oldest waits; 0: none does.' },
})

const STATE: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state/1',
  title: 'State store',
  description: 'Where the state is and what is in it (`till state status --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'kind', 'where', 'program', 'version', 'bytes', 'runs', 'leases', 'oldest'],
  properties: {
    schema: { const: 'till.state/1' },
    kind: { enum: ['sqlite', 'postgres'] },
    where: { description: 'The file, or the database without its password.', type: 'string' },
    program: { description: 'SQLite or PostgreSQL, with its version.', type: 'string' },
    version: { ...COUNT, description: 'Of the tables: how often they were changed.' },
    bytes: { ...COUNT, description: 'On disk.' },
    runs: { ...COUNT, description: 'Runs that are kept.' },
    leases: { ...COUNT, description: 'Leases that a controller has, be it there or not.' },
    oldest: { description: 'When the oldest of them began.', oneOf: [TIME, { type: 'null' }] },
    workers: { description: 'Workers that are there.', type: 'array', items: WORKER },
    queues: { description: 'What waits for them.', type: 'array', items: QUEUE },
  },
}

const MOVED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-moved/1',
  title: 'Moved state',
  description: 'What was moved from a state file to PostgreSQL (`till state migrate --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'from', 'to', 'tables'],
  properties: {
    schema: { const: 'till.state-moved/1' },
    from: { description: 'The file, which is sealed.', type: 'string' },
    to: { description: 'The database, without its password.', type: 'string' },
    tables: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['table', 'rows', 'digest'],
        properties: {
          table: { type: 'string' },
          rows: COUNT,
          digest: {
            description: 'sha256 over its rows in the order of its key, the same in both.',
            type: 'string',
            pattern: '^[0-9a-f]{64}$',
          },
        },
      },
    },
  },
}

export const STATE_ANSWER_SCHEMAS = { state: STATE, 'state-moved': MOVED }
