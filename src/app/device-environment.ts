import type { Clock, Module, Transport } from '../core/ports.ts'
import type { DeviceEnvironment } from '../engine/perform-device.ts'
import { checkRendered } from '../lang/rendered-params.ts'
import { MODULES } from '../modules/index.ts'
import { LazySession, type SessionWatch } from './device-session.ts'
import { deadlineOf, type TargetResolver } from './resolve-target.ts'

export const SYSTEM_CLOCK: Clock = { now: () => new Date(), elapsed: () => performance.now() }

const BY_NAME: ReadonlyMap<string, Module> = new Map(MODULES.map((module) => [module.name, module]))

/** What differs between the threads of a run. */
type Means = Pick<DeviceEnvironment, 'mode' | 'admission' | 'stopping' | 'aborting' | 'emit' | 'mask' | 'scopeOf'> & {
  readonly readSecret: DeviceEnvironment['preparation']['readSecret']
  readonly resolver: TargetResolver
  readonly transports: ReadonlyMap<string, Transport>
  readonly watch: SessionWatch
}

/** Everything that working on devices needs, in whichever thread. */
export function deviceEnvironment(means: Means): DeviceEnvironment {
  const { mode, admission, stopping, aborting, emit, mask, scopeOf, readSecret, resolver, transports, watch } = means
  return {
    mode,
    modules: BY_NAME,
    preparation: {
      readSecret,
      checkParams: (name, params) => {
        const module = BY_NAME.get(name)
        return module ? checkRendered(module, params) : [`there is no module "${name}"`]
      },
    },
    admission,
    clock: SYSTEM_CLOCK,
    stopping,
    aborting,
    emit,
    mask,
    openSession: (device, signal) => new LazySession(device, { resolver, transports, signal, watch }),
    scopeOf,
    deadlineMs: deadlineOf,
  }
}
