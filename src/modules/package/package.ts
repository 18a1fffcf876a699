import type { JsonObject } from '../../core/json.ts'
import { PACKAGE_MANAGERS } from '../../devices/package/package-manager.ts'
import { defineModule } from '../define.ts'
import { mapOf, oneOf, textOrNull, truth } from '../value-schema.ts'
import { differences } from './differences.ts'
import type { PackageParams } from './package-state.ts'
import { onPosix } from './posix.ts'
import { onWindows } from './windows.ts'

const VERSION = '^[A-Za-z0-9][A-Za-z0-9.+:~^_-]*$'

export const packageModule = defineModule({
  name: 'package',
  lasting: () => ({ kind: 'system' }),
  summary:
    'Keeps a package installed, at a version, on hold, or away (apt, dnf, yum, rpm, apk, MSI, or a file of the repository)',
  sides: { linux: onPosix, windows: onWindows },
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['name'],
    properties: {
      name: {
        type: 'string',
        // A trailing minus means "remove" to apt-get; * and ? are patterns.
        pattern: '^[A-Za-z0-9_]([A-Za-z0-9+._:() -]*[A-Za-z0-9+_)])?$',
        description: 'The name of the package. Windows: as it stands among the programs, without (64-bit) or the like.',
        examples: ['till-agent', 'Zabbix Agent 2'],
      },
      state: { enum: ['present', 'absent'], description: 'Whether it is installed. Default: present.' },
      version: {
        type: 'string',
        pattern: VERSION,
        description:
          'Exactly this version: in full, or without its epoch, its packaging revision, or both; Windows: or without the fourth number.',
        examples: ['4.2.1', '4.2.1-1'],
      },
      hold: {
        type: 'boolean',
        description:
          'Whether upgrades leave it as it is (apt-mark hold, dnf versionlock, a pin in the world file of apk). Default: left alone. With either, the step may change what is on hold; without, it refuses to. Not for Windows.',
      },
      manager: { enum: ['auto', ...PACKAGE_MANAGERS], description: 'Default: the one that is there. Windows has one.' },
      file: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'sha256'],
        description: 'Install this file of the repository instead of asking a package source.',
        properties: {
          path: {
            type: 'string',
            minLength: 1,
            description: 'Path of the file, from the folder of tillwright.yaml; or an absolute one.',
            examples: ['packages/till-agent_4.2.1_amd64.deb'],
          },
          sha256: { type: 'string', pattern: '^[0-9A-Fa-f]{64}$', description: 'Its checksum, in hexadecimal.' },
          signer: {
            type: 'string',
            minLength: 1,
            description: 'Windows: a valid signature of this name (the CN of the certificate) must be on it.',
            examples: ['Zabbix SIA'],
          },
        },
      },
      properties: {
        type: 'object',
        description:
          'Windows: properties for the MSI. They stand on a command line, so none can be a secret. `ALLUSERS` is 1 unless it stands here.',
        propertyNames: { pattern: '^[A-Z_][A-Z0-9_.]*$' },
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        examples: [{ SERVER: '10.20.0.5', ENABLEPATH: 1 }],
      },
      keep: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', pattern: '^[A-Za-z]:[\\\\/]' },
        description: 'Windows: files that the MSI writes anew; they are saved before it and put back after it.',
        examples: [['C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf']],
      },
    },
  },
  paths: { 'file.path': 'content' },
  validate,
  diff: (params, state) => differences(params as PackageParams, state),
  valueSchema: mapOf(
    {
      manager: oneOf([...PACKAGE_MANAGERS, 'msi'], 'What looks after packages there.'),
      version: textOrNull('The version that is installed; null where none is.'),
      broken: truth('Half installed or half configured.'),
    },
    { held: truth('Upgrades leave it as it is.') },
  ),
  value: ({ manager, installed, broken, held }) => ({
    manager,
    version: installed[0] ?? null,
    broken,
    ...(held !== undefined && { held: held === 'yes' }),
  }),
})

function validate(params: JsonObject): string | undefined {
  if (params['file'] !== undefined && params['version'] === undefined) {
    return 'A package from a file needs `version`: without it nobody can tell whether it is already there.'
  }
  if (params['state'] === 'absent' && (params['version'] ?? params['file']) !== undefined) {
    return 'A package that is to be absent has neither `version` nor `file`.'
  }
  if (params['state'] === 'absent' && params['hold'] === true) {
    return 'A package that is to be absent cannot be on hold; `hold: false` removes one that is.'
  }
  return undefined
}
