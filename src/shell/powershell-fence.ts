/**
 * The runner's part in minding the device, as posix-guard.ts has it for POSIX: who is at work on it, whether a change may
 * begin, and whether anybody still listens.
 *
 * The lock is a file that the runner holds open for itself alone from its first change on, so that it is free whenever the
 * runner is gone, however it ended. Beside it stands a record, one line: its format, the pid of the runner, when that
 * began (ticks, UTC), who counts the epochs, the run, its attempt, its epoch, until when it may begin changes, when the
 * last one began, until when that may take, whether it must not be cut in half (`w`), and `at` or `gone` (its session is);
 * times in seconds of the device's uptime.
 *
 * Stdin cannot be read meanwhile (see `DeviceShell.breakChain`), so that a session which is gone shows on stdout: every two
 * seconds a line is written there, over a stream that does not keep a broken pipe to itself as that of a console does.
 * Over WinRM stdout belongs to the device; there its service ends the shell, and all in it, after three minutes idle.
 */
export const FENCE_FUNCTIONS = `$tillFence = @{ zero = [long]0; folder = ''; lock = ''; record = ''; held = $null; none = $false; words = $null; pulse = $null; since = $null }

# Seconds since the device started: nobody sets that clock.
function Get-TillClock { [long][Math]::Floor([Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency) }

function Get-TillBorn($process) { $process.StartTime.ToUniversalTime().Ticks }

function Initialize-TillFence([string]$name) {
  $tillFence.zero = Get-TillClock
  $tillFence.folder = [Environment]::GetEnvironmentVariable('ProgramData') + '\\Tillwright'
  $tillFence.lock = $tillFence.folder + '\\device-' + $name + '.lock'
  $tillFence.record = $tillFence.folder + '\\device-' + $name + '.txt'
}

# Begins to look whether anybody listens; where stdout is no pipe, nobody can know.
function Start-TillPulse {
  if ($tillNow.gathers -or $tillFence.since -ne $null) { return }
  $tillFence.since = [Diagnostics.Stopwatch]::StartNew()
  try {
    $field = $tillOut.GetType().GetField('_handle', [Reflection.BindingFlags]'NonPublic, Instance')
    $handle = New-Till ([Microsoft.Win32.SafeHandles.SafePipeHandle]) @($field.GetValue($tillOut).DangerousGetHandle(), $false)
    $pipe = New-Till ([IO.Pipes.AnonymousPipeClientStream]) @([IO.Pipes.PipeDirection]::Out, $handle)
    Write-TillPulse $pipe
    $tillFence.pulse = $pipe
  } catch { }
}

function Write-TillPulse($pipe) {
  $bytes = [Text.Encoding]::ASCII.GetBytes($tillNow.token + ' alive' + $nl)
  $pipe.Write($bytes, 0, $bytes.Length)
}

# Whether the session is gone. A record says so, for those who wait.
function Test-TillGone {
  if ($tillNow.gone) { return $true }
  if ($tillFence.pulse -eq $null -or $tillFence.since.ElapsedMilliseconds -lt 2000) { return $false }
  $tillFence.since = [Diagnostics.Stopwatch]::StartNew()
  try { Write-TillPulse $tillFence.pulse } catch {
    $tillNow.gone = $true
    if ($tillFence.words -ne $null) {
      $tillFence.words[11] = 'gone'
      Write-TillRecord
    }
  }
  $tillNow.gone
}

function Write-TillRecord {
  for ($i = 0; $i -lt 5; $i++) {
    try {
      [IO.File]::WriteAllText($tillFence.record, ($tillFence.words -join ' '), [Text.Encoding]::ASCII)
      return
    } catch { [Threading.Thread]::Sleep(40) }
  }
}

# Who else is at work here; nothing if nobody is, or it cannot be read.
function Read-TillRecord {
  try {
    if (-not [IO.File]::Exists($tillFence.record)) { return }
    $stream = [IO.File]::Open($tillFence.record, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
    try { $words = (New-Till ([IO.StreamReader]) @($stream, [Text.Encoding]::ASCII)).ReadToEnd().Split([char]32) } finally { $stream.Dispose() }
    if ($words.Length -ne 12 -or $words[0] -ne '1' -or $words[4] -notmatch '^[0-9A-Za-z-]{1,40}$') { return }
    $found = @{ pid = [int]$words[1]; born = [long]$words[2]; authority = $words[3]; run = $words[4]; epoch = [long]$words[6] }
    $found.after = [long]$words[7]
    $found.began = [long]$words[8]
    $found.until = [long]$words[9]
    $found.whole = $words[10] -eq 'w'
    $found.gone = $words[11] -eq 'gone'
    try { $process = [Diagnostics.Process]::GetProcessById($found.pid) } catch { return }
    try { if ([Math]::Abs((Get-TillBorn $process) - $found.born) -gt 50000000) { return } } catch { }
    $found
  } catch { }
}

function Get-TillAge($record) { [Math]::Max(0, (Get-TillClock) - $record.began) }

# Says who else is at work here, before anything is changed.
function Send-TillOthers {
  $record = Read-TillRecord
  if ($record -ne $null -and $record.pid -ne $PID) { Send-TillText "$($tillNow.token) met $($record.run) $(Get-TillAge $record)$nl" }
}

# taken; held: by another; none: there is no place for it.
function Open-TillLock {
  try {
    if (-not [IO.Directory]::Exists($tillFence.folder)) { [void][IO.Directory]::CreateDirectory($tillFence.folder) }
    $tillFence.held = [IO.File]::Open($tillFence.lock, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)
    return 'taken'
  } catch {
    if ($_.Exception.GetBaseException() -is [IO.IOException] -and [IO.File]::Exists($tillFence.lock)) { return 'held' }
    return 'none'
  }
}

function Close-TillLock {
  if ($tillFence.held -eq $null) { return }
  try { [IO.File]::Delete($tillFence.record) } catch { }
  $tillFence.held.Dispose()
  $tillFence.held = $null
}

# The highest epoch that was seen here.
function Read-TillEpoch([string]$path) {
  try { if ([IO.File]::Exists($path)) { return [long][IO.File]::ReadAllText($path) } } catch { }
  [long]0
}

# Whether a change may begin now: nothing, or why not.
function Test-TillFence($ask) {
  $fence = $ask.fence
  $limit = $tillFence.zero + $fence.seconds
  if ((Get-TillClock) -ge $limit) { return 'late' }
  if ($tillFence.none) { return '' }
  $met = ''
  if ($tillFence.held -eq $null) {
    $path = $tillFence.lock + '.' + $fence.authority
    $known = Read-TillEpoch $path
    if ($fence.epoch -lt $known) { return 'lost' }
    $met = Wait-TillLock $ask
    if ($met -like 'busy *' -or $tillFence.none) { return $met }
    $known = Read-TillEpoch $path
    if ($fence.epoch -lt $known) { Close-TillLock; return 'lost' }
    if ($fence.epoch -gt $known) { try { [IO.File]::WriteAllText($path, [string]$fence.epoch) } catch { } }
  }
  $now = Get-TillClock
  $born = Get-TillBorn ([Diagnostics.Process]::GetCurrentProcess())
  $tillFence.words = @('1', $PID, $born, $fence.authority, $fence.run, $fence.attempt, $fence.epoch, $limit, $now, ($now + $fence.takes), $fence.whole, 'at')
  Write-TillRecord
  $met
}

# Takes the lock; what another has going on is waited for, or ended. Answers what was met.
function Wait-TillLock($ask) {
  $fence = $ask.fence
  $met = ''
  $how = 'awaited'
  $tries = 0
  while ($true) {
    $took = Open-TillLock
    if ($took -eq 'taken') {
      if ($met -eq '') { return '' }
      return "$how $met"
    }
    $record = $null
    if ($took -eq 'held') { $record = Read-TillRecord }
    if ($record -eq $null) {
      $tries++
      if ($took -eq 'none' -or $tries -gt 25) {
        $tillFence.none = $true
        Send-TillText "$($tillNow.token) met - 0$nl"
        return ''
      }
    } else {
      $now = Get-TillClock
      if ($met -eq '') {
        $since = $now
        $met = "$($record.run) $(Get-TillAge $record)"
        Send-TillText "$($tillNow.token) wait $($ask.id) $([Math]::Max(40, $record.until - $now + 15))$nl"
        Push-TillText $true
      }
      $over = $record.until
      if ($record.gone -or ($record.authority -ceq $fence.authority -and $fence.epoch -gt $record.epoch)) {
        if (-not $record.whole) { $over = $since + 3 }
      } elseif ($record.after -gt $over) { $over = $record.after }
      if ($now -ge $over) {
        $how = 'ended'
        Stop-TillTree $record.pid
      } elseif (-not $record.gone -and $now -ge $since + 20) { return "busy $met" }
      if (Test-TillGone) { Exit-TillGone }
    }
    [Threading.Thread]::Sleep(200)
  }
}

# Nobody listens any more.
function Exit-TillGone {
  Close-TillLock
  [Environment]::Exit(0)
}
`
