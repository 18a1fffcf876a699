import { randomBytes } from 'node:crypto'
import type { ShellAnswer, ShellChannel, ShellValue } from '../../core/channel.ts'
import { Secret } from '../../core/secret.ts'
import { headOf as firstOf, tailOf } from '../../shell/tool-answer.ts'
import { firstStage, type HttpAnswer, type HttpQuestion, type HttpStage, type HttpState } from './http-answer.ts'
import { reachStateInWords } from './reach.ts'

const EXIT = { missing: 97, headers: 96, unverified: 95 } as const
const GRACE_MS = 3_000

// curl reads everything from its stdin, so that neither URL nor headers stand in a process list; headers and body go
// through one pipe that is cut behind the last byte that is wanted, its report goes to stderr.
// wget takes headers on its command line only. That of busybox does not look at certificates, and where it has no
// deadlines it crashes when it is given one: its time is up when that of the question is.
const SCRIPT = `LC_ALL=C; export LC_ALL
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
if command -v curl >/dev/null 2>&1; then
  { printf '%s' "$config" | curl -q -K -; printf 'till exit %s\\n' "$?" >&2; } | head -c "$bytes"
  exit 0
fi
command -v wget >/dev/null 2>&1 || { printf '%s\\n' 'curl or wget' >&2; exit ${EXIT.missing}; }
[ "$plain" = yes ] || { printf '%s\\n' 'curl' >&2; exit ${EXIT.headers}; }
set -- -S -O -
if wget --help 2>&1 | grep -qi busybox; then
  case $url in
    https:*) [ "$insecure" = yes ] || { printf '%s\\n' 'curl' >&2; exit ${EXIT.unverified}; }; set -- "$@" --no-check-certificate ;;
  esac
  [ "$method" = GET ] || set -- "$@" --spider
  printf 'till tool busybox\\n' >&2
else
  set -- "$@" -T "$seconds" -nv --tries=1 --max-redirect=0 --content-on-error --no-config
  [ "$insecure" = no ] || set -- "$@" --no-check-certificate
  [ -z "$ca" ] || set -- "$@" "--ca-certificate=$ca"
  [ "$method" = GET ] || set -- "$@" --method=HEAD
  printf 'till tool wget\\n' >&2
fi
{ wget "$@" "$url"; printf 'till exit %s\\n' "$?" >&2; } | head -c "$bytes"
exit 0`

/** A program that the device would need. */
export interface MissingProgram {
  readonly missing: string
  readonly why: string
}

/** One question for a device, answered by its curl or wget. Writes nothing there. */
export async function httpThere(shell: ShellChannel, question: HttpQuestion): Promise<HttpAnswer | MissingProgram> {
  const { url, method, headers, timeoutMs, maxBytes, insecure, ca = '' } = question
  const marker = `till-${randomBytes(12).toString('hex')}`
  const bytes = maxBytes + 64 * 1024
  const values: Record<string, ShellValue> = {
    config: new Secret(curlConfig(question, marker)),
    url: new Secret(url),
    method,
    plain: Object.keys(headers).length === 0 ? 'yes' : 'no',
    insecure: insecure ? 'yes' : 'no',
    ca,
    seconds: Math.max(1, Math.ceil(timeoutMs / 1000)),
    bytes,
  }
  const asked = { script: SCRIPT, values, timeoutMs: timeoutMs + GRACE_MS, maxOutputBytes: bytes + 1024 }
  return understood(question, await shell.ask(asked), marker)
}

function curlConfig({ url, method, headers, timeoutMs, insecure, ca }: HttpQuestion, marker: string): string {
  const lines = [
    `url = ${quoted(url)}`,
    'silent',
    'show-error',
    'globoff',
    'include',
    `user-agent = "tillwright"`,
    `noproxy = "*"`,
    `max-time = ${Math.max(0.1, timeoutMs / 1000)}`,
    `write-out = "${marker} %{http_code} %{size_header} %{local_port} %{time_namelookup} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total}\\n"`,
    ...(method === 'HEAD' ? ['head'] : []),
    ...(insecure ? ['insecure'] : []),
    ...(ca === undefined ? [] : [`cacert = ${quoted(ca)}`]),
    ...Object.entries(headers).map(
      ([name, value]) => `header = ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`,
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** In a file of curl: backslashes and quotes behind a backslash. Line ends cannot be in a header. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}"`
}

function understood(question: HttpQuestion, answer: ShellAnswer, marker: string): HttpAnswer | MissingProgram {
  const lastLine = answer.errorText.trim().split('\n').at(-1) ?? ''
  if (answer.timedOut) {
    return { state: 'timed-out', stage: 'connect', detail: 'the program was ended', timesMs: {}, ms: answer.durationMs }
  }
  switch (answer.exitCode) {
    case EXIT.missing:
      return { missing: lastLine, why: 'Neither curl nor wget is on the device.' }
    case EXIT.headers:
      return { missing: 'curl', why: 'Only curl takes headers without showing them in the list of processes.' }
    case EXIT.unverified:
      return { missing: 'curl', why: "busybox's wget does not check certificates." }
    default:
      return /^till tool /m.test(answer.errorText) ? wgetAnswer(question, answer) : curlAnswer(question, answer, marker)
  }
}

const CURL_STATES: Readonly<Record<number, HttpState>> = {
  0: 'answered',
  5: 'name-not-found',
  6: 'name-not-found',
  8: 'not-http',
  18: 'reset',
  23: 'answered',
  28: 'timed-out',
  35: 'tls-failed',
  52: 'reset',
  51: 'tls-failed',
  55: 'reset',
  56: 'reset',
  58: 'tls-failed',
  60: 'tls-failed',
  77: 'tls-failed',
  83: 'tls-failed',
  90: 'tls-failed',
  91: 'tls-failed',
}

function curlAnswer(question: HttpQuestion, answer: ShellAnswer, marker: string): HttpAnswer {
  const code = Number(/^till exit (\d+)$/m.exec(answer.errorText)?.[1] ?? -1)
  const output = Buffer.from(answer.stdout)
  const at = output.lastIndexOf(marker)
  const report = at < 0 ? [] : output.toString('latin1', at).trim().split(' ').slice(1).map(Number)
  const [status = 0, headerBytes = 0, localPort = 0, ...seconds] = report
  const detail = /^curl: (?:\(\d+\) )?(.*)$/m.exec(answer.errorText)?.[1] ?? `curl ended with ${code}`
  const [timesMs, stage] = stagesOf(seconds, { url: question.url, isConnected: localPort > 0 })
  const ms = answer.durationMs
  const state = code === 7 ? connectState(detail) : (CURL_STATES[code] ?? 'error')
  const isHttp09 = /HTTP\/0\.9/.test(detail)
  if (state !== 'answered' || isHttp09) {
    return { state: isHttp09 ? 'not-http' : state, stage, detail, ...(status > 0 && { status }), timesMs, ms }
  }
  const whole = at < 0 ? output : output.subarray(0, at)
  const headEnd = headerBytes > 0 ? headerBytes : headLength(whole)
  const body = whole.subarray(headEnd)
  return {
    state: 'answered',
    stage: 'done',
    detail: '',
    ...headOf(whole.toString('latin1', 0, headEnd)),
    body: body.subarray(0, question.maxBytes),
    truncated: at < 0 || body.length > question.maxBytes,
    timesMs,
    ms,
  }
}

function connectState(detail: string): HttpState {
  const state = reachStateInWords(detail)
  if (state === 'open') return 'error'
  // Older curls say only that they could not connect; the machine then said no.
  return state === 'error' && /connect/i.test(detail) ? 'refused' : state
}

/** The times that curl reports, and the stage that it stopped in: behind the last one that it ended. */
function stagesOf(
  seconds: readonly number[],
  { url, isConnected }: { readonly url: string; readonly isConnected: boolean },
): [HttpAnswer['timesMs'], HttpStage] {
  const [name = 0, connect = 0, tls = 0, answer = 0] = seconds
  const isSecure = url.startsWith('https:')
  const passed: [HttpStage, number, HttpStage][] = [
    ['name', name, 'connect'],
    ['connect', connect, isSecure ? 'tls' : 'answer'],
    ...(isSecure ? ([['tls', tls, 'answer']] satisfies [HttpStage, number, HttpStage][]) : []),
    ['answer', answer, 'body'],
  ]
  const ended = passed.filter(([, time]) => time > 0)
  const timesMs = Object.fromEntries(ended.map(([stage, time]) => [stage, Math.round(time * 10_000) / 10]))
  const stage = ended.at(-1)?.[2] ?? firstStage(url)
  // Some curls count the TLS handshake as a part of connecting; a port of our own says that the connection stood.
  return [timesMs, stage === 'connect' && isConnected ? 'tls' : stage]
}

/** Behind the last block of headers: `100 Continue` comes before another. */
function headLength(output: Buffer): number {
  let at = 0
  while (output.toString('latin1', at, at + 5) === 'HTTP/') {
    const end = output.indexOf('\r\n\r\n', at)
    if (end < 0) break
    at = end + 4
  }
  return at
}

function headOf(text: string): Pick<HttpAnswer, 'status' | 'headers'> {
  const block =
    text
      .trimEnd()
      .split(/\r?\n\r?\n/)
      .at(-1) ?? ''
  const [first = '', ...lines] = block.split(/\r?\n/)
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const key = line.slice(0, Math.max(at, 0)).trimStart().toLowerCase()
    if (key === '' || /\s/.test(key)) continue
    const value = line.slice(at + 1).trim()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  return { status: Number(/^\s*HTTP\/[\d.]+ (\d{3})/.exec(first)?.[1] ?? 0), headers }
}

function wgetAnswer(question: HttpQuestion, answer: ShellAnswer): HttpAnswer {
  const lines = answer.errorText.split('\n')
  const first = lines.findIndex((line) => /^\s+HTTP\/[\d.]+ \d{3}/.test(line))
  const said = lines
    .filter((line) => /^wget: |failed: |unable to resolve|error|Error|unable|cannot|certificate/.test(line))
    .join('; ')
  const ms = answer.durationMs
  const refusedStatus = /server returned error: HTTP\/[\d.]+ (\d{3})/.exec(answer.errorText)?.[1]
  if (first >= 0 || refusedStatus !== undefined) {
    const head =
      first >= 0
        ? headOf(
            lines
              .slice(first)
              .filter((line) => /^\s/.test(line))
              .join('\n'),
          )
        : { status: Number(refusedStatus), headers: {} }
    const isCut = answer.stdout.length > question.maxBytes
    const body = Buffer.from(answer.stdout).subarray(0, question.maxBytes)
    return { state: 'answered', stage: 'done', detail: '', ...head, body, truncated: isCut, timesMs: {}, ms }
  }
  const detail = firstOf(said, 500) || tailOf(answer.errorText, 300)
  const reach = reachStateInWords(detail)
  const isTls = /certificate|SSL|TLS/i.test(detail)
  const state: HttpState = isTls ? 'tls-failed' : reach === 'open' ? 'error' : reach
  return { state, stage: isTls ? 'tls' : reach === 'name-not-found' ? 'name' : 'connect', detail, timesMs: {}, ms }
}
