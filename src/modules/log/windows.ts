import { fragment } from '../../shell/powershell-fragment.ts'

const TELL = `function Write-TillHits([int]$count, $latest, $age) {
  $short = @($latest | ForEach-Object { $text = [string]$_; $text.Substring(0, [Math]::Min(300, $text.Length)) })
  Write-TillJson @{ count = $count; latest = $short; age = $age }
}
`

export const LINES = fragment(
  'log.lines',
  `${TELL}$age = [int]([DateTime]::UtcNow - [IO.File]::GetLastWriteTimeUtc($v.path)).TotalSeconds
$hits = @()
if ($v.pattern -ne '') {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  # A power cut leaves NULs in logs.
  $hits = @(Get-Content -LiteralPath $v.path -Tail $v.lines -Encoding UTF8 | ForEach-Object { ([string]$_).Replace([string][char]0, '') } | Where-Object { $regex.IsMatch($_) })
} else { [void](Get-Item -LiteralPath $v.path) }
Write-TillHits $hits.Count @($hits | Select-Object -Last 5) $age
`,
)

// That there is no such event is an error to Get-WinEvent; its id is in no language.
export const EVENTS = fragment(
  'log.events',
  `${TELL}$filter = @{ LogName = $v.name; StartTime = (Get-Date).AddMinutes(-$v.minutes) }
if ($v.levels -ne '') { $filter.Level = [int[]]$v.levels.Split(',') }
if ($v.source -ne '') { $filter.ProviderName = $v.source }
if ($v.ids -ne '') { $filter.Id = [int[]]$v.ids.Split(',') }
$events = @()
try { $events = @(Get-WinEvent -FilterHashtable $filter -MaxEvents 10000) } catch {
  if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { throw }
}
if ($v.pattern -ne '') {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  $events = @($events | Where-Object { $regex.IsMatch([string]$_.Message) })
}
$latest = @($events | Select-Object -First 5 | ForEach-Object { $_.TimeCreated.ToString('s') + ' ' + $_.ProviderName + ' ' + $_.Id + ': ' + $_.Message })
Write-TillHits $events.Count $latest $null
`,
)
