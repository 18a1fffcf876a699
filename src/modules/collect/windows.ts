import { parseDuration } from '../../core/duration.ts'
import type { ModuleContext } from '../../core/module.ts'
import { WINDOWS_TAIL } from '../../devices/file/windows-tail.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { type EventLogItem, LARGEST_FILE, type LogItem, type Raw } from './collect-params.ts'
import { tooLarge } from './posix.ts'
import { beginningOf, endOf, linesOf, plainOf } from './whole-lines.ts'

const USUAL_LINES = 200
const SINCE = '24h'
/** No file of settings has more. */
const ALL_LINES = 1_000_000

/** Puts out the lines that there is room for, from one of their ends. */
const TELL = `function Write-TillPart($lines, [bool]$fromEnd, [long]$size) {
  $lines = @($lines)
  [long]$room = $v.bytes
  $count = 0
  while ($count -lt $lines.Count) {
    $index = $count
    if ($fromEnd) { $index = $lines.Count - 1 - $count }
    $room -= [Text.Encoding]::UTF8.GetByteCount([string]$lines[$index]) + 1
    if ($room -lt 0) { break }
    $count++
  }
  $kept = @()
  if ($count -gt 0 -and $fromEnd) { $kept = @($lines[($lines.Count - $count)..($lines.Count - 1)]) }
  if ($count -gt 0 -and -not $fromEnd) { $kept = @($lines[0..($count - 1)]) }
  $begun = New-Object DateTime(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
  Write-TillJson @{
    found = $true
    size = $size
    text = [string]::Join($nl, [string[]]$kept)
    count = $count
    cut = ($count -lt $lines.Count)
    seconds = [long]([DateTime]::UtcNow - $begun).TotalSeconds
    offset = [int][TimeZoneInfo]::Local.GetUtcOffset([DateTime]::Now).TotalMinutes
  }
}
`

// Where a log may be in one of two code pages, it is read in that of the machine.
const READ = fragment(
  'collect.read',
  `${TELL}${WINDOWS_TAIL}$attributes = 0
try { $attributes = [int][IO.File]::GetAttributes($v.path) } catch {
  $why = $_.Exception.GetBaseException()
  if ($why -isnot [IO.FileNotFoundException] -and $why -isnot [IO.DirectoryNotFoundException]) { throw }
  Write-TillJson @{ found = $false }
  return
}
if (($attributes -band [int][IO.FileAttributes]::Directory) -ne 0) { Stop-Till 1 ($v.path + ': it is not a file') }
$size = (New-Object IO.FileInfo($v.path)).Length
$lines = @()
if ($v.end -or $size -le $v.largest) { $lines = @(@(Get-TillTail $v.path $v.lines $v.encoding)[0].lines) }
Write-TillPart $lines $v.end $size
`,
)

// That there is no such log, or nothing in it, is an error to Get-WinEvent; its id is in no language.
const EVENTS = fragment(
  'collect.events',
  `${TELL}$filter = @{ LogName = $v.name; StartTime = [DateTime]::UtcNow.AddSeconds(-$v.seconds) }
if ($v.levels -ne '') { $filter.Level = [int[]]$v.levels.Split(',') }
$events = @()
try { $events = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $v.lines) } catch {
  if ($_.FullyQualifiedErrorId -like 'NoMatchingLogsFound*') {
    Write-TillJson @{ found = $false }
    return
  }
  if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { throw }
}
$lines = @($events | ForEach-Object {
  $message = ([string]$_.Message) -replace '\\s*[\\r\\n]+\\s*', ' / '
  $_.TimeCreated.ToString('s') + ' level ' + $_.Level + ' ' + $_.ProviderName + ' ' + $_.Id + ': ' + $message
})
[Array]::Reverse($lines)
Write-TillPart $lines $true 0
`,
)

interface Answer {
  readonly found: boolean
  readonly size: number
  readonly text: string
  readonly count: number
  readonly cut: boolean
  readonly seconds: number
  readonly offset: number
}

const LEVELS = ['critical', 'error', 'warning', 'information'] as const

/** The end of a log, or (`end: false`) the beginning of a file. */
export async function readWindowsText(
  { shell }: ModuleContext,
  { path, lines = USUAL_LINES, since, encoding }: LogItem,
  { bytes, end }: { readonly bytes: number; readonly end: boolean },
): Promise<Raw> {
  const values = { path, lines: end ? lines : ALL_LINES, bytes, end, largest: LARGEST_FILE, encoding: encoding ?? '' }
  const asked = await askJson<Answer>(shell, READ, { values }, `Reading "${path}"`)
  if (!asked.ok) return { kind: 'unread', why: asked.failure.message }
  const { found, size, text, cut, count, seconds, offset } = asked.value
  if (!found) return { kind: 'absent' }
  if (!end && size > LARGEST_FILE) return { kind: 'unread', why: tooLarge(size) }
  const plain = plainOf(text)
  if (plain === undefined) return { kind: 'binary', sizeBytes: size }
  const all = linesOf(plain)
  if (!end) return beginningOf(all, size, cut)
  const now = { seconds, offsetMinutes: offset }
  return endOf(all, { sizeBytes: size, isCut: cut || (count >= lines && size > Buffer.byteLength(plain)), since, now })
}

/** The last events of a log of Windows, oldest first. */
export async function readEvents(
  { shell }: ModuleContext,
  { name, level, lines = USUAL_LINES, since = SINCE }: EventLogItem,
  bytes: number,
): Promise<Raw> {
  // Level 0 is what providers of old write for information.
  const worst = level === undefined ? [] : LEVELS.slice(0, LEVELS.indexOf(level) + 1).map((_, index) => index + 1)
  const levels = (level === 'information' ? [0, ...worst] : worst).join(',')
  const values = { name, levels, lines, bytes, seconds: Math.ceil((parseDuration(since) ?? 0) / 1000) }
  const asked = await askJson<Answer>(shell, EVENTS, { values }, `Reading the event log "${name}"`)
  if (!asked.ok) return { kind: 'unread', why: asked.failure.message }
  const { found, text, cut, count, seconds, offset } = asked.value
  if (!found) return { kind: 'absent' }
  const now = { seconds, offsetMinutes: offset }
  return endOf(linesOf(plainOf(text) ?? ''), { sizeBytes: null, isCut: cut || count >= lines, since: undefined, now })
}
