import type { ShellAnswer } from '../../core/channel.ts'
import { success } from '../../core/failure.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import { tailOf } from '../../shell/tool-answer.ts'
import { reachStateOfSocket } from '../probe/reach.ts'
import { BAUDS, type Endpoint, type SerialEndpoint, WINDOWS_PORT } from './endpoint.ts'
import type { Conversation, Line, LineState, Reply, Turn, Until } from './line.ts'
import type { DeviceLineOptions } from './posix-line.ts'

/** What a till may take to load what it needs, and to end, beyond the conversation. */
const AROUND_MS = 6_000

// Bytes come and go in base64. `Get-TillLength` says how many bytes are the answer, -1 while more has to come.
// A serial port belongs to one program at a time: while the till has it, opening it is refused.
const CONVERSE = fragment(
  'line.converse',
  `$answer = @{ state = 'open'; code = 0; detail = ''; gone = $false; replies = @() }
# An array comes as one object here: in @() it would be wrapped once more.
$turns = ConvertFrom-Json ([string]$v.turns)
$come = New-Object 'Collections.Generic.List[byte]'
$serial = $null
$client = $null
$stream = $null
$chunk = New-Object byte[] 4096
function Get-TillMatch($turn) {
  for ($i = 0; $i -lt $come.Count; $i++) {
    if (($come[$i] -band [int]$turn.one) -eq [int]$turn.two) { return $i + 1 + [int]$turn.three }
  }
  return -1
}
function Get-TillEnding([byte[]]$text) {
  for ($i = 0; $i -le $come.Count - $text.Length; $i++) {
    $same = 0
    while ($same -lt $text.Length -and $come[$i + $same] -eq $text[$same]) { $same++ }
    if ($same -eq $text.Length) { return $i + $same }
  }
  return -1
}
function Get-TillLength($turn, [long]$quiet) {
  $wanted = -1
  if ($turn.kind -eq 'bytes') { $wanted = [int]$turn.one }
  elseif ($turn.kind -eq 'match') { $wanted = Get-TillMatch $turn }
  elseif ($turn.kind -eq 'ending') { $wanted = Get-TillEnding ([Convert]::FromBase64String([string]$turn.text)) }
  elseif ($turn.kind -eq 'counted' -and $come.Count -gt [int]$turn.one) {
    $wanted = [int]$turn.one + 1 + $come[[int]$turn.one] + [int]$turn.two
  }
  elseif ($turn.kind -eq 'quiet' -and $come.Count -gt 0 -and $quiet -ge [int]$turn.one) { $wanted = $come.Count }
  if ($wanted -gt $come.Count) { return -1 }
  return $wanted
}
# How many bytes came at once; -1 where the other side has ended it.
function Read-TillBytes {
  $count = 0
  if ($serial) {
    if ($serial.BytesToRead -gt 0) { $count = $serial.Read($chunk, 0, $chunk.Length) }
  } elseif ($client.Client.Poll(0, [Net.Sockets.SelectMode]::SelectRead)) {
    $count = $client.Client.Receive($chunk)
    if ($count -eq 0) { return -1 }
  }
  for ($i = 0; $i -lt $count; $i++) { $come.Add($chunk[$i]) }
  return $count
}
function Receive-TillAnswer($turn, [long]$limit) {
  $watch = [Diagnostics.Stopwatch]::StartNew()
  [long]$last = 0
  $state = 'cut'
  $gone = $false
  while ($true) {
    $length = Get-TillLength $turn ($watch.ElapsedMilliseconds - $last)
    if ($length -ge 0) { $state = 'whole'; break }
    if ($gone -or $watch.ElapsedMilliseconds -ge $limit -or $come.Count -gt 65536) { $length = $come.Count; break }
    $count = Read-TillBytes
    if ($count -gt 0) { $last = $watch.ElapsedMilliseconds }
    elseif ($count -lt 0) { $gone = $true; $answer.gone = $true }
    else { Start-Sleep -Milliseconds 5 }
  }
  $bytes = [byte[]]@()
  if ($length -gt 0) { $bytes = $come.GetRange(0, $length).ToArray(); $come.RemoveRange(0, $length) }
  $first = -1
  if ($length -gt 0) { $first = [int]$bytes[0] }
  if ($turn.kind -eq 'match' -and $length -gt [int]$turn.three) { $first = [int]$bytes[$length - 1 - [int]$turn.three] }
  @{ state = $state; bytes = [Convert]::ToBase64String($bytes); ms = $last; first = $first }
}
try {
  if ($v.way -eq 'serial') {
    if (@([IO.Ports.SerialPort]::GetPortNames()) -notcontains [string]$v.port) { $answer.state = 'missing' }
    else {
      $serial = New-Object IO.Ports.SerialPort ([string]$v.port), ([int]$v.baud), ([IO.Ports.Parity][string]$v.parity), ([int]$v.bits), ([IO.Ports.StopBits][string]$v.stops)
      $serial.WriteTimeout = 500
      # Printers hold their answers back while they see nobody.
      $serial.DtrEnable = $true
      $serial.RtsEnable = $true
      try { $serial.Open() } catch {
        $why = $_.Exception.GetBaseException()
        $answer.detail = $why.Message
        $answer.state = 'unknown'
        # Windows says so of a port that another program has open.
        if ($why -is [UnauthorizedAccessException]) { $answer.state = 'busy' }
      }
    }
  } else {
    $client = New-Object Net.Sockets.TcpClient
    $client.NoDelay = $true
    try {
      $task = $client.ConnectAsync([string]$v.host, [int]$v.port)
      if (-not $task.Wait([int]$v.budget)) { $answer.code = 10060; $answer.state = 'unreached' }
    } catch {
      $why = $_.Exception.GetBaseException()
      $answer.detail = $why.Message
      $answer.code = -1
      $answer.state = 'unreached'
      if ($why -is [Net.Sockets.SocketException]) { $answer.code = [int]$why.SocketErrorCode }
    }
  }
  if ($answer.state -eq 'open') {
    $whole = [Diagnostics.Stopwatch]::StartNew()
    foreach ($turn in $turns) {
      $left = [long]$v.budget - $whole.ElapsedMilliseconds
      if ($left -le 0) { break }
      $send = [Convert]::FromBase64String([string]$turn.send)
      if ($send.Length -gt 0) {
        if ($serial) { $serial.Write($send, 0, $send.Length) } else { [void]$client.Client.Send($send) }
      }
      $reply = Receive-TillAnswer $turn ([Math]::Min($left, [long]$turn.time))
      $answer.replies += @{ state = $reply.state; bytes = $reply.bytes; ms = $reply.ms }
      if ($reply.state -ne 'whole' -and -not $turn.optional) { break }
      if (@($turn.only).Count -gt 0 -and @($turn.only) -notcontains $reply.first) { break }
    }
  }
} catch [IO.IOException] { $answer.detail = $_.Exception.GetBaseException().Message }
catch [TimeoutException] { $answer.detail = 'it took nothing that was sent' }
catch [Net.Sockets.SocketException] { $answer.detail = $_.Exception.GetBaseException().Message }
finally {
  if ($serial) { $serial.Dispose() }
  if ($client) { $client.Close() }
}
Write-TillJson $answer
`,
)

interface Answer {
  readonly state: LineState | 'unreached'
  /** Of a socket. */
  readonly code: number
  readonly detail: string
  /** The other side has closed it. */
  readonly gone: boolean
  readonly replies: readonly { readonly state: 'whole' | 'cut'; readonly bytes: string; readonly ms: number }[]
}

/**
 * A line over a port of a Windows till, run there by PowerShell in one question. A COM port that the till application
 * has open is `busy`. There is no way to a printer on USB but by its queue (`printer/queue-reading.ts`). Throws for an endpoint that is
 * none of a Windows till.
 */
export function windowsLine({ name, shell, endpoint, budgetMs }: DeviceLineOptions): Line {
  const where = valuesOf(endpoint)
  return {
    name,
    async converse(turns) {
      const values = { ...where, budget: Math.max(1, Math.floor(budgetMs)), turns: JSON.stringify(turns.map(turnOf)) }
      return success(conversationOf(await shell.ask({ ...CONVERSE, values, timeoutMs: budgetMs + AROUND_MS })))
    },
  }
}

function valuesOf(endpoint: Endpoint): Record<string, string | number> {
  if (endpoint.kind === 'usb') {
    throw new Error('Windows has no port of a printer on USB; ask its queue by the module "spooler".')
  }
  if (endpoint.kind === 'tcp') return { way: 'tcp', host: endpoint.host, port: endpoint.port }
  if (!WINDOWS_PORT.test(endpoint.port)) throw new Error(`"${endpoint.port}" is no serial port of a Windows till.`)
  if (!BAUDS.includes(endpoint.baud)) throw new Error(`${endpoint.baud} is no speed of a serial port.`)
  return { way: 'serial', port: endpoint.port, ...modeOf(endpoint) }
}

/** In the words of System.IO.Ports. */
function modeOf({ baud, dataBits, parity, stopBits }: SerialEndpoint): Record<string, string | number> {
  const parities = { none: 'None', even: 'Even', odd: 'Odd' } as const
  return { baud, bits: dataBits, parity: parities[parity], stops: stopBits === 2 ? 'Two' : 'One' }
}

/** As the fragment reads it. */
function turnOf({ send, until, timeoutMs, optional, goOnAt = [] }: Turn): Record<string, unknown> {
  const rule = { one: 0, two: 0, three: 0, text: '', ...untilOf(until) }
  return { send: base64(send), ...rule, time: Math.ceil(timeoutMs), optional: optional === true, only: goOnAt }
}

function untilOf(until: Until): Record<string, string | number> {
  if ('bytes' in until) return { kind: 'bytes', one: until.bytes }
  if ('byte' in until) return { kind: 'match', one: 255, two: until.byte, three: until.more ?? 0 }
  if ('mask' in until) return { kind: 'match', one: until.mask, two: until.value }
  if ('lengthAt' in until) return { kind: 'counted', one: until.lengthAt, two: until.more }
  if ('ending' in until) return { kind: 'ending', text: base64(Buffer.from(until.ending, 'latin1')) }
  return { kind: 'quiet', one: until.quietMs }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function conversationOf(answer: ShellAnswer): Conversation {
  const ms = answer.durationMs
  const said = parsed(answer)
  if (!said) {
    const detail = answer.timedOut ? 'the script on the till took too long' : tailOf(answer.errorText, 300)
    return { state: 'unknown', replies: [], detail, ms }
  }
  const replies = said.replies.map(replyOf)
  return { state: stateOf(said, replies), replies, detail: said.detail, ms }
}

function stateOf({ state, code, gone }: Answer, replies: readonly Reply[]): LineState {
  if (state === 'open') return gone && replies.every(({ bytes }) => bytes.length === 0) ? 'reset' : 'open'
  if (state !== 'unreached') return state
  const reached = reachStateOfSocket(code)
  return reached === 'error' || reached === 'open' ? 'unknown' : reached
}

function parsed(answer: ShellAnswer): Answer | undefined {
  if (answer.exitCode !== 0 || answer.timedOut || answer.truncated) return undefined
  try {
    return JSON.parse(answer.text) as Answer
  } catch {
    return undefined
  }
}

function replyOf({ state, bytes, ms }: Answer['replies'][number]): Reply {
  const come = new Uint8Array(Buffer.from(bytes, 'base64'))
  return { state: come.length === 0 && state === 'cut' ? 'silent' : state, bytes: come, ms }
}
