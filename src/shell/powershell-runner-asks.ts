/** Functions of the runner for one ask: run in a session of its own, ended at its deadline, its output kept up to a length, its gate tested. */
export const ASK_FUNCTIONS = `function New-TillSpace {
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
    $room = 0
    if ($kept.total -eq $kept.stream.Length) { $room = Get-TillRoom $bytes ($keep - $kept.stream.Length) }
    if ($room -gt 0) { $kept.stream.Write($bytes, 0, [int]$room) }
    $kept.total += $bytes.Length
  }
}

# How many bytes of UTF-8 there is room for, so that no character is cut.
function Get-TillRoom([byte[]]$bytes, [long]$room) {
  if ($room -ge $bytes.Length) { return $bytes.Length }
  while ($room -gt 0 -and ($bytes[$room] -band 0xC0) -eq 0x80) { $room-- }
  [Math]::Max(0, $room)
}

# The processes that a fragment started and that are still there, with what they started.
function Stop-TillChildren($state) {
  foreach ($child in @($state.children)) { Stop-TillTree $child }
}

function Stop-TillTree([int]$root) {
  try {
    $info = New-Till ([Diagnostics.ProcessStartInfo])
    $info.FileName = [Environment]::GetEnvironmentVariable('windir') + '\\System32\\taskkill.exe'
    $info.Arguments = "/F /T /PID $root"
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    [void][Diagnostics.Process]::Start($info).WaitForExit(4000)
  } catch { }
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

function Invoke-TillAsk($ask, [string]$script, $given) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  if ($tillNow.space -eq $null) { $tillNow.space = New-TillSpace }
  $state = @{ exit = 0; out = $null; err = $null; cut = $false; children = (New-Object Collections.ArrayList) }
  $tillNow.space.SessionStateProxy.SetVariable('v', $given)
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
    Push-TillText $false
    # A change that must not be cut in half is let finish.
    if ((Test-TillGone) -and $ask.fence.whole -ne 'w') { $how = 'gone'; break }
    Add-TillLines $kept $items.ReadAll() $ask.keep
    if ($kept.total -gt $ask.keep + 16777216) { $how = 'flood'; break }
    if ($watch.ElapsedMilliseconds -ge $ask.limit) { $how = 'late'; break }
  }
  $said = @()
  if ($how -eq 'done') {
    try { [void]$shell.EndInvoke($handle) } catch {
      $said += Get-TillReason $_.Exception
      $code = $_.Exception.GetBaseException().Data['till']
      if ($code -ne $null) { $state.exit = $code } elseif ($state.exit -eq 0) { $state.exit = 1 }
    }
  } else {
    [void]$shell.BeginStop($null, $null)
    if (-not $handle.AsyncWaitHandle.WaitOne(300)) { Stop-TillChildren $state }
    if ($how -eq 'gone') { Stop-TillChildren $state; Exit-TillGone }
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
  $outLength = [int](Get-TillRoom $out $ask.keep)
  $errLength = [int](Get-TillRoom $err $ask.keep)
  $head = [Text.Encoding]::ASCII.GetBytes("$how $($state.exit) $cut $($watch.ElapsedMilliseconds) $outLength $errLength$nl")
  $body = New-Object IO.MemoryStream
  $body.Write($head, 0, $head.Length)
  $body.Write($out, 0, $outLength)
  $body.Write($err, 0, $errLength)
  $alike = New-Object IO.MemoryStream
  $head = [Text.Encoding]::ASCII.GetBytes("$($state.exit) $outLength $errLength$nl")
  $alike.Write($head, 0, $head.Length)
  $alike.Write($out, 0, $outLength)
  $alike.Write($err, 0, $errLength)
  @{ how = $how; exit = $state.exit; out = [byte[]]$out; body = $body.ToArray(); alike = (Get-TillHash $alike.ToArray()); cut = $cut }
}

function Get-TillHash([byte[]]$bytes) {
  $sha = New-Till ([Security.Cryptography.SHA256CryptoServiceProvider])
  ([BitConverter]::ToString($sha.ComputeHash($bytes)) -replace '-', '').ToLowerInvariant()
}

# Whether those behind a link of a chain may be run.
function Test-TillGate($exchange, $ask, $answer) {
  if ($answer.how -ne 'done') { return $false }
  $kind, $what = $ask.gate.Split(':')
  switch ($kind) {
    'exit' { return ($what.Split(',') -contains [string]$answer.exit) }
    'same' { return ($answer.cut -eq 0 -and $answer.alike -eq $what) }
    'test' {
      if ($answer.exit -ne 0 -or $answer.cut -ne 0) { return $false }
      $all = @{ till_seen = [Text.Encoding]::UTF8.GetString($answer.out) }
      foreach ($name in $ask.given.Keys) { $all[$name] = $ask.given[$name] }
      foreach ($name in $ask.also.Keys) { $all[$name] = $ask.also[$name] }
      $test = Invoke-TillAsk $ask $exchange.scripts[$what].ToString() $all
      return ($test.how -eq 'done' -and $test.exit -eq 0)
    }
  }
  return $true
}
`
