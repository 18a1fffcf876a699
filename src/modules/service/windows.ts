import type { Change } from '../../core/change.ts'
import { type Result, success } from '../../core/failure.ts'
import type { ModuleContext } from '../../core/module.ts'
import type { ServiceState } from '../../devices/service/service-state.ts'
import { OBSERVE_WINDOWS_SERVICE, serviceOf, type WindowsServiceAnswer } from '../../devices/service/windows-service.ts'
import { WINDOWS_SERVICE_ACT } from '../../devices/service/windows-service-act.ts'
import { quoteWindowsArgument } from '../../shell/powershell.ts'
import { act, askJson, proofBy } from '../../shell/powershell-ask.ts'
import { fragment } from '../../shell/powershell-fragment.ts'
import type { Side } from '../define.ts'
import type { ServiceParams } from './service-state.ts'
import { missing } from './service-state.ts'

// sc.exe sets what Set-Service of 5.1 does not know; a password goes through WMI, since command lines are seen by everyone.
const CONVERGE = fragment(
  'service.converge',
  `${WINDOWS_SERVICE_ACT}foreach ($line in @($v.start_line, $v.recovery_line)) {
  if ($line -eq '') { continue }
  $ended = Invoke-TillProcess 'sc.exe' $line
  if ($ended.exit -ne 0) { Stop-Till $ended.exit ([Text.Encoding]::UTF8.GetString($ended.out)) }
}
if ($v.account -ne '') {
  $instance = Get-CimInstance -ClassName Win32_Service | Where-Object { $_.Name -eq $v.name }
  $change = @{ StartName = $v.account }
  if ($v.password -ne '') { $change.StartPassword = $v.password }
  $code = (Invoke-CimMethod -InputObject $instance -MethodName Change -Arguments $change).ReturnValue
  if ($code -ne 0) { Stop-Till 1 "Win32_Service.Change answered $code for the account." }
}
if ($v.act -ne '') { Set-TillService $v.name $v.act }
`,
)

// The recovery as in `recoveryOf`: the reset period, then actions with their delays.
const PROOF = fragment(
  'service.proof',
  `$seen = ConvertFrom-Json $v.till_seen
if (-not $seen.exists -or $seen.status -cne $v.want_status) { Stop-Till 1 'status' }
if ($v.want_status -eq 'Running' -and @($seen.stranded).Count -gt 0) { Stop-Till 1 'stranded' }
if ($v.want_types -ne '' -and $v.want_types.Split(' ') -notcontains [string]$seen.start) { Stop-Till 1 'start' }
if ($v.want_delayed -ne '' -and ($v.want_delayed -eq 'yes') -ne [bool]$seen.delayed) { Stop-Till 1 'delayed' }
if ($v.want_account -ne '' -and $seen.account -cne $v.want_account) { Stop-Till 1 'account' }
if ($v.want_recovery -ne '') {
  $bytes = [Convert]::FromBase64String($seen.recovery)
  $words = @('0')
  if ($bytes.Length -ge 20) {
    $words = @([string][BitConverter]::ToUInt32($bytes, 0))
    $count = [Math]::Min([BitConverter]::ToUInt32($bytes, 12), [Math]::Floor(($bytes.Length - 20) / 8))
    for ($i = 0; $i -lt $count; $i++) {
      $words += [string][BitConverter]::ToUInt32($bytes, 20 + $i * 8) + '/' + [string][BitConverter]::ToUInt32($bytes, 24 + $i * 8)
    }
  }
  if (($words -join ' ') -cne $v.want_recovery) { Stop-Till 1 'recovery' }
}
`,
)

export const onWindows: Side<ServiceParams, ServiceState> = {
  async observe({ shell }, params) {
    const values = { name: params.name, account: params.account ?? '' }
    const asked = await askJson<WindowsServiceAnswer>(
      shell,
      OBSERVE_WINDOWS_SERVICE,
      { values },
      `Asking for service "${params.name}"`,
    )
    if (!asked.ok) return asked
    if (!asked.value.exists) return missing(params.name, 'windows')
    return success(serviceOf(asked.value))
  },
  converge,
  proof: (params) => proofBy(PROOF, desiredOf(params)),
}

/** What the fragment `service.proof` compares with; an empty text: it may be anything. */
function desiredOf({ state, enabled, start, account = '', recovery }: ServiceParams): Record<string, string> {
  const types = enabled === undefined ? '' : enabled ? '2' : '0 1 3 4'
  return {
    want_status: state === 'running' ? 'Running' : 'Stopped',
    want_types: start === undefined ? types : { automatic: '2', delayed: '2', manual: '3', disabled: '4' }[start],
    want_delayed: start === 'automatic' ? 'no' : start === 'delayed' ? 'yes' : '',
    want_account: account,
    want_recovery: recovery
      ? [recovery.reset_after_s ?? 86_400, ...recovery.restart_after_ms.map((delay) => `1/${delay}`)].join(' ')
      : '',
  }
}

const SC_START = { automatic: 'auto', delayed: 'delayed-auto', manual: 'demand', disabled: 'disabled' } as const

async function converge(
  { shell }: ModuleContext,
  params: ServiceParams,
  changes: readonly Change[],
): Promise<Result<void>> {
  const paths = new Set(changes.map((change) => change.path))
  const start = params.start ?? (params.enabled ? 'automatic' : 'manual')
  const startLine = paths.has('start') || paths.has('enabled') ? ['config', params.name, 'start=', SC_START[start]] : []
  const values = {
    name: params.name,
    start_line: lineOf(startLine),
    recovery_line: paths.has('recovery') ? lineOf(recoveryWords(params)) : '',
    account: paths.has('account') ? (params.account ?? '') : '',
    password: paths.has('account') ? (params.password ?? '') : '',
    act: actionOf(params, paths),
  }
  return act(shell, CONVERGE, { values, whole: true }, `The change of service "${params.name}"`)
}

function actionOf(params: ServiceParams, paths: ReadonlySet<string>): string {
  // A Windows service cannot be told to read its configuration again.
  if (paths.has('restart') || paths.has('reload')) return 'restart'
  if (paths.has('stranded')) return 'start'
  if (!paths.has('state')) return ''
  return params.state === 'stopped' ? 'stop' : 'start'
}

function recoveryWords({ name, recovery }: ServiceParams): string[] {
  const { restart_after_ms = [], reset_after_s = 86_400 } = recovery ?? {}
  const actions = restart_after_ms.map((delay) => `restart/${delay}`).join('/')
  return ['failure', name, 'reset=', String(reset_after_s), 'actions=', actions]
}

/** sc.exe wants its values as arguments of their own. */
function lineOf(words: readonly string[]): string {
  return words.map(quoteWindowsArgument).join(' ')
}
