import { ERROR_AREAS } from '../../core/error-catalog.ts'
import { HEAD } from './forms.ts'

/** What `till explain --json` answers. */
export const ERRORS_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/errors/1',
  title: 'Errors',
  description: 'What `till explain` answers with `--json`: one code, or all of them.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'errors'],
  properties: {
    schema: { const: 'till.errors/1' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['code', 'area', 'title', 'cause', 'advice', 'exit_code'],
        properties: {
          code: { description: 'Stable.', type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
          area: { description: 'What it is about.', enum: Object.keys(ERROR_AREAS) },
          title: { description: 'What happened.', type: 'string' },
          cause: { description: 'Why it usually happens.', type: 'string' },
          advice: { description: 'What to do about it.', type: 'string' },
          exit_code: { description: 'What a command ends with where nothing worse happened.', type: 'integer' },
        },
      },
    },
  },
}
