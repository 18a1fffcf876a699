import { DOTTED_NAME } from './input-forms.ts'

const WORKER = {
  title: 'Worker',
  description: 'A process of `till worker` that may work on devices of runs.',
  type: 'object',
  additionalProperties: false,
  required: ['key'],
  properties: {
    key: {
      description:
        'The public key of its token, as `till worker token` shows it. The token itself is kept where the worker runs.',
      type: 'string',
      pattern: '^ed25519:[A-Za-z0-9_-]{43}$',
      examples: ['ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'],
    },
    serves: {
      description:
        'What it may serve at most: region:NAME, store:ID, kind:KIND, profile:NAME, with a comma between them. Default: everything.',
      type: 'string',
      minLength: 1,
      examples: ['region:mazowieckie,kind:till,kind:router'],
    },
  },
} as const

export const WORKERS = {
  title: 'Workers',
  description:
    'Who may work on devices of runs, by the name that `till worker --name` gives. Where any is named, nobody else is given work. ' +
    'Default: whoever reaches the database of the state.',
  type: 'object',
  propertyNames: { description: 'A name is of letters, digits, -, _ and dots.', pattern: DOTTED_NAME },
  additionalProperties: WORKER,
  examples: [
    { 'hub-waw': { key: 'ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', serves: 'region:mazowieckie' } },
  ],
} as const
