import { PHASES } from '../../core/failure.ts'

/** A secret is named, never written down; `null` takes away what a wider level says. */
const SECRET = {
  type: ['object', 'null'],
  writeOnly: true,
  description: 'Name where the secret is kept; it never stands in the inventory itself.',
  examples: [
    { secret: 'env:TILL_PASSWORD' },
    { secret: 'file:/etc/till/password' },
    { secret: 'command:vault/tills/pos1' },
    { secret: 'age:secrets/tills.age#pos1' },
  ],
  additionalProperties: false,
  required: ['secret'],
  properties: {
    secret: {
      type: 'string',
      writeOnly: true,
      pattern: '^[a-z][a-z0-9]*:.+$',
      description:
        'env:NAME, file:PATH, command:NAME/WHAT (a command of tillwright.yaml), or age: with an encrypted value, or with ' +
        'FILE#NAME of the repository. `till secret encrypt` writes the encrypted ones.',
      examples: [
        'env:TILL_PASSWORD',
        'file:/etc/till/password',
        'command:vault/tills/pos1',
        'age:secrets/tills.age#pos1',
      ],
    },
  },
} as const

const MILLISECONDS = { type: ['integer', 'null'], minimum: 1, maximum: 86_400_000, examples: [10_000] } as const

/** What only WinRM knows. */
const WINRM = {
  https: {
    type: ['boolean', 'null'],
    description: 'WinRM over HTTPS. Default: true on port 5986, false elsewhere.',
    examples: [true],
  },
  auth: {
    enum: ['ntlm', 'basic', 'certificate', 'kerberos', null],
    description: 'How to log in over WinRM. Default: `ntlm`. The others need HTTPS.',
    examples: ['ntlm'],
  },
  ca: {
    type: ['string', 'null'],
    minLength: 1,
    description:
      'A file of certificate authorities in PEM that sign the devices of WinRM, in place of those of this machine.',
    examples: ['pki/stores-ca.pem'],
  },
  fingerprints: {
    type: ['array', 'null'],
    description: 'SHA-256 of the certificates that are accepted over HTTPS, whoever signed them.',
    examples: [['sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']],
    items: {
      type: 'string',
      pattern: '^(sha256:)?([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$',
      description: '64 hexadecimal digits, with or without colons.',
      examples: ['sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    },
  },
  server_name: {
    type: ['string', 'null'],
    minLength: 1,
    description: 'The name that the certificate must be made out to, where it is not the address.',
    examples: ['pos1.pl-0412.example'],
  },
  client_certificate: {
    type: ['string', 'null'],
    minLength: 1,
    description: 'A file in PEM with the certificate to log in with, for `auth: certificate`.',
    examples: ['~/.till/winrm.crt'],
  },
  client_key: {
    type: ['string', 'null'],
    minLength: 1,
    description: 'A file in PEM with the key of that certificate; `passphrase` opens it.',
    examples: ['~/.till/winrm.key'],
  },
} as const

/** How a device is reached; each level of the cascade holds a part of it. */
export const TRANSPORT = {
  type: 'object',
  title: 'Transport',
  description:
    'How devices are reached. It cascades like variables: a narrower level replaces a wider one, null removes.',
  examples: [{ type: 'ssh', user: 'till', keys: ['~/.ssh/till_ed25519'] }],
  additionalProperties: false,
  properties: {
    type: {
      enum: ['ssh', 'openssh', 'winrm', 'local', 'none', null],
      description:
        'The protocol; `none` for devices without a shell, `openssh` for the ssh of this machine with its ssh_config: ' +
        'certificates, GSSAPI, hardware keys.',
      examples: ['ssh'],
    },
    port: {
      type: ['integer', 'null'],
      minimum: 1,
      maximum: 65_535,
      description: 'TCP port. Default: 22 for SSH, 5985 for WinRM, 5986 for WinRM over HTTPS.',
      examples: [22],
    },
    user: { type: ['string', 'null'], minLength: 1, description: 'Login name.', examples: ['till'] },
    keys: {
      type: ['array', 'null'],
      description: 'Files of private keys, tried in order.',
      examples: [['~/.ssh/till_ed25519']],
      items: { type: 'string', minLength: 1, examples: ['~/.ssh/till_ed25519'] },
    },
    passphrase: SECRET,
    ...WINRM,
    agent: { type: ['boolean', 'null'], description: 'Ask the ssh-agent.', examples: [true] },
    password: SECRET,
    prompts: {
      type: ['array', 'null'],
      description:
        'Answers to what the device asks at a keyboard-interactive login; `password` answers the first hidden question that ' +
        'none of them fits.',
      examples: [[{ match: 'PIN', answer: { secret: 'env:TILL_PIN' } }]],
      items: {
        type: 'object',
        description: 'A question and its answer.',
        additionalProperties: false,
        required: ['match', 'answer'],
        properties: {
          match: {
            type: 'string',
            minLength: 1,
            description: 'A regular expression that the question fits, small and capital letters alike.',
            examples: ['PIN'],
          },
          answer: { ...SECRET, type: 'object' },
        },
      },
    },
    host_keys: {
      type: ['array', 'null'],
      description: 'Host keys that are accepted.',
      examples: [['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ…']],
      items: {
        type: 'string',
        pattern: '^(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( .*)?$',
        description: 'A host key is its type and its base64 text, as in known_hosts without the host.',
        examples: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ…'],
      },
    },
    via: {
      type: ['string', 'null'],
      minLength: 1,
      description:
        'The device through which it is reached: `gateway`, the id of a device of the store, or a full name.',
      examples: ['gateway', 'router1', 'PL-0412/router1'],
    },
    become: {
      type: ['object', 'null'],
      description: 'Become root before anything else.',
      examples: [{ method: 'sudo' }],
      additionalProperties: false,
      required: ['method'],
      properties: {
        method: {
          enum: ['sudo', 'doas'],
          description: 'The program that makes root of the login.',
          examples: ['sudo', 'doas'],
        },
        password: SECRET,
      },
    },
    timeouts_ms: {
      type: ['object', 'null'],
      description: 'Deadlines of the phases in milliseconds.',
      examples: [{ connect: 10_000 }],
      additionalProperties: false,
      properties: Object.fromEntries(
        PHASES.map((phase) => [
          phase,
          { ...MILLISECONDS, description: `How long the phase "${phase}" may take, in milliseconds.` },
        ]),
      ),
    },
    scripts: {
      enum: ['packed', 'plain', null],
      description:
        'How PowerShell travels to a Windows device: `packed` (compressed, the default), or `plain` for antimalware that ' +
        'refuses what is compressed or encoded.',
      examples: ['plain'],
    },
    keep_alive_ms: { ...MILLISECONDS, description: 'How often a silent connection is asked whether it lives.' },
    max_output_bytes: {
      type: ['integer', 'null'],
      minimum: 1024,
      maximum: 1_073_741_824,
      description: 'What one answer may bring, in bytes; the rest is cut.',
      examples: [1_048_576],
    },
  },
} as const
