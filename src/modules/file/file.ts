import { randomBytes } from 'node:crypto'
import type { Change } from '../../core/change.ts'
import type { ContentToSend } from '../../core/content.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext, Proof } from '../../core/module.ts'
import { changeAttributes, makeLink, removeFile } from '../../devices/file/change-file.ts'
import { desiredOwner, type FileReading, keptMode, keptOwner } from '../../devices/file/file-reading.ts'
import { fileTest } from '../../devices/file/file-test.ts'
import { readFile, unreadFile } from '../../devices/file/read-file.ts'
import { replaceFile } from '../../devices/file/replace-file.ts'
import { FILE_PATH } from '../../devices/file/windows-read.ts'
import { defineModule } from '../define.ts'
import { listOf, mapOf, number, text, truth } from '../value-schema.ts'
import {
  contentOf,
  type DesiredContent,
  desiredContent,
  digestOf,
  type FileParams,
  isPresent,
  isSmallText,
} from './desired-content.ts'
import { changesOf, explainFile, type FileState, shownState } from './file-changes.ts'

/** Accounts of Windows may have a blank in their name. */
const OWNER = '^[A-Za-z0-9_]([^:\\s]*|[^:\\r\\n]*\\\\[^:\\r\\n]+)$'

/** Content up to this size is fetched where the device cannot make a checksum. */
const FETCHED_BYTES = 64 * 1024

export const file = defineModule({
  name: 'file',
  lasting: ({ path }) => ({ kind: 'file', path }),
  summary: 'Sees to a file with its content, owner and mode, to a symbolic link, or that neither is there',
  systems: ['linux', 'windows'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        pattern: FILE_PATH,
        description: 'Absolute. Where it is a symbolic link, the file that it points at is meant (with state present).',
        examples: ['/etc/motd', 'C:\\Till\\motd.txt'],
      },
      state: { enum: ['present', 'absent', 'link'], description: 'Default: present.' },
      content: { type: 'string', description: 'The whole content, byte for byte; no line end is added.' },
      source: {
        type: 'string',
        minLength: 1,
        description:
          'A file of the repository with the content, from the folder of tillwright.yaml; or an absolute path.',
      },
      sha256: {
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
        description: 'The checksum that `source` must have. Without content and source it is only checked.',
      },
      target: { type: 'string', minLength: 1, description: 'With state link: what the link points at.' },
      mode: {
        type: 'string',
        pattern: '^[0-7]{3,4}$',
        description:
          'Octal, in quotes. Default: an old file keeps its own, a new one has 0644 (0600 for a secret). Windows has none.',
        examples: ['0640'],
      },
      owner: { type: 'string', pattern: OWNER, description: 'Name or number; Windows: an account or its S-1-….' },
      group: { type: 'string', pattern: '^[A-Za-z0-9_][^:\\s]*$', description: 'Name or number. Windows has none.' },
      backup: { type: 'boolean', description: 'Keep the file that is replaced or removed as PATH.till-backup.' },
      validate: {
        type: 'string',
        minLength: 1,
        description:
          'A command of sh or PowerShell that must succeed before the file is put in place; the new file is "$file".',
        examples: ['visudo -cf "$file"'],
      },
      sensitive: {
        type: 'boolean',
        description: 'The content is hidden wherever it is shown. One that holds a secret or a private key always is.',
      },
    },
  },
  paths: { source: 'content' },
  validate,
  onlyChecks: (params) =>
    isPresent(params) && params.content === undefined && params.source === undefined && params.sha256 !== undefined,
  observe,
  diff: (params, state) => changesOf(params, state),
  explain: explainFile,
  valueSchema: mapOf(
    { state: text('`present`, `absent`, or what is there in its place.') },
    {
      target: text('Of a link: where it leads.'),
      size_bytes: number('Its size.'),
      sha256: text('The hash of its content.'),
      mode: text('As chmod takes it.'),
      owner: text('Whose it is.'),
      group: text('The group.'),
      acl: truth('It has an access list.'),
      notes: listOf({ type: 'string' }, 'What is worth knowing about it.'),
    },
  ),
  value: shownState,
  converge,
  sends,
  proof,
})

function validate(params: JsonObject): string | undefined {
  const given = (name: string) => params[name] !== undefined
  const state = params['state'] ?? 'present'
  if (given('content') && given('source')) return 'Give the content or the source of a file, not both.'
  if (state === 'link' && !given('target')) return 'A link needs its `target`.'
  if (state === 'present' && given('target')) return '`target` goes with `state: link`.'
  const needless = ['content', 'source', 'sha256', 'validate', 'mode'].find(given)
  if (state !== 'present' && needless !== undefined && typeof state === 'string' && !state.includes('{{')) {
    return `\`${needless}\` goes with \`state: present\`.`
  }
  return undefined
}

async function observe(context: ModuleContext, params: FileParams): Promise<Result<FileState>> {
  const desired = await desiredContent(params)
  if (!desired.ok) return desired
  const want = desired.value
  if (params.state === 'link' && context.shell.dialect === 'powershell') return fail(NO_LINKS)
  const { answer, reading } = await readFile(context.shell, {
    path: params.path,
    follow: isPresent(params),
    wants: want ? 'content' : 'nothing',
    sendBytes: want ? FETCHED_BYTES : 0,
    ...(want && { known: `sha256:${want.sha256}` }),
    ...(params.owner !== undefined && { owner: params.owner }),
  })
  if (!reading) return fail(unreadFile(params.path, answer))
  const trouble = troubleOf(params, reading)
  if (trouble) return fail(trouble)
  return !want || reading.kind !== 'file'
    ? success({ reading, ...(want && { desired: want }) })
    : compared(reading, want)
}

const NO_LINKS: Failure = {
  code: 'PARAMS_INVALID',
  phase: 'observe',
  message: '`state: link` is for devices with a POSIX system; Windows lets few accounts make symbolic links.',
}

function compared(reading: FileReading, desired: DesiredContent): Result<FileState> {
  const { fingerprint, content, sizeBytes } = reading
  const sha256 = fingerprint?.startsWith('sha256:') ? fingerprint.slice(7) : content && digestOf(content)
  if (sha256 !== undefined) return success({ reading, desired, sha256 })
  // Of another size, it differs for sure.
  if (desired.sizeBytes !== undefined && sizeBytes !== desired.sizeBytes) return success({ reading, desired })
  const message = 'None of sha256sum, openssl and shasum is on the device, and the file is too large to be fetched.'
  return fail({ code: 'TOOL_MISSING', phase: 'observe', message })
}

function troubleOf(params: FileParams, reading: FileReading): Failure | undefined {
  const at = { code: 'OBSERVE_FAILED', phase: 'observe' } as const
  if (reading.trouble !== undefined) return { ...at, message: `"${params.path}" cannot be read: ${reading.trouble}` }
  if (reading.kind === 'directory')
    return { ...at, message: `"${params.path}" is a directory, which is never replaced or removed.` }
  if (reading.kind === 'other') return { ...at, message: `"${params.path}" is a device, socket or pipe, not a file.` }
  return undefined
}

function proof(params: FileParams, _changes: readonly Change[], { reading, desired }: FileState): Proof | undefined {
  const { system } = reading
  if (params.state === 'absent') return fileTest(system, { kind: 'absent' })
  if (params.state === 'link') return fileTest(system, { kind: 'link', linkTarget: params.target ?? '' })
  if (!isSmallText(desired)) return undefined
  const { mode, owner, group } = params
  return fileTest(system, {
    kind: 'file',
    ...(desired && { fingerprint: `sha256:${desired.sha256}` }),
    ...(mode !== undefined && { mode }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  })
}

function sends(
  { sensitive = false, state }: FileParams,
  changes: readonly Change[],
  { desired }: FileState,
): readonly ContentToSend[] {
  const isSent = changes.some(({ path }) => path === 'content' || path === 'state')
  if (!isSent || (state ?? 'present') !== 'present' || desired?.sizeBytes === undefined) return []
  const { sha256, sizeBytes, source, isSecret } = desired
  return [{ sha256, sizeBytes, ...((source === undefined || sensitive || isSecret) && { isHidden: true }) }]
}

async function converge(
  context: ModuleContext,
  params: FileParams,
  changes: readonly Change[],
  state: FileState,
): Promise<Result<void>> {
  const { shell } = context
  const { reading, desired } = state
  const backup = params.backup ?? false
  if (params.state === 'absent') return removeFile(shell, params.path, backup)
  if (params.state === 'link') {
    const folder = params.path.slice(0, params.path.lastIndexOf('/'))
    const temp = `${folder}/.till-new-${randomBytes(8).toString('hex')}`
    return makeLink(shell, { path: params.path, target: params.target ?? '', temp, backup })
  }
  const path = reading.realPath
  if (!changes.some((change) => change.path === 'content' || change.path === 'state')) {
    return changeAttributes(shell, { path, owner: desiredOwner(reading, params), mode: params.mode ?? '' })
  }
  return replaceFile(shell, {
    path,
    content: contentOf(desired, params.sensitive),
    owner: keptOwner(reading, params),
    mode: keptMode(reading, params.mode, desired?.isSecret ?? false),
    ...(params.validate !== undefined && { validate: params.validate }),
    backup,
    expected: 'any',
  })
}
