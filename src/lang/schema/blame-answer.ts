import { HEAD, open } from './forms.ts'
import { DEVICE_NAME, TIME } from './records.ts'

const ORIGIN = {
  title: 'Origin',
  ...open({
    commit: { description: 'Full id; null: not committed yet.', type: ['string', 'null'] },
    author: { type: 'string' },
    at: { ...TIME, description: 'When it was committed, as the commit says.' },
    summary: { description: 'First line of the message.', type: 'string' },
  }),
} as const

/** What `till blame DEVICE STEP --json` answers. */
export const BLAME_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/blame/1',
  title: 'Blame',
  description: 'Which commit and line wants what a step wants of a device (`till blame DEVICE STEP --json`).',
  ...open({
    schema: { const: 'till.blame/1' },
    device: DEVICE_NAME,
    runbook: { type: 'string' },
    step: { description: 'Id of the step.', type: 'string' },
    wanted: {
      description: 'What was written last first.',
      type: 'array',
      items: open({
        what: {
          description: 'Parameter of the step, variable, parameter of the runbook, or assignment.',
          type: 'string',
        },
        value: { description: 'As it is written; a secret is only named.' },
        level: { description: 'Of the inventory: region, store, profile, device.', type: ['string', 'null'] },
        file: { type: 'string' },
        line: { type: 'integer', minimum: 1 },
        origin: { description: 'null: git does not know the file.', anyOf: [ORIGIN, { type: 'null' }] },
      }),
    },
  }),
}
