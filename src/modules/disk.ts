import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { JsonObject } from '../core/json.ts'
import type { ModuleContext } from '../core/module.ts'
import { ANY_PATH } from '../devices/file/windows-read.ts'
import { askJson } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { failureOf, headOf, TOOL_PRELUDE } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { mapOf, number, numberOrNull, text } from './value-schema.ts'

interface DiskState {
  readonly device: string
  readonly mount: string
  readonly sizeBytes: number
  readonly freeBytes: number
  readonly freePercent: number
  /** undefined where the file system has no fixed number of them, or was not asked. */
  readonly inodesFree?: number
  readonly inodesFreePercent?: number
}

const SCRIPT = `${TOOL_PRELUDE}need_tool df
df -P -k "$path" || exit 1
[ "$inodes" = yes ] || exit 0
printf 'inodes\\n'
df -P -i "$path"`

const WINDOWS = fragment(
  'disk.observe',
  `$path = [IO.Path]::GetFullPath($v.path)
# Volumes that are mounted in a folder, and links to other drives: only where there is one on the way is WMI asked.
for ($links = 0; $links -lt 20; $links++) {
  $link = ''
  $at = $path
  while ($at) {
    $attributes = 0
    try { $attributes = [int][IO.File]::GetAttributes($at) } catch { }
    if (($attributes -band [int][IO.FileAttributes]::ReparsePoint) -ne 0) { $link = $at }
    $at = [IO.Path]::GetDirectoryName($at)
  }
  if ($link -eq '') { break }
  $target = [string]@((Get-Item -LiteralPath $link -Force).Target)[0]
  if ($target -match '^[A-Za-z]:\\\\') {
    $path = $target.TrimEnd([char]92) + $path.Substring($link.Length)
    continue
  }
  $volume = $null
  foreach ($one in @(Get-CimInstance -ClassName Win32_Volume)) {
    if (-not ($path.TrimEnd([char]92) + '\\').StartsWith([string]$one.Name, [StringComparison]::OrdinalIgnoreCase)) { continue }
    if ($volume -eq $null -or $one.Name.Length -gt $volume.Name.Length) { $volume = $one }
  }
  if ($volume -eq $null -or $volume.FreeSpace -eq $null) { Stop-Till 1 "$link leads to $target, of which Windows does not say how much room it has." }
  Write-TillJson @{ device = [string]$volume.Label; mount = $volume.Name; size = [long]$volume.Capacity; free = [long]$volume.FreeSpace }
  return
}
$drive = New-Object IO.DriveInfo([IO.Path]::GetPathRoot($path))
Write-TillJson @{ device = $drive.VolumeLabel; mount = $drive.Name; size = $drive.TotalSize; free = $drive.AvailableFreeSpace }
`,
)

const AMOUNT = '^[0-9]+(\\.[0-9]+)?( ?(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)|%)$'

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
}

export const disk = defineModule({
  name: 'disk',
  summary: 'Checks that a file system has room left',
  sides: { linux: { observe }, windows: { observe: observeOnWindows } },
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        pattern: ANY_PATH,
        description: 'A path on the file system.',
        examples: ['/var', 'C:\\'],
      },
      free_min: {
        type: 'string',
        pattern: AMOUNT,
        description: 'Room for users other than root: an amount, or a share of what they can have.',
        examples: ['500MiB', '10%'],
      },
      inodes_free_min: {
        type: 'string',
        pattern: '^[0-9]+%?$',
        description: 'A number or a share. File systems of Windows have no such limit.',
        examples: ['5%'],
      },
    },
  },
  validate,
  diff: (params, state) => [...roomChanges(params.free_min, state), ...inodeChanges(params.inodes_free_min, state)],
  valueSchema: mapOf({
    device: text('The file system, as the device names it.'),
    mount: text('Where it is mounted.'),
    size_bytes: number('Its size.'),
    free_bytes: number('What ordinary users may still write.'),
    free_percent: number('The same as a share of what may be used, 0 to 100.'),
    inodes_free: numberOrNull(
      'Files that can still be made; null where the file system has no fixed number, or was not asked.',
    ),
    inodes_free_percent: numberOrNull('The same as a share, 0 to 100.'),
  }),
  value: (state) => ({
    device: state.device,
    mount: state.mount,
    size_bytes: state.sizeBytes,
    free_bytes: state.freeBytes,
    free_percent: state.freePercent,
    inodes_free: state.inodesFree ?? null,
    inodes_free_percent: state.inodesFreePercent ?? null,
  }),
})

function validate(params: JsonObject): string | undefined {
  const given = params['free_min'] !== undefined || params['inodes_free_min'] !== undefined
  return given ? undefined : 'Say how much must be left: `free_min`, `inodes_free_min` or both.'
}

async function observe(
  context: ModuleContext,
  params: { readonly path: string; readonly free_min?: string; readonly inodes_free_min?: string },
): Promise<Result<DiskState>> {
  const inodes = params.inodes_free_min === undefined ? 'no' : 'yes'
  const answer = await context.shell.ask({ script: SCRIPT, values: { path: params.path, inodes } })
  const failure = failureOf(answer, 'observe', `Reading the file system of "${params.path}"`)
  if (failure) return fail(failure)
  const [rooms = '', counts] = answer.text.split(/^inodes\n/m)
  const room = dfLine(rooms)
  const count = counts === undefined ? undefined : dfLine(counts)
  if (!room || (counts !== undefined && !count)) {
    const message = `What df said of "${params.path}" is not understood.`
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message, evidence: { stdout: headOf(answer.text, 500) } })
  }
  const hasInodes = count !== undefined && count.total > 0
  return success({
    device: room.device,
    mount: room.mount,
    sizeBytes: room.total * 1024,
    freeBytes: room.free * 1024,
    freePercent: share(room.free, room.used + room.free),
    ...(hasInodes && { inodesFree: count.free, inodesFreePercent: share(count.free, count.total) }),
  })
}

async function observeOnWindows(
  { shell }: ModuleContext,
  { path }: { readonly path: string },
): Promise<Result<DiskState>> {
  const what = `Reading the file system of "${path}"`
  const asked = await askJson<{ device: string; mount: string; size: number; free: number }>(
    shell,
    WINDOWS,
    { values: { path } },
    what,
  )
  if (!asked.ok) return asked
  const { device, mount, size, free } = asked.value
  return success({ device, mount, sizeBytes: size, freeBytes: free, freePercent: share(free, size) })
}

interface DfLine {
  readonly device: string
  readonly total: number
  readonly used: number
  readonly free: number
  readonly mount: string
}

/** The second line of `df -P`: names may hold blanks, so that the numbers are found first. */
function dfLine(text: string): DfLine | undefined {
  const match = /^(.*?)(?<!\s)\s+(\d+|-)\s+(\d+|-)\s+(-?\d+|-)\s+(?:\d+%|-)\s+(\/[\s\S]*?)\n?$/.exec(
    text.slice(text.indexOf('\n') + 1),
  )
  if (!match) return undefined
  const [, device = '', total, used, free, mount = ''] = match
  const [all, taken, left] = [total, used, free].map((number) => (number === '-' ? 0 : Number(number)))
  return { device, total: all ?? 0, used: taken ?? 0, free: Math.max(left ?? 0, 0), mount }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10
}

function roomChanges(desiredValue: string | undefined, state: DiskState): Change[] {
  if (desiredValue === undefined) return []
  const isEnough = desiredValue.endsWith('%')
    ? state.freePercent >= Number(desiredValue.slice(0, -1))
    : state.freeBytes >= bytesOf(desiredValue)
  if (isEnough) return []
  return [
    { path: 'free', before: `${readable(state.freeBytes)} (${state.freePercent}%)`, after: `at least ${desiredValue}` },
  ]
}

function inodeChanges(desiredValue: string | undefined, state: DiskState): Change[] {
  const { inodesFree, inodesFreePercent } = state
  if (desiredValue === undefined || inodesFree === undefined || inodesFreePercent === undefined) return []
  const isEnough = desiredValue.endsWith('%')
    ? inodesFreePercent >= Number(desiredValue.slice(0, -1))
    : inodesFree >= Number(desiredValue)
  return isEnough
    ? []
    : [{ path: 'inodes_free', before: `${inodesFree} (${inodesFreePercent}%)`, after: `at least ${desiredValue}` }]
}

function bytesOf(amount: string): number {
  const [, number = '0', unit = 'B'] = /^([\d.]+) ?(.*)$/.exec(amount) ?? []
  return Number(number) * (UNITS[unit] ?? 1)
}

function readable(bytes: number): string {
  const [name, size] = Object.entries(UNITS)
    .filter(([unit, one]) => unit.endsWith('iB') && bytes >= one)
    .at(-1) ?? ['B', 1]
  return `${Math.round((bytes / size) * 10) / 10} ${name}`
}
