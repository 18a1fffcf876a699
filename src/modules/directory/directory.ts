import type { Change } from '../../core/change.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ModuleContext, Proof } from '../../core/module.ts'
import type { FileReading } from '../../devices/file/file-reading.ts'
import { desiredOwner } from '../../devices/file/file-reading.ts'
import { fileTest } from '../../devices/file/file-test.ts'
import { readFile, unreadFile } from '../../devices/file/read-file.ts'
import { WINDOWS_REMOVE } from '../../devices/file/windows-swap.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { failureOf, TOOL_PRELUDE } from '../../shell/tool-answer.ts'
import { defineModule } from '../define.ts'
import { mapOf, text, textOrNull } from '../value-schema.ts'

interface DirectoryParams {
  readonly path: string
  readonly state?: 'present' | 'absent'
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  readonly recurse?: boolean
}

/**
 * Defines `mounted_in PATH`, which prints the places at and below a path where something is mounted (proc_pid_mountinfo(5): the
 * fifth field, with blanks and backslashes as octals). Nothing where the system has no such list.
 */
const MOUNTED_IN = `mounted_in() {
  [ -r /proc/self/mountinfo ] || return 0
  while read -r id parent device root at rest; do
    case $at in *\\\\*) at=$(printf %b "$(printf %s "$at" | sed 's/\\\\/\\\\0/g')") ;; esac
    case $at in "$1" | "$1"/*) printf '%s\\n' "$at" ;; esac
  done </proc/self/mountinfo
}
`

// What is mounted may be the share of all tills. It is looked for again, since it may have come meanwhile.
const POSIX = `LC_ALL=C; export LC_ALL
${MOUNTED_IN}if [ "$state" = absent ]; then
  if [ "$recurse" != yes ]; then rmdir "$path"; exit; fi
  mounts=$(mounted_in "$(cd -P "$path" && pwd -P)")
  if [ -n "$mounts" ]; then printf '%s\\n' "something is mounted there: $mounts" >&2; exit 1; fi
  rm -rf "$path"
  exit
fi
mkdir -p "$path" || exit
if [ -n "$owner" ]; then chown "$owner" "$path" || exit; fi
if [ -n "$mode" ]; then chmod "$mode" "$path" || exit; fi`

const WINDOWS = fragment(
  'directory.converge',
  `${WINDOWS_REMOVE}if ($v.state -eq 'absent') {
  Remove-TillFolder $v.path ($v.recurse -eq 'yes')
  return
}
[void][IO.Directory]::CreateDirectory($v.path)
if ($v.owner -ne '') {
  $rights = Get-Acl -LiteralPath $v.path
  $rights.SetOwner((New-Object Security.Principal.SecurityIdentifier((Get-TillSid $v.owner))))
  Set-Acl -LiteralPath $v.path -AclObject $rights
}
`,
)

export const directory = defineModule({
  name: 'directory',
  lasting: ({ path }) => ({ kind: 'file', path }),
  summary: 'Sees to a directory with its owner and mode, or that it is not there',
  systems: ['linux', 'windows'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        // Never a root: what is removed with all that is in it has a name.
        pattern: '^(/[\\s\\S]*[^/]|[A-Za-z]:[\\\\/][^<>"|?*:]*[^<>"|?*:\\\\/. ])$',
        description: 'Absolute; directories above it are made too.',
        examples: ['/var/lib/tillapp', 'C:\\ProgramData\\Till'],
      },
      state: { enum: ['present', 'absent'], description: 'Default: present.' },
      mode: {
        type: 'string',
        pattern: '^[0-7]{3,4}$',
        description: 'Octal, in quotes. Windows has none.',
        examples: ['0750'],
      },
      owner: {
        type: 'string',
        pattern: '^[A-Za-z0-9_]([^:\\s]*|[^:\\r\\n]*\\\\[^:\\r\\n]+)$',
        description: 'Name or number; Windows: an account or its S-1-….',
      },
      group: { type: 'string', pattern: '^[A-Za-z0-9_][^:\\s]*$', description: 'Name or number. Windows has none.' },
      recurse: {
        type: 'boolean',
        description:
          'With state absent: also when it is not empty, with all that is in it. Refused where something is mounted in it (Linux).',
      },
    },
  },
  validate,
  observe,
  diff: (params, reading) => diff(params as DirectoryParams, reading),
  valueSchema: mapOf({
    state: text('`present`, `absent`, or what is there in its place.'),
    mode: textOrNull('As chmod takes it; null where it is not there.'),
    owner: textOrNull('Whose it is.'),
    group: textOrNull('The group.'),
  }),
  value: ({ kind, mode, owner, group }) => ({
    state: kind === 'directory' ? 'present' : kind,
    mode: mode ?? null,
    owner: owner ?? null,
    group: group ?? null,
  }),
  converge,
  proof: (params, _changes, reading) => proof(params as DirectoryParams, reading),
})

function validate(params: JsonObject): string | undefined {
  const given = (name: string): boolean => params[name] !== undefined
  if (params['state'] !== 'absent') return given('recurse') ? '`recurse` goes with `state: absent`.' : undefined
  const needless = ['mode', 'owner', 'group'].find(given)
  return needless === undefined ? undefined : `\`${needless}\` goes with \`state: present\`.`
}

async function observe({ shell }: ModuleContext, params: DirectoryParams): Promise<Result<FileReading>> {
  const removesAll = params.state === 'absent' && params.recurse === true && shell.dialect === 'posix'
  const [{ answer, reading }, mounted] = await Promise.all([
    readFile(shell, {
      path: params.path,
      follow: params.state !== 'absent',
      wants: 'nothing',
      sendBytes: 0,
      ...(params.owner !== undefined && { owner: params.owner }),
    }),
    removesAll ? shell.ask({ script: MOUNTED, values: { path: params.path } }) : undefined,
  ])
  const at = { code: 'OBSERVE_FAILED', phase: 'observe' } as const
  if (!reading) return fail(unreadFile(params.path, answer))
  if (reading.trouble !== undefined)
    return fail({ ...at, message: `"${params.path}" cannot be read: ${reading.trouble}` })
  if (mounted) {
    const failure = failureOf(mounted, 'observe', `Looking for what is mounted in "${params.path}"`)
    if (failure) return fail(failure)
    const [place = ''] = mounted.text.split('\n')
    if (place !== '') return fail(mountedThere(params.path, place))
  }
  if (reading.kind === 'directory' || reading.kind === 'absent') return success(reading)
  const what = reading.kind === 'other' ? 'a device, socket or pipe' : `a ${reading.kind}`
  return fail({ ...at, message: `"${params.path}" is ${what}, which is never replaced or removed.` })
}

const MOUNTED = `${TOOL_PRELUDE}need_tool sed
${MOUNTED_IN}if [ -d "$path" ] && [ ! -L "$path" ]; then mounted_in "$(cd -P "$path" && pwd -P)"; fi`

function mountedThere(path: string, place: string): Failure {
  return {
    code: 'STATE_IMPOSSIBLE',
    phase: 'observe',
    message: `"${path}" is not removed with all that is in it: something is mounted at "${place}", whose files would go, too.`,
    hint: 'Unmount it in an earlier step if it is to go.',
  }
}

function diff(params: DirectoryParams, reading: FileReading): readonly Change[] {
  const isThere = reading.kind === 'directory'
  if (params.state === 'absent') return isThere ? [{ path: 'state', before: 'present', after: 'absent' }] : []
  const changes: Change[] = isThere ? [] : [{ path: 'state', before: 'absent', after: 'present' }]
  for (const [path, before = null, after] of attributesOf(params, reading)) {
    if (after !== undefined && before !== after) changes.push({ path, before, after })
  }
  return changes
}

function attributesOf(
  { owner, group, mode }: DirectoryParams,
  reading: FileReading,
): [string, string | undefined, string | undefined][] {
  if (reading.system === 'windows') return [['owner', reading.owner, owner]]
  const isNumber = (name: string | undefined): boolean => name !== undefined && /^\d+$/.test(name)
  return [
    ['owner', isNumber(owner) ? reading.uid : reading.owner, owner],
    ['group', isNumber(group) ? reading.gid : reading.group, group],
    ['mode', reading.mode, mode?.padStart(4, '0')],
  ]
}

function proof({ state, owner }: DirectoryParams, { system }: FileReading): Proof | undefined {
  // The test for POSIX knows files alone.
  if (system !== 'windows') return undefined
  if (state === 'absent') return fileTest(system, { kind: 'absent' })
  return fileTest(system, { kind: 'directory', ...(owner !== undefined && { owner }) })
}

async function converge(
  { shell }: ModuleContext,
  params: DirectoryParams,
  _changes: readonly Change[],
  reading: FileReading,
): Promise<Result<void>> {
  const values = {
    path: reading.realPath || params.path,
    state: params.state ?? 'present',
    owner: desiredOwner(reading, params),
    mode: params.mode ?? '',
    recurse: params.recurse ? 'yes' : 'no',
  }
  const answer = await shell.ask(shell.dialect === 'powershell' ? { ...WINDOWS, values } : { script: POSIX, values })
  const failure = failureOf(answer, 'converge', `The change of "${params.path}"`)
  return failure ? fail(failure) : success(undefined)
}
