import { success } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import type { Guard } from '../../core/guard.ts'
import type { Module } from '../../core/module.ts'
import type { Clock } from '../../core/ports.ts'
import type { DeviceEnvironment } from '../../engine/device/perform-device.ts'
import { checkRendered } from '../../lang/rendered-params.ts'
import { MODULES } from '../../modules/index.ts'
import { LazySession, type SessionDependencies } from '../reach/device-session.ts'
import { deadlineOf } from '../reach/resolve-target.ts'
import { withPaths } from '../revision/repository-paths.ts'
import { guardChecks } from './guard-checks.ts'

export const SYSTEM_CLOCK: Clock = { now: () => new Date(), elapsed: () => performance.now() }

/** What differs between the threads of a run. */
type Dependencies = Pick<
  DeviceEnvironment,
  'mode' | 'admission' | 'stopping' | 'aborting' | 'emit' | 'mask' | 'scopeOf' | 'historyOf'
> &
  Partial<Pick<DeviceEnvironment, 'fenceOf' | 'leaveToChange'>> & {
    readonly guardsOf: (device: Device) => readonly Guard[]
    readonly readSecret: DeviceEnvironment['preparation']['readSecret']
    readonly sessions: Omit<SessionDependencies, 'signal'>
    readonly learnSecrets?: DeviceEnvironment['learnSecrets']
    readonly overloadedMs?: DeviceEnvironment['overloadedMs']
    /** The folder of tillwright.yaml. */
    readonly root: string
    /** Default: those that are shipped. */
    readonly modules?: readonly Module[]
  }

/** Everything that working on devices needs, in whichever thread. */
export function deviceEnvironment(dependencies: Dependencies): DeviceEnvironment {
  const modules = new Map((dependencies.modules ?? MODULES).map((module) => [module.name, module]))
  const { mode, admission, stopping, aborting, emit, mask, scopeOf, historyOf, readSecret, sessions } = dependencies
  return {
    mode,
    modules,
    preparation: {
      readSecret,
      checkParams: (name, params) => {
        const module = modules.get(name)
        return module ? checkRendered(module, params) : [`there is no module "${name}"`]
      },
      withPaths: (name, params) => {
        const module = modules.get(name)
        return module ? withPaths(module, params, dependencies.root) : success(params)
      },
    },
    admission,
    // Whoever has leave to change a device puts its own in their place.
    fenceOf: dependencies.fenceOf ?? (() => undefined),
    guardsOf: (device) => guardChecks(dependencies.guardsOf(device), historyOf(device)),
    leaveToChange: dependencies.leaveToChange ?? (async () => ({ kind: 'begin' })),
    clock: SYSTEM_CLOCK,
    stopping,
    aborting,
    emit,
    mask,
    openSession: (device, signal) => new LazySession(device, { ...sessions, signal }),
    scopeOf,
    historyOf,
    ...(dependencies.learnSecrets && { learnSecrets: dependencies.learnSecrets }),
    ...(dependencies.overloadedMs && { overloadedMs: dependencies.overloadedMs }),
    deadlineMs: deadlineOf,
  }
}
