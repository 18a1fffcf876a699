import { DURATION_PATTERN } from '../../core/duration.ts'
import { SCOPE } from './policy.ts'

const length = (description: string, example: string) =>
  ({ description, type: 'string', pattern: DURATION_PATTERN, examples: [example] }) as const

const exitCode = (description: string, example: number) =>
  ({ description, type: 'integer', minimum: 1, maximum: 255, examples: [example] }) as const

const WARNING = {
  title: 'Warning',
  description:
    'A command of your own that tells people at a device, a cashier say, that it will be changed. It is run once a device and run, when ' +
    'nothing else speaks against the change.',
  type: 'object',
  additionalProperties: false,
  required: ['script', 'wait'],
  properties: {
    script: {
      title: 'Command of a warning',
      description:
        'Ends with 0 where people were told, and with one of the codes below where they answered; its last line is what people read of it. ' +
        'Any other exit code is a failure.',
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: {
        sh: {
          description: 'For POSIX sh.',
          type: 'string',
          minLength: 1,
          examples: ['/opt/pos/bin/notify --minutes 5'],
        },
        powershell: {
          description: 'For Windows PowerShell 5.1.',
          type: 'string',
          minLength: 1,
          examples: ["& 'C:\\pos\\notify.exe' /minutes 5"],
        },
      },
    },
    wait: length('How long after the warning the device is changed; 0s: at once.', '5m'),
    not_now: exitCode('The exit code that means "not now". Default: 75 (EX_TEMPFAIL).', 75),
    at_once: exitCode('The exit code that means "at once", without waiting. Default: none.', 10),
    again: length('How long after "not now" people are asked again. Default: as `wait`, and a minute at least.', '10m'),
    times: {
      description: '"Not now" is heeded so many times. Default: 3.',
      type: 'integer',
      minimum: 0,
      maximum: 1_000,
      examples: [3],
    },
    for: length('"Not now" is heeded for so long after it was said first. Default: by `times` alone.', '2h'),
    after: {
      description:
        'What becomes of the device once "not now" is heeded no more: it is deferred, or changed after `wait`. Default: defer.',
      enum: ['defer', 'change'],
      examples: ['change'],
    },
    fails: {
      description:
        'What becomes of the device where the command failed: it is deferred, or changed after `wait`. Default: defer.',
      enum: ['defer', 'change'],
      examples: ['change'],
    },
    holds: length(
      'A change that has not begun so long after the waiting, since something else held it back, is warned of anew, twice at the most. At least 5m. ' +
        'Default: 30m.',
      '1h',
    ),
    timeout: length('The command may take so long; after that it has failed. Default: 30s.', '1m'),
    ...SCOPE,
  },
} as const

export const WARNINGS = {
  title: 'Warnings',
  description: 'What people at a device are told before it is changed, by name. Policies say which hold.',
  type: 'object',
  propertyNames: { pattern: '^[a-z][a-z0-9-]*$' },
  additionalProperties: WARNING,
  examples: [{ cashier: { script: { sh: '/opt/pos/bin/notify --minutes 5' }, wait: '5m', kinds: ['till'] } }],
} as const
