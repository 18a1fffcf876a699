import { ERROR_AREAS } from '../../core/error-catalog.ts'
import { answer, closed } from './forms.ts'

/** What `till explain --json` answers. */
export const ERRORS_JSON_SCHEMA: object = answer(
  'errors',
  ['Errors', 'What `till explain` answers with `--json`: one code, or all of them.'],
  {
    errors: {
      type: 'array',
      items: closed({
        code: { description: 'Stable.', type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
        area: { description: 'What it is about.', enum: Object.keys(ERROR_AREAS) },
        title: { description: 'What happened.', type: 'string' },
        cause: { description: 'Why it usually happens.', type: 'string' },
        advice: { description: 'What to do about it.', type: 'string' },
        exit_code: { description: 'What a command ends with where nothing worse happened.', type: 'integer' },
      }),
    },
  },
)
