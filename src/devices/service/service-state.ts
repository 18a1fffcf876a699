export const POSIX_INITS = ['systemd', 'openrc', 'runit', 'busybox', 'sysv'] as const
export type PosixInit = (typeof POSIX_INITS)[number]

/** `paused`: Windows only. `unknown`: its script answers in a way that means neither. */
export const ACTIVE_STATES = ['running', 'stopped', 'failed', 'starting', 'stopping', 'paused', 'unknown'] as const

/** A service that runs for less is looked at again before it counts as running. */
export const STABLE_SECONDS = 3

/** What an init system says of a service, in one vocabulary. */
export interface ServiceState {
  readonly init: PosixInit | 'windows'
  readonly exists: boolean
  /** systemd only: linked to /dev/null, cannot be started. */
  readonly masked: boolean
  readonly active: (typeof ACTIVE_STATES)[number]
  /** Starts at boot. `static`: has no say in it, other units start it. `unknown`: its init system has no list of what starts. */
  readonly enabled: boolean | 'static' | 'unknown'
  /** Why it is failed or unknown, where more is known. */
  readonly why?: string
  /** systemd only, of a unit that runs to its end and is not kept as active behind it: how it ended last. */
  readonly oneshot?: string
  /** systemd only: made of another file, or for this boot; nobody can enable it. */
  readonly made?: 'generated' | 'transient'
  /** systemd only: its file is no longer loaded, by this word of LoadState. */
  readonly broken?: string
  /** systemd only: the units that are active and start it at an event. */
  readonly triggered_by?: readonly string[]
  // Windows only.
  readonly start?: 'automatic' | 'delayed' | 'manual' | 'disabled'
  readonly account?: string
  /** After each failure in turn, how long until it is restarted; -1: something else is done. */
  readonly recovery?: { readonly restart_after_ms: readonly number[]; readonly reset_after_s: number }
  /** Those that run and need it. */
  readonly dependants?: readonly string[]
  /** Those that a restart of ours stopped along with it, and that did not come back. */
  readonly stranded?: readonly string[]
}
