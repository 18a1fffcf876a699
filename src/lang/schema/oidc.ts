import { ROLES } from '../../core/account.ts'

const KEY = { type: 'string', minLength: 1, maxLength: 256 } as const

const claim = (description: string, examples: readonly unknown[]) =>
  ({
    description: `${description} A list leads into claims within claims.`,
    anyOf: [KEY, { type: 'array', minItems: 1, maxItems: 8, items: KEY }],
    examples,
  }) as const

const ROLE_RULE = {
  title: 'Rule of a role',
  description: 'Whoever has this value among those of the claim has this role.',
  type: 'object',
  additionalProperties: false,
  required: ['claim', 'is', 'role'],
  properties: {
    claim: claim('The claim; its value is a text, or a list of texts.', ['groups', ['realm_access', 'roles']]),
    is: {
      description: 'The value: exactly so, with capital letters as they are.',
      type: 'string',
      minLength: 1,
      maxLength: 512,
      examples: ['till-operators'],
    },
    role: {
      description: 'What they may do, as for accounts.',
      enum: ROLES,
      examples: ['operator'],
    },
    devices: {
      description:
        'Devices that exist for them: CEL over store, device and region. Of everything else they learn nothing. Default: all devices.',
      type: 'string',
      minLength: 1,
      examples: ["device.kind == 'fiscal-printer'"],
    },
    partner: {
      description: 'The partner that they are of, as `responsibility.teams` name it, as for accounts.',
      type: 'string',
      minLength: 1,
      examples: ['acme'],
    },
  },
  dependencies: { partner: ['devices'] },
} as const

/** `server.oidc`. */
export const OIDC = {
  title: 'OpenID Connect',
  description:
    'People of a provider of OpenID Connect may sign in to the dashboard, beside accounts. It needs server.public_url; the redirect URI to be ' +
    'registered there is PUBLIC_URL/sign-in/callback.',
  type: 'object',
  additionalProperties: false,
  required: ['issuer', 'client_id', 'person', 'roles'],
  properties: {
    name: {
      description: 'What people call it. Default: the host of the issuer.',
      type: 'string',
      minLength: 1,
      maxLength: 60,
      examples: ['Chain ID'],
    },
    issuer: {
      description:
        'The provider, as it names itself: what stands before /.well-known/openid-configuration. https, or http on this machine.',
      type: 'string',
      pattern: '^https?://[^?#@\\s]+$',
      examples: ['https://login.example/realms/chain'],
    },
    client_id: {
      description: 'What the provider calls this server.',
      type: 'string',
      minLength: 1,
      maxLength: 256,
      examples: ['till'],
    },
    client_secret: {
      description: 'Where the secret of the client is. Default: a public client, which PKCE alone protects.',
      type: 'string',
      pattern: '^(env|file|command|age):.+$',
      examples: ['env:TILL_OIDC_SECRET'],
    },
    scopes: {
      description: 'What is asked for; openid has to be among them. Default: openid alone.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' },
      examples: [['openid', 'profile', 'groups']],
    },
    person: claim(
      'The claim by which people are on record, behind "oidc:". Take one that nobody can change for himself, and that names one person for good.',
      ['preferred_username', 'sub'],
    ),
    roles: {
      description:
        'Who has which role, by exact values of claims. The first rule that fits counts, with all that it says; whoever none fits is not let in.',
      type: 'array',
      minItems: 1,
      maxItems: 200,
      items: ROLE_RULE,
      examples: [[{ claim: 'groups', is: 'till-operators', role: 'operator' }]],
    },
  },
} as const
