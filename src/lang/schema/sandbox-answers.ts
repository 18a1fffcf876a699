import { COUNT, closed, HEAD } from './forms.ts'
import { TIME } from './records.ts'

const SCHEMA = { const: 'till.sandbox/1' } as const

const STATUS = {
  title: 'Status',
  description: 'What a sandbox says of itself: `up`, `status` and `fault`.',
  type: 'object',
  additionalProperties: false,
  required: [
    ...['schema', 'pid', 'started_at', 'devices', 'windows', 'printers', 'listeners', 'workers'],
    ...['connections', 'sessions', 'served', 'faults'],
  ],
  properties: {
    schema: SCHEMA,
    pid: { description: 'Its process.', type: 'integer', minimum: 1 },
    started_at: TIME,
    devices: { ...COUNT, description: 'Devices that one can log in to, by SSH or WinRM.' },
    windows: { ...COUNT, description: 'Those of them that imitate Windows.' },
    printers: { ...COUNT, description: 'Printers among what is imitated.' },
    listeners: { ...COUNT, description: 'Other devices without a shell whose port answers.' },
    workers: { ...COUNT, description: 'Its processes beside the first.' },
    connections: { ...COUNT, description: 'Open now.' },
    sessions: { ...COUNT, description: 'Programs that run now.' },
    served: { ...COUNT, description: 'Programs that were run since the start.' },
    faults: { description: 'Devices by fault.', type: 'object', additionalProperties: COUNT },
    left_out: {
      description: '`up` only: devices of the selection that are not imitated, by the reason.',
      type: 'object',
      additionalProperties: COUNT,
    },
  },
} as const

const DOWN = {
  title: 'Down',
  description: 'How `down` found it.',
  ...closed({
    schema: SCHEMA,
    down: {
      description: 'ended: it was running; cleared: it had died and left something behind; none: there was none.',
      enum: ['ended', 'cleared', 'none'],
    },
  }),
} as const

export const SANDBOX_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/sandbox/1',
  title: 'Sandbox',
  description: 'What the `till sandbox` commands answer with `--json`.',
  oneOf: [STATUS, DOWN],
}
