import { fragment } from '../../shell/powershell-fragment.ts'
import type { ServiceState } from './service-state.ts'
import { WINDOWS_STRANDED } from './windows-service-act.ts'

// From the registry and the service manager: WMI is what is broken first on an old till.
export const OBSERVE_WINDOWS_SERVICE = fragment(
  'service.observe',
  String.raw`${WINDOWS_STRANDED}function Resolve-TillAccount([string]$name) {
  if ($name -match '^(\.\\)?LocalSystem$') { return 'S-1-5-18' }
  try { Get-TillSid ($name -replace '^\.\\', "$env:COMPUTERNAME\") } catch { $name.ToLowerInvariant() }
}
$service = Find-TillService $v.name
if ($service -eq $null) {
  Write-TillJson @{ exists = $false }
  return
}
$settings = Get-ItemProperty -LiteralPath ('HKLM:\SYSTEM\CurrentControlSet\Services\' + $service.ServiceName)
$recovery = ''
if ($settings.FailureActions) { $recovery = [Convert]::ToBase64String([byte[]]$settings.FailureActions) }
$account = [string]$settings.ObjectName
if ($v.account -ne '' -and (Resolve-TillAccount $v.account) -eq (Resolve-TillAccount $account)) { $account = $v.account }
$dependants = @($service.DependentServices | Where-Object { $_.Status -ne 'Stopped' } | ForEach-Object { $_.ServiceName })
Write-TillJson @{
  exists = $true
  status = [string]$service.Status
  start = [int]$settings.Start
  delayed = ([int]$settings.DelayedAutostart -eq 1)
  account = $account
  recovery = $recovery
  dependants = $dependants
  stranded = @(Get-TillStranded $service | ForEach-Object { $_.ServiceName })
}
`,
)

/** What the fragment `service.observe` puts out; of a service that is not there only that. */
export interface WindowsServiceAnswer {
  readonly exists: boolean
  readonly status: string
  readonly start: number
  readonly delayed: boolean
  readonly account: string
  readonly recovery: string
  readonly dependants: readonly string[]
  readonly stranded: readonly string[]
}

const ACTIVE: Readonly<Record<string, ServiceState['active']>> = {
  Running: 'running',
  Stopped: 'stopped',
  StartPending: 'starting',
  ContinuePending: 'starting',
  StopPending: 'stopping',
  PausePending: 'paused',
  Paused: 'paused',
}

const START_TYPES: Readonly<Record<number, NonNullable<ServiceState['start']>>> = {
  2: 'automatic',
  3: 'manual',
  4: 'disabled',
}

/** What the fragment `service.observe` put out, in the words that all systems share. */
export function serviceOf(answer: WindowsServiceAnswer): ServiceState {
  const type = START_TYPES[answer.start]
  const start = type === 'automatic' && answer.delayed ? 'delayed' : type
  return {
    init: 'windows',
    exists: true,
    masked: false,
    active: ACTIVE[answer.status] ?? 'unknown',
    enabled: type === 'automatic',
    ...(start && { start }),
    account: answer.account,
    recovery: recoveryOf(Buffer.from(answer.recovery, 'base64')),
    dependants: answer.dependants,
    ...(answer.stranded.length > 0 && { stranded: answer.stranded }),
  }
}

/**
 * SERVICE_FAILURE_ACTIONS as the registry keeps it: five numbers, of which the first is the reset period in seconds and
 * the fourth the count, then pairs of an action (1: restart) and its delay in milliseconds.
 */
export function recoveryOf(bytes: Buffer): NonNullable<ServiceState['recovery']> {
  if (bytes.length < 20) return { restart_after_ms: [], reset_after_s: 0 }
  const count = Math.min(bytes.readUInt32LE(12), Math.floor((bytes.length - 20) / 8))
  const actions = Array.from({ length: count }, (_, n) => [
    bytes.readUInt32LE(20 + n * 8),
    bytes.readUInt32LE(24 + n * 8),
  ])
  return {
    restart_after_ms: actions.map(([action, delay]) => (action === 1 ? (delay ?? 0) : -1)),
    reset_after_s: bytes.readUInt32LE(0),
  }
}
