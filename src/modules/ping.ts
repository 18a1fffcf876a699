import type { Change } from '../core/change.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { ModuleContext } from '../core/module.ts'
import { seenFromHere } from '../devices/probe/from-here.ts'
import { type PingSummary, pingSummary } from '../devices/probe/ping-output.ts'
import { HOST_PATTERN, reachSentence, reachStateInWords } from '../devices/probe/reach.ts'
import { runHere } from '../devices/probe/run-here.ts'
import { askJson } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { failureOf, TOOL_PRELUDE, tailOf } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { described, mapOf, mapOrNull, number, oneOf, text } from './value-schema.ts'

const COUNT = 3
const WAIT_S = 2
const GRACE_MS = 5_000

interface PingParams {
  readonly from: 'controller' | 'device'
  readonly host?: string
  readonly count?: number
  readonly loss_max?: number
  readonly rtt_max_ms?: number
}

interface PingState extends PingSummary {
  readonly host: string
  readonly state: 'answers' | 'silent' | 'unreachable' | 'name-not-found'
}

// Packets go out a second apart, as iputils and busybox both do by default.
const SCRIPT = `${TOOL_PRELUDE}need_tool ping
ping -q -c "$count" -W "$wait" "$host" 2>&1
printf 'exit %s\\n' "$?"`

const WINDOWS = fragment(
  'ping.send',
  `$times = @()
$state = 'asked'
$ping = New-Object Net.NetworkInformation.Ping
for ($i = 0; $i -lt $v.count; $i++) {
  if ($i -gt 0) { Start-Sleep -Seconds 1 }
  try {
    $reply = $ping.Send([string]$v.host, [int]$v.wait * 1000)
    if ($reply.Status -eq 'Success') { $times += [long]$reply.RoundtripTime }
  } catch {
    $why = $_.Exception.GetBaseException()
    if ($why -isnot [Net.Sockets.SocketException]) { throw }
    $state = 'name-not-found'
    break
  }
}
Write-TillJson @{ state = $state; times = @($times) }
`,
)

export const ping = defineModule({
  name: 'ping',
  summary: 'Checks that a host answers to ping, from the controller or from the device',
  systems: ['linux', 'windows', 'none'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['from'],
    properties: {
      from: { enum: ['controller', 'device'], description: 'Who asks.' },
      host: { type: 'string', pattern: HOST_PATTERN, description: 'Default: the address of the device.' },
      count: { type: 'integer', minimum: 1, maximum: 100, description: 'Packets, a second apart. Default: 3.' },
      loss_max: { type: 'number', minimum: 0, maximum: 99, description: 'Per cent that may be lost. Default: 0.' },
      rtt_max_ms: { type: 'number', exclusiveMinimum: 0, description: 'What the average round trip may take.' },
    },
  },
  observe,
  diff: (params, state) => changesOf(params as PingParams, state),
  valueSchema: mapOf({
    state: oneOf(['answers', 'silent', 'unreachable', 'name-not-found'], 'How it went.'),
    host: text('Who was asked.'),
    sent: number('Packets that went out.'),
    received: number('Answers that came.'),
    loss_percent: number('Packets without an answer, 0 to 100.'),
    rtt_ms: described(
      'Round trips in milliseconds; null where there was none.',
      mapOrNull({
        min: number('The shortest.'),
        avg: number('The mean.'),
        max: number('The longest.'),
      }),
    ),
    message: text('The same in a sentence.'),
  }),
  value: (state) => ({
    state: state.state,
    host: state.host,
    sent: state.sent,
    received: state.received,
    loss_percent: state.lossPercent,
    rtt_ms: state.rttMs ? { ...state.rttMs } : null,
    message: sentence(state),
  }),
})

async function observe(context: ModuleContext, params: PingParams): Promise<Result<PingState>> {
  const host = (params.host ?? context.device.address).replace(/^\[|\]$/g, '')
  const count = params.count ?? COUNT
  const timeoutMs = (count + WAIT_S) * 1000 + GRACE_MS
  if (params.from === 'device') return askDevice(context, { host, count, timeoutMs })
  const args = ['-q', '-c', String(count), '-W', String(WAIT_S), host]
  const limits = { timeoutMs, signal: context.signal }
  const seen = await seenFromHere(
    () => runHere('ping', args, limits),
    ({ timedOut }) => timedOut,
  )
  if (!seen.ok) return seen
  const answer = seen.value
  if (answer.exitCode === undefined) {
    const message = `The program "ping" cannot be run on the controller: ${answer.output}`
    return fail({ code: 'TOOL_MISSING', phase: 'observe', message })
  }
  return answer.timedOut ? tooLong(host) : understood(answer.output, host)
}

async function askDevice(
  context: ModuleContext,
  to: { readonly host: string; readonly count: number; readonly timeoutMs: number },
): Promise<Result<PingState>> {
  if (context.shell.dialect === 'powershell') return askWindows(context, to)
  const { host, count, timeoutMs } = to
  const answer = await context.shell.ask({ script: SCRIPT, values: { host, count, wait: WAIT_S }, timeoutMs })
  if (answer.timedOut) return tooLong(host)
  const failure = failureOf(answer, 'observe', `Asking "${host}" from the device`)
  return failure ? fail(failure) : understood(answer.text, host)
}

async function askWindows(
  { shell }: ModuleContext,
  { host, count, timeoutMs }: { readonly host: string; readonly count: number; readonly timeoutMs: number },
): Promise<Result<PingState>> {
  const question = { values: { host, count, wait: WAIT_S }, timeoutMs }
  const what = `Asking "${host}" from the device`
  const asked = await askJson<{ state: string; times: readonly number[] }>(shell, WINDOWS, question, what)
  if (!asked.ok) return asked
  const { state, times } = asked.value
  const lossPercent = Math.round((1 - times.length / count) * 100)
  const seen = { host, sent: count, received: times.length, lossPercent }
  if (state === 'name-not-found') return success({ ...seen, sent: 0, state })
  if (times.length === 0) return success({ ...seen, state: 'silent' })
  const avg = times.reduce((sum, time) => sum + time, 0) / times.length
  const rttMs = { min: Math.min(...times), avg: Math.round(avg * 10) / 10, max: Math.max(...times) }
  return success({ ...seen, state: 'answers', rttMs })
}

function tooLong(host: string): Result<PingState> {
  const message = `Asking "${host}" took too long and was ended; is the name server slow?`
  return fail({ code: 'OBSERVE_TIMEOUT', phase: 'observe', message })
}

function understood(output: string, host: string): Result<PingState> {
  const summary = pingSummary(output)
  if (summary) return success({ ...summary, host, state: summary.received > 0 ? 'answers' : 'silent' })
  const state = reachStateInWords(output)
  if (state === 'unreachable' || state === 'name-not-found') {
    return success({ host, state, sent: 0, received: 0, lossPercent: 100 })
  }
  const said = tailOf(output.replace(/^exit \d+$/m, ''), 300)
  return fail({ code: 'OBSERVE_FAILED', phase: 'observe', message: `ping of "${host}" did not work: ${said}` })
}

function changesOf(params: PingParams, state: PingState): readonly Change[] {
  if (state.state !== 'answers') return [{ path: 'state', before: state.state, after: 'answers' }]
  const changes: Change[] = []
  const { loss_max = 0, rtt_max_ms } = params
  if (state.lossPercent > loss_max) {
    changes.push({ path: 'loss_percent', before: state.lossPercent, after: `at most ${loss_max}` })
  }
  if (rtt_max_ms !== undefined && state.rttMs && state.rttMs.avg > rtt_max_ms) {
    changes.push({ path: 'rtt_ms', before: state.rttMs.avg, after: `at most ${rtt_max_ms}` })
  }
  return changes
}

function sentence(state: PingState): string {
  if (state.state === 'answers') return `"${state.host}" answered ${state.received} of ${state.sent} packets.`
  if (state.state === 'silent') return `"${state.host}" answered none of ${state.sent} packets.`
  return reachSentence(state.state, state.host, '')
}
