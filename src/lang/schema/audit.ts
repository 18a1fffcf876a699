const FILE = { type: 'string', pattern: '^/.+$' } as const

/** In tillwright.yaml; files stand outside of the repository, which those may change whom the log is about. */
export const PROJECT_AUDIT = {
  title: 'Audit log',
  description:
    'Who signs heads of the audit log, and what stands in the place of rows that were cut off. With it `till audit verify` takes nothing ' +
    'that is not signed, and runs cut off old rows only by a signature.',
  type: 'object',
  additionalProperties: false,
  required: ['signers'],
  properties: {
    signers: {
      ...FILE,
      description:
        'List of those who may sign, an allowed_signers file of ssh-keygen(1) with namespaces="till-audit"; an absolute path.',
      examples: ['/etc/tillwright/audit_signers'],
    },
    revocations: {
      ...FILE,
      description: 'Public keys that count no more, one a line, or a KRL; an absolute path. Default: none.',
      examples: ['/etc/tillwright/audit_revoked'],
    },
    key: {
      ...FILE,
      description:
        'SSH key by which runs on this machine sign what they cut off: a private one without a passphrase, or a public one whose other ' +
        'half an ssh-agent has; an absolute path. Default: none, and rows stay until somebody says `till audit cut --sign KEY`.',
      examples: ['/etc/tillwright/audit_key'],
    },
  },
} as const
