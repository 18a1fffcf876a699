import { FILE_PATH } from '../../devices/file/windows-read.ts'
import { PACKAGE_MANAGERS } from '../../devices/package/package-manager.ts'

const KEYS = {
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^[A-Za-z0-9_.]+$', not: { const: 'Include' } },
  additionalProperties: { type: ['string', 'number', 'boolean', 'array'], items: { type: ['string', 'number'] } },
} as const
const NAMES = { type: 'array', minItems: 1, items: { type: 'string', pattern: '^[A-Za-z0-9_.]+$' } } as const
const ACCOUNT = '^[A-Za-z0-9_][^:\\s]*$'

/** The schema of the module's parameters. */
export const AGENT_PARAMS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    kind: {
      enum: ['zabbix_agent2', 'zabbix_agentd'],
      description:
        'Agent 2 or the classic one. Default: the one that is there, agent 2 if both are or none is; on Windows agent 2.',
    },
    version: {
      type: 'string',
      pattern: '^([A-Za-z0-9][A-Za-z0-9.+:~^_-]*)?$',
      description: 'Exactly this version, as `package` takes it; any if it is empty or not told.',
      examples: ['6.0.40', '7.0.5'],
    },
    package: {
      type: 'string',
      pattern: '^[A-Za-z0-9_]([A-Za-z0-9+._:() -]*[A-Za-z0-9+_)])?$',
      description: 'Its name. Default: the usual one.',
      examples: ['zabbix-agent2'],
    },
    manager: { enum: ['auto', ...PACKAGE_MANAGERS], description: 'Default: the one that is there. Windows has one.' },
    file: {
      type: 'object',
      additionalProperties: false,
      required: ['path', 'sha256'],
      description: 'Install this file of the repository (deb, rpm, apk, MSI) instead of asking a package source.',
      properties: {
        path: { type: 'string', minLength: 1, description: 'From the folder of tillwright.yaml; or an absolute path.' },
        sha256: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$', description: 'Its checksum, in hexadecimal.' },
        signer: {
          type: 'string',
          minLength: 1,
          description: 'Windows: a valid signature of this name must be on it.',
        },
      },
    },
    properties: {
      type: 'object',
      description: 'Windows: properties for the MSI. They stand on a command line, so none can be a secret.',
      propertyNames: { pattern: '^[A-Z_][A-Z0-9_.]*$' },
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      examples: [{ ENABLEPATH: 1 }],
    },
    path: {
      type: 'string',
      pattern: FILE_PATH,
      description:
        'The main configuration file. Default: the usual one; on Windows the one that the service is started with, where there is one.',
      examples: ['/etc/zabbix/zabbix_agent2.conf'],
    },
    set: {
      ...KEYS,
      description:
        'Keys and their values. A key is changed in the file where it counts, the main one or an included one, and goes into the main one if it stands nowhere. A list gives it several lines in the main file.',
      examples: [{ Server: '10.20.0.5', Hostname: 'PL-0412-pos1', 'Plugins.Log.MaxLinesPerSecond': 50 }],
    },
    remove: { ...NAMES, description: 'Keys that must stand in none of the files.' },
    includes: {
      type: 'array',
      minItems: 1,
      description: 'Keys of single files that the agent includes. One that is not there is made.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path'],
        properties: {
          path: { type: 'string', pattern: FILE_PATH, description: 'Absolute; an Include must lead to it.' },
          set: { ...KEYS, description: 'Keys and their values; a list gives a key several lines.' },
          remove: { ...NAMES, description: 'Keys that must not stand in it.' },
        },
      },
      examples: [
        [
          {
            path: '/etc/zabbix/zabbix_agent2.d/till.conf',
            set: { UserParameter: ['till.version,cat /opt/till/version'] },
          },
        ],
      ],
    },
    psk: {
      type: 'object',
      additionalProperties: false,
      required: ['identity', 'key', 'path'],
      description:
        'The pre-shared key of the agent: its file, TLSPSKIdentity and TLSPSKFile. TLSConnect and TLSAccept go into `set`.',
      properties: {
        identity: { type: 'string', minLength: 1, description: 'No secret; it goes over the line in clear.' },
        key: { type: 'string', minLength: 1, description: 'Hexadecimal, as a secret.' },
        path: {
          type: 'string',
          pattern: FILE_PATH,
          description: 'Its file, absolute.',
          examples: ['/etc/zabbix/agent.psk'],
        },
        mode: {
          type: 'string',
          pattern: '^0?[0-7]{3}$',
          description: 'Octal, in quotes. Default: 0640. Windows has none.',
        },
        owner: { type: 'string', pattern: ACCOUNT, description: 'Name. Default: left alone.' },
        group: {
          type: 'string',
          pattern: ACCOUNT,
          description: 'Name. Default: zabbix, where there is such a group.',
        },
      },
    },
    sensitive: {
      type: 'array',
      items: { type: 'string' },
      description: 'Keys whose values are hidden. Secrets always are.',
    },
    service: {
      type: 'string',
      pattern: '^[A-Za-z0-9_@]([A-Za-z0-9_@:.+ -]*[A-Za-z0-9_@:.+-])?$',
      description: 'Its name. Default: the usual one.',
      examples: ['zabbix-agent2', 'Zabbix Agent 2'],
    },
    patience_s: {
      type: 'integer',
      minimum: 1,
      maximum: 300,
      description: 'How many seconds it has to answer after a start. Default: 15.',
    },
    enabled: { type: 'boolean', description: 'Whether it starts at boot. Default: left alone.' },
  },
} as const
