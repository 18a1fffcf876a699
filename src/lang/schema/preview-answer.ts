import { COMMIT, COUNT, HEAD, open } from './forms.ts'

const COUNTS = {
  description: 'Devices by name, the most first.',
  type: 'object',
  additionalProperties: COUNT,
} as const

export const TOUCHED = {
  description: 'Devices that come, go, are another in the inventory, or have other runbooks.',
  ...open({
    stores: COUNT,
    devices: COUNT,
    by: open({ region: COUNTS, profile: COUNTS, version: COUNTS }),
  }),
} as const

export const INVENTORY_CHANGES = {
  description: 'Devices of the inventory.',
  ...open({ added: COUNT, removed: COUNT, changed: COUNT }),
} as const

export const RUNBOOK_CHANGES = {
  type: 'array',
  items: open({
    runbook: { type: 'string' },
    what: { enum: ['assigned', 'changed', 'device changed', 'no longer assigned'] },
    devices: COUNT,
  }),
} as const

export const NOTES = { description: 'What else is another.', type: 'array', items: { type: 'string' } } as const

/** What `till plan --against REF --json` answers. */
export const PREVIEW_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/preview/1',
  title: 'Preview',
  description: 'What merging a revision would change (`till plan --against REF --json`).',
  ...open({
    schema: { const: 'till.preview/1' },
    against: { description: 'The revision as it was named.', type: 'string' },
    base: { ...COMMIT, description: 'The commit that is checked out.' },
    tip: { ...COMMIT, description: 'The commit that would be merged.' },
    commits: { ...COUNT, description: 'Commits that it brings.' },
    touched: TOUCHED,
    inventory: INVENTORY_CHANGES,
    runbooks: RUNBOOK_CHANGES,
    paper: {
      description: 'What is not looked at on devices, and why.',
      type: 'array',
      items: open({ why: { type: 'string' }, devices: COUNT }),
    },
    notes: NOTES,
    sample: {
      description: 'How many devices are looked at, of how many that may be, and what they were drawn by.',
      ...open({ of: COUNT, devices: COUNT, seed: { type: 'string' } }),
    },
    plan: {
      description: 'The result of the plan (till.result/1); null where no device is looked at.',
      type: ['object', 'null'],
    },
  }),
}
