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
