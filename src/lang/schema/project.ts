import { ASSIGNMENT_MODES } from '../../core/assignment-schedule.ts'
import { DURATION, DURATION_PATTERN } from '../../core/duration.ts'
import { PROJECT_AUDIT } from './audit.ts'
import { AVAILABILITY } from './availability.ts'
import { CONTENT } from './content.ts'
import { CONTRACTS } from './contracts.ts'
import { DEVICE_LISTS } from './device-lists.ts'
import { GUARDS } from './guards.ts'
import { HOOKS } from './hooks.ts'
import { PROJECT_PLANS } from './plans.ts'
import { POLICIES, POLICY_NAME } from './policy.ts'
import { RESPONSIBILITY_KEY } from './responsibility.ts'
import { SCHEDULED_REPORTS } from './scheduled-reports.ts'
import { SERVER } from './server.ts'
import { SINKS } from './sinks.ts'
import { SOURCES } from './sources.ts'
import { WARNINGS } from './warnings.ts'
import { WORKERS } from './workers.ts'

const PROJECT_SCHEMA_ID = 'https://tillwright.dev/schemas/project/1'

const ASSIGNMENT = {
  title: 'Assignment',
  description: 'A runbook that holds for devices, as `till drift` checks.',
  type: 'object',
  additionalProperties: false,
  required: ['runbook'],
  properties: {
    runbook: {
      description: 'Name of a runbook of this repository, or its file in it, from the folder of this file.',
      type: 'string',
      minLength: 1,
      examples: ['agent-update'],
    },
    where: {
      description: 'Which devices: CEL over store, device and region. Default: all that the runbook targets.',
      type: 'string',
      minLength: 1,
      examples: ['device.kind == "till"'],
    },
    params: {
      description: 'Values for the parameters of the runbook.',
      type: 'object',
      examples: [{ version: '7.0.1' }],
    },
    name: {
      description: 'Names it for `till assignments`. Default: the name of its runbook.',
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      examples: ['agent-of-pilots'],
    },
    mode: {
      description:
        'What `till reconcile` does about drift. report, the default: say it. ask: say it, and that a person is waited for. ' +
        'mend: apply the runbook.',
      enum: ASSIGNMENT_MODES,
      examples: ['mend'],
    },
    every: {
      description:
        'How often `till reconcile` goes through it, up to a tenth later, and at once where it wants something else. Default: with every pass.',
      ...DURATION,
      examples: ['1h'],
    },
    owner: {
      description: 'Who is responsible for it, as `till assignments` shows.',
      type: 'string',
      minLength: 1,
      examples: ['pos-team'],
    },
    policy: {
      ...POLICY_NAME,
      description:
        'Name of a policy of this file that holds beside that of the runbook: it can only tighten. Default: none.',
    },
  },
} as const

const SECRETS = {
  title: 'Secrets',
  description: 'Where secrets come from that are neither in a variable nor in a file of this machine.',
  type: 'object',
  additionalProperties: false,
  properties: {
    commands: {
      description: 'Programs that secrets are asked of, by name: an inventory writes "command:vault/tills/pos1".',
      type: 'object',
      propertyNames: { description: 'A name is of letters, digits, - and _.', pattern: '^[A-Za-z0-9_-]+$' },
      additionalProperties: {
        description: 'One program.',
        examples: [{ run: ['vault', 'kv', 'get', '-field=password', 'secret/{}'] }],
        type: 'object',
        additionalProperties: false,
        required: ['run'],
        properties: {
          run: {
            description:
              'A program and its arguments, started without a shell. {} stands for what is asked for; without one it comes ' +
              'last. The first line of the output is the secret.',
            type: 'array',
            minItems: 1,
            items: { type: 'string', minLength: 1 },
            examples: [['vault', 'kv', 'get', '-field=password', 'secret/{}']],
          },
          timeout_ms: {
            description: 'It is ended after so long. Default: 10000.',
            type: 'integer',
            minimum: 1,
            maximum: 600_000,
            examples: [10_000],
          },
        },
      },
      examples: [{ vault: { run: ['vault', 'kv', 'get', '-field=password', 'secret/{}'] } }],
    },
    age: {
      description: 'Values of the repository that are encrypted by age: "age:…".',
      type: 'object',
      additionalProperties: false,
      properties: {
        identity: {
          description: 'Where the private keys are: env:NAME or file:PATH. Default: file:~/.config/till/age.key.',
          type: 'string',
          pattern: '^(env|file):.+$',
          examples: ['env:TILL_AGE_KEY', 'file:~/.config/till/age.key'],
        },
        recipients: {
          description: 'Public keys for whom `till secret encrypt` encrypts.',
          type: 'array',
          items: { type: 'string', pattern: '^age1[a-z0-9]+$' },
          examples: [['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p']],
        },
      },
    },
  },
} as const

export const PROJECT_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: PROJECT_SCHEMA_ID,
  title: 'Tillwright project',
  description: 'tillwright.yaml: binds a repository together. Paths are relative to it.',
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    inventory: {
      title: 'Inventory',
      description: 'Folder of the inventory. Default: inventory/.',
      type: 'string',
      minLength: 1,
      examples: ['inventory/'],
    },
    runbooks: {
      title: 'Runbooks',
      description: 'Folder of the runbooks. Default: runbooks/.',
      type: 'string',
      minLength: 1,
      examples: ['runbooks/'],
    },
    modules: {
      title: 'Modules',
      description: 'Folder of modules of your own. Default: modules/.',
      type: 'string',
      minLength: 1,
      examples: ['modules/'],
    },
    known_hosts: {
      title: 'Known hosts',
      description: 'File of host keys that are trusted, as OpenSSH writes it. Default: inventory/known_hosts.',
      type: 'string',
      minLength: 1,
      examples: ['inventory/known_hosts'],
    },
    state: {
      title: 'State store',
      description:
        'SQLite file of journal, history and leases, by default .till/state.db; or `postgres`, which several machines may share. ' +
        'TILL_STATE=postgres://… in the environment goes before it.',
      type: ['string', 'object'],
      minLength: 1,
      minProperties: 1,
      additionalProperties: false,
      properties: {
        id: {
          description:
            'The one store that counts, as `till state adopt` writes it: with another one devices may be looked at, and not changed.',
          type: 'string',
          pattern: '^[0-9a-f-]{36}$',
          examples: ['8f14e45f-ceea-467f-a8f5-0b5c1d3f2a10'],
        },
        file: {
          description: 'The SQLite file, where an id stands beside it. Default: .till/state.db.',
          type: 'string',
          minLength: 1,
          examples: ['.till/state.db'],
        },
        postgres: {
          description:
            'Where its address is, as other secrets: env:NAME, file:PATH, command:NAME/…, age:…. An address without a password may ' +
            'stand here itself: postgres://USER@HOST:5432/DATABASE.',
          type: 'string',
          pattern: '^((env|file|command|age):.+|postgres(ql)?://.+)$',
          examples: ['env:TILL_DATABASE', 'postgres://till@db.example.com/till?sslrootcert=/etc/till/ca.pem'],
        },
      },
      examples: [
        '.till/state.db',
        { postgres: 'env:TILL_DATABASE' },
        { id: '8f14e45f-ceea-467f-a8f5-0b5c1d3f2a10', file: '.till/state.db' },
      ],
    },
    sinks: SINKS,
    sources: SOURCES,
    secrets: SECRETS,
    assignments: {
      title: 'Assignments',
      description: 'Which runbooks hold for which devices.',
      type: 'array',
      items: ASSIGNMENT,
      examples: [[{ runbook: 'till-health', where: 'device.kind == "till"' }]],
    },
    guards: GUARDS,
    warnings: WARNINGS,
    policies: POLICIES,
    plans: PROJECT_PLANS,
    audit: PROJECT_AUDIT,
    hooks: HOOKS,
    server: SERVER,
    workers: WORKERS,
    availability: AVAILABILITY,
    responsibility: RESPONSIBILITY_KEY,
    contracts: CONTRACTS,
    reports: SCHEDULED_REPORTS,
    device_lists: DEVICE_LISTS,
    history: {
      title: 'History',
      description:
        'How much of the history of runs is kept. What is beyond it is deleted at the end of each run, oldest first; never ' +
        'a run in progress, nor the last known state of a device.',
      type: 'object',
      additionalProperties: false,
      properties: {
        days: {
          description: 'Runs that ended so many days ago are deleted. Default: 90.',
          type: 'integer',
          minimum: 1,
          maximum: 36_500,
          examples: [365],
        },
        megabytes: {
          description: 'The oldest runs are deleted when the state store holds more. Default: 2000.',
          type: 'integer',
          minimum: 10,
          maximum: 1_000_000,
          examples: [10_000],
        },
      },
    },
    content: CONTENT,
    run: {
      title: 'Runs',
      description: 'How runs use this machine.',
      type: 'object',
      additionalProperties: false,
      properties: {
        parallel: {
          description: 'Devices worked on at a time. Default: 500.',
          type: 'integer',
          minimum: 1,
          maximum: 10_000,
          examples: [200],
        },
        handshakes: {
          description: 'SSH handshakes at a time. Default: 32 for each processor of this machine.',
          type: 'integer',
          minimum: 1,
          maximum: 1_000,
          examples: [16],
        },
        refusals: {
          description:
            'So many devices in a row may refuse a password before it is not tried on the others, so that a directory does not ' +
            'lock the account. Default: 5; 0: any number, as where each device has accounts of its own.',
          type: 'integer',
          minimum: 0,
          maximum: 1_000,
          examples: [3],
        },
        lease: {
          description:
            'How long a run keeps a device without a sign of life; then another run may take it over. Default: 2m; at least 5s.',
          type: 'string',
          pattern: DURATION_PATTERN,
          examples: ['30s'],
        },
        workers: {
          description:
            'Threads beside the main one that work on devices. auto, the default: as many as there are processors, once ' +
            'one thread is not enough. A number: so many from the start, and the main one only keeps the journal; 0 is none.',
          anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 0, maximum: 64 }],
          examples: ['auto', 4],
        },
      },
    },
  },
} as const
