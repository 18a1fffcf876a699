import type { JSONSchema } from 'json-schema-to-ts'
import { DURATION } from '../../core/duration.ts'
import type { JsonObject } from '../../core/json.ts'
import { ANY_PATH } from '../../devices/file/windows-read.ts'
import type { HttpSource } from '../../devices/probe/ask-http.ts'

/** What an event of a machine means for what it sells. */
export const MEANINGS = [
  'coins-jammed',
  'coins-full',
  'coins-off',
  'notes-jammed',
  'notes-full',
  'notes-off',
  'card-off',
  'column-jammed',
  'not-dispensed',
  'door-open',
  'ignore',
] as const
export type Meaning = (typeof MEANINGS)[number]

const meaning = (of: Meaning, ...codes: readonly string[]): Readonly<Record<string, Meaning>> =>
  Object.fromEntries(codes.map((code) => [code, of]))

/**
 * What machines list as MA5*ERROR, by the manuals of Royal Vendors (Triple Depth Vender, four-button programming, "Error display mode")
 * and SandenVendo (BB01, 4.1), which have the same codes.
 */
const LISTED_ERRORS: Readonly<Record<string, Meaning>> = {
  ...meaning('coins-off', 'ERROR CC', 'ERROR TS', 'ERROR CRCH'),
  ...meaning('coins-jammed', 'ERROR IC', 'ERROR NJ', 'ERROR TJ'),
  ...meaning('notes-off', 'ERROR BC', 'ERROR BILL', 'ERROR BRCH', 'ERROR BS'),
  ...meaning('notes-jammed', 'ERROR BJ'),
  ...meaning('notes-full', 'ERROR BFUL'),
  ...meaning('column-jammed', 'ERROR CJ', 'ERROR HS'),
  ...meaning('door-open', 'ERROR DS'),
}

/**
 * Standard codes (EVA DTS 6.1, table C.2) that say what is wrong with what is sold or paid with; all others are told by `events`.
 * Jammed are entry, validator, separator, dispenser, changer, chute and box; off is what has failed or does not answer.
 */
export const KNOWN_EVENTS: Readonly<Record<string, Meaning>> = {
  ...meaning('coins-jammed', 'EAA', 'EAD', 'EAE', 'EAF', 'EAG', 'EAH', 'EAI'),
  ...meaning('coins-off', 'EAL', 'EAM', 'EAN', 'EAO', 'EAP', 'EAR'),
  ...meaning('notes-jammed', 'ENA', 'ENC', 'END'),
  ...meaning('notes-full', 'ENE'),
  ...meaning('notes-off', 'ENG', 'ENH', 'ENI', 'ENJ', 'ENK'),
  ...meaning('card-off', 'EKA', 'EKB', 'EKC', 'EKD', 'EKM', 'EK2A', 'EK2B', 'EK2C', 'EK2D', 'EK2M'),
  ...meaning('column-jammed', 'EJB', 'EJC'),
  ...meaning('not-dispensed', 'ELA'),
  ...meaning('door-open', 'EGS'),
  ...LISTED_ERRORS,
}

export interface Filling {
  readonly product?: string
  readonly capacity?: number
  readonly low?: number
  readonly filled?: number
  readonly filled_at?: number
}

export interface AuditSource extends HttpSource {
  readonly from: 'controller' | 'device'
}

export interface TemperatureLimits {
  readonly max: number
  readonly name?: string
  readonly for?: string
  readonly scale?: number
}

export interface VendingParams {
  readonly file?: string
  readonly folder?: { readonly path: string; readonly match?: string }
  readonly http?: AuditSource
  readonly planogram?: Readonly<Record<string, Filling>>
  readonly refill?: 'reset'
  readonly low_days?: number
  readonly temperature?: TemperatureLimits
  readonly events?: Readonly<Record<string, Meaning>>
  readonly card_silent_after?: string
  readonly none_minutes?: number
  readonly below_percent?: number
  readonly floor?: number
  readonly weeks?: number
  readonly stale_after?: string
  readonly strict?: boolean
}

export const SOURCES = ['file', 'folder', 'http'] as const

const COUNT = { type: 'integer', minimum: 0, maximum: 100_000 } as const

const PLANOGRAM = {
  type: ['object', 'null'],
  description:
    'What columns hold, by their number in the audit file (PA1). Without it their stock is unknown, and not judged.',
  examples: [{ '10': { product: 'cola', capacity: 8, low: 2 } }],
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    properties: {
      product: { type: 'string', minLength: 1, description: 'What is in it.', examples: ['cola'] },
      capacity: { ...COUNT, minimum: 1, description: 'How many fit in. Default: what the machine says (PA104).' },
      low: { ...COUNT, description: 'So many left are few. Default: a fifth of the capacity.' },
      filled: { ...COUNT, description: 'How many were in it when it was last filled…' },
      filled_at: { ...COUNT, description: '…and what its counter of paid vends (PA201) showed then.' },
    },
  },
} as const satisfies JSONSchema

const HTTP = {
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['url', 'from'],
  description: 'Where the machine, or whoever reads it, serves the file.',
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://[^\\s]+$',
      description: 'What is asked for.',
      examples: ['http://127.0.0.1:8080/audit'],
    },
    from: { enum: ['controller', 'device'], description: 'Who asks.' },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Headers of the request; values may be secrets.',
      examples: [{ Accept: 'text/plain' }],
    },
    ca: { type: 'string', minLength: 1, description: 'A PEM file of certificates to trust, on the side that asks.' },
  },
} as const satisfies JSONSchema

const TEMPERATURE = {
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['max'],
  description: 'How warm it may be inside.',
  properties: {
    max: { type: 'number', minimum: -40, maximum: 100, description: 'Degrees Celsius.', examples: [8] },
    for: { ...DURATION, description: 'Warmer for so long is too warm, so that an open door is none. Default: 1h.' },
    name: {
      type: 'string',
      minLength: 1,
      description: 'What the machine calls it in MA5. Default: DETECTED TEMPERATURE.',
      examples: ['DETECTED TEMPERATURE'],
    },
    scale: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 10,
      description: 'Degrees of a 1 there. Default: 0.01, since machines send 600 for 6 degrees.',
    },
  },
} as const satisfies JSONSchema

export const PARAMS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    file: {
      type: ['string', 'null'],
      pattern: ANY_PATH,
      description: 'The audit file on the device, as text or as its modem kept it (DEX, DDCMP).',
      examples: ['/var/lib/vending/audit.eva'],
    },
    folder: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['path'],
      description: 'A folder of audit files on a device with Linux; the newest one is read.',
      properties: {
        path: { type: 'string', pattern: '^/', description: 'The folder.', examples: ['/var/lib/vending/audits'] },
        match: {
          type: 'string',
          minLength: 1,
          description: 'Which names count, with * for any text. Default: all.',
          examples: ['*.eva'],
        },
      },
    },
    http: HTTP,
    planogram: PLANOGRAM,
    refill: {
      enum: ['reset', null],
      description: 'A reading that puts the counters back goes along with filling every column up.',
    },
    low_days: {
      type: 'number',
      minimum: 0,
      maximum: 60,
      description: 'A column that lasts no longer is low. Default: 1.',
    },
    temperature: TEMPERATURE,
    events: {
      type: ['object', 'null'],
      additionalProperties: { enum: MEANINGS },
      description:
        'What events of this machine (EA1, EA2; MA5*ERROR as `ERROR CJ`) mean; these go before the known codes. A code without its part (`EJL` for `EJL_12`) is for all parts.',
      examples: [{ 'OCM mdb': 'coins-off' }],
    },
    card_silent_after: {
      ...DURATION,
      description:
        'So long without a payment by card, while it sells, is too long. Default: nothing is held against it.',
    },
    none_minutes: {
      type: 'integer',
      minimum: 1,
      description: 'So many trading minutes without a sale are too many, whatever is usual.',
    },
    below_percent: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100,
      description: 'So many percent fewer sales than usual are too few. Default: 40.',
    },
    floor: {
      type: 'number',
      minimum: 1,
      description: 'Sales that have to be usual in a span before too few of them say anything. Default: 50.',
    },
    weeks: {
      type: 'integer',
      minimum: 3,
      maximum: 26,
      description: 'How many weeks back the same weekdays are compared with. Default: 6.',
    },
    stale_after: {
      ...DURATION,
      description: 'A file that is older says nothing: by its ID5 or EA3, else by when it was written. Default: 24h.',
    },
    strict: { type: 'boolean', description: 'What needs attention soon is a failure too.' },
  },
} as const satisfies JSONSchema

/** Parameters without those that came to nothing. */
export function givenOf(params: unknown): VendingParams {
  return Object.fromEntries(Object.entries(params as JsonObject).filter(([, value]) => value !== null)) as VendingParams
}

/** What the schema cannot say. */
export function validate(params: JsonObject): string | undefined {
  const given = SOURCES.filter((source) => params[source] !== undefined && params[source] !== null)
  // What is still to be filled in may come to nothing.
  const isOpen = given.some((source) => String(params[source]).includes('${{'))
  if (given.length !== 1 && !isOpen) return `Say where the audit file is: exactly one of ${SOURCES.join(', ')}.`
  const { planogram = {} } = givenOf(params)
  if (typeof planogram !== 'object') return undefined
  const half = Object.entries(planogram).find(
    ([, column]) => (column.filled === undefined) !== (column.filled_at === undefined),
  )
  return half && `Column "${half[0]}" needs both \`filled\` and \`filled_at\`, or neither.`
}
