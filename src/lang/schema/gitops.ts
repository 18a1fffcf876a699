import { GITOPS_PLANS } from './plans.ts'

const NAME = { type: 'string', minLength: 1, pattern: '^[^\\s"\\\\*?!,]+$' } as const
const FILE = { type: 'string', minLength: 1 } as const

/** gitops.yaml: which repository a controller follows, and whom it trusts with it. It stands outside of the repository. */
export const GITOPS_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://tillwright.dev/schemas/gitops/1',
  title: 'GitOps',
  description:
    'gitops.yaml: which repository this controller follows, and whom it trusts with it. It stands outside of the repository. ' +
    'Files are relative to its folder.',
  type: 'object',
  additionalProperties: false,
  required: ['repository', 'signers', 'revocations'],
  properties: {
    repository: {
      title: 'Repository',
      description: 'Where git fetches from: ssh, https, http, or an absolute path.',
      type: 'string',
      pattern: '^(ssh://|https://|http://|file:///|/|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:)[^\\s]+$',
      examples: ['ssh://git@git.example.com/chain/fleet.git'],
    },
    branch: {
      title: 'Branch',
      description: 'The branch that decides. Default: main. Pilot stores may follow another, by a folder of their own.',
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]*$',
      examples: ['main'],
    },
    signers: {
      title: 'Signers',
      description:
        'List of signers, an allowed_signers file of ssh-keygen(1). Times in it end with Z. Lines with cert-authority trust the certificates of a CA.',
      ...FILE,
      examples: ['allowed_signers'],
    },
    revocations: {
      title: 'Revocations',
      description:
        'Public keys that are not trusted any more, one a line, or a KRL of ssh-keygen(1). It has to be there; it may be empty.',
      ...FILE,
      examples: ['revoked_keys'],
    },
    paths: {
      title: 'Paths',
      description:
        'Who has to sign for which paths. All rules that match a path hold for it; for other paths, any signer.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path'],
        properties: {
          path: {
            description: 'Path in the repository: * and ? stay within a name, ** is any number of folders.',
            type: 'string',
            minLength: 1,
            examples: ['inventory/fiscal/**'],
          },
          signers: {
            description: 'Names of signers who may. Default: all.',
            type: 'array',
            minItems: 1,
            items: NAME,
          },
          signatures: {
            description:
              'How many people must have signed the content. Default: 1. Those count who signed the commit that wrote it, ' +
              'the merge that brought it, or a commit with a line "Approves: COMMIT".',
            type: 'integer',
            minimum: 1,
            maximum: 10,
            examples: [2],
          },
        },
      },
      examples: [[{ path: 'inventory/fiscal/**', signers: ['anna@example.com', 'jan@example.com'], signatures: 2 }]],
    },
    merges: {
      title: 'Merges',
      description:
        'rebuilt, the default: a merge that nobody signed is taken if its content is what git itself makes of its two parents, ' +
        'and both are verified. signed: every merge has to be signed.',
      enum: ['rebuilt', 'signed'],
    },
    forges: {
      title: 'Forges',
      description:
        'Signers, such as the key of a forge, that are trusted with merges of verified parents and with nothing else.',
      type: 'array',
      items: NAME,
      examples: [['web-flow@github.com']],
    },
    gpg: {
      title: 'GnuPG',
      description: 'Keys of GnuPG that are trusted, each by its fingerprint.',
      type: 'object',
      additionalProperties: false,
      required: ['keys', 'signers'],
      properties: {
        keys: {
          description: 'File with the public keys, as gpg --export writes it.',
          ...FILE,
          examples: ['signers.gpg'],
        },
        signers: {
          description: 'Fingerprint of the primary key, and the name of who has it.',
          type: 'object',
          minProperties: 1,
          propertyNames: { pattern: '^([0-9A-F]{40}|[0-9A-F]{64})$' },
          additionalProperties: NAME,
          examples: [{ '4AEE18F83AFDEB23F2B0E5A1C1F7A2D2B1E3C4D5': 'anna@example.com' }],
        },
      },
    },
    x509: {
      title: 'X.509',
      description:
        'Certificates that are trusted to sign commits (git config gpg.format x509; gpgsm, smimesign): who issues them, and for whom.',
      type: 'object',
      additionalProperties: false,
      required: ['authorities', 'revocations', 'signers'],
      properties: {
        authorities: {
          description:
            'File with the certificates of the authorities that issue them, PEM. Those that the machine trusts for the web do not count.',
          ...FILE,
          examples: ['authorities.pem'],
        },
        revocations: {
          description:
            'File with the CRLs of these authorities, PEM. It has to be there; it may be empty. Where it holds any, every authority of a ' +
            'chain needs one. What is revoked counts whenever it signed. Fetch new ones as they are published.',
          ...FILE,
          examples: ['revoked.crl'],
        },
        signers: {
          description:
            'E-mail addresses, each in the certificate of a person. They are the names of signers, for the rules of paths too.',
          type: 'array',
          minItems: 1,
          uniqueItems: true,
          items: { ...NAME, pattern: '^[^\\s"\\\\*?!,@]+@[^\\s"\\\\*?!,@]+$' },
          examples: [['anna@example.com']],
        },
      },
    },
    plans: GITOPS_PLANS,
    login: {
      title: 'Login',
      description: 'How the remote lets this controller in.',
      type: 'object',
      additionalProperties: false,
      properties: {
        key: {
          description: 'Private key for SSH without a passphrase. Default: the agent.',
          ...FILE,
          examples: ['deploy_key'],
        },
        known_hosts: {
          description: 'Host keys that are trusted. Default: those of this user.',
          ...FILE,
          examples: ['known_hosts'],
        },
        token: { description: 'File with a token, for https.', ...FILE, examples: ['token'] },
        user: {
          description: 'User name beside the token. Default: oauth2.',
          type: 'string',
          pattern: '^[^\\s:]+$',
          examples: ['oauth2'],
        },
      },
    },
    fetch_timeout_ms: {
      title: 'Fetch timeout',
      description: 'A fetch is ended after so long. Default: 300000.',
      type: 'integer',
      minimum: 1_000,
      maximum: 3_600_000,
      examples: [300_000],
    },
  },
} as const
