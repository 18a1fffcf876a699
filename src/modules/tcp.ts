import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { ModuleContext } from '../core/module.ts'
import { connectHere, type ReachAnswer } from '../devices/probe/connect-here.ts'
import { seenFromHere, timedOut } from '../devices/probe/from-here.ts'
import {
  HOST_PATTERN,
  REACH_STATES,
  reachSentence,
  reachStateInWords,
  reachStateOfFailure,
  reachStateOfSocket,
} from '../devices/probe/reach.ts'
import { askJson } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { evidenceOf, failureOf, TOOL_PRELUDE } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { mapOf, number, oneOf, text } from './value-schema.ts'

const TIMEOUT_MS = 5_000
/** What a device may take beyond the time it is given, before the question is ended from outside. */
const GRACE_MS = 3_000

interface TcpParams {
  readonly host?: string
  readonly port: number
  readonly from: 'controller' | 'device'
  readonly timeout_ms?: number
  readonly expect?: 'open' | 'closed'
}

interface TcpState extends ReachAnswer {
  readonly host: string
}

// 124 is what timeout says; busybox has no -z, and without -e it would wait for the server to speak.
const SCRIPT = `${TOOL_PRELUDE}limit() {
  if ! command -v timeout >/dev/null 2>&1; then shift; "$@"
  elif timeout 1 true 2>/dev/null; then timeout "$@"
  else duration=$1; shift; timeout -t "$duration" "$@"
  fi
}
with_bash() {
  command -v bash >/dev/null 2>&1 && limit "$seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$host" "$port" </dev/null 2>&1
}
with_nc() {
  command -v nc >/dev/null 2>&1 || return 1
  if nc -h 2>&1 </dev/null | grep -q -e '-[a-zA-Z]*z'; then limit "$((seconds + 1))" nc -v -z -w "$seconds" "$host" "$port" </dev/null 2>&1
  else limit "$((seconds + 1))" nc -w "$seconds" "$host" "$port" -e true </dev/null 2>&1
  fi
}
words=$(with_bash); code=$?
case $words in *"/dev/tcp/"*"No such file"*) code=127 ;; esac
if [ "$code" = 127 ] || ! command -v bash >/dev/null 2>&1; then
  need_tool nc
  words=$(with_nc); code=$?
fi
case $code in 124|143) words='timed out' ;; esac
printf '%s\\n%s\\n' "$code" "$words"`

// Codes of Windows' sockets, since words are in the language of the country.
const WINDOWS = fragment(
  'tcp.connect',
  `$watch = [Diagnostics.Stopwatch]::StartNew()
$client = New-Object Net.Sockets.TcpClient
$code = 0
$detail = ''
try {
  $task = $client.ConnectAsync([string]$v.host, [int]$v.port)
  if (-not $task.Wait([int]$v.limit)) { $code = 10060 }
} catch {
  $why = $_.Exception.GetBaseException()
  $detail = $why.Message
  $code = -1
  if ($why -is [Net.Sockets.SocketException]) { $code = [int]$why.SocketErrorCode }
} finally { $client.Close() }
Write-TillJson @{ code = $code; detail = $detail; ms = [int]$watch.ElapsedMilliseconds }
`,
)

export const tcp = defineModule({
  name: 'tcp',
  summary: 'Checks whether a TCP port accepts connections, from the controller or from the device',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['port', 'from'],
    properties: {
      host: { type: 'string', pattern: HOST_PATTERN, description: 'Default: the address of the device.' },
      port: { type: 'integer', minimum: 1, maximum: 65535, description: 'TCP port.', examples: [9100] },
      from: {
        enum: ['controller', 'device'],
        description:
          'Who connects. The controller goes through the gateway (`via`) of the device, unless a host is given.',
      },
      timeout_ms: { type: 'integer', minimum: 100, maximum: 120000, description: 'Default: 5000.' },
      expect: {
        enum: ['open', 'closed'],
        description: 'Default: open. closed: refused, or dropped without an answer.',
      },
    },
  },
  observe,
  diff: (params, state) => compare(params as TcpParams, state),
  valueSchema: mapOf({
    state: oneOf(REACH_STATES, 'How it went.'),
    host: text('Who was asked.'),
    port: number('On which port.'),
    ms: number('How long it took, in milliseconds.'),
    message: text('The same in a sentence.'),
  }),
  value: (state, params) => ({
    state: state.state,
    host: state.host,
    port: (params as TcpParams).port,
    ms: state.ms,
    message: reachSentence(state.state, `${state.host}:${(params as TcpParams).port}`, state.detail),
  }),
})

async function observe(context: ModuleContext, params: TcpParams): Promise<Result<TcpState>> {
  const host = params.host ?? context.device.address
  const timeoutMs = params.timeout_ms ?? TIMEOUT_MS
  if (params.from === 'device') return askDevice(context, { host, port: params.port, timeoutMs })
  // The addresses of a store behind a gateway mean something only behind it.
  if (params.host === undefined && context.device.transport.via !== undefined)
    return askByItsWay(context, params.port, timeoutMs)
  const limits = { timeoutMs, signal: context.signal }
  const answer = await seenFromHere(() => connectHere({ host, port: params.port }, limits), timedOut)
  return answer.ok ? success({ ...answer.value, host }) : answer
}

async function askByItsWay(
  { device, dial }: ModuleContext,
  port: number,
  timeoutMs: number,
): Promise<Result<TcpState>> {
  const began = performance.now()
  const dialled = await dial({ port }, timeoutMs)
  const ms = Math.round(performance.now() - began)
  const common = { ms, host: device.address }
  if (dialled.ok) {
    dialled.value.destroy()
    return success({ ...common, state: 'open', detail: '' })
  }
  const { code, message } = dialled.failure
  if (code === 'RUN_CANCELLED') return dialled
  return success({ ...common, state: reachStateOfFailure(code) ?? 'error', detail: message })
}

async function askDevice(
  context: ModuleContext,
  to: { readonly host: string; readonly port: number; readonly timeoutMs: number },
): Promise<Result<TcpState>> {
  const { host, port, timeoutMs } = to
  if (context.shell.dialect === 'powershell') return askWindows(context, to)
  const seconds = Math.ceil(timeoutMs / 1000)
  const values = { host: host.replace(/^\[|\]$/g, ''), port, seconds }
  const answer = await context.shell.ask({ script: SCRIPT, values, timeoutMs: seconds * 1000 + GRACE_MS })
  if (answer.timedOut) return success({ state: 'timed-out', ms: answer.durationMs, detail: '', host })
  const failure = failureOf(answer, 'observe', `Connecting to "${host}:${port}" from the device`)
  if (failure) return fail(failure)
  const [code = '', ...words] = answer.text.trim().split('\n')
  const detail = words.join('; ')
  const state = code === '0' ? 'open' : reachStateInWords(detail)
  if (state === 'error') {
    const message = `What the device said of "${host}:${port}" is not understood: ${detail || `exit code ${code}`}`
    return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message, ...evidenceOf(answer) })
  }
  return success({ state, ms: answer.durationMs, detail, host })
}

async function askWindows(
  { shell }: ModuleContext,
  { host, port, timeoutMs }: { readonly host: string; readonly port: number; readonly timeoutMs: number },
): Promise<Result<TcpState>> {
  const values = { host: host.replace(/^\[|\]$/g, ''), port, limit: timeoutMs }
  const what = `Connecting to "${host}:${port}" from the device`
  const question = { values, timeoutMs: timeoutMs + GRACE_MS }
  const asked = await askJson<{ code: number; detail: string; ms: number }>(shell, WINDOWS, question, what)
  if (!asked.ok) return asked
  const { code, detail, ms } = asked.value
  return success({ state: reachStateOfSocket(code), ms, detail, host })
}

function compare(params: TcpParams, state: TcpState): readonly Change[] | { readonly unknown: string } {
  const where = `${state.host}:${params.port}`
  if (state.state === 'error') return { unknown: reachSentence('error', where, state.detail) }
  if ((params.expect ?? 'open') === 'open') {
    return state.state === 'open' ? [] : [{ path: 'state', before: state.state, after: 'open' }]
  }
  if (state.state === 'open') return [{ path: 'state', before: 'open', after: 'closed' }]
  // A port of a machine that cannot be found is not a closed port.
  const isSilent = state.state === 'unreachable' || state.state === 'name-not-found'
  return isSilent ? { unknown: reachSentence(state.state, where, state.detail) } : []
}
