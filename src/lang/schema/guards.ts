import { DURATION_PATTERN } from '../../core/duration.ts'
import { GUARD_KINDS } from '../../core/guard.ts'
import { ENCODING_PROPERTY } from '../../core/windows-encodings.ts'
import { SCOPE } from './policy.ts'

const PATTERN = { type: 'string', minLength: 1 } as const
const FILE = {
  description: 'A file of the device, by its whole path.',
  type: 'string',
  pattern: '^(/|[A-Za-z]:[\\\\/])',
  examples: ['/var/log/pos/sales.log'],
} as const

const GUARD = {
  title: 'Guard',
  description:
    'A question to a device, asked right before each change. One of file, process, log, idle, logged_in, script or source says how.',
  type: 'object',
  additionalProperties: false,
  properties: {
    is: {
      description: 'What it looks out for. Default: that the device is in use.',
      enum: Object.keys(GUARD_KINDS),
      examples: ['open-receipt'],
    },
    says: {
      description: 'What people read of a device that it holds back. Default: as `is` says.',
      type: 'string',
      minLength: 1,
      examples: ['the safe is open'],
    },
    file: { ...FILE, description: 'Busy while there is this file or folder.', examples: ['/var/lib/pos/receipt.open'] },
    process: {
      description: 'Busy while a process with this name of a program runs.',
      type: 'string',
      minLength: 1,
      examples: ['zreport'],
    },
    log: {
      title: 'Guard by a log',
      description: 'The last line of a log, in its last megabyte, that has one of two patterns.',
      type: 'object',
      additionalProperties: false,
      required: ['file', 'begins', 'ends'],
      properties: {
        file: FILE,
        begins: { ...PATTERN, description: 'Busy from a line with this pattern on.', examples: ['receipt .* opened'] },
        ends: {
          ...PATTERN,
          description: 'Free from a line with this pattern on.',
          examples: ['receipt .* (closed|voided)'],
        },
        encoding: {
          ...ENCODING_PROPERTY,
          description: 'Windows: what the log is written in. Without it, as its mark says, or UTF-8.',
        },
        silent: {
          description: 'What it means that no line has either. Default: unknown.',
          enum: ['unknown', 'free'],
          examples: ['free'],
        },
      },
    },
    source: {
      title: 'Guard by events',
      description:
        'Asks nobody: a fact that events of the device told, while they tell how it is now. Unknown otherwise.',
      type: 'object',
      additionalProperties: false,
      required: ['name', 'fact'],
      properties: {
        name: { ...PATTERN, description: 'One of `sources`.', examples: ['tills'] },
        fact: { ...PATTERN, description: 'Busy while it is true.', examples: ['receipt_open'] },
        within: {
          description: 'The newest event of the device may be so old. Default: 60s.',
          type: 'string',
          pattern: DURATION_PATTERN,
          examples: ['30s'],
        },
      },
      examples: [{ name: 'tills', fact: 'receipt_open', within: '30s' }],
    },
    idle: {
      title: 'Guard by idleness',
      description: 'Busy until a file was not written to for so long: a log of the till, say.',
      type: 'object',
      additionalProperties: false,
      required: ['file', 'for'],
      properties: {
        file: FILE,
        for: { description: 'For so long.', type: 'string', pattern: DURATION_PATTERN, examples: ['60s'] },
      },
    },
    logged_in: { description: 'Busy while a person is logged in.', const: true, examples: [true] },
    script: {
      title: 'Guard by a script',
      description:
        'A script that writes nothing on the device and prints `free` and nothing else, or `busy` and why, in one line. ' +
        'Anything else, another exit code than 0, or no answer within ten seconds is unknown.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        sh: {
          description: 'For POSIX sh.',
          type: 'string',
          minLength: 1,
          examples: ['[ -e /run/pos/sale ] && echo busy || echo free'],
        },
        powershell: { description: 'For Windows PowerShell 5.1.', type: 'string', minLength: 1, examples: ["'free'"] },
      },
    },
    ask: {
      description:
        'Whom: the device, in the exchange of the change itself; or the host that it hangs on, less than a second before. ' +
        'Default: device.',
      enum: ['device', 'host'],
      examples: ['host'],
    },
    look_again: {
      description: 'How long after a device was in use it is asked again. Default: 15s.',
      type: 'string',
      pattern: DURATION_PATTERN,
      examples: ['30s'],
    },
    ...SCOPE,
  },
} as const

export const GUARDS = {
  title: 'Guards',
  description: 'What must not be so on a device when it is changed, by name. Policies say which hold.',
  type: 'object',
  propertyNames: { pattern: '^[a-z][a-z0-9-]*$' },
  additionalProperties: GUARD,
  examples: [{ receipt: { is: 'open-receipt', file: '/var/lib/pos/receipt.open', kinds: ['till'] } }],
} as const
