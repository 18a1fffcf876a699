import { COMMIT, HEAD, open } from './forms.ts'
import { TIME } from './records.ts'

const OUTCOME = {
  description:
    'current: nothing is new; advanced: a new revision is (or would be) in force; refused, unreachable, undecided: the old one stays.',
  enum: ['current', 'advanced', 'refused', 'unreachable', 'undecided'],
} as const
const CODE = {
  description: 'Why not; see the reference of errors.',
  type: 'string',
  pattern: '^[A-Z][A-Z0-9_]*$',
} as const

const PROBLEM = {
  title: 'Problem',
  description: 'Why a revision is not put in force.',
  type: 'object',
  required: ['kind', 'detail'],
  properties: {
    kind: {
      description:
        'unsigned, bad-signature, unknown-signer, signer-not-allowed, signatures-missing, malformed, rewritten, incomplete, invalid, broken, unreachable or undecided.',
      type: 'string',
    },
    commit: COMMIT,
    path: { description: 'Path in the repository.', type: 'string' },
    detail: { description: 'In words.', type: 'string' },
  },
} as const
const PROBLEMS = { description: 'The first fifty.', type: 'array', items: PROBLEM } as const
const PROBLEM_COUNT = { description: 'How many problems there are.', type: 'integer', minimum: 0 } as const

const COUNT = { type: 'integer', minimum: 0 } as const
const ASSIGNMENTS = {
  description:
    'What became, or would become, of the assignments by this revision; absent where the one before could not be read any more.',
  type: 'array',
  items: {
    title: 'Assignment',
    ...open(
      {
        assignment: { description: 'Name of an assignment.', type: 'string' },
        devices: { ...COUNT, description: 'So many it means.' },
        gained: { ...COUNT, description: 'Devices that it did not mean before.' },
        lost: { ...COUNT, description: 'Devices that it means no more.' },
      },
      { is: { description: 'Absent for one that both revisions have.', enum: ['new', 'gone'] } },
    ),
  },
} as const

const TRUSTED = {
  title: 'Revision in force',
  ...open(
    {
      commit: COMMIT,
      at: { ...TIME, description: 'When it came into force.' },
      by: { description: 'till, where it was verified; otherwise the account of whoever said so.', type: 'string' },
    },
    {
      reason: { description: 'Why, in the words of that person.', type: 'string' },
      assignments: ASSIGNMENTS,
    },
  ),
} as const

const LAST = {
  title: 'Last look',
  type: 'object',
  required: ['at', 'outcome', 'tip', 'problems', 'problem_count', 'since'],
  properties: {
    at: TIME,
    outcome: OUTCOME,
    tip: { description: 'What the branch pointed to; null where the remote did not answer.', type: ['string', 'null'] },
    code: CODE,
    problems: PROBLEMS,
    problem_count: PROBLEM_COUNT,
    since: { ...TIME, description: 'Since when it is so.' },
    answered_at: { ...TIME, description: 'When the remote last told where the branch is.' },
    refused: {
      description: 'The newest revision that was seen, where it is refused, also while the remote does not answer.',
      type: 'object',
      required: ['tip', 'code', 'since'],
      properties: { tip: COMMIT, code: CODE, since: TIME },
    },
  },
} as const

/** Another controller of the state has the revision in force that counts; null: none has. */
export const OVERTAKEN = {
  description: 'Another controller that shares the state has the revision in force that counts; null: none has.',
  anyOf: [
    {
      title: 'Overtaken',
      ...open(
        {
          code: { const: 'REVISION_OVERTAKEN' },
          commit: COMMIT,
          at: { ...TIME, description: 'When it came into force there, or was ordered.' },
          on: { description: 'Name of that controller.', type: 'string' },
          since: { ...TIME, description: 'Since when this controller reconciles no device.' },
        },
        { ordered_by: { description: 'Who ordered it in the place of what was in force.', type: 'string' } },
      ),
    },
    { type: 'null' },
  ],
} as const

/** What `till gitops status --json` and `till gitops verify --json` answer. */
export const GITOPS_ANSWER_SCHEMAS: Readonly<Record<string, object>> = {
  'gitops-status': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/gitops-status/1',
    title: 'GitOps status',
    description: 'Which revision is in force, and what was refused (`till gitops status --json`).',
    ...open({
      schema: { const: 'till.gitops.status/1' },
      ok: { description: 'The newest revision that was seen is in force.', type: 'boolean' },
      folder: { description: 'Where all of this is kept.', type: 'string' },
      repository: { type: 'string' },
      branch: { type: 'string' },
      checkout: { description: 'Leads to the checkout that is in force.', type: 'string' },
      trusted: { description: 'null: nothing is in force yet.', anyOf: [TRUSTED, { type: 'null' }] },
      last: { description: 'null: nobody has looked yet.', anyOf: [LAST, { type: 'null' }] },
      overtaken: OVERTAKEN,
      record: {
        description: 'What happened, oldest first; the last twenty entries.',
        type: 'array',
        items: open({ at: TIME, what: { type: 'string' } }),
      },
    }),
  },
  'gitops-verified': {
    ...HEAD,
    $id: 'https://tillwright.dev/schemas/gitops-verified/1',
    title: 'GitOps verified',
    description: 'Whether the newest revision is trusted (`till gitops verify --json`).',
    type: 'object',
    required: ['schema', 'ok', 'outcome', 'in_force', 'tip', 'commits', 'problems', 'problem_count'],
    properties: {
      schema: { const: 'till.gitops.verified/1' },
      ok: { description: 'The newest revision is or would be in force.', type: 'boolean' },
      outcome: OUTCOME,
      in_force: COMMIT,
      tip: {
        description: 'What the branch points to; null where the remote did not answer.',
        type: ['string', 'null'],
      },
      commits: { description: 'New commits that were judged.', type: 'integer', minimum: 0 },
      code: CODE,
      problems: PROBLEMS,
      problem_count: PROBLEM_COUNT,
      assignments: ASSIGNMENTS,
    },
  },
}
