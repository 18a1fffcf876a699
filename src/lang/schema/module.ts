// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { COUNT } from './forms.ts'

const SCHEMA = { $ref: '#/definitions/schema' } as const
const SCHEMAS = { type: 'array', minItems: 1, items: SCHEMA } as const
const TYPE = { enum: ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'] } as const

/** The part of JSON Schema that describes parameters: an editor gets it with the schema of runbooks, where `$ref` would lead nowhere. */
const KEYWORDS = {
  title: { type: 'string' },
  description: {
    description: 'What it is for; editors show it.',
    type: 'string',
    examples: ['The key that was bought.'],
  },
  type: {
    description: 'What it holds: string, integer, number, boolean, array, object, null; or a list of those.',
    anyOf: [TYPE, { type: 'array', minItems: 1, items: TYPE }],
    examples: ['string'],
  },
  enum: {
    description: 'The only values that it may have.',
    type: 'array',
    minItems: 1,
    examples: [['stable', 'beta']],
  },
  const: { description: 'The only value that it may have.' },
  default: { description: 'Its value where a step does not give it.', examples: ['/opt/till/licence'] },
  examples: { description: 'Values that are right, for people.', type: 'array' },
  writeOnly: {
    description: 'It is hidden wherever it is shown, and so is what a device has in its place.',
    type: 'boolean',
    examples: [true],
  },
  pattern: { description: 'A regular expression (JavaScript) that a text matches.', type: 'string', examples: ['^/'] },
  minLength: COUNT,
  maxLength: COUNT,
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  exclusiveMinimum: { type: 'number' },
  exclusiveMaximum: { type: 'number' },
  multipleOf: { type: 'number', exclusiveMinimum: 0 },
  items: SCHEMA,
  minItems: COUNT,
  maxItems: COUNT,
  uniqueItems: { type: 'boolean' },
  properties: { description: 'Keys of a map, with what each holds.', type: 'object', additionalProperties: SCHEMA },
  required: {
    description: 'Keys that must be given.',
    type: 'array',
    uniqueItems: true,
    items: { type: 'string' },
    examples: [['key']],
  },
  additionalProperties: {
    description: 'false: no other keys; or what others hold.',
    anyOf: [{ type: 'boolean' }, { type: 'object' }],
  },
  propertyNames: SCHEMA,
  minProperties: COUNT,
  maxProperties: COUNT,
  anyOf: SCHEMAS,
  oneOf: SCHEMAS,
  allOf: SCHEMAS,
} as const

const SIDE = {
  type: 'object',
  additionalProperties: false,
  required: ['observe'],
  properties: {
    observe: {
      description: 'Looks, never writes, and prints one JSON object: what is there.',
      type: 'string',
      minLength: 1,
      examples: ['json_object version "$(cat /opt/till/version)"\n'],
    },
    converge: {
      description: 'Changes what differs; then it is looked again. Without it the module only checks.',
      type: 'string',
      minLength: 1,
      examples: ['printf \'%s\\n\' "$version" >/opt/till/version\n'],
    },
  },
} as const

/** The published schema of a module that a user writes. */
export const MODULE_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://tillwright.dev/schemas/module/1',
  title: 'Module',
  description: 'A module of your own: what a step of a runbook takes, looks at and changes.',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'summary'],
  properties: {
    name: {
      description: 'The name of the file without its ending: small letters, digits, - and _.',
      type: 'string',
      pattern: '^[a-z][a-z0-9_-]{0,62}$',
      examples: ['till-licence'],
    },
    summary: {
      description: 'What it does, in one line.',
      type: 'string',
      minLength: 1,
      pattern: '^[^\\n]*$',
      examples: ['Sees to it that the licence of the till is the one that was bought'],
    },
    documentation: { description: 'More about it, for people, in Markdown.', type: 'string', minLength: 1 },
    params: {
      title: 'Parameters',
      description: 'JSON Schema of what a step gives it: a map. Keys that are not named are refused.',
      type: 'object',
      additionalProperties: false,
      properties: {
        type: { const: 'object' },
        additionalProperties: { const: false },
        description: KEYWORDS.description,
        required: KEYWORDS.required,
        properties: {
          ...KEYWORDS.properties,
          propertyNames: {
            description:
              'Scripts see it as a variable: small letters, digits and _, a letter first; till_ is kept for Tillwright.',
            pattern: '^(?!till_)[a-z][a-z0-9_]{0,62}$',
            examples: ['licence_key'],
          },
        },
        anyOf: SCHEMAS,
        oneOf: SCHEMAS,
        allOf: SCHEMAS,
        minProperties: COUNT,
        maxProperties: COUNT,
      },
    },
    desired: {
      title: 'Desired state',
      description:
        'Which fields of what observe prints are to have which value: dotted path to a value, in which ${{ params.x }} may stand. A field counts where the parameters in its value were given.',
      type: 'object',
      minProperties: 1,
      propertyNames: {
        description: 'Keys joined by dots.',
        pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$',
        examples: ['licence.version'],
      },
      examples: [{ version: '${{ params.version }}' }],
    },
    reacts: {
      description: 'A step of it may have restart_on: converge also runs when a step before it changed something.',
      type: 'boolean',
      examples: [true],
    },
    posix: {
      ...SIDE,
      title: 'POSIX',
      description: 'For devices with a POSIX shell. Parameters are variables: "$version".',
    },
    powershell: {
      ...SIDE,
      title: 'PowerShell',
      description: 'For Windows PowerShell 5.1. Parameters are in the hashtable $v: $v.version.',
    },
  },
  definitions: {
    schema: {
      title: 'Parameter',
      description: 'JSON Schema of a value.',
      type: 'object',
      additionalProperties: false,
      properties: KEYWORDS,
    },
  },
} as const
