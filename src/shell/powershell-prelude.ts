import { NOT_WHOLE } from './powershell.ts'

/** By these words and NOT_WHOLE an interpreter of a user's text says that it has none. */
const UNREAD = 'till: the text to run did not arrive whole'

/**
 * A user's text runs in an interpreter of its own, so that `exit`, `Set-Location` or a loop without end stays there. The
 * text and its variables come by stdin: they stand on no command line, in no environment and in no file. The first line
 * says nothing: in front of it may stand the mark of UTF-8 (see `Invoke-TillProcess`). What did not arrive whole is not
 * run, and ends with NOT_WHOLE. No double quotes, since the whole is one argument in double quotes. The exit code is that
 * of `exit`, of the program that was run last, or 1 after an error.
 */
export const CHILD = [
  `$ProgressPreference='SilentlyContinue'`,
  `try{[Console]::OutputEncoding=New-Object Text.UTF8Encoding($false);$OutputEncoding=[Console]::OutputEncoding}catch{}`,
  `$tillIn=[Console]::In`,
  `function tillText($b){[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($b))}`,
  `try{$ErrorActionPreference='Stop'`,
  `[void]$tillIn.ReadLine()`,
  `$tillBody=tillText $tillIn.ReadLine()`,
  `while(($tillLine=$tillIn.ReadLine()) -and $tillLine -ne '.'){$tillPair=$tillLine.Split(' ');Set-Variable $tillPair[0] (tillText $tillPair[1])}`,
  `if($tillLine -ne '.'){throw 'its end is missing'}`,
  `$ErrorActionPreference='Continue'}catch{[Console]::Error.WriteLine('${UNREAD}: '+$_.Exception.Message);exit ${NOT_WHOLE}}`,
  `$tillBody+=[char]10+'if($?){exit 0};if($LASTEXITCODE){exit $LASTEXITCODE};exit 1'`,
  `.([ScriptBlock]::Create($tillBody))`,
  `exit 1`,
].join(';')

/**
 * What every fragment finds defined. Windows PowerShell 5.1. Nothing here looks at the text of a message: Windows speaks
 * the language of the country.
 */
export const PRELUDE = `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$OFS = ' '
$nl = [string][char]10
# Without it, ConvertTo-Json of 5.1 writes some arrays as {"value": [], "Count": 0}.
Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue

# Ends the fragment with an exit code and a message, unless somebody catches it.
function Stop-Till([int]$code, [string]$message) {
  $problem = New-Object InvalidOperationException $message
  $problem.Data['till'] = $code
  throw $problem
}

# One value as one line of JSON, ASCII as far as ConvertTo-Json sees to it.
function Write-TillJson($value) {
  ConvertTo-Json -InputObject $value -Depth 10 -Compress
}

# A service, or nothing where there is none. One that Windows does not show to this account is not "none".
function Find-TillService([string]$name) {
  try { return (Get-Service -Name $name) } catch {
    if ($_.FullyQualifiedErrorId -notlike 'NoServiceFoundForGivenName*') { throw }
  }
  $key = Get-ItemProperty -LiteralPath ('HKLM:\\SYSTEM\\CurrentControlSet\\Services\\' + $name) -ErrorAction SilentlyContinue
  if ($key -ne $null -and ([int]$key.Type -band 0x30) -ne 0) { Stop-Till 1 "Windows does not show the service $name to this account, or it waits for a restart to be gone." }
}

# Text of a program: UTF-8 if it is, else the code page of consoles, which goes by the region and not by the language.
# A character at the end that was cut in half is left out.
function ConvertTo-TillUtf8([byte[]]$bytes, [bool]$cut = $false) {
  if ($bytes.Length -eq 0) { return ,$bytes }
  if ($cut) {
    $last = $bytes.Length - 1
    while ($last -gt 0 -and $bytes.Length - $last -lt 4 -and ($bytes[$last] -band 0xC0) -eq 0x80) { $last-- }
    $width = 1
    if ($bytes[$last] -ge 0xF0) { $width = 4 } elseif ($bytes[$last] -ge 0xE0) { $width = 3 } elseif ($bytes[$last] -ge 0xC0) { $width = 2 }
    if ($last -gt 0 -and $last + $width -gt $bytes.Length) {
      $whole = New-Object byte[] $last
      [Array]::Copy($bytes, $whole, $last)
      try {
        [void](New-Object Text.UTF8Encoding($false, $true)).GetString($whole)
        return ,$whole
      } catch { }
    }
  }
  try {
    [void](New-Object Text.UTF8Encoding($false, $true)).GetString($bytes)
    return ,$bytes
  } catch {
    $pages = Get-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage'
    $page = [Text.Encoding]::GetEncoding([int]$pages.OEMCP)
    return ,[Text.Encoding]::UTF8.GetBytes($page.GetString($bytes))
  }
}

function Get-TillSha256([string]$path) {
  $stream = New-Object IO.FileStream($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
  try {
    $sha = New-Object Security.Cryptography.SHA256CryptoServiceProvider
    ([BitConverter]::ToString($sha.ComputeHash($stream)) -replace '-', '').ToLowerInvariant()
  } finally { $stream.Dispose() }
}

# The security identifier of an account: by its name, in whatever language Windows has, or by S-1-...
function Get-TillSid([string]$account) {
  if ($account -match '^S-1-') { return $account }
  (New-Object Security.Principal.NTAccount($account)).Translate([Security.Principal.SecurityIdentifier]).Value
}

# Runs a program with a command line that is quoted already. $more: folder, environment (hashtable), stdin (ASCII text), keep,
# leave (it is not ended at the deadline). Answers exit, out and err (bytes), cut. What it leaves running is not waited for.
function Invoke-TillProcess([string]$file, [string]$line, [hashtable]$more = @{}) {
  $info = New-Object Diagnostics.ProcessStartInfo
  $info.FileName = $file
  $info.Arguments = $line
  $info.UseShellExecute = $false
  $info.CreateNoWindow = $true
  $info.RedirectStandardInput = $true
  $info.RedirectStandardOutput = $true
  $info.RedirectStandardError = $true
  if ($more.folder) { $info.WorkingDirectory = [string]$more.folder }
  if ($more.environment) {
    foreach ($name in $more.environment.Keys) { $info.EnvironmentVariables[[string]$name] = [string]$more.environment[$name] }
  }
  $keep = 1048576
  if ($more.keep) { $keep = [int]$more.keep }
  # .NET Framework begins the stdin of every program with the mark that the encoding of the console has. Over WinRM that is
  # UTF-8. The console stays with that code page; only the mark goes.
  try {
    if ([Console]::InputEncoding.GetPreamble().Length -gt 0) { [Console]::InputEncoding = New-Object Text.UTF8Encoding($false) }
  } catch { }
  $process = New-Object Diagnostics.Process
  $process.StartInfo = $info
  try { [void]$process.Start() } catch {
    $why = $_.Exception.GetBaseException()
    if ($why -is [ComponentModel.Win32Exception] -and (2, 3) -contains $why.NativeErrorCode) {
      Stop-Till 97 "till: missing program: $file"
    }
    Stop-Till 126 $why.Message
  }
  if (-not $more.leave) { [void]$till.children.Add($process.Id) }
  $ends = @()
  foreach ($stream in @($process.StandardOutput.BaseStream, $process.StandardError.BaseStream)) {
    $end = @{ stream = $stream; kept = (New-Object IO.MemoryStream); total = [long]0; buffer = (New-Object byte[] 65536) }
    $end.task = $stream.ReadAsync($end.buffer, 0, 65536)
    $ends += $end
  }
  try {
    if ($more.stdin) {
      $bytes = [Text.Encoding]::ASCII.GetBytes([string]$more.stdin)
      $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
    }
    $process.StandardInput.BaseStream.Close()
  } catch [IO.IOException] { }
  $grace = $null
  while ($true) {
    $open = @($ends | Where-Object { $_.task -ne $null })
    if ($open.Count -eq 0) { break }
    $tasks = [Threading.Tasks.Task[]]@($open | ForEach-Object { $_.task })
    $at = [Threading.Tasks.Task]::WaitAny($tasks, 100)
    if ($at -ge 0) {
      $end = $open[$at]
      $count = 0
      try { $count = $end.task.Result } catch { $count = 0 }
      $end.total += $count
      $room = [Math]::Min($count, $keep - $end.kept.Length)
      if ($room -gt 0) { $end.kept.Write($end.buffer, 0, [int]$room) }
      if ($count -gt 0) { $end.task = $end.stream.ReadAsync($end.buffer, 0, 65536) } else { $end.task = $null }
    } elseif ($process.HasExited) {
      if ($grace -eq $null) { $grace = [Diagnostics.Stopwatch]::StartNew() }
      if ($grace.ElapsedMilliseconds -gt 1000) { break }
    }
  }
  while (-not $process.WaitForExit(100)) { }
  $till.children.Remove($process.Id)
  @{
    exit = $process.ExitCode
    out = (ConvertTo-TillUtf8 $ends[0].kept.ToArray() ($ends[0].total -gt $keep))
    err = (ConvertTo-TillUtf8 $ends[1].kept.ToArray() ($ends[1].total -gt $keep))
    cut = ($ends[0].total -gt $keep -or $ends[1].total -gt $keep)
  }
}

# Runs a user's text in a Windows PowerShell of its own; $variables is a hashtable of what it finds set.
function Invoke-TillScript([string]$text, [hashtable]$variables = @{}, [hashtable]$more = @{}) {
  $lines = @([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)))
  foreach ($name in $variables.Keys) {
    $lines += $name + ' ' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes([string]$variables[$name]))
  }
  $more.stdin = $nl + ($lines -join $nl) + $nl + '.' + $nl
  $ended = Invoke-TillProcess (Join-Path $PSHOME 'powershell.exe') '-NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "${CHILD.replaceAll("'", "''")}"' $more
  if ($ended.exit -eq ${NOT_WHOLE}) {
    $said = [Text.Encoding]::UTF8.GetString($ended.err).Trim()
    if ($said.StartsWith('${UNREAD}')) { Stop-Till 1 $said }
  }
  $ended
}

# The answer of the fragment is that of a program: its bytes and its exit code.
function Complete-Till($ended) {
  $till.exit = $ended.exit
  $till.out = $ended.out
  $till.err = $ended.err
  $till.cut = $ended.cut
}
`
