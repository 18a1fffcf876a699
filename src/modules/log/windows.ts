import { WINDOWS_AGE } from '../../devices/file/windows-age.ts'
import { WINDOWS_TAIL } from '../../devices/file/windows-tail.ts'
import { fragment } from '../../shell/powershell-fragment.ts'

const TELL = `function Write-TillHits([int]$count, $latest, $age, $encoding, [bool]$cut = $false) {
  $short = @($latest | ForEach-Object { $text = [string]$_; $text.Substring(0, [Math]::Min(300, $text.Length)) })
  Write-TillJson @{ count = $count; latest = $short; age = $age; encoding = $encoding; isCut = $cut }
}
`

// Where a log may be in one of two code pages, it is read in the one in which more is found.
export const LINES = fragment(
  'log.lines',
  `${TELL}${WINDOWS_TAIL}${WINDOWS_AGE}if (-not [IO.File]::Exists($v.path)) { Stop-Till 1 ($v.path + ': there is no such file') }
$age = [long](Get-TillAge $v.path)
$hits = @()
$encoding = $null
if ($v.pattern -ne '') {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  foreach ($read in @(Get-TillTail $v.path $v.lines $v.encoding)) {
    $found = @($read.lines | Where-Object { $regex.IsMatch($_) })
    if ($encoding -ne $null -and $found.Count -le $hits.Count) { continue }
    $encoding = $read.name
    $hits = $found
  }
}
Write-TillHits $hits.Count @($hits | Select-Object -Last 5) $age $encoding
`,
)

// That there is no such event is an error to Get-WinEvent; its id is in no language. A query has room for some 20 ids.
// By local time an hour is missing in the night in which summer time begins.
export const EVENTS = fragment(
  'log.events',
  `${TELL}$filter = @{ LogName = $v.name; StartTime = [DateTime]::UtcNow.AddMinutes(-$v.minutes) }
if ($v.levels -ne '') { $filter.Level = [int[]]$v.levels.Split(',') }
if ($v.source -ne '') { $filter.ProviderName = $v.source }
$ids = @()
if ($v.ids -ne '') { $ids = @([int[]]$v.ids.Split(',')) }
$events = @()
$at = 0
$cut = $false
do {
  if ($ids.Count -gt 0) { $filter.Id = [int[]]@($ids | Select-Object -Skip $at -First 20) }
  try {
    $found = @(Get-WinEvent -FilterHashtable $filter -MaxEvents 10001)
    if ($found.Count -gt 10000) { $cut = $true; $found = @($found | Select-Object -First 10000) }
    $events += $found
  } catch {
    if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { throw }
  }
  $at += 20
} while ($at -lt $ids.Count)
if ($ids.Count -gt 20) { $events = @($events | Sort-Object -Property TimeCreated -Descending) }
if ($v.pattern -ne '') {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  $events = @($events | Where-Object { $regex.IsMatch([string]$_.Message) })
}
$latest = @($events | Select-Object -First 5 | ForEach-Object { $_.TimeCreated.ToString('s') + ' ' + $_.ProviderName + ' ' + $_.Id + ': ' + $_.Message })
Write-TillHits $events.Count $latest $null $null $cut
`,
)
