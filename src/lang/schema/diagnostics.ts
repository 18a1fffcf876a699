import { COUNT, HEAD, POSITION } from './forms.ts'

export const DIAGNOSTIC = {
  title: 'Diagnostic',
  description: 'One thing that is wrong with what the user wrote.',
  type: 'object',
  required: ['code', 'severity', 'summary'],
  properties: {
    code: { description: 'Stable; see the reference of errors.', type: 'string', pattern: '^[A-Z][A-Z0-9_]*$' },
    severity: { description: 'Only errors make the exit code 2.', enum: ['error', 'warning'] },
    summary: { description: 'What is wrong.', type: 'string' },
    detail: { description: 'Why it matters, what would be right.', type: 'string' },
    hint: { description: 'What was probably meant.', type: 'string' },
    source: {
      title: 'Place',
      description: 'Where it is. Lines and columns count from 1, columns in UTF-16 units.',
      type: 'object',
      required: ['file', 'line', 'column', 'endLine', 'endColumn'],
      properties: {
        file: { type: 'string' },
        line: POSITION,
        column: POSITION,
        endLine: POSITION,
        endColumn: POSITION,
      },
    },
  },
} as const

export const DIAGNOSTICS_JSON_SCHEMA: object = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/diagnostics/1',
  title: 'Diagnostics',
  description:
    'What is wrong with files or arguments: any command with `--json` and bad input, and `till validate --json`.',
  type: 'object',
  required: ['schema', 'diagnostics'],
  properties: {
    schema: { const: 'till.diagnostics/1' },
    valid: { description: '`till validate`: there are no errors.', type: 'boolean' },
    checked: {
      description: '`till validate`: how much was looked at.',
      type: 'object',
      properties: { stores: COUNT, devices: COUNT, modules: COUNT, runbooks: COUNT, assignments: COUNT },
    },
    diagnostics: { type: 'array', items: DIAGNOSTIC },
  },
}
