import type { JSONSchema } from 'json-schema-to-ts'
import type { JsonObject } from '../../core/json.ts'
import { ENCODING_PROPERTY, type WINDOWS_ENCODINGS } from '../../core/windows-encodings.ts'
import { ANY_PATH } from '../../devices/file/windows-read.ts'
import type { HttpSource } from '../../devices/probe/ask-http.ts'
import { compilePattern } from '../../pattern/pattern.ts'
import { type DatabaseSource, whyNotReadOnly } from './database.ts'

export interface LogSource {
  readonly path: string
  readonly pattern: string
  readonly lines?: number
  readonly encoding?: (typeof WINDOWS_ENCODINGS)[number]
}

export interface FolderSource {
  readonly path: string
  readonly match?: string
}

export interface ApiSource extends HttpSource {
  readonly from: 'controller' | 'device'
  readonly last?: string
  readonly count?: string
  readonly as_of?: string
}

export interface FiscalSource {
  readonly last_receipt_at?: string | null
  readonly count?: number | null
  readonly clock?: string | null
  readonly clock_read_at?: string | null
}

export interface ReceiptsParams {
  readonly database?: DatabaseSource
  readonly log?: LogSource
  readonly folder?: FolderSource
  readonly http?: ApiSource
  readonly fiscal?: FiscalSource
  readonly stream?: StreamSource
  readonly waiting?: { readonly path: string; readonly match?: string; readonly max_minutes?: number }
  readonly series?: string
  readonly time_zone?: string
  readonly month_first?: boolean
  readonly below_percent?: number
  readonly floor?: number
  readonly none_minutes?: number
  readonly weeks?: number
  readonly stale_minutes?: number
}

export interface StreamSource {
  readonly source: string
  readonly series?: string
  readonly mark?: string
}

export const SOURCES = ['database', 'log', 'folder', 'http', 'fiscal', 'stream'] as const

const MATCH = {
  type: 'string',
  pattern: '^[^/\\\\]+$',
  description: 'File names, with * and ?. Default: all files.',
  examples: ['*.xml'],
} as const
const FOLDER = {
  type: 'string',
  pattern: ANY_PATH,
  description: 'A folder of the device.',
  examples: ['/var/spool/receipts'],
} as const
const PATH_IN_JSON = { type: 'string', minLength: 1 } as const
const TEXT_OR_NULL = { type: ['string', 'null'] } as const

const DATABASE = {
  type: 'object',
  additionalProperties: false,
  required: ['engine', 'query'],
  description: "A database, asked by the till's own client program (psql, mysql, mariadb, sqlcmd, sqlite3).",
  properties: {
    engine: { description: 'Which database it is.', enum: ['postgresql', 'mysql', 'mariadb', 'sqlserver', 'sqlite'] },
    query: {
      type: 'string',
      minLength: 1,
      description:
        'One SELECT that gives one row: the time of the last receipt, the number since {since}, and, where the data is a copy, the time as of which it is.',
      examples: ['SELECT max(sold_at), count(*) FILTER (WHERE sold_at >= {since}) FROM receipts'],
    },
    name: { type: 'string', minLength: 1, description: 'The database; for sqlite its file.' },
    host: {
      type: 'string',
      description: 'Host name or address of the server, as the device sees it.',
      examples: ['localhost'],
      pattern: '^[A-Za-z0-9_.:\\\\,-]+$',
    },
    port: { type: 'integer', description: 'TCP port of the server.', examples: [5432], minimum: 1, maximum: 65_535 },
    user: { type: 'string', description: 'Who logs in; reading is enough.', examples: ['monitoring'], minLength: 1 },
    password: { type: 'string', description: 'Never on a command line.' },
    since: {
      enum: ['local', 'utc', 'epoch'],
      description:
        'How {since} is written: as the clock of the store shows it (local, the default), in UTC, in seconds since 1970.',
    },
  },
} as const satisfies JSONSchema

const LOG = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'pattern'],
  description: 'A log file in which every receipt has a line.',
  properties: {
    path: {
      type: 'string',
      description: 'The log of the till application.',
      pattern: ANY_PATH,
      examples: ['/var/log/tillapp/receipts.log'],
    },
    pattern: {
      type: 'string',
      minLength: 3,
      description:
        'A regular expression that is found in the line of a receipt, with the time of the receipt in its first group.',
      examples: ['^([0-9.]+ [0-9:.]+) .*RECEIPT', '"eventTime":"([^"]+)".*"type":"CHECK"'],
    },
    lines: {
      type: 'integer',
      minimum: 1,
      maximum: 50_000,
      description: 'How many of the last lines are looked at. Default: 5000.',
    },
    encoding: ENCODING_PROPERTY,
  },
} as const satisfies JSONSchema

const HTTP = {
  type: 'object',
  additionalProperties: false,
  required: ['url', 'from'],
  description: 'An HTTP API that answers JSON; paths in it are written as items.0.at.',
  properties: {
    url: {
      type: 'string',
      description: 'What is asked for.',
      examples: ['http://127.0.0.1:8080/receipts/last'],
      pattern: '^https?://[^\\s]+$',
    },
    from: { enum: ['controller', 'device'], description: 'Who asks.' },
    last: { ...PATH_IN_JSON, description: 'Where the time of the last receipt stands.' },
    count: { ...PATH_IN_JSON, description: 'Where the number since the begin of the trading day stands.' },
    as_of: { ...PATH_IN_JSON, description: 'Where it says as of when that is.' },
    headers: {
      type: 'object',
      description: 'Headers of the request; values may be secrets.',
      examples: [{ Accept: 'application/json' }],
      additionalProperties: { type: 'string' },
    },
    ca: { type: 'string', minLength: 1, description: 'A PEM file of certificates to trust, on the side that asks.' },
  },
} as const satisfies JSONSchema

const FISCAL = {
  type: 'object',
  additionalProperties: false,
  description: 'What a fiscal printer said in an earlier step.',
  properties: {
    last_receipt_at: {
      ...TEXT_OR_NULL,
      description: 'When the last receipt was made, ISO 8601.',
      examples: [`\${{ steps.printer.value.fiscal.last_receipt_at }}`],
    },
    count: { type: ['integer', 'null'], description: 'Since the begin of the trading day.' },
    clock: { ...TEXT_OR_NULL, description: 'What its clock showed,' },
    clock_read_at: { ...TEXT_OR_NULL, description: 'and when that was.' },
  },
} as const satisfies JSONSchema

const STREAM = {
  type: 'object',
  additionalProperties: false,
  required: ['source'],
  description: 'Events of the device, which `till serve` takes in; the device is asked nothing.',
  properties: {
    source: { type: 'string', minLength: 1, description: 'One of `sources` of tillwright.yaml.', examples: ['tills'] },
    series: { type: 'string', minLength: 1, description: 'The series that counts receipts. Default: receipts.' },
    mark: {
      type: 'string',
      minLength: 1,
      description: 'The mark that holds the time of the last one. Default: last_receipt_at.',
    },
  },
} as const satisfies JSONSchema

export const PARAMS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    database: DATABASE,
    log: LOG,
    folder: {
      type: 'object',
      additionalProperties: false,
      required: ['path'],
      description: 'A folder with a file for every receipt; the time of a file is that of its receipt.',
      properties: { path: FOLDER, match: MATCH },
    },
    http: HTTP,
    fiscal: FISCAL,
    stream: STREAM,
    waiting: {
      type: 'object',
      additionalProperties: false,
      required: ['path'],
      description: 'A folder in which receipts wait to be sent.',
      properties: {
        path: FOLDER,
        match: MATCH,
        max_minutes: {
          type: 'integer',
          minimum: 1,
          description: 'How old the oldest may be. Default: nothing is held against it.',
        },
      },
    },
    series: {
      type: 'string',
      pattern: '^[a-z][a-z0-9.-]{0,63}$',
      description:
        'Under which name numbers are noted and compared. Default: receipts and the source, as in receipts.log.',
    },
    time_zone: {
      type: 'string',
      minLength: 1,
      description: 'Of times without an offset. Default: that of the store.',
      examples: ['UTC'],
    },
    month_first: { type: 'boolean', description: 'Dates with slashes are written 04/19/2016.' },
    below_percent: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100,
      description: 'So many percent fewer than usual are too few. Default: 40.',
    },
    floor: {
      type: 'number',
      minimum: 1,
      description: 'Receipts that have to be usual in a span before too few of them say anything. Default: 50.',
    },
    none_minutes: {
      type: 'integer',
      minimum: 1,
      description: 'So many trading minutes without a receipt are too many, whatever is usual.',
    },
    weeks: {
      type: 'integer',
      minimum: 3,
      maximum: 26,
      description: 'How many weeks back the same weekdays are compared with. Default: 6.',
    },
    stale_minutes: { type: 'integer', minimum: 1, description: 'Data that is older says nothing. Default: 15.' },
  },
} as const satisfies JSONSchema

/** What the schema cannot say. */
export function validate(params: JsonObject): string | undefined {
  const given = SOURCES.filter((source) => params[source] !== undefined)
  if (given.length !== 1) return `Say where receipts show: exactly one of ${SOURCES.join(', ')}.`
  const { log, database, http } = params as ReceiptsParams
  if (log) return whyNoGroup(log.pattern)
  if (database?.engine === 'sqlite' && database.name === undefined) return 'Say which file the database is: `name`.'
  if (database) return whyNotReadOnly(database.query)
  if (http && http.last === undefined && http.count === undefined)
    return 'Say where in the answer to look: `last`, `count` or both.'
  return undefined
}

/** The pattern is looked for on the device, and here to find the time. */
function whyNoGroup(pattern: string): string | undefined {
  const compiled = pattern.includes('${{') ? undefined : compilePattern(pattern)
  if (!compiled?.ok || compiled.pattern.groups > 0) return undefined
  return '`pattern` needs a group, in brackets, around the time.'
}
