import { fragment } from '../../shell/powershell-fragment.ts'
import { WINDOWS_SWAP } from '../file/windows-swap.ts'
import { WINDOWS_SERVICE_ACT } from '../service/windows-service-act.ts'
import { AGENT_EXIT } from './agent-exit.ts'

/** What the fragment `agent.observe` puts out. */
export interface WindowsAgent {
  /** Its main file: the one that was asked about, else what the service is started with, else the usual one. */
  readonly path: string
  /** Its program: the one that the service runs, else where an MSI puts it. Empty: there is none. */
  readonly exe: string
  /** Empty: it is not there. */
  readonly version: string
  /** The main file first; content is base64. */
  readonly files: readonly { readonly path: string; readonly sum: string; readonly content: string }[]
  readonly includes: readonly { readonly pattern: string; readonly files: readonly string[] }[]
  readonly ping: boolean
  /** port, binary, or empty. */
  readonly by: string
  readonly running: string
  readonly listening: boolean | null
  readonly unfinished: boolean
  readonly psk: 'absent' | 'same' | 'differs'
}

/** What the fragment `agent.change` puts out: empty when all went well, else why not and what was taken back. */
export interface WindowsChange {
  readonly exit: number
  readonly said: string
  /** Whether it answers with what was put back; null: nobody asked it. */
  readonly answers: boolean | null
}

const FUNCTIONS = String.raw`function Get-TillIncluded([string]$main, [string]$pattern) {
  if (-not [IO.Path]::IsPathRooted($pattern)) {
    $pattern = [IO.Path]::GetFullPath([IO.Path]::Combine([IO.Path]::GetDirectoryName($main), $pattern))
  }
  $folder = [IO.Path]::GetDirectoryName($pattern)
  $name = [IO.Path]::GetFileName($pattern)
  if ([IO.Directory]::Exists($pattern)) { $folder = $pattern; $name = '*' }
  if ($name -notmatch '[*?]') {
    if ([IO.File]::Exists($pattern)) { $pattern }
    return
  }
  if (-not [IO.Directory]::Exists($folder)) { return }
  $found = [string[]]@([IO.Directory]::GetFiles($folder) | Where-Object { [IO.Path]::GetFileName($_) -like $name })
  [Array]::Sort($found, [StringComparer]::Ordinal)
  $found
}
function Read-TillConfig([string]$main, [string]$path, [int]$depth, [hashtable]$to) {
  if ($depth -gt 10) { return }
  if (-not $to.seen.ContainsKey($path)) {
    $to.seen[$path] = $true
    $bytes = [IO.File]::ReadAllBytes($path)
    [void]$to.files.Add(@{ path = $path; sum = (Get-TillSha256 $path); content = [Convert]::ToBase64String($bytes) })
  }
  foreach ($line in [IO.File]::ReadAllLines($path)) {
    if ($line -notmatch '^\s*([^#\s=][^=]*?)\s*=\s*(.*?)\s*$') { continue }
    $key = $Matches[1]
    $value = $Matches[2]
    if ($key -ne 'Include') { $to.last[$key] = $value; continue }
    $found = @(Get-TillIncluded $main $value)
    [void]$to.includes.Add(@{ pattern = $value; files = $found })
    foreach ($one in $found) { Read-TillConfig $main $one ($depth + 1) $to }
  }
}
function Get-TillConfig([string]$main) {
  $to = @{ seen = @{}; files = (New-Object Collections.ArrayList); includes = (New-Object Collections.ArrayList); last = @{} }
  if ([IO.File]::Exists($main)) { Read-TillConfig $main $main 1 $to }
  $to
}
function Get-TillItem([string]$address, [int]$port, [string]$item) {
  $client = New-Object Net.Sockets.TcpClient
  try {
    if (-not $client.ConnectAsync($address, $port).Wait(3000)) { return $null }
    $stream = $client.GetStream()
    $stream.ReadTimeout = 3000
    $text = [Text.Encoding]::ASCII.GetBytes($item)
    $bytes = [byte[]](90, 66, 88, 68, 1, $text.Length, 0, 0, 0, 0, 0, 0, 0) + $text
    $stream.Write($bytes, 0, $bytes.Length)
    $memory = New-Object IO.MemoryStream
    try { $stream.CopyTo($memory) } catch { }
    if ($memory.Length -le 13) { return '' }
    [Text.Encoding]::UTF8.GetString($memory.ToArray(), 13, [int]$memory.Length - 13)
  } catch { $null } finally { $client.Close() }
}
function Get-TillCommand {
  $settings = Get-ItemProperty -LiteralPath ('HKLM:\SYSTEM\CurrentControlSet\Services\' + $v.service) -ErrorAction SilentlyContinue
  [string]$settings.ImagePath
}
function Find-TillExe {
  $found = @()
  if ((Get-TillCommand) -match '^\s*"([^"]+)"|^\s*(.+?\.exe)(\s|$)') { $found += [string]$Matches[1] + [string]$Matches[2] }
  foreach ($exe in $found + $v.exe.Split('|')) { if ([IO.File]::Exists($exe)) { return $exe } }
  ''
}
# zabbix_agentd is started with --config "FILE", agent 2 with -c "FILE"; flags of Go may have an equals sign.
function Find-TillMain {
  if ($v.path -ne '') { return $v.path }
  if ((Get-TillCommand) -match '\s--?c(?:onfig)?[\s=]+(?:"([^"]+)"|(\S+))') {
    $main = [string]$Matches[1] + [string]$Matches[2]
    if ([IO.Path]::IsPathRooted($main)) { return $main }
  }
  $v.usual
}
function Get-TillVersion([string]$text) {
  if ($text -match '(\d+\.\d+\.\d+[0-9a-z]*)') { $Matches[1] } else { '' }
}
function Test-TillAgent([string]$exe, [string]$main) {
  $answer = @{ ping = $false; by = ''; running = ''; listening = $null }
  $last = (Get-TillConfig $main).last
  $port = 10050
  if ($last.ListenPort) { $port = [int]$last.ListenPort }
  $address = ([string]$last.ListenIP).Split(',')[0]
  if ($address -eq '' -or $address -eq '0.0.0.0' -or $address -eq '::') { $address = '127.0.0.1' }
  if ($last.Server -and $last.StartAgents -ne '0') {
    $said = Get-TillItem $address $port 'agent.ping'
    $answer.listening = ($said -ne $null)
    if ($said -eq '1') {
      $answer.ping = $true
      $answer.by = 'port'
      $answer.running = Get-TillVersion (Get-TillItem $address $port 'agent.version')
      return $answer
    }
    if (-not $answer.listening) { return $answer }
  }
  if ($exe -eq '') { return $answer }
  $ended = Invoke-TillProcess $exe ('-c "' + $main + '" -t agent.ping')
  if ($ended.exit -eq 0 -and [Text.Encoding]::UTF8.GetString($ended.out) -match '\|1\]') {
    $answer.ping = $true
    $answer.by = 'binary'
  }
  $answer
}
`

export const OBSERVE_WINDOWS_AGENT = fragment(
  'agent.observe',
  `${FUNCTIONS}$main = Find-TillMain
$config = Get-TillConfig $main
$exe = Find-TillExe
$result = @{ path = $main; exe = $exe; version = ''; files = @($config.files); includes = @($config.includes); ping = $false; by = ''; running = ''; listening = $null; psk = 'absent' }
$result.unfinished = [IO.Directory]::Exists((Join-Path ([IO.Path]::GetDirectoryName($main)) '.till-agent'))
if ($exe -ne '') { $result.version = Get-TillVersion ([Text.Encoding]::UTF8.GetString((Invoke-TillProcess $exe '-V').out)) }
$service = Find-TillService $v.service
if ($service -ne $null -and [string]$service.Status -eq 'Running') {
  $answer = Test-TillAgent $exe $main
  foreach ($name in 'ping', 'by', 'running', 'listening') { $result[$name] = $answer[$name] }
}
if ($v.psk_path -ne '' -and [IO.File]::Exists($v.psk_path)) {
  $result.psk = 'differs'
  if ([IO.File]::ReadAllText($v.psk_path).Trim() -ceq $v.psk_key) { $result.psk = 'same' }
}
Write-TillJson $result
`,
)

// What is saved stays until the agent answers, as on Linux. The validator sees a copy in which every Include leads to its copy.
export const CHANGE_WINDOWS_AGENT = fragment(
  'agent.change',
  `${WINDOWS_SWAP}${WINDOWS_SERVICE_ACT}${FUNCTIONS}$folder = [IO.Path]::GetDirectoryName($v.path)
$save = Join-Path $folder '.till-agent'
$utf8 = New-Object Text.UTF8Encoding($false)
$list = ConvertFrom-Json $v.files
$files = @($list)
$acted = $false
$result = @{ exit = 0; said = ''; answers = $null }
$exe = Find-TillExe
if ($exe -eq '') {
  Write-TillJson @{ exit = ${AGENT_EXIT.unwritten}; said = "there is no program of the agent: neither what the service $($v.service) runs, nor $($v.exe.Replace('|', ', '))"; answers = $null }
  return
}
function Wait-TillAgent {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  while ($true) {
    if ((Test-TillAgent $exe $v.path).ping) { return $true }
    if ($watch.Elapsed.TotalSeconds -ge $v.patience) { return $false }
    Start-Sleep -Milliseconds 300
  }
}
function Restore-TillFiles {
  $at = Join-Path $save 'list'
  if (-not [IO.File]::Exists($at)) { return }
  $number = 0
  foreach ($path in [IO.File]::ReadAllLines($at)) {
    $was = Join-Path $save "was-$number"
    if ([IO.File]::Exists($was)) { Copy-TillFile $was $path } else { Remove-TillFile $path }
    $number++
  }
}
function Copy-TillStage([string]$text, [string]$as, [string]$stage) {
  $lines = @(foreach ($line in ($text -split '\\r?\\n')) {
    if ($line -match '^\\s*Include\\s*=\\s*(.*?)\\s*$' -and [IO.Path]::IsPathRooted($Matches[1])) {
      'Include=' + (Join-Path $stage ($Matches[1] -replace ':', ''))
    } else { $line }
  })
  $to = Join-Path $stage ($as -replace ':', '')
  [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($to))
  [IO.File]::WriteAllText($to, ($lines -join $nl), $utf8)
}
function Test-TillConfig {
  $stage = Join-Path $save 'stage'
  $config = Get-TillConfig $v.path
  foreach ($one in $config.includes) {
    $place = $one.pattern
    if (-not [IO.Path]::IsPathRooted($place)) { $place = [IO.Path]::GetFullPath([IO.Path]::Combine($folder, $place)) }
    if (-not [IO.Directory]::Exists($place)) { $place = [IO.Path]::GetDirectoryName($place) }
    if ([IO.Directory]::Exists($place)) { [void][IO.Directory]::CreateDirectory((Join-Path $stage ($place -replace ':', ''))) }
  }
  foreach ($one in $config.files) { Copy-TillStage $utf8.GetString([Convert]::FromBase64String($one.content)) $one.path $stage }
  foreach ($file in $files) { if ($file.part -eq 'config') { Copy-TillStage $file.text $file.path $stage } }
  $version = Get-TillVersion ([Text.Encoding]::UTF8.GetString((Invoke-TillProcess $exe '-V').out))
  $how = '-t agent.ping'
  if ($version -ne '' -and [int]$version.Split('.')[0] -ge 7) { $how = '-T' }
  $ended = Invoke-TillProcess $exe ('-c "' + (Join-Path $stage ($v.path -replace ':', '')) + '" ' + $how)
  if ($ended.exit -eq 0) { return '' }
  $said = [Text.Encoding]::UTF8.GetString($ended.err) + [Text.Encoding]::UTF8.GetString($ended.out)
  $said = $said.Replace($stage + '\\', '').Trim()
  if ($said -eq '') { $said = "exit code $($ended.exit)" }
  $said
}
# What cannot be taken away now is seen at the next look; it undoes nothing that went well.
function Clear-TillSave { try { Remove-TillFolder $save } catch { } }
function Undo-Till([int]$exit, [string]$said) {
  $result.exit = $exit
  $result.said = $said
  if ($touched) { Restore-TillFiles }
  if ($v.was_running -and $touched) {
    try { Set-TillService $v.service 'restart' } catch { }
    $result.answers = [bool](Wait-TillAgent)
    if (-not $result.answers) { return }
  } elseif ($v.was_running) { $result.answers = [bool](Wait-TillAgent) } elseif ($acted) { try { Set-TillService $v.service 'stop' } catch { } }
  Clear-TillSave
}
foreach ($file in $files) {
  $now = 'absent'
  if ([IO.File]::Exists($file.path)) { $now = Get-TillSha256 $file.path }
  if ($file.sum -ne 'any' -and $file.sum -ne $now) {
    Write-TillJson @{ exit = ${AGENT_EXIT.moved}; said = $file.path; answers = $null }
    return
  }
}
$rights = New-Object Security.AccessControl.DirectorySecurity
$rights.SetSecurityDescriptorSddlForm('D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
if (-not [IO.Directory]::Exists($save)) { [void][IO.Directory]::CreateDirectory($save, $rights) }
$at = Join-Path $save 'list'
$kept = @()
if ([IO.File]::Exists($at)) { $kept = @([IO.File]::ReadAllLines($at)) }
# As long as no file was changed, there is nothing to restart the agent for.
$touched = $kept.Count -gt 0
foreach ($file in $files) {
  if ($kept -contains $file.path) { continue }
  if ([IO.File]::Exists($file.path)) { Copy-TillFile $file.path (Join-Path $save "was-$($kept.Count)") }
  $kept += $file.path
  [IO.File]::WriteAllLines($at, [string[]]$kept, $utf8)
}
$stage = 'write'
try {
  foreach ($file in $files) {
    if ($file.part -ne 'psk') { continue }
    $touched = $true
    [void](Set-TillWritable $file.path)
    [IO.File]::WriteAllBytes($file.path, [byte[]]@())
    $own = New-Object Security.AccessControl.FileSecurity
    $own.SetSecurityDescriptorSddlForm('D:P(A;;FA;;;SY)(A;;FA;;;BA)')
    Set-Acl -LiteralPath $file.path -AclObject $own
    [IO.File]::WriteAllText($file.path, $file.text, $utf8)
  }
  $said = Test-TillConfig
  if ($said -ne '') { Undo-Till ${AGENT_EXIT.refused} $said }
  else {
    foreach ($file in $files) {
      if ($file.part -ne 'config') { continue }
      $touched = $true
      $new = Join-Path $save 'new'
      [IO.File]::WriteAllText($new, $file.text, $utf8)
      Move-TillInPlace $new $file.path ''
    }
    $stage = 'service'
    if ($v.boot -ne '') {
      $start = 'Automatic'
      if ($v.boot -eq 'disable') { $start = 'Manual' }
      Set-Service -Name $v.service -StartupType $start
    }
    if ($v.act -ne '') {
      $acted = $true
      Set-TillService $v.service $v.act
      if (-not (Wait-TillAgent)) { Undo-Till ${AGENT_EXIT.silent} '' }
    }
    if ($result.exit -eq 0) { Clear-TillSave }
  }
} catch {
  $code = ${AGENT_EXIT.unwritten}
  if ($stage -eq 'service') { $code = ${AGENT_EXIT.service} }
  Undo-Till $code ($_.Exception.GetBaseException().Message)
}
Write-TillJson $result
`,
)
