import { NOT_WHOLE, TOO_LATE } from './powershell.ts'
import { sealed } from './powershell-exchange.ts'
import { FENCE_FUNCTIONS } from './powershell-fence.ts'
import { PRELUDE } from './powershell-prelude.ts'
import type { ScriptForm } from './script-form.ts'

/** What differs in a runner by how texts travel. */
interface Parts {
  /** Makes a text of the line `$packed`. */
  readonly expand: string
  /** Makes `$sent` of `$body`, and says so in `$way`. */
  readonly compress: string
}

const PACKED: Parts = {
  expand: `    $memory = New-Till ([IO.MemoryStream]) (,[Convert]::FromBase64String($packed))
    $gzip = New-Till ([IO.Compression.GZipStream]) @($memory, [IO.Compression.CompressionMode]::Decompress)
    (New-Till ([IO.StreamReader]) @($gzip, [Text.Encoding]::UTF8)).ReadToEnd()`,
  compress: `  if ($body.Length -gt 512) {
    $memory = New-Object IO.MemoryStream
    $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
    $gzip.Write($body, 0, $body.Length)
    $gzip.Close()
    $way = 'gzip'
    $sent = $memory.ToArray()
  }`,
}

const AS_IT_IS: Parts = { expand: '    [Xml.XmlConvert]::DecodeName($packed)', compress: '' }

/**
 * What an interpreter is given first. It runs exchanges (powershell-exchange.ts): their asks one after another in a
 * session of their own, each ended at its deadline, and what comes of them framed (powershell-frames.ts). The first
 * exchange follows it in the same script (`firstScript`), later ones come on stdin, a line each. Lines of stdin begin
 * with their number, so that one which was sent twice is dropped. Windows PowerShell 2 can read it, to say that 5.1 is
 * needed.
 */
function runner({ expand, compress }: Parts): string {
  return `$tillPrelude = @'
${PRELUDE}
'@
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$nl = [string][char]10
$tillOut = [Console]::OpenStandardOutput()

# Without New-Object, which loads a module: on a slow till that takes seconds, and the hello comes first.
function New-Till([type]$type, [object[]]$with = @()) { ,[Activator]::CreateInstance($type, $with) }

$tillNow = @{ space = $null; secrets = @(); line = 0; gathers = $false; since = $null; open = $false; gone = $false; token = ''; stop = ''; text = (New-Till ([Text.StringBuilder])) }

${FENCE_FUNCTIONS}
# Where every piece of output costs a round trip, it is held back until the exchange is over, or for two seconds.
function Send-TillText([string]$text) {
  if ($tillNow.text.Length -eq 0) { $tillNow.since = [Diagnostics.Stopwatch]::StartNew() }
  [void]$tillNow.text.Append($text)
  Push-TillText (-not $tillNow.gathers)
}

function Push-TillText([bool]$now) {
  if ($tillNow.text.Length -eq 0) { return }
  if (-not $now -and $tillNow.since.ElapsedMilliseconds -lt 2000 -and $tillNow.text.Length -lt 100000) { return }
  $bytes = [Text.Encoding]::ASCII.GetBytes($tillNow.text.ToString())
  [void]$tillNow.text.Remove(0, $tillNow.text.Length)
  $tillOut.Write($bytes, 0, $bytes.Length)
  $tillOut.Flush()
}

# The next line of stdin without its number; nothing at the end.
function Read-TillLine {
  while (($line = $tillIn.ReadLine()) -ne $null) {
    $at = $line.IndexOf(' ')
    $number = 0
    # What it was started with, sent a second time, begins with no number.
    if ($at -lt 0 -or -not [int]::TryParse($line.Substring(0, $at), [ref]$number)) { continue }
    if ($number -gt $tillNow.line) {
      $tillNow.line = $number
      return $line.Substring($at + 1)
    }
  }
}

function Read-TillBase64([string]$text) {
  [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($text))
}

function Expand-TillText([string]$packed) {
  try {
${expand}
  } catch { Stop-TillCut }
}

# Not a byte may be missing of what is to be run: the first line of it says how many bytes the rest has, and their hash.
function Open-TillSeal([string]$text) {
  $at = $text.IndexOf($nl)
  if ($at -lt 0) { Stop-TillCut }
  $rest = $text.Substring($at + 1)
  $bytes = [Text.Encoding]::UTF8.GetBytes($rest)
  if ($text.Substring(0, $at) -cne ([string]$bytes.Length + ' ' + (Get-TillHash $bytes))) { Stop-TillCut }
  $rest
}

function Stop-TillCut {
  [Console]::Error.WriteLine('till: what arrived is not whole; nothing of it was run')
  Push-TillText $true
  [Environment]::Exit(${NOT_WHOLE})
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
  $exchange = @{ token = ''; scripts = @{}; asks = (New-Till ([Collections.ArrayList])); patience = [long]0; count = -1 }
  $script = ''
  foreach ($line in $text.Split([char]10)) {
    if ($line.StartsWith('|')) {
      [void]$exchange.scripts[$script].Append($line, 1, $line.Length - 1).Append([char]10)
      continue
    }
    $part = $line.Trim().Split([char]32)
    switch ($part[0]) {
      'exchange' {
        $exchange.token = $part[2]
        $tillNow.gathers = $part[3] -eq 'gather'
        $exchange.patience = [long]$part[4]
      }
      'script' {
        $script = $part[1]
        $exchange.scripts[$script] = New-Till ([Text.StringBuilder])
      }
      'ask' {
        $ask = @{ id = $part[1]; script = $part[2]; limit = [long]$part[3]; keep = [long]$part[4]; given = @{} }
        [void]$exchange.asks.Add($ask)
      }
      'link' { $ask.link = [int]$part[1]; $ask.run = $part[2]; $ask.gate = $part[3]; $ask.also = @{} }
      'test' { $ask.also[$part[1]] = Read-TillValue $part[2] $part[3] }
      'fence' {
        $ask.fence = @{ seconds = [long]$part[1]; authority = $part[2]; run = $part[3]; attempt = $part[4]; epoch = [long]$part[5]; takes = [long]$part[6]; whole = $part[7] }
      }
      'lock' { $exchange.lock = $part[1] }
      'value' { $ask.given[$part[1]] = Read-TillValue $part[2] $part[3] }
      'upload' { [void]$exchange.asks.Add(@{ id = $part[1]; path = (Read-TillBase64 $part[2]) }) }
      'end' { $exchange.count = [int]$part[1] }
    }
  }
  if ($exchange.count -ne $exchange.asks.Count) { Stop-TillCut }
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

# Writes the lines that follow to a new file, up to the line "."; "!" gives up. A file that is not whole is taken away.
function Receive-TillFile($ask) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  $file = $null
  $said = ''
  $exit = 75
  try { $file = New-Object IO.FileStream($ask.path, [IO.FileMode]::CreateNew) } catch { $said = $_.Exception.GetBaseException().Message }
  $made = $file -ne $null
  while (($line = Read-TillLine) -ne $null) {
    if ($line -eq '!') { $said = 'It was given up.'; $exit = 124; break }
    if ($line.StartsWith('. ')) {
      if ($said -eq '' -and $file.Length -ne [long]$line.Substring(2)) { $said = "$($file.Length) of $($line.Substring(2)) bytes arrived." }
      if ($said -eq '') { $exit = 0 }
      break
    }
    if ($said -ne '') { continue }
    try {
      $bytes = [Convert]::FromBase64String($line)
      $file.Write($bytes, 0, $bytes.Length)
    } catch { $said = $_.Exception.GetBaseException().Message }
  }
  if ($made) {
    try { $file.Dispose() } catch { if ($said -eq '') { $said = $_.Exception.GetBaseException().Message; $exit = 75 } }
    if ($exit -ne 0) { try { [IO.File]::Delete($ask.path) } catch { } }
  }
  $err = [Text.Encoding]::UTF8.GetBytes($said)
  $how = 'done'
  if ($exit -eq 124) { $how = 'late' }
  $body = [Text.Encoding]::ASCII.GetBytes("$how $exit 0 $($watch.ElapsedMilliseconds) 0 $($err.Length)$nl") + $err
  @{ how = $how; exit = $exit; body = [byte[]]$body }
}

function Send-TillAnswer([string]$token, [string]$id, [byte[]]$body) {
  $hash = Get-TillHash $body
  $way = 'plain'
  $sent = $body
${compress}
  $data = [Convert]::ToBase64String($sent)
  Send-TillText "$token answer $id $($body.Length) $hash $way $($data.Length)$nl$data$nl"
}

# Says who it is. What was started so long ago that nobody may wait for it any more asks first whether to go on.
function Send-TillHello([string]$token, [long]$patience) {
  $age = ([DateTime]::Now - [Diagnostics.Process]::GetCurrentProcess().StartTime).TotalMilliseconds
  $asks = -not $tillNow.open -and $age -ge $patience
  $more = ''
  if ($asks) { $more = ' go?' }
  Send-TillText "$token hello $PID $($PSVersionTable.PSVersion) $(6 * 7)$more$nl"
  if ($PSVersionTable.PSVersion.Major -lt 5) { Push-TillText $true; [Environment]::Exit(0) }
  if ($asks) {
    Push-TillText $true
    if ((Read-TillLine) -cne 'go') { [Environment]::Exit(${TOO_LATE}) }
  }
  $tillNow.open = $true
}

function Invoke-TillExchange([string]$sealed) {
  $text = Open-TillSeal $sealed
  if ($text -match '(?m)^secrets') {
    $line = Read-TillLine
    if ($line -eq $null) { Stop-TillCut }
    $tillNow.secrets = @((Open-TillSeal (Expand-TillText $line)).Split([char]10) | ForEach-Object { Read-TillBase64 $_ })
  }
  $exchange = Read-TillExchange $text
  $tillNow.secrets = @()
  $token = $exchange.token
  $tillNow.token = $token
  Send-TillHello $token $exchange.patience
  if ($exchange.lock -ne $null) {
    Initialize-TillFence $exchange.lock
    Send-TillOthers
  }
  # What was held back comes before.
  Push-TillText (-not $tillNow.gathers)
  Start-TillPulse
  $tillNow.stop = [Environment]::GetEnvironmentVariable('windir') + '\\Temp\\till-' + $token + '.stop'
  $broken = -1
  foreach ($ask in $exchange.asks) {
    if ($ask.link -eq 0) { $broken = -1 }
    if ($ask.link -ne $null -and -not (Test-TillWanted $ask $broken)) {
      Send-TillText "$token skip $($ask.id)$nl"
      continue
    }
    $refused = ''
    if ($ask.fence -ne $null) { $refused = Test-TillFence $ask }
    if ($refused -ne '') {
      if ($ask.link -ne $null -and $broken -lt 0) { $broken = $ask.link }
      Send-TillText "$token fenced $($ask.id) $refused$nl"
      continue
    }
    Send-TillText "$token begin $($ask.id)$nl"
    if ($ask.path -ne $null) { $answer = Receive-TillFile $ask }
    else { $answer = Invoke-TillAsk $ask $exchange.scripts[$ask.script].ToString() $ask.given }
    $holds = $ask.link -eq $null -or (Test-TillGate $exchange $ask $answer)
    # Somebody wants it to stop here: see the channel.
    if ($ask.link -ne $null -and [IO.File]::Exists($tillNow.stop)) { $holds = $false }
    if (-not $holds -and $broken -lt 0) { $broken = $ask.link }
    if ($ask.gate -notlike 'same:*' -or $answer.how -ne 'done') { Send-TillAnswer $token $ask.id $answer.body }
    elseif ($holds) { Send-TillText "$token same $($ask.id)$nl" }
    else { Send-TillText "$token skip $($ask.id)$nl" }
    if (Test-TillGone) { Exit-TillGone }
    if ($answer.how -eq 'stuck' -or $answer.how -eq 'flood') { Push-TillText $true; [Environment]::Exit(3) }
  }
  Send-TillText "$token end $($exchange.asks.Count)$nl"
  Push-TillText $true
  try { [IO.File]::Delete($tillNow.stop) } catch { }
}

function Test-TillWanted($ask, [int]$broken) {
  if ($ask.run -eq 'always') { return $true }
  if ($ask.run -eq 'held') { return ($broken -lt 0) }
  $by = [int]$ask.run.Split(':')[1]
  return ($broken -ge 0 -and $broken -le $by)
}
`
}

export const RUNNER: Readonly<Record<ScriptForm, string>> = { packed: runner(PACKED), plain: runner(AS_IT_IS) }

// At the end of its input nobody listens any more. Over WinRM the shell around it is to end with it, which a device may
// refuse to do from outside.
const FOLLOW = `
while (($line = Read-TillLine) -ne $null) { Invoke-TillExchange (Expand-TillText $line) }
Close-TillLock
if ($tillNow.gathers) {
  try {
    $all = @(Get-CimInstance -ClassName Win32_Process -Property @('ProcessId', 'ParentProcessId', 'Name') -OperationTimeoutSec 10)
    $at = $PID
    for ($i = 0; $i -lt 3; $i++) {
      $one = @($all | Where-Object { $_.ProcessId -eq $at })[0]
      if ($one -eq $null) { break }
      if ($one.Name -eq 'winrshost.exe') { [Diagnostics.Process]::GetProcessById([int]$at).Kill() }
      $at = $one.ParentProcessId
    }
  } catch { }
}
`

/**
 * The script that an interpreter is started with: the runner, the first exchange, and the loop for those that follow on
 * stdin. No line of an exchange begins with a quote, so that none can end the here-string.
 */
export function firstScript(exchange: string, form: ScriptForm): string {
  return `${RUNNER[form]}\n$tillBegun = $true\nInvoke-TillExchange @'\n${sealed(exchange)}\n'@\n${FOLLOW}`
}
