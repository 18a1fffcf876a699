import type { Change } from '../core/change.ts'
import type { ShellAnswer, ShellRequest, ShellValue } from '../core/channel.ts'
import { DURATION, parseDuration } from '../core/duration.ts'
import { fail, type Result, success } from '../core/failure.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { ModuleContext } from '../core/module.ts'
import { ANY_PATH } from '../devices/file/windows-read.ts'
import { THERE } from '../shell/posix-there.ts'
import { proofBy } from '../shell/powershell-ask.ts'
import { fragment } from '../shell/powershell-fragment.ts'
import { WINDOWS_SETTLED } from '../shell/run-programs.ts'
import { evidenceOf, failureOf, TOOL_PRELUDE } from '../shell/tool-answer.ts'
import { defineModule } from './define.ts'
import { mapOf, truth } from './value-schema.ts'

interface WaitParams {
  readonly for: {
    readonly path?: string
    readonly exists?: boolean
    readonly port?: number
    readonly command?: string
  }
  readonly timeout?: string
  readonly interval?: string
}

const NOT_YET_EXIT = 1

// One connection to the device's own listening sockets: state 0A in the kernel's table, the port in hexadecimal.
const CONDITION = `${THERE}holds() {
  case $kind in
    path) if till_there "$path"; then [ "$desired" = yes ]; else [ "$desired" = no ]; fi ;;
    port) cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "^ *[0-9]*: [0-9A-F]*:$port_hex [0-9A-F]*:0000 0A " ;;
    command) (eval "$check") >/dev/null 2>&1 ;;
  esac
}
`

const OBSERVE = `${CONDITION}now=no
if holds; then now=yes; fi
printf %s "$now"`

// Counted by the clock, since the condition itself may take its time.
const CONVERGE = `${TOOL_PRELUDE}${CONDITION}need_tool date sleep
end=$(($(date +%s) + timeout_s))
until holds; do
  [ "$(date +%s)" -lt "$end" ] || exit ${NOT_YET_EXIT}
  sleep "$interval_s"
done
`

const WINDOWS_CONDITION = `function Test-TillCondition {
  if ($v.kind -eq 'path') {
    $there = $true
    try { [void][IO.File]::GetAttributes($v.path) } catch {
      $why = $_.Exception.GetBaseException()
      if ($why -isnot [IO.FileNotFoundException] -and $why -isnot [IO.DirectoryNotFoundException]) { throw }
      $there = $false
    }
    return ($there -eq ($v.desired -eq 'yes'))
  }
  if ($v.kind -eq 'port') {
    $listening = [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners()
    return (@($listening | Where-Object { $_.Port -eq $v.port }).Count -gt 0)
  }
  return ((Invoke-TillScript $v.check).exit -eq 0)
}
`

const WINDOWS_OBSERVE = fragment(
  'wait.observe',
  `${WINDOWS_CONDITION}if (Test-TillCondition) { 'yes' } else { 'no' }\n`,
)

const WINDOWS_CONVERGE = fragment(
  'wait.converge',
  `${WINDOWS_CONDITION}$watch = [Diagnostics.Stopwatch]::StartNew()
while (-not (Test-TillCondition)) {
  if ($watch.Elapsed.TotalSeconds -ge $v.timeout_s) { Stop-Till ${NOT_YET_EXIT} 'not yet' }
  Start-Sleep -Seconds $v.interval_s
}
`,
)

export const wait = defineModule({
  name: 'wait',
  summary: 'Waits on the device until a path, a listening port or a command is as desired',
  systems: ['linux', 'windows'],
  params: {
    type: 'object',
    additionalProperties: false,
    required: ['for'],
    properties: {
      for: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        description: 'One of path, port, command.',
        properties: {
          path: { type: 'string', pattern: ANY_PATH, description: 'A path that exists.' },
          exists: { type: 'boolean', description: 'With path: false waits until it is gone.' },
          port: { type: 'integer', minimum: 1, maximum: 65535, description: 'A TCP port that the device listens on.' },
          command: {
            type: 'string',
            minLength: 1,
            description: 'A command of sh or PowerShell, which must change nothing, that succeeds.',
          },
        },
      },
      timeout: {
        ...DURATION,
        description: 'How long at most; the `timeout` of the step ends it too. Default: 60s.',
      },
      interval: { ...DURATION, description: 'How long between two looks. Default: 1s.' },
    },
  },
  validate,
  observe,
  diff: (params, holds): readonly Change[] =>
    holds ? [] : [{ path: 'condition', before: false, after: desired(params) }],
  valueSchema: mapOf({ holds: truth('Whether the condition holds.') }),
  value: (holds) => ({ holds }),
  converge,
  proof: (_params, _changes, _state, system) =>
    system === 'windows' ? proofBy(WINDOWS_SETTLED, { want_said: 'yes' }) : { test: '[ "$now" = yes ]' },
})

function validate(params: JsonObject): string | undefined {
  const condition = (params['for'] ?? {}) as JsonObject
  const given = ['path', 'port', 'command'].filter((kind) => condition[kind] !== undefined)
  if (given.length !== 1) return 'Say what to wait for: exactly one of path, port, command.'
  return condition['exists'] !== undefined && condition['path'] === undefined ? '`exists` goes with `path`.' : undefined
}

async function observe(context: ModuleContext, params: WaitParams): Promise<Result<boolean>> {
  const answer = await context.shell.ask(requestOf(context, 'observe', valuesOf(params)))
  const failure = failureOf(answer, 'observe', 'Looking at the condition')
  return failure ? fail(failure) : success(answer.text.trim() === 'yes')
}

async function converge(context: ModuleContext, params: WaitParams): Promise<Result<void>> {
  const timeout = seconds(params.timeout ?? '60s')
  const values = { ...valuesOf(params), timeout_s: timeout, interval_s: seconds(params.interval ?? '1s') }
  const answer = await context.shell.ask(requestOf(context, 'converge', values))
  if (isNotYet(answer)) {
    const message = `It did not come about within ${timeout} s: ${JSON.stringify(desired(params))}.`
    return fail({ code: 'CONVERGE_TIMEOUT', phase: 'converge', message, ...evidenceOf(answer) })
  }
  const failure = failureOf(answer, 'converge', 'Waiting')
  return failure ? fail(failure) : success(undefined)
}

function requestOf(
  { shell }: ModuleContext,
  what: 'observe' | 'converge',
  values: Record<string, ShellValue>,
): ShellRequest {
  if (shell.dialect === 'posix') return { script: what === 'observe' ? OBSERVE : CONVERGE, values }
  return { ...(what === 'observe' ? WINDOWS_OBSERVE : WINDOWS_CONVERGE), values }
}

function isNotYet(answer: ShellAnswer): boolean {
  return answer.exitCode === NOT_YET_EXIT && !answer.timedOut
}

function valuesOf(params: WaitParams): Record<string, ShellValue> {
  const { path, exists = true, port = 0, command } = params.for
  const port_hex = port.toString(16).toUpperCase().padStart(4, '0')
  const kind = path !== undefined ? 'path' : command !== undefined ? 'command' : 'port'
  return { kind, path: path ?? '', desired: exists ? 'yes' : 'no', port, port_hex, check: command ?? '' }
}

function desired(params: WaitParams): JsonValue {
  const { path, exists = true, port, command } = params.for
  if (path !== undefined) return `path ${path} ${exists ? 'exists' : 'is gone'}`
  return port === undefined ? `command succeeds: ${command}` : `port ${port} is listened on`
}

/** Whole seconds, since that is what every sleep and date of a device can count; at least one. */
function seconds(duration: string): number {
  return Math.max(1, Math.ceil((parseDuration(duration) ?? 0) / 1000))
}
