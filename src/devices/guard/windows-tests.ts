import { fragment } from '../../shell/powershell-fragment.ts'
import { WINDOWS_AGE } from '../file/windows-age.ts'
import { WINDOWS_TAIL } from '../file/windows-tail.ts'

// A folder that is there and shows nothing is no free till: only that there is no such file counts.
export const WINDOWS_FILE = fragment(
  'guard.file',
  `$folder = [IO.Path]::GetDirectoryName($v.path)
if (-not [IO.Directory]::Exists($folder)) { 'unknown there is no folder ' + $folder + ' that can be looked into'; return }
try { [void][IO.File]::GetAttributes($v.path) } catch {
  $why = $_.Exception.GetBaseException()
  if ($why -isnot [IO.FileNotFoundException] -and $why -isnot [IO.DirectoryNotFoundException]) { throw }
  'free'
  return
}
'busy'`,
)

export const WINDOWS_PROCESS = fragment(
  'guard.process',
  String.raw`$found = @([Diagnostics.Process]::GetProcessesByName(($v.name -replace '\.exe$', '')) | Where-Object { $_.Id -ne $PID })
if ($found.Count -gt 0) { 'busy' } else { 'free' }`,
)

// From the end on, so that a long log costs no more than what is behind its last word. See windows-tail.ts for encodings:
// of two that it may be, either will do as long as only ASCII is looked for.
export const WINDOWS_LOG = fragment(
  'guard.log',
  `${WINDOWS_TAIL}if (-not [IO.File]::Exists($v.path)) { 'unknown there is no ' + $v.path; return }
$begins = New-Object Text.RegularExpressions.Regex($v.begins, 'CultureInvariant', [TimeSpan]::FromSeconds(5))
$ends = New-Object Text.RegularExpressions.Regex($v.ends, 'CultureInvariant', [TimeSpan]::FromSeconds(5))
$end = Read-TillEnd $v.path ([int]::MaxValue) 1048576
$encoding = @(Get-TillEncodings $v.encoding $end)[0]
if ($v.beyond -and $end.guessed) { 'unknown ' + $v.path + ' is not UTF-8, and the pattern has letters beyond ASCII: say its encoding'; return }
$lines = @(Get-TillLines $encoding $end)
for ($at = $lines.Count - 1; $at -ge 0; $at--) {
  $line = $lines[$at].TrimEnd([char]13)
  if ($ends.IsMatch($line)) { 'free'; return }
  if ($begins.IsMatch($line)) { 'busy'; return }
}
if ($v.silent) { 'free' }
else { 'unknown the end of ' + $v.path + ' says neither' }`,
)

// A link has a time of its own.
export const WINDOWS_IDLE = fragment(
  'guard.idle',
  `${WINDOWS_AGE}if (-not [IO.File]::Exists($v.path) -and -not [IO.Directory]::Exists($v.path)) { 'unknown there is no ' + $v.path; return }
$path = $v.path
for ($links = 0; $links -lt 16; $links++) {
  if (([int][IO.File]::GetAttributes($path) -band [int][IO.FileAttributes]::ReparsePoint) -eq 0) { break }
  $target = @((Get-Item -LiteralPath $path -Force).Target)[0]
  if (-not $target) { break }
  $path = [IO.Path]::GetFullPath([IO.Path]::Combine([IO.Path]::GetDirectoryName($path), [string]$target))
}
if ((Get-TillAge $path) -ge $v.seconds) { 'free' } else { 'busy' }`,
)

// Whoever sits at the screen, and everybody else with a desktop, by remote desktop for one.
export const WINDOWS_LOGGED_IN = fragment(
  'guard.logged-in',
  `$console = [string](Get-CimInstance -ClassName Win32_ComputerSystem).UserName
$desktops = @(Get-CimInstance -ClassName Win32_Process | Where-Object { $_.Name -eq 'explorer.exe' })
if ($console -ne '') { 'busy ' + $console }
elseif ($desktops.Count -gt 0) { 'busy' }
else { 'free' }`,
)
