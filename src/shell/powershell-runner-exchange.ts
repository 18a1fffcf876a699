import { TOO_LATE } from './powershell.ts'

/** Functions of the runner that make an exchange (powershell-exchange.ts) of its text. */
export const READ_EXCHANGE = `function Read-TillValue([string]$kind, [string]$text) {
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
`

/**
 * Functions of the runner that carry an exchange out, ask by ask, and answer in frames (powershell-frames.ts).
 *
 * @param compress makes `$sent` of `$body`, and says so in `$way`
 */
export function exchangeFunctions(compress: string): string {
  return `function Send-TillAnswer([string]$token, [string]$id, [byte[]]$body) {
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
