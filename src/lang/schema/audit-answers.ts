import { HEAD } from './forms.ts'
import { RUN_ID, TIME } from './records.ts'

const SEQ = { description: '1, 2, 3… without gaps.', type: 'integer', minimum: 0 } as const
const HASH = {
  description: 'sha256 of the hash before it and of its own text, in hexadecimal.',
  type: 'string',
  pattern: '^([0-9a-f]{64})?$',
} as const
const PLACE = {
  type: 'object',
  additionalProperties: false,
  required: ['seq', 'hash'],
  properties: { seq: SEQ, hash: HASH },
} as const

export const AUDIT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/audit/1',
  title: 'Audit log',
  description: 'Who has decided and done what, oldest first (`till audit list --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'rows'],
  properties: {
    schema: { const: 'till.audit/1' },
    rows: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['seq', 'hash', 'entry'],
        properties: {
          seq: SEQ,
          hash: HASH,
          entry: {
            type: 'object',
            required: ['at', 'kind', 'by', 'host', 'about'],
            properties: {
              at: TIME,
              kind: { description: 'run.started, run.approved, breaker.closed, trust.recorded …', type: 'string' },
              by: { type: 'string' },
              host: { type: 'string' },
              about: { description: 'What belongs to it.', type: 'object', properties: { run: RUN_ID } },
            },
          },
        },
      },
    },
  },
}

export const AUDIT_VERIFIED_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/audit-verified/1',
  title: 'Verified audit log',
  description: 'Whether the audit log is whole (`till audit verify --json`).',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'whole', 'rows', 'head', 'cut', 'anchors', 'faults'],
  properties: {
    schema: { const: 'till.audit-verified/1' },
    whole: { type: 'boolean' },
    rows: { type: 'integer', minimum: 0 },
    head: { ...PLACE, description: 'Its last row.' },
    cut: { description: 'Up to where old rows were cut off; null: none were.', anyOf: [PLACE, { type: 'null' }] },
    anchors: { description: 'How many heads that were kept elsewhere were compared.', type: 'integer', minimum: 0 },
    faults: { description: 'What is wrong, in words.', type: 'array', items: { type: 'string' } },
  },
}

export const AUDIT_ANCHOR_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/audit-anchor/1',
  title: 'Head of an audit log',
  description: 'A line of the file, or of the note of git, that `till audit anchor` keeps a head in.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'seq', 'hash', 'at'],
  properties: { schema: { const: 'till.audit-anchor/1' }, ...PLACE.properties, at: TIME },
}
