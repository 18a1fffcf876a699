import { fragment } from '../../shell/powershell-fragment.ts'

// The scheduler's own interface, which is there since Windows 7 and needs no WMI. 0x80070002 and 3: not found.
const CONNECT = `$scheduler = New-Object -ComObject Schedule.Service
$scheduler.Connect()
function Test-TillMissing($problem) {
  $code = $problem.GetBaseException().HResult
  return ($code -eq -2147024894 -or $code -eq -2147024893)
}
`

export const OBSERVE = fragment(
  'scheduled-task.observe',
  `${CONNECT}$task = $null
try { $task = $scheduler.GetFolder($v.folder).GetTask($v.name) } catch { if (-not (Test-TillMissing $_.Exception)) { throw } }
if ($task -eq $null) {
  Write-TillJson @{ exists = $false; xml = ''; enabled = $false; last_result = $null; next_run = '' }
  return
}
$next = ''
if ($task.NextRunTime.Year -gt 1900) { $next = $task.NextRunTime.ToString('s') }
Write-TillJson @{ exists = $true; xml = [string]$task.Xml; enabled = [bool]$task.Enabled; last_result = [int]$task.LastTaskResult; next_run = $next }
`,
)

// 6: create or update; 5: a service account, which has no password.
export const CONVERGE = fragment(
  'scheduled-task.converge',
  `${CONNECT}$folder = $null
try { $folder = $scheduler.GetFolder($v.folder) } catch {
  if (-not (Test-TillMissing $_.Exception)) { throw }
  $folder = $scheduler.GetFolder('\\').CreateFolder($v.folder)
}
$task = $folder.RegisterTask($v.name, $v.xml, 6, $null, $null, 5)
$task.Enabled = $v.enabled
`,
)

export const REMOVE = fragment(
  'scheduled-task.remove',
  `${CONNECT}$scheduler.GetFolder($v.folder).DeleteTask($v.name, 0)
`,
)

// Reads the XML as `taskOf` does.
export const PROOF = fragment(
  'scheduled-task.proof',
  `$seen = ConvertFrom-Json $v.till_seen
if ([bool]$seen.exists -eq [bool]$v.want_absent) { Stop-Till 1 'state' }
if ($v.want_absent) { return }
if ([bool]$seen.enabled -ne [bool]$v.want_enabled) { Stop-Till 1 'enabled' }
$xml = New-Object Xml.XmlDocument
$xml.LoadXml($seen.xml)
function Get-TillPart([string]$name) {
  $found = @($xml.GetElementsByTagName($name))
  if ($found.Count -eq 0) { return '' }
  $found[0].InnerText.Trim()
}
function Get-TillMinutes([string]$text) {
  if ($text -notmatch '^P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$') { return 0 }
  [Xml.XmlConvert]::ToTimeSpan($text).TotalMinutes
}
if ((Get-TillPart 'Command') -cne $v.want_program) { Stop-Till 1 'program' }
if ((Get-TillPart 'Arguments') -cne $v.want_arguments) { Stop-Till 1 'arguments' }
if ((Get-TillPart 'WorkingDirectory') -cne $v.want_folder) { Stop-Till 1 'folder' }
$account = Get-TillPart 'UserId'
if ($account -cne $v.want_sid -and $account -ne $v.want_account) { Stop-Till 1 'account' }
if ((Get-TillMinutes (Get-TillPart 'ExecutionTimeLimit')) -ne $v.want_minutes) { Stop-Till 1 'limit' }
$triggers = @(@($xml.GetElementsByTagName('Triggers'))[0].ChildNodes | Where-Object { $_.LocalName -like '*Trigger' })
if ($triggers.Count -ne 1 -or $triggers[0].LocalName -cne $v.want_trigger) { Stop-Till 1 'trigger' }
foreach ($name in 'EndBoundary', 'Duration', 'RandomDelay') { if (@($triggers[0].GetElementsByTagName($name)).Count -gt 0) { Stop-Till 1 'trigger' } }
if (@($triggers[0].GetElementsByTagName('Enabled') | Where-Object { 'false', '0' -contains $_.InnerText.Trim() }).Count -gt 0) { Stop-Till 1 'trigger' }
if (@(@($xml.GetElementsByTagName('Actions'))[0].ChildNodes | Where-Object { $_.NodeType -eq 'Element' }).Count -ne 1) { Stop-Till 1 'actions' }
if ($v.want_trigger -eq 'BootTrigger') { return }
if ((Get-TillMinutes (Get-TillPart 'Interval')) -ne $v.want_every) { Stop-Till 1 'interval' }
if ($v.want_every -gt 0) { return }
$start = Get-TillPart 'StartBoundary'
if ($start.Length -lt 16 -or $start.Substring(11, 5) -cne $v.want_time -or $start -match '(Z|[+-]\\d\\d:\\d\\d)$') { Stop-Till 1 'time' }
$days = @('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday' | Where-Object { @($xml.GetElementsByTagName($_)).Count -gt 0 })
if (($days -join ' ') -cne $v.want_days) { Stop-Till 1 'days' }
if ($days.Count -gt 0 -and (@($xml.GetElementsByTagName('ScheduleByWeek')).Count -eq 0 -or '', '1' -notcontains (Get-TillPart 'WeeksInterval'))) { Stop-Till 1 'days' }
if ($days.Count -eq 0 -and (Get-TillPart 'DaysInterval') -ne '1') { Stop-Till 1 'days' }
`,
)
