import { COMMIT, COUNT, HEAD, open } from './forms.ts'
import { INVENTORY_CHANGES, NOTES, RUNBOOK_CHANGES, TOUCHED } from './preview-answer.ts'

const named = (description: string) =>
  ({
    description,
    type: 'array',
    items: open({ name: { type: 'string' }, what: { enum: ['new', 'gone', 'changed'] } }),
  }) as const

/** What `till promote FROM INTO --json` answers. */
export const PROMOTION_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/promotion/1',
  title: 'Promotion',
  description: 'What merging one branch into another would mean (`till promote FROM INTO --json`).',
  ...open({
    schema: { const: 'till.promotion/1' },
    from: { description: 'What would be merged, as it was named.', type: 'string' },
    into: { description: 'What it would be merged into, as it was named.', type: 'string' },
    tip: { ...COMMIT, description: 'The commit that would be merged.' },
    base: { ...COMMIT, description: 'The commit that it would be merged into.' },
    commits: { ...COUNT, description: 'Commits that it brings.' },
    touched: TOUCHED,
    inventory: INVENTORY_CHANGES,
    assignments: named('Assignments of tillwright.yaml that differ.'),
    policies: named('Policies of tillwright.yaml that differ.'),
    stores: named('Stores of which the inventory says something else; their devices are counted for themselves.'),
    runbooks: RUNBOOK_CHANGES,
    notes: NOTES,
  }),
}
