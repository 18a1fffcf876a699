const FILES = {
  type: 'object',
  additionalProperties: {
    anyOf: [
      { description: 'the content of the file', type: 'string' },
      {
        description: 'a map with `content`, `mode`, `link` or `folder`',
        type: 'object',
        additionalProperties: false,
        properties: {
          content: { description: 'What the file holds.', type: 'string' },
          mode: {
            description: 'Its mode in octal digits.',
            type: 'string',
            pattern: '^[0-7]{3,4}$',
            examples: ['0640'],
          },
          link: { description: 'It is a symbolic link to this path.', type: 'string', minLength: 1 },
          folder: { description: 'It is an empty folder.', const: true },
        },
      },
    ],
  },
  examples: [{ 'licence.key': 'ABCD-1234\n' }],
} as const

const CHANGE = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      description: 'The field; reaction is what stands for an earlier step.',
      type: 'string',
      examples: ['version'],
    },
    before: { description: 'What the device has; null: nothing.' },
    after: { description: 'What is desired.' },
  },
} as const

const FAILURE = {
  description: 'The code of a failure, or a map of it and what its message says.',
  anyOf: [
    { description: 'a code', type: 'string', pattern: '^[A-Z][A-Z_]*$' },
    {
      description: 'a map of `code` and `message`',
      type: 'object',
      additionalProperties: false,
      properties: { code: { type: 'string' }, message: { type: 'string' } },
    },
  ],
  examples: ['OBSERVE_FAILED'],
} as const

const CASE = {
  title: 'Case',
  type: 'object',
  additionalProperties: false,
  required: ['it'],
  properties: {
    it: {
      description: 'What the module does in this case, in a few words.',
      type: 'string',
      minLength: 1,
      examples: ['puts the key where there is none'],
    },
    on: {
      description: 'Sides of the module that it is about. Default: all that the module has.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { enum: ['posix', 'powershell'] },
      examples: [['posix']],
    },
    given: {
      description: 'How the device is before.',
      type: 'object',
      additionalProperties: false,
      properties: {
        files: { description: 'Files below $ROOT, by their paths there.', ...FILES },
        programs: {
          description: 'Programs in sh that are found before those of this machine, by their names.',
          type: 'object',
          propertyNames: { pattern: '^[A-Za-z0-9._+-]+$' },
          additionalProperties: { type: 'string' },
          examples: [{ systemctl: 'echo inactive' }],
        },
      },
    },
    params: {
      description: 'What the step gives it. { secret: "test:WORD" } hands WORD over as a secret.',
      type: 'object',
      examples: [{ key: 'ABCD-1234', path: '$ROOT/licence.key' }],
    },
    triggered: { description: 'A step of its restart_on changed something.', type: 'boolean' },
    expect: {
      description: 'What is seen before anything is changed.',
      type: 'object',
      additionalProperties: false,
      properties: {
        value: { description: 'What observe prints; maps may hold more than is named.', type: 'object' },
        changes: {
          description: 'What differs, in the order of `desired`; [] is nothing.',
          type: 'array',
          items: CHANGE,
        },
        failure: FAILURE,
        invalid: { description: 'The parameters are refused.', const: true },
      },
    },
    after: {
      description: 'What is there once it has been changed.',
      type: 'object',
      additionalProperties: false,
      properties: {
        value: { description: 'What observe prints then.', type: 'object' },
        failure: FAILURE,
        files: { description: 'Files below $ROOT: their content, or content and mode.', ...FILES },
        absent: {
          description: 'Paths below $ROOT that are not there.',
          type: 'array',
          items: { type: 'string' },
          examples: [['licence.lock']],
        },
      },
    },
  },
} as const

/** The published schema of the cases by which a module of the user is tested. */
export const MODULE_TEST_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://tillwright.dev/schemas/module-test/1',
  title: 'Cases of a module',
  description:
    'What `till module test` runs: NAME.test.yaml beside the module. $ROOT is the folder of the case. A text that begins with "~ " is a regular expression where something is expected.',
  type: 'array',
  minItems: 1,
  items: CASE,
} as const
