import { fail } from '../../core/failure.ts'
import type { ServiceState } from '../../devices/service/service-state.ts'

export interface ServiceParams {
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly enabled?: boolean
  readonly reload?: boolean
  readonly stable_for?: string
  readonly reset_start_limit?: boolean
  readonly start?: 'automatic' | 'delayed' | 'manual' | 'disabled'
  readonly account?: string
  readonly password?: string
  readonly recovery?: { readonly restart_after_ms: readonly number[]; readonly reset_after_s?: number }
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
