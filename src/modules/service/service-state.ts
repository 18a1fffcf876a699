import { fail } from '../../core/failure.ts'

export interface ServiceParams {
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly enabled?: boolean
  readonly reload?: boolean
  readonly start?: 'automatic' | 'delayed' | 'manual' | 'disabled'
  readonly account?: string
  readonly password?: string
  readonly recovery?: { readonly restart_after_ms: readonly number[]; readonly reset_after_s?: number }
}

/** What an init system says of a service, in one vocabulary. */
export interface ServiceState {
  readonly init: 'systemd' | 'openrc' | 'sysv' | 'windows'
  readonly exists: boolean
  /** systemd only: linked to /dev/null, cannot be started. */
  readonly masked: boolean
  /** `unknown`: its script answers in a way that means neither. */
  readonly active: 'running' | 'stopped' | 'failed' | 'starting' | 'stopping' | 'unknown'
  /** Starts at boot. `static`: has no say in it, other units start it. */
  readonly enabled: boolean | 'static'
  // Windows only.
  readonly start?: 'automatic' | 'delayed' | 'manual' | 'disabled'
  readonly account?: string
  /** After each failure in turn, how long until it is restarted; -1: something else is done. */
  readonly recovery?: { readonly restart_after_ms: readonly number[]; readonly reset_after_s: number }
  /** Those that run and need it. */
  readonly dependants?: readonly string[]
}

/** There is no such service. */
export function missing(name: string, init: ServiceState['init']): ReturnType<typeof fail> {
  return fail({
    code: 'OBSERVE_FAILED',
    phase: 'observe',
    message: `There is no service "${name}" on the device (${init}).`,
    hint: 'Check the name; if a package brings it, install the package in an earlier step.',
  })
}
