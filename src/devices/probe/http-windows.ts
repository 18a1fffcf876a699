import type { ShellChannel } from '../../core/channel.ts'
import { type Result, success } from '../../core/failure.ts'
import { Secret } from '../../core/secret.ts'
import { askJson } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { HttpAnswer, HttpQuestion, HttpStage, HttpState } from './http-answer.ts'
import { readHttpBytes } from './http-bytes.ts'
import { reachStateOfSocket } from './reach.ts'

const GRACE_MS = 3_000
const HEAD_BYTES = 64 * 1024

// Sockets of our own: the classes for HTTP follow the proxy of the machine, keep connections, and do not say how far
// they came. Only the bytes come back; they are read where all answers are. Errors go by the codes of sockets.
const ASK = fragment(
  'http.ask',
  String.raw`$watch = [Diagnostics.Stopwatch]::StartNew()
$seen = @{ stage = 'name'; code = 0; detail = ''; tls = ''; times = @{}; cut = $false; ended = $false; raw = '' }
$latin = [Text.Encoding]::GetEncoding(28591)
$kept = New-Object IO.MemoryStream
$crlf = [string][char]13 + [char]10
$client = $null
$check = {
  param($from, $certificate, $chain, $problems)
  $seen.tls = [string]$problems
  if ($v.insecure) { return $true }
  $trust = $chain
  $holds = $problems -eq [Net.Security.SslPolicyErrors]::None
  if ($v.ca -ne '') {
    $trust = New-Object Security.Cryptography.X509Certificates.X509Chain
    $trust.ChainPolicy.RevocationMode = [Security.Cryptography.X509Certificates.X509RevocationMode]::NoCheck
    $trust.ChainPolicy.VerificationFlags = [Security.Cryptography.X509Certificates.X509VerificationFlags]::AllowUnknownCertificateAuthority
    $known = @()
    foreach ($block in [regex]::Matches([IO.File]::ReadAllText($v.ca), '-----BEGIN CERTIFICATE-----([^-]+)-----END')) {
      $authority = New-Object Security.Cryptography.X509Certificates.X509Certificate2(,[Convert]::FromBase64String($block.Groups[1].Value))
      [void]$trust.ChainPolicy.ExtraStore.Add($authority)
      $known += $authority.Thumbprint
    }
    $holds = $trust.Build((New-Object Security.Cryptography.X509Certificates.X509Certificate2($certificate)))
    $root = $trust.ChainElements[$trust.ChainElements.Count - 1].Certificate.Thumbprint
    if ($known -notcontains $root) { $holds = $false; $seen.tls += ' NotSignedByCa' }
    if ([int]$problems -band [int][Net.Security.SslPolicyErrors]::RemoteCertificateNameMismatch) { $holds = $false }
  }
  foreach ($status in $trust.ChainStatus) { $seen.tls += ' ' + $status.Status }
  return $holds
}
try {
  $address = $null
  $addresses = @()
  if ([Net.IPAddress]::TryParse([string]$v.host, [ref]$address)) { $addresses = @($address) } else {
    $task = [Net.Dns]::GetHostAddressesAsync([string]$v.host)
    if (-not $task.Wait([int]$v.limit)) { throw (New-Object Net.Sockets.SocketException 10060) }
    $addresses = @($task.Result)
    $seen.times.name = $watch.Elapsed.TotalMilliseconds
  }
  $seen.stage = 'connect'
  $why = New-Object Net.Sockets.SocketException 11001
  foreach ($address in $addresses) {
    $left = [int]$v.limit - [int]$watch.ElapsedMilliseconds
    $why = New-Object Net.Sockets.SocketException 10060
    if ($left -le 0) { break }
    $client = New-Object Net.Sockets.TcpClient($address.AddressFamily)
    try {
      if ($client.ConnectAsync($address, [int]$v.port).Wait($left)) { $why = $null; break }
    } catch { $why = $_.Exception.GetBaseException() }
    $client.Close()
  }
  if ($why -ne $null) { throw $why }
  $seen.times.connect = $watch.Elapsed.TotalMilliseconds
  $stream = $client.GetStream()
  $stream.ReadTimeout = [Math]::Max(1, [int]$v.limit - [int]$watch.ElapsedMilliseconds)
  $stream.WriteTimeout = $stream.ReadTimeout
  if ($v.secure) {
    $seen.stage = 'tls'
    $stream = New-Object Net.Security.SslStream($stream, $false, [Net.Security.RemoteCertificateValidationCallback]$check)
    $stream.AuthenticateAsClient([string]$v.host, $null, [Security.Authentication.SslProtocols]::Tls12, $false)
    $seen.times.tls = $watch.Elapsed.TotalMilliseconds
  }
  $seen.stage = 'request'
  $bytes = $latin.GetBytes([string]$v.request)
  $stream.Write($bytes, 0, $bytes.Length)
  $seen.stage = 'answer'
  $buffer = New-Object byte[] 65536
  $head = -1
  $length = [long]-1
  $chunked = $false
  while ($true) {
    $left = [int]$v.limit - [int]$watch.ElapsedMilliseconds
    if ($left -le 0) { throw (New-Object Net.Sockets.SocketException 10060) }
    $stream.ReadTimeout = $left
    $count = $stream.Read($buffer, 0, 65536)
    if ($count -le 0) { $seen.ended = $true; break }
    if ($seen.stage -eq 'answer') { $seen.times.answer = $watch.Elapsed.TotalMilliseconds; $seen.stage = 'body' }
    $kept.Write($buffer, 0, $count)
    if ($kept.Length -gt [int]$v.bytes) { $seen.cut = $true; break }
    if ($head -lt 0) {
      # Behind what comes before the answer proper (1xx).
      $begun = [regex]::Match($latin.GetString($kept.ToArray()), '^(?:HTTP/1\.1 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)*(HTTP/[^\r\n]*\r\n(?:[^\r\n]+\r\n)*)\r\n')
      if (-not $begun.Success) { continue }
      $head = $begun.Length
      $lines = $begun.Groups[1].Value
      if ($v.method -eq 'HEAD' -or $lines -match '^HTTP/1\.[01] (204|304)') { $length = 0 }
      elseif ($lines -match '(?im)^transfer-encoding:.*chunked') { $chunked = $true }
      elseif ($lines -match '(?im)^content-length: *([0-9]{1,15})') { $length = [long]$Matches[1] }
    }
    if ($length -ge 0 -and $kept.Length -ge $head + $length) { break }
    if ($chunked -and $kept.Length -ge $head + 5) {
      $tail = $kept.ToArray()
      if ($latin.GetString($tail, $tail.Length - 5, 5) -eq "0$crlf$crlf") { break }
    }
  }
  $seen.times.body = $watch.Elapsed.TotalMilliseconds
} catch {
  $why = $_.Exception.GetBaseException()
  $seen.detail = $why.Message
  $seen.code = -1
  if ($why -is [Net.Sockets.SocketException]) { $seen.code = [int]$why.SocketErrorCode }
} finally {
  if ($client -ne $null) { $client.Close() }
}
$seen.raw = [Convert]::ToBase64String($kept.ToArray())
$seen.ms = [int]$watch.ElapsedMilliseconds
Write-TillJson $seen
`,
)

interface Asked {
  readonly stage: HttpStage
  /** Of a Windows socket; 0: it worked, -1: something else than a socket. */
  readonly code: number
  readonly detail: string
  /** What is wrong with the certificate, in the words of .NET, which are English. */
  readonly tls: string
  readonly times: Readonly<Partial<Record<HttpStage, number>>>
  readonly cut: boolean
  readonly ended: boolean
  readonly raw: string
  readonly ms: number
}

/** One question for a Windows device, asked by its PowerShell over TLS 1.2 or in clear. Writes nothing there. */
export async function httpOnWindows(shell: ShellChannel, question: HttpQuestion): Promise<Result<HttpAnswer>> {
  const { method, timeoutMs, maxBytes, insecure, ca = '' } = question
  const url = new URL(question.url)
  const secure = url.protocol === 'https:'
  const bytes = maxBytes + HEAD_BYTES
  const values = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? 443 : 80),
    secure,
    request: new Secret(requestText(question, url)),
    method,
    limit: timeoutMs,
    bytes,
    insecure,
    ca,
  }
  const what = `Asking "${url.origin}" from the device`
  const asked = await askJson<Asked>(
    shell,
    ASK,
    { values, timeoutMs: timeoutMs + GRACE_MS, maxOutputBytes: Math.ceil(bytes * 1.5) + 65_536 * 2 },
    what,
  )
  return asked.ok ? success(await understood(question, asked.value)) : asked
}

function requestText({ method, headers }: HttpQuestion, url: URL): string {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const { username, password } = url
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const own = [
    ['Host', url.host],
    ['User-Agent', 'tillwright'],
    ['Accept', '*/*'],
    ...(username === '' ? [] : [['Authorization', `Basic ${user}`]]),
  ].filter(([name = '']) => !given.has(name.toLowerCase()))
  const all = [...own, ...Object.entries(headers), ['Connection', 'close']]
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`
}

async function understood(question: HttpQuestion, asked: Asked): Promise<HttpAnswer> {
  const { stage, code, ms } = asked
  const timesMs = Object.fromEntries(
    Object.entries(asked.times).map(([name, time]) => [name, Math.round(time * 10) / 10]),
  )
  const detail = [asked.tls === 'None' ? '' : asked.tls, asked.detail].filter((said) => said !== '').join(': ')
  const raw = Buffer.from(asked.raw, 'base64')
  if (raw.length === 0) {
    if (code === 0) return { state: 'reset', stage, detail: 'the connection was closed', timesMs, ms }
    return { state: stateOf(stage, code), stage, detail, timesMs, ms }
  }
  const read = await readHttpBytes(raw, question)
  if (read.how === 'not-http') return { state: 'not-http', stage: 'answer', detail: read.detail, timesMs, ms }
  const { how, ...head } = read
  if (how === 'whole' || asked.cut) {
    return {
      state: 'answered',
      stage: 'done',
      detail: '',
      ...head,
      truncated: head.truncated || asked.cut,
      timesMs,
      ms,
    }
  }
  const state = code === 0 ? 'reset' : stateOf(stage, code)
  return { state, stage, detail: detail || 'the server ended in the middle', ...head, timesMs, ms }
}

function stateOf(stage: HttpStage, code: number): HttpState {
  const state = reachStateOfSocket(code)
  if (state === 'open') return 'error'
  if (stage === 'tls' && state !== 'timed-out') return 'tls-failed'
  return state
}
