import { answer, closed, TEXT } from './forms.ts'
import { PROOF, RUN_ID, TIME } from './records.ts'

/** What `till approve --json` answers. */
export const APPROVAL_JSON_SCHEMA: object = answer(
  'approval',
  ['Approval', 'What an approval has come to (`till approve --json`).'],
  {
    run: RUN_ID,
    ready: { description: 'Nobody else has to say anything.', type: 'boolean' },
    released: { description: 'Waves behind which it goes on.', type: 'array', items: { type: 'integer', minimum: 1 } },
    approvals: {
      description: 'Approvals that the policy wants.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'wave', 'people', 'four_eyes', 'asked_by', 'expires_at', 'given'],
        properties: {
          id: { type: 'string' },
          wave: { description: 'null: the run as a whole.', type: ['integer', 'null'] },
          people: { description: 'How many have to approve.', type: 'integer' },
          four_eyes: { description: 'Who asked cannot approve.', type: 'boolean' },
          signed: { description: 'Only signed ones count.', type: 'boolean' },
          asked_by: TEXT,
          expires_at: { ...TIME, description: 'It must be given, and used, by then.' },
          given: {
            type: 'array',
            items: closed({ by: TEXT, at: TIME, why: { type: 'string' } }, { proof: PROOF }),
          },
        },
      },
    },
  },
)
