import { EXPORTED_TABLES } from '../../core/state-export.ts'
import { answer, COUNT, closed, HEAD } from './forms.ts'
import { TIME } from './records.ts'

const WORKER = closed({
  name: { type: 'string' },
  host: { type: 'string' },
  pid: { type: 'integer', minimum: 1 },
  serve: { description: 'Terms in order, or `all`.', type: 'string' },
  slots: { description: 'Devices at a time.', type: 'integer', minimum: 1 },
  busy: { ...COUNT, description: 'Devices that it has.' },
  draining: { description: 'It takes nothing new.', type: 'boolean' },
  resting: {
    description: 'Why it could not work the last time; it takes nothing for a while, a minute at most. Null: it can.',
    type: ['string', 'null'],
  },
  version: { description: 'Of Tillwright.', type: 'string' },
  refused: {
    description: 'Why no run counts on it, by `workers` of tillwright.yaml. Null: they do.',
    type: ['string', 'null'],
  },
})

const QUEUE = closed({
  queue: {
    description: 'What those serve who take from it; `named` comes first where they have tokens.',
    type: 'string',
  },
  waiting: { ...COUNT, description: 'Jobs that nobody has.' },
  active: { ...COUNT, description: 'Jobs that somebody works on.' },
  oldest_seconds: { ...COUNT, description: 'For how long the oldest waits; 0: none does.' },
})

const STATE: object = answer(
  'state',
  ['State store', 'Where the state is and what is in it (`till state status --json`).'],
  {
    kind: { enum: ['sqlite', 'postgres'] },
    where: { description: 'The file, or the database without its password.', type: 'string' },
    program: { description: 'SQLite or PostgreSQL, with its version.', type: 'string' },
    version: { ...COUNT, description: 'Of the tables: how often they were changed.' },
    bytes: { ...COUNT, description: 'On disk.' },
    runs: { ...COUNT, description: 'Runs that are kept.' },
    leases: { ...COUNT, description: 'Leases that a controller has, be it there or not.' },
    oldest: { description: 'When the oldest of them began.', oneOf: [TIME, { type: 'null' }] },
  },
  {
    workers: { description: 'Workers that are there.', type: 'array', items: WORKER },
    queues: { description: 'What waits for them.', type: 'array', items: QUEUE },
  },
)

const MOVED: object = answer(
  'state-moved',
  ['Moved state', 'What was moved from a state file to PostgreSQL (`till state migrate --json`).'],
  {
    from: { description: 'The file, which is sealed.', type: 'string' },
    to: { description: 'The database, without its password.', type: 'string' },
    tables: {
      type: 'array',
      items: closed({
        table: { type: 'string' },
        rows: COUNT,
        digest: {
          description: 'sha256 over its rows in the order of its key, the same in both.',
          type: 'string',
          pattern: '^[0-9a-f]{64}$',
        },
      }),
    },
  },
)

const ADOPTED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-adopted/1',
  title: 'Adopted state',
  description: 'Which state store counts from now on (`till state adopt --json`).',
  ...closed({
    schema: { const: 'till.state-adopted/1' },
    id: { description: 'Of the store, as tillwright.yaml has it now.', type: 'string' },
    where: { description: 'The file, or the database without its password.', type: 'string' },
    file: { description: 'The project file.', type: 'string' },
    already: { description: 'It counted before, and nothing was written.', type: 'boolean' },
    sealed: { description: 'The file that counted until now.', type: ['string', 'null'] },
  }),
}

const RESTORED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-restored/1',
  title: 'Restored state',
  description: 'What a backup held that was restored (`till state accept-restore --json`).',
  ...closed({
    schema: { const: 'till.state-restored/1' },
    where: { description: 'The file, or the database without its password.', type: 'string' },
    runs: {
      description: 'Runs that were in progress when the backup was made.',
      type: 'array',
      items: { type: 'string' },
    },
    devices: {
      description: 'Devices, as STORE/DEVICE, that they had leases for: a change may have been under way.',
      type: 'array',
      items: { type: 'string' },
    },
  }),
}

const EXPORT: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-export/1',
  title: 'State, exported',
  description:
    'A line of `till state export`: the first says what it is, the last counts, between them is a row a line, by table and key. Columns are added from version to version, never changed.',
  oneOf: [
    {
      title: 'First line',
      ...closed({
        schema: { const: 'till.state-export/1' },
        exported_at: TIME,
        since: { description: 'Rows that are of a time are of the time since then.', oneOf: [TIME, { type: 'null' }] },
        kind: { enum: ['sqlite', 'postgres'] },
        where: { description: 'The file, or the database without its password.', type: 'string' },
        version: { ...COUNT, description: 'Of the tables: how often they were changed.' },
        till: { description: 'Version of Tillwright.', type: 'string' },
        left_out: {
          description: 'Tables, and columns as `table.column`, that are not there, and what they hold.',
          type: 'object',
          additionalProperties: { type: 'string' },
        },
      }),
    },
    {
      title: 'Row',
      ...closed({
        table: {
          oneOf: Object.entries(EXPORTED_TABLES).map(([name, about]) => ({ const: name, description: about })),
        },
        row: {
          description:
            'By column. Times are ISO 8601 in UTC, or milliseconds since 1970 where the table says so; truth values are 0 and 1. Text that holds JSON is a value, unless a hash covers it.',
          type: 'object',
          minProperties: 1,
        },
      }),
    },
    {
      title: 'Last line',
      ...closed({
        end: { const: true },
        rows: { ...COUNT, description: 'Lines between the first and this one.' },
        tables: { description: 'How many of each table.', type: 'object', additionalProperties: COUNT },
      }),
    },
  ],
}

const EXPORTED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-exported/1',
  title: 'State was exported',
  description: 'What was written (`till state export --out FILE --json`).',
  ...closed({
    schema: { const: 'till.state-exported/1' },
    file: { type: 'string' },
    rows: COUNT,
    bytes: COUNT,
  }),
}

const VACUUMED: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/state-vacuumed/1',
  title: 'State was vacuumed',
  description: 'What giving disk back came to (`till state vacuum --json`).',
  ...closed({
    schema: { const: 'till.state-vacuumed/1' },
    kind: { enum: ['sqlite', 'postgres'] },
    where: { description: 'The file, or the database without its password.', type: 'string' },
    way: {
      description: 'Page by page, all written anew, or by VACUUM of PostgreSQL.',
      enum: ['pages', 'whole', 'vacuum'],
    },
    before_bytes: { ...COUNT, description: 'On disk, with the write-ahead log of a file.' },
    after_bytes: COUNT,
    longest_ms: {
      description: 'How long others could not write at most; null: PostgreSQL lets them.',
      oneOf: [COUNT, { type: 'null' }],
    },
    pending: { description: 'Somebody reads the file: it becomes smaller once they are done.', type: 'boolean' },
  }),
}

export const STATE_ANSWER_SCHEMAS = {
  state: STATE,
  'state-moved': MOVED,
  'state-adopted': ADOPTED,
  'state-restored': RESTORED,
  'state-export': EXPORT,
  'state-exported': EXPORTED,
  'state-vacuumed': VACUUMED,
}
