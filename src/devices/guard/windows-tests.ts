import { fragment } from '../../shell/powershell-fragment.ts'

export const WINDOWS_FILE = fragment(
  'guard.file',
  `$folder = Split-Path -Parent $v.path
if (-not (Test-Path -LiteralPath $folder -PathType Container)) { 'unknown there is no folder ' + $folder }
elseif (Test-Path -LiteralPath $v.path) { 'busy' }
else { 'free' }`,
)

export const WINDOWS_PROCESS = fragment(
  'guard.process',
  String.raw`$found = @([Diagnostics.Process]::GetProcessesByName(($v.name -replace '\.exe$', '')) | Where-Object { $_.Id -ne $PID })
if ($found.Count -gt 0) { 'busy' } else { 'free' }`,
)

export const WINDOWS_LOG = fragment(
  'guard.log',
  `$begins = New-Object Text.RegularExpressions.Regex($v.begins, 'CultureInvariant', [TimeSpan]::FromSeconds(5))
$ends = New-Object Text.RegularExpressions.Regex($v.ends, 'CultureInvariant', [TimeSpan]::FromSeconds(5))
if (-not (Test-Path -LiteralPath $v.path -PathType Leaf)) { 'unknown there is no ' + $v.path; return }
$stream = [IO.File]::Open($v.path, 'Open', 'Read', 'ReadWrite, Delete')
try {
  if ($stream.Length -gt 1048576) { [void]$stream.Seek(-1048576, 'End') }
  $reader = New-Object IO.StreamReader($stream, (New-Object Text.UTF8Encoding($false)))
  $said = ''
  while ($null -ne ($line = $reader.ReadLine())) {
    if ($ends.IsMatch($line)) { $said = 'free' } elseif ($begins.IsMatch($line)) { $said = 'busy' }
  }
} finally { $stream.Dispose() }
if ($said -ne '') { $said }
elseif ($v.silent) { 'free' }
else { 'unknown the end of ' + $v.path + ' says neither' }`,
)

export const WINDOWS_IDLE = fragment(
  'guard.idle',
  `if (-not (Test-Path -LiteralPath $v.path)) { 'unknown there is no ' + $v.path; return }
$age = [DateTime]::UtcNow - (Get-Item -LiteralPath $v.path -Force).LastWriteTimeUtc
if ($age.TotalSeconds -ge $v.seconds) { 'free' } else { 'busy' }`,
)

// Whoever sits at the screen, and everybody else with a desktop, by remote desktop for one.
export const WINDOWS_LOGGED_IN = fragment(
  'guard.logged-in',
  `$console = [string](Get-CimInstance -ClassName Win32_ComputerSystem).UserName
$desktops = @(Get-CimInstance -ClassName Win32_Process -Filter "Name = 'explorer.exe'")
if ($console -ne '') { 'busy ' + $console }
elseif ($desktops.Count -gt 0) { 'busy' }
else { 'free' }`,
)
