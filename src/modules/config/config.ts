import { createHash } from 'node:crypto'
import type { Change } from '../../core/change.ts'
import { fail, type Result } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ModuleContext, Proof } from '../../core/module.ts'
import { MASK } from '../../core/secret.ts'
import { CONFIG_FORMATS } from '../../devices/config/formats.ts'
import { INI_DIALECTS } from '../../devices/config/ini-dialect.ts'
import { changeAttributes } from '../../devices/file/change-file.ts'
import { desiredOwner, fileNotes, keptMode, keptOwner } from '../../devices/file/file-reading.ts'
import { fileTest } from '../../devices/file/file-test.ts'
import { fileContent, replaceFile } from '../../devices/file/replace-file.ts'
import { FILE_PATH } from '../../devices/file/windows-read.ts'
import { defineModule } from '../define.ts'
import { anyMap, listOf, mapOf, oneOf, truth } from '../value-schema.ts'
import { type ConfigParams, type ConfigState, holdsAll, observeConfig } from './observe-config.ts'

export const config = defineModule({
  name: 'config',
  lasting: ({ path }) => ({ kind: 'file', path }),
  summary: 'Sees to keys of a configuration file and leaves everything else in it as it is',
  systems: ['linux', 'windows'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'format'],
    properties: {
      path: {
        type: 'string',
        pattern: FILE_PATH,
        description: 'Absolute. Where it is a symbolic link, the file that it points at is meant.',
        examples: ['/etc/zabbix/zabbix_agentd.conf', 'C:\\Program Files\\Zabbix Agent 2\\zabbix_agent2.conf'],
      },
      format: {
        enum: CONFIG_FORMATS,
        description:
          'plain: lines Key=Value, keys may repeat. properties: of Java, read as Latin-1 and written as ASCII. yaml: files of 256 KiB at the most, others of 1 MiB.',
        examples: ['plain'],
      },
      dialect: {
        enum: INI_DIALECTS,
        description:
          'ini: which program reads it. systemd: a backslash goes on in the next line, quotes and what is behind the value ' +
          'belong to it, an empty one takes back those before it. windows (Win32): names in any case, the first of equal ones counts, no comments behind a value. ' +
          'configparser (Python): deeper lines belong to the value, keys in any case; a % alone is written %%. git, mysql (MariaDB, ' +
          "too): quotes, escapes and comments as they read them. inline-comments (PHP, others): ' ;' and ' #' behind a " +
          'value begin a comment. Without it, a key that these read in different ways is refused: one with quotes, ; or # in its value, say.',
        examples: ['systemd'],
      },
      set: {
        type: 'object',
        minProperties: 1,
        additionalProperties: true,
        description:
          'Keys and their values. ini: section.key, .key before any section. json and yaml: paths such as server.ports.0. ' +
          "xml: a/b[@id='x']/@name from the root element. A dot inside a name is written \\. (but for the key of an ini section). " +
          'A list gives a key of plain or ini several lines.',
        examples: [{ Server: 'zabbix.example', Timeout: 10 }],
      },
      remove: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', minLength: 1 },
        description: 'Keys that must not be there.',
      },
      validate: {
        type: 'string',
        minLength: 1,
        description:
          'A command of sh or PowerShell that must succeed before the file is put in place; the new file is "$file".',
        examples: ['zabbix_agentd -T -c "$file"'],
      },
      backup: { type: 'boolean', description: 'Keep the old file as PATH.till-backup. Default: true.' },
      create: { type: 'boolean', description: 'Make the file when it is not there. Default: false.' },
      mode: {
        type: 'string',
        pattern: '^[0-7]{3,4}$',
        description: 'Octal, in quotes. Windows has none.',
        examples: ['0640'],
      },
      owner: {
        type: 'string',
        pattern: '^[A-Za-z0-9_]([^:\\s]*|[^:\\r\\n]*\\\\[^:\\r\\n]+)$',
        description: 'Name or number; Windows: an account or its S-1-….',
      },
      group: { type: 'string', pattern: '^[A-Za-z0-9_][^:\\s]*$', description: 'Name or number. Windows has none.' },
      sensitive: {
        type: 'array',
        items: { type: 'string' },
        description: 'Keys whose values are hidden wherever they are shown. Values that are secrets always are.',
      },
    },
  },
  validate,
  observe: (context, params) => observeConfig(context, params as ConfigParams),
  diff: (params, state) => [...keyChanges(state), ...attributeChanges(params as ConfigParams, state)],
  valueSchema: mapOf(
    {
      state: oneOf(['present', 'absent'], 'Whether the file is there.'),
      keys: anyMap('Each key that the step names: what it is set to; null where it is not.'),
    },
    {
      acl: truth('The file has an access list.'),
      notes: listOf({ type: 'string' }, 'What is worth knowing about the file.'),
    },
  ),
  value: (state) => {
    const notes = [...fileNotes(state.reading), ...state.notes]
    return {
      state: state.reading.kind === 'file' ? 'present' : 'absent',
      keys: Object.fromEntries(state.keys.map((key) => [key.name, shown(key.isSensitive, key.before)])),
      ...(state.reading.hasAcl && { acl: true }),
      ...(notes.length > 0 && { notes }),
    }
  },
  converge: (context, params, changes, state) => converge(context, params as ConfigParams, { changes, state }),
  proof: (params, changes, state) => proof(params as ConfigParams, changes, state),
})

function validate(params: JsonObject): string | undefined {
  const { set, remove, format, dialect } = params
  if (dialect !== undefined && format !== 'ini') return '`dialect` goes with `format: ini`.'
  if (set === undefined && remove === undefined) return 'Say what to `set` or to `remove`.'
  if (!Array.isArray(remove) || typeof set !== 'object' || set === null) return undefined
  const both = remove.find((key) => typeof key === 'string' && Object.hasOwn(set, key))
  return both === undefined ? undefined : `"${both}" is to be set and to be removed.`
}

function shown(isSensitive: boolean, value: JsonValue | undefined): JsonValue {
  if (value === undefined) return null
  return isSensitive ? MASK : value
}

function keyChanges(state: ConfigState): readonly Change[] {
  return state.keys
    .filter((key) => key.differs)
    .map(({ name, isSensitive, before, after }) => ({
      path: `keys.${name}`,
      before: shown(isSensitive, before),
      after: shown(isSensitive, after),
      ...(isSensitive && { sensitive: true }),
    }))
}

function attributeChanges(params: ConfigParams, { reading }: ConfigState): readonly Change[] {
  const isNumber = (name: string | undefined): boolean => name !== undefined && /^\d+$/.test(name)
  if (reading.system === 'windows') {
    const { owner: before = null } = reading
    const { owner: after } = params
    return after === undefined || after === before ? [] : [{ path: 'owner', before, after }]
  }
  const all = [
    ['owner', isNumber(params.owner) ? reading.uid : reading.owner, params.owner],
    ['group', isNumber(params.group) ? reading.gid : reading.group, params.group],
    ['mode', reading.mode, params.mode?.padStart(4, '0')],
  ] as const
  const changes: Change[] = []
  for (const [path, before = null, after] of all) {
    if (after !== undefined && before !== after) changes.push({ path, before, after })
  }
  return changes
}

function proof(params: ConfigParams, changes: readonly Change[], state: ConfigState): Proof | undefined {
  const { reading, next } = state
  const writes = reading.kind !== 'file' || changesKeys(changes)
  if (writes && (fileContent(next).text === undefined || !holdsAll(params, state))) return undefined
  const fingerprint = writes ? `sha256:${createHash('sha256').update(next).digest('hex')}` : reading.fingerprint
  const { mode, owner, group } = params
  return fileTest(reading.system, {
    kind: 'file',
    ...(fingerprint !== undefined && { fingerprint }),
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  })
}

function changesKeys(changes: readonly Change[]): boolean {
  return changes.some((change) => change.path.startsWith('keys.'))
}

async function converge(
  context: ModuleContext,
  params: ConfigParams,
  { changes, state }: { readonly changes: readonly Change[]; readonly state: ConfigState },
): Promise<Result<void>> {
  const { reading, next } = state
  const isThere = reading.kind === 'file'
  const path = reading.realPath
  if (!isThere && params.create !== true) {
    const message = `"${params.path}" does not exist, and \`create\` does not say that it may be made.`
    return fail({ code: 'CONVERGE_FAILED', phase: 'converge', message })
  }
  if (isThere && !changesKeys(changes)) {
    return changeAttributes(context.shell, { path, owner: desiredOwner(reading, params), mode: params.mode ?? '' })
  }
  const holdsSecret = state.keys.some((key) => key.isSensitive && key.after !== undefined)
  return replaceFile(context.shell, {
    path,
    content: fileContent(next),
    owner: keptOwner(reading, params),
    mode: keptMode(reading, params.mode, holdsSecret),
    ...(params.validate !== undefined && { validate: params.validate }),
    backup: params.backup ?? true,
    expected: isThere ? (reading.fingerprint ?? '') : 'absent',
  })
}
