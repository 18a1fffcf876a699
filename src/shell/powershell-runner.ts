import { PRELUDE } from './powershell-prelude.ts'

/**
 * What an interpreter is given first. It reads exchanges (see powershell-exchange.ts), runs their asks one after another
 * in a session of their own, ends each at its deadline, and frames what comes of them. Windows PowerShell 2 can read it,
 * so that it can say that 5.1 is needed. Where exchanges come from is in \`$tillMode\`:
 * stdin, a line each; \`line\`, one line of stdin; \`environment\`, TILL_X0, TILL_X1…, with a line of secrets on stdin if
 * \`$tillSecret\`.
 */
export const RUNNER = `$tillPrelude = @'
${PRELUDE}
'@
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$nl = [string][char]10
$tillOut = [Console]::OpenStandardOutput()
$tillNow = @{ space = $null; secrets = @() }

function Send-TillText([string]$text) {
  $bytes = [Text.Encoding]::ASCII.GetBytes($text)
  $tillOut.Write($bytes, 0, $bytes.Length)
  $tillOut.Flush()
}

function Read-TillBase64([string]$text) {
  [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text))
}

function Expand-TillText([string]$packed) {
  $memory = New-Object IO.MemoryStream(,[Convert]::FromBase64String($packed))
  $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Decompress)
  (New-Object IO.StreamReader($gzip, [Text.Encoding]::UTF8)).ReadToEnd()
}

function Read-TillValue([string]$kind, [string]$text) {
  switch ($kind) {
    's' { Read-TillBase64 $text }
    'b' { $text -eq '1' }
    'n' { [double]::Parse($text, [Globalization.CultureInfo]::InvariantCulture) }
    'i' { [long]$text }
    'x' { $tillNow.secrets[[int]$text] }
  }
}

function Read-TillExchange([string]$text) {
  $exchange = @{ token = ''; scripts = @{}; asks = (New-Object Collections.ArrayList) }
  foreach ($line in $text.Split([char]10)) {
    $part = $line.Split([char]32)
    if ($part[0] -eq 'exchange') { $exchange.token = $part[2] }
    if ($part[0] -eq 'script') { $exchange.scripts[$part[1]] = Read-TillBase64 $part[3] }
    if ($part[0] -eq 'ask') {
      $ask = @{ id = $part[1]; script = $part[2]; limit = [long]$part[3]; keep = [long]$part[4]; given = @{} }
      [void]$exchange.asks.Add($ask)
    }
    if ($part[0] -eq 'value') { $ask.given[$part[1]] = Read-TillValue $part[2] $part[3] }
  }
  $exchange
}

function New-TillSpace {
  $initial = [Management.Automation.Runspaces.InitialSessionState]::CreateDefault2()
  $space = [Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($initial)
  $space.Open()
  $shell = [Management.Automation.PowerShell]::Create()
  $shell.Runspace = $space
  [void]$shell.AddScript($tillPrelude)
  [void]$shell.Invoke()
  $shell.Dispose()
  $space
}

# Keeps the beginning of what was put out, up to so many bytes, and counts the rest.
function Add-TillLines($kept, $items, [long]$keep) {
  foreach ($item in $items) {
    $bytes = [Text.Encoding]::UTF8.GetBytes("$item" + $nl)
    $room = [Math]::Min($keep - $kept.stream.Length, $bytes.Length)
    if ($room -gt 0) { $kept.stream.Write($bytes, 0, [int]$room) }
    $kept.total += $bytes.Length
  }
}

# The processes that a fragment started and that are still there, with what they started.
function Stop-TillChildren($state) {
  foreach ($child in @($state.children)) {
    try {
      $info = New-Object Diagnostics.ProcessStartInfo
      $info.FileName = Join-Path ([Environment]::SystemDirectory) 'taskkill.exe'
      $info.Arguments = "/F /T /PID $child"
      $info.UseShellExecute = $false
      $info.CreateNoWindow = $true
      $info.RedirectStandardOutput = $true
      $info.RedirectStandardError = $true
      [void][Diagnostics.Process]::Start($info).WaitForExit(4000)
    } catch { }
  }
}

# What went wrong, from the outside in, each thing once.
function Get-TillReason($problem) {
  $words = @()
  while ($problem -ne $null -and $words.Count -lt 4) {
    if ($problem -isnot [Management.Automation.MethodInvocationException]) {
      $text = $problem.Message
      if ($problem.ErrorRecord -ne $null -and $problem.ErrorRecord.Exception -ne $null) { $text = $problem.ErrorRecord.Exception.Message }
      if ($words -notcontains $text) { $words += $text }
    }
    $inner = $problem.InnerException
    if ($inner -eq $null -and $problem.ErrorRecord -ne $null -and $problem.ErrorRecord.Exception -ne $problem) {
      $inner = $problem.ErrorRecord.Exception.InnerException
    }
    $problem = $inner
  }
  $words -join ' '
}

function Invoke-TillAsk($ask, [string]$script) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  if ($tillNow.space -eq $null) { $tillNow.space = New-TillSpace }
  $state = @{ exit = 0; out = $null; err = $null; cut = $false; children = (New-Object Collections.ArrayList) }
  $tillNow.space.SessionStateProxy.SetVariable('v', $ask.given)
  $tillNow.space.SessionStateProxy.SetVariable('till', $state)
  $shell = [Management.Automation.PowerShell]::Create()
  $shell.Runspace = $tillNow.space
  [void]$shell.AddScript($script, $true)
  $none = New-Object 'Management.Automation.PSDataCollection[PSObject]'
  $none.Complete()
  $items = New-Object 'Management.Automation.PSDataCollection[PSObject]'
  $kept = @{ stream = (New-Object IO.MemoryStream); total = [long]0 }
  $how = 'done'
  $handle = $shell.BeginInvoke($none, $items)
  while (-not $handle.AsyncWaitHandle.WaitOne(25)) {
    Add-TillLines $kept $items.ReadAll() $ask.keep
    if ($kept.total -gt $ask.keep + 16777216) { $how = 'flood'; break }
    if ($watch.ElapsedMilliseconds -ge $ask.limit) { $how = 'late'; break }
  }
  $said = @()
  if ($how -eq 'done') {
    try { [void]$shell.EndInvoke($handle) } catch {
      $said += Get-TillReason $_.Exception
      if ($state.exit -eq 0) { $state.exit = 1 }
    }
  } else {
    [void]$shell.BeginStop($null, $null)
    if (-not $handle.AsyncWaitHandle.WaitOne(300)) { Stop-TillChildren $state }
    if (-not $handle.AsyncWaitHandle.WaitOne(5000)) { $how = 'stuck' }
    Stop-TillChildren $state
    $tillNow.space = $null
    $state.exit = 124
  }
  Add-TillLines $kept $items.ReadAll() $ask.keep
  if ($how -ne 'stuck') {
    foreach ($record in $shell.Streams.Error.ReadAll()) {
      if ($said -notcontains $record.Exception.Message) { $said += $record.Exception.Message }
    }
    $shell.Dispose()
  }
  $out = $kept.stream.ToArray()
  $err = [Text.Encoding]::UTF8.GetBytes(($said -join $nl))
  if ($state.out -ne $null) { $out = [byte[]]$state.out }
  if ($state.err -ne $null -and $said.Count -eq 0) { $err = [byte[]]$state.err }
  $cut = [int][bool]($state.cut -or $kept.total -gt $ask.keep -or $err.Length -gt $ask.keep)
  $outLength = [int][Math]::Min($out.Length, $ask.keep)
  $errLength = [int][Math]::Min($err.Length, $ask.keep)
  $head = [Text.Encoding]::ASCII.GetBytes("$how $($state.exit) $cut $($watch.ElapsedMilliseconds) $outLength $errLength$nl")
  $body = New-Object IO.MemoryStream
  $body.Write($head, 0, $head.Length)
  $body.Write($out, 0, $outLength)
  $body.Write($err, 0, $errLength)
  @{ how = $how; exit = $state.exit; body = $body.ToArray() }
}

function Send-TillAnswer([string]$token, [string]$id, [byte[]]$body) {
  $sha = New-Object Security.Cryptography.SHA256CryptoServiceProvider
  $hash = ([BitConverter]::ToString($sha.ComputeHash($body)) -replace '-', '').ToLowerInvariant()
  $way = 'plain'
  $sent = $body
  if ($body.Length -gt 512) {
    $memory = New-Object IO.MemoryStream
    $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
    $gzip.Write($body, 0, $body.Length)
    $gzip.Close()
    $way = 'gzip'
    $sent = $memory.ToArray()
  }
  $data = [Convert]::ToBase64String($sent)
  Send-TillText "$token answer $id $($body.Length) $hash $way $($data.Length)$nl$data$nl"
}

function Invoke-TillExchange([string]$text) {
  $exchange = Read-TillExchange $text
  $token = $exchange.token
  Send-TillText "$token hello $PID $($PSVersionTable.PSVersion) $(6 * 7)$nl"
  if ($PSVersionTable.PSVersion.Major -lt 5) { return }
  $count = 0
  foreach ($ask in $exchange.asks) {
    Send-TillText "$token begin $($ask.id)$nl"
    $answer = Invoke-TillAsk $ask $exchange.scripts[$ask.script]
    Send-TillAnswer $token $ask.id $answer.body
    $count += 1
    if ($answer.how -eq 'stuck' -or $answer.how -eq 'flood') { [Environment]::Exit(3) }
  }
  Send-TillText "$token end $count$nl"
}

if ($tillMode -eq 'environment') {
  if ($tillSecret) { $tillNow.secrets = @((Expand-TillText $tillIn.ReadLine()).Split([char]10) | ForEach-Object { Read-TillBase64 $_ }) }
  $packed = ''
  $number = 0
  while (Test-Path "Env:TILL_X$number") {
    $packed += (Get-Item "Env:TILL_X$number").Value
    Remove-Item "Env:TILL_X$number"
    $number += 1
  }
  Invoke-TillExchange (Expand-TillText $packed)
} elseif ($tillMode -eq 'line') {
  Invoke-TillExchange (Expand-TillText $tillIn.ReadLine())
} else {
  while (($line = $tillIn.ReadLine()) -ne $null) { Invoke-TillExchange (Expand-TillText $line) }
}
`
