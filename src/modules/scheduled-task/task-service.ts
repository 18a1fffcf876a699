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
