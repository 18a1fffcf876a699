import type { ShellValue } from '../../core/channel.ts'
import type { Result } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import { WINDOWS_TAIL } from '../../devices/file/windows-tail.ts'
import { dotnetPattern } from '../../pattern/device-pattern.ts'
import { windowsCommandLine } from '../../shell/powershell.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { Look, LookAnswer } from './look.ts'

const LOOK = fragment(
  'receipts.look',
  `${WINDOWS_TAIL}$epoch = New-Object DateTime(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
# GetFiles takes *.xml for *.xml_sent, too, and asks short names: learn.microsoft.com/dotnet/api/system.io.directoryinfo.getfiles
function Get-TillTimes([string]$path, [string]$match) {
  if ($match -eq '*.*') { $match = '*' }
  $name = '^' + [regex]::Escape($match).Replace('\\*', '.*').Replace('\\?', '.') + '$'
  $files = (New-Object IO.DirectoryInfo($path)).GetFiles()
  ,@($files | Where-Object { $_.Name -match $name } | ForEach-Object { [long]($_.LastWriteTimeUtc - $epoch).TotalSeconds } | Sort-Object)
}
$answer = @{ now = ([DateTime]::UtcNow - $epoch).TotalSeconds; cut = $false; matches = @(); times = @(); rows = @(); waiting = $null; oldest = $null; waiting_missing = $false }
if ($v.source -eq 'log') {
  $regex = New-Object Text.RegularExpressions.Regex($v.pattern, 'CultureInvariant', [TimeSpan]::FromSeconds(10))
  $found = @()
  $read = 0
  foreach ($one in @(Get-TillTail $v.path $v.lines $v.encoding)) {
    $hits = @($one.lines | ForEach-Object { $hit = $regex.Match($_); if ($hit.Success) { $hit.Value } })
    if ($read -gt 0 -and $hits.Count -le $found.Count) { continue }
    $found = $hits
    $read = $one.lines.Count
  }
  $answer.cut = $read -ge $v.lines
  $answer.matches = @($found | Select-Object -Last $v.most)
}
if ($v.source -eq 'folder') {
  if (-not [IO.Directory]::Exists($v.path)) { Stop-Till 1 "$($v.path): there is no such folder" }
  $answer.times = @((Get-TillTimes $v.path $v.match) | Select-Object -Last $v.most)
}
if ($v.source -eq 'database') {
  $more = @{ environment = @{} }
  for ($i = 1; $i -le $v.env_count; $i++) { $more.environment[[string]$v["env_name_$i"]] = [string]$v["env_value_$i"] }
  $ended = Invoke-TillProcess $v.program $v.line $more
  if ($ended.exit -ne 0) { Stop-Till 1 ([Text.Encoding]::UTF8.GetString((ConvertTo-TillUtf8 $ended.err)) + [Text.Encoding]::UTF8.GetString((ConvertTo-TillUtf8 $ended.out))) }
  $answer.rows = @([Text.Encoding]::UTF8.GetString((ConvertTo-TillUtf8 $ended.out)) -split '\\r?\\n' | Where-Object { $_.Trim() -ne '' } | Select-Object -First 20)
}
if ($v.waiting_path -ne '') {
  if ([IO.Directory]::Exists($v.waiting_path)) {
    $waiting = Get-TillTimes $v.waiting_path $v.waiting_match
    $answer.waiting = $waiting.Count
    if ($waiting.Count -gt 0) { $answer.oldest = $waiting[0] }
  } else { $answer.waiting_missing = $true }
}
Write-TillJson $answer
`,
)

/** Asks all that a look wants in one question. */
export function lookOnWindows({ shell }: ModuleContext, look: Look): Promise<Result<LookAnswer>> {
  const { source, call, waiting } = look
  const values: Record<string, ShellValue> = {
    ...look.values,
    source: source ?? 'none',
    waiting_path: waiting?.path ?? '',
    waiting_match: waiting?.match ?? '*',
  }
  if (typeof values['pattern'] === 'string') values['pattern'] = dotnetPattern(values['pattern'])
  if (call) {
    const environment = [
      ...Object.entries(call.environment),
      ...(call.secret ? [[call.secret.variable, call.secret.value] as const] : []),
    ]
    values['program'] = call.program
    values['line'] = windowsCommandLine(call.program, call.args)
    values['env_count'] = environment.length
    for (const [index, [name, value]] of environment.entries()) {
      values[`env_name_${index + 1}`] = name
      values[`env_value_${index + 1}`] = value
    }
  }
  return askJson(shell, LOOK, { values }, look.what)
}
