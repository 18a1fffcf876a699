import { answer, closed, HEAD, open } from './forms.ts'
import { RUN_ID, TIME } from './records.ts'

const SEQ = { description: '1, 2, 3… without gaps.', type: 'integer', minimum: 0 } as const
const HASH = {
  description: 'sha256 of the hash before it and of its own text, in hexadecimal.',
  type: 'string',
  pattern: '^([0-9a-f]{64})?$',
} as const
const PLACE = closed({ seq: SEQ, hash: HASH })

export const AUDIT_JSON_SCHEMA: object = answer(
  'audit',
  ['Audit log', 'Who has decided and done what, oldest first (`till audit list --json`).'],
  {
    rows: {
      type: 'array',
      items: closed({
        seq: SEQ,
        hash: HASH,
        entry: open({
          at: TIME,
          kind: { description: 'run.started, run.approved, breaker.closed, trust.recorded …', type: 'string' },
          by: { type: 'string' },
          host: { type: 'string' },
          about: { description: 'What belongs to it.', type: 'object', properties: { run: RUN_ID } },
        }),
      }),
    },
  },
)

export const AUDIT_VERIFIED_JSON_SCHEMA: object = answer(
  'audit-verified',
  ['Verified audit log', 'Whether the audit log is whole (`till audit verify --json`).'],
  {
    whole: { type: 'boolean' },
    rows: { type: 'integer', minimum: 0 },
    head: { ...PLACE, description: 'Its last row.' },
    cut: { description: 'Up to where old rows were cut off; null: none were.', anyOf: [PLACE, { type: 'null' }] },
    anchors: { description: 'How many heads that were kept elsewhere were compared.', type: 'integer', minimum: 0 },
    faults: { description: 'What is wrong, in words.', type: 'array', items: { type: 'string' } },
  },
)

export const AUDIT_CUT_JSON_SCHEMA: object = answer(
  'audit-cut',
  ['Rows cut off the audit log', 'What `till audit cut --json` has done.'],
  {
    rows: { description: 'How many rows were cut off now.', type: 'integer', minimum: 0 },
    cut: { description: 'Up to where rows are cut off; null: none are.', anyOf: [PLACE, { type: 'null' }] },
    vouched: { description: 'An unsigned checkpoint was signed.', type: 'boolean' },
  },
)

export const AUDIT_ANCHOR_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/audit-anchor/1',
  title: 'Head of an audit log',
  description: 'A line of the file, or of the note of git, that `till audit anchor` keeps a head in.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'seq', 'hash', 'at'],
  properties: {
    schema: { const: 'till.audit-anchor/1' },
    ...PLACE.properties,
    at: TIME,
    signature: {
      description: 'By `ssh-keygen -Y sign -n till-audit`, over the line without it; absent: it was not signed.',
      type: 'string',
    },
  },
}
