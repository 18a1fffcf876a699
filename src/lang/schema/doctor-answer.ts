import { answer, closed, HEAD } from './forms.ts'

/** What `till doctor windows --json` answers. */
export const DOCTOR_JSON_SCHEMA: object = answer(
  'doctor',
  ['Doctor', 'What `till doctor windows` answers with `--json`.'],
  {
    device: { type: 'string' },
    ok: { description: 'Every check held.', type: 'boolean' },
    findings: {
      description: 'In the order in which they were made.',
      type: 'array',
      items: closed({
        name: { description: 'Stays the same.', type: 'string' },
        about: { description: 'What holds if it is passed.', type: 'string' },
        state: { enum: ['ok', 'failed', 'not-run'] },
        detail: { description: 'What was seen, or what is wrong.', type: 'string' },
        duration_ms: { type: 'integer', minimum: 0 },
      }),
    },
  },
)

/** What `till doctor --json` answers. */
export const DOCTOR_MACHINE_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/doctor-machine/1',
  title: 'Doctor of this machine',
  description: 'What `till doctor` answers with `--json`.',
  ...closed({
    schema: { const: 'till.doctor.machine/1' },
    ok: { description: 'Nothing failed.', type: 'boolean' },
    findings: {
      type: 'array',
      items: closed(
        {
          name: { description: 'Stays the same.', type: 'string' },
          state: {
            description: 'Only some need what is missing; nothing goes without what failed.',
            enum: ['ok', 'missing', 'failed'],
          },
          detail: { description: 'What was seen.', type: 'string' },
        },
        {
          advice: { description: 'How to get it.', type: 'string' },
        },
      ),
    },
  }),
}
