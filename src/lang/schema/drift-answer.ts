import { DEVICE_STATES, STEP_STATES } from '../../core/outcome.ts'
import { COMMIT, COUNT, HEAD, open } from './forms.ts'
import { DEVICE_NAME, RUN_ID, TIME } from './records.ts'

const DRIFT = {
  title: 'Drift',
  description: 'A step that is not as desired on a device.',
  type: 'object',
  required: ['device', 'runbook', 'step', 'name', 'state', 'since', 'run', 'good', 'cause', 'mend'],
  properties: {
    device: DEVICE_NAME,
    runbook: { type: 'string' },
    step: { description: 'Id of the step.', type: 'string' },
    name: { type: 'string' },
    state: { enum: STEP_STATES },
    since: { ...TIME, description: 'When it was first found so.' },
    run: { ...RUN_ID, description: 'The run that found it so first.' },
    ended: { enum: DEVICE_STATES, description: 'How the device ended in that run.' },
    about: {
      description: 'The parameters without which the runbook has nothing to work on; empty where it needs none.',
      type: 'string',
    },
    good: {
      description: 'The look before, that found it as desired or made it so; null where none is kept.',
      anyOf: [open({ run: RUN_ID, at: TIME }), { type: 'null' }],
    },
    cause: open({
      kind: {
        description:
          'commit: what is wanted became another; device: it stayed the same, so the device became another; unknown: no look before ' +
          'it is kept, or not by which commit it was made.',
        enum: ['commit', 'device', 'unknown'],
      },
      commits: {
        description: 'Those that touched what is wanted in between, newest first; at most five.',
        type: 'array',
        items: open({ commit: COMMIT, author: { type: 'string' }, at: TIME, summary: { type: 'string' } }),
      },
    }),
    mend: {
      description: 'What would mend it.',
      ...open({
        apply: { description: 'The command that brings the device to what is wanted.', type: 'string' },
        revert: {
          description:
            'The one commit that made it another: reverting it wants what was there; null where there is no such one.',
          type: ['string', 'null'],
        },
      }),
    },
  },
} as const

/** What `till drift --since TIME --json` answers. */
export const DRIFT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/drift/1',
  title: 'Drift over time',
  description: 'What differs by the last looks, since when and by what (`till drift --since TIME --json`).',
  ...open({
    schema: { const: 'till.drift/1' },
    since: TIME,
    drifts: { description: 'What began last first.', type: 'array', items: DRIFT },
    devices: open(
      {
        asked: COUNT,
        not_looked_at: { ...COUNT, description: 'Nobody looked at them since then.' },
      },
      {
        failed: { ...COUNT, description: 'The last look at them since then failed, or broke off.' },
        not_judged: {
          ...COUNT,
          description: 'The last look at them since then did not reach them, or could not judge them.',
        },
        differ_longer: { ...COUNT, description: 'Something on them began to differ before that, and still does.' },
      },
    ),
  }),
}
