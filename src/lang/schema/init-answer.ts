import { DIAGNOSTIC } from './diagnostics.ts'
import { HEAD } from './forms.ts'

const PATHS = { type: 'array', items: { type: 'string' } } as const

/** What `till init --json` answers. */
export const INIT_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/init/1',
  title: 'Init',
  description: 'What `till init` answers with `--json`.',
  type: 'object',
  additionalProperties: false,
  required: ['schema', 'folder', 'written', 'kept', 'diagnostics'],
  properties: {
    schema: { const: 'till.init/1' },
    folder: { description: 'Of the repository, absolute.', type: 'string' },
    written: { description: 'Files that were made, relative to the folder.', ...PATHS },
    diagnostics: { description: 'What could not be carried over from another tool.', type: 'array', items: DIAGNOSTIC },
    kept: { description: 'Files that were there, and are as they were.', ...PATHS },
  },
}
