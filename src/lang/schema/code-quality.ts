import { HEAD } from './forms.ts'

/** Array of `QualityIssue`: the part of the Code Climate format that GitLab reads. */
export const CODE_QUALITY_JSON_SCHEMA = {
  ...HEAD,
  $id: 'https://tillwright.dev/schemas/code-quality/1',
  title: 'Code Quality report',
  description:
    "What a run found, or what is wrong with a repository, as GitLab's Code Quality report (`--code-quality FILE`, `till validate --format code-quality`).",
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    properties: {
      description: { type: 'string', minLength: 1 },
      check_name: { description: 'The fault of the finding, or the code of the diagnostic.', type: 'string' },
      fingerprint: {
        description: 'The same for the same issue in every report.',
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
      },
      severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'lines'],
        properties: {
          path: { description: 'From the root of the repository.', type: 'string' },
          lines: {
            type: 'object',
            additionalProperties: false,
            required: ['begin'],
            properties: { begin: { type: 'integer', minimum: 1 } },
          },
        },
      },
    },
  },
} as const
