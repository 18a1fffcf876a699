import { type Failure, fail } from '../../core/failure.ts'
import type { Hidden } from '../../core/secret.ts'
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
  readonly password?: Hidden
  readonly recovery?: { readonly restart_after_ms: readonly number[]; readonly reset_after_s?: number }
}

const NO_SERVICE = 'There is no service "'
const NO_SCRIPT = 'There is no script "'

/** There is no such service; `first`: what process 1 of the device is. */
export function missing(name: string, init: ServiceState['init'], first = ''): ReturnType<typeof fail> {
  const common = { code: 'OBSERVE_FAILED', phase: 'observe' } as const
  if (init === 'sysv' && first !== '' && first !== 'init') {
    return fail({
      ...common,
      message: `${NO_SCRIPT}${name}" in /etc/init.d, and nothing else starts services on the device: its process 1 is "${first}", which is no init system.`,
      hint: 'Look whether it is the machine that you mean: a container?',
    })
  }
  return fail({
    ...common,
    message: `${NO_SERVICE}${name}" on the device (${init}).`,
    hint: 'Check the name; if a package brings it, install the package in an earlier step.',
  })
}

/** Whether that is the failure. */
export function isMissing({ message }: Failure): boolean {
  return message.startsWith(NO_SERVICE) || message.startsWith(NO_SCRIPT)
}
