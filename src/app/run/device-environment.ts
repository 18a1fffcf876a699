import { success } from '../../core/failure.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Guard } from '../../core/guard.ts'
import type { Module } from '../../core/module.ts'
import type { Clock } from '../../core/ports.ts'
import type { RunStore } from '../../core/run-store.ts'
import { warningQuestion } from '../../devices/guard/warning-question.ts'
import type { DeviceEnvironment } from '../../engine/device/perform-device.ts'
import { checkRendered } from '../../lang/rendered-params.ts'
import { MODULES } from '../../modules/index.ts'
import { hostKeyLookup } from '../../transports/known-hosts.ts'
import type { Project } from '../project.ts'
import type { Credentials } from '../reach/credentials.ts'
import { LazySession, type SessionDependencies } from '../reach/device-session.ts'
import { type LoginResolver, loginResolver } from '../reach/log-in.ts'
import { deadlineOf, targetResolver } from '../reach/resolve-target.ts'
import type { SecretReader } from '../reach/secrets.ts'
import { withPaths } from '../revision/repository-paths.ts'
import { guardChecks } from './guard-checks.ts'

export const SYSTEM_CLOCK: Clock = { now: () => new Date(), elapsed: () => performance.now() }

/** That of a store, which machines share. */
export function storeClock(store: Pick<RunStore, 'nowMs'>): Clock {
  return { now: () => new Date(store.nowMs()), elapsed: SYSTEM_CLOCK.elapsed }
}

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
    /** Default: that of this machine. */
    readonly clock?: Clock
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
    warningQuestion,
    leaveToChange: dependencies.leaveToChange ?? (async () => ({ kind: 'begin' })),
    clock: dependencies.clock ?? SYSTEM_CLOCK,
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

/** What earlier runs noted of devices, as the state store has it. */
export function historyIn(store: Pick<RunStore, 'samples' | 'fact'>): DeviceEnvironment['historyOf'] {
  return (device) => ({
    samples: (...of) => store.samples(device.name, ...of),
    fact: (...of) => store.fact(device.name, ...of),
  })
}

/** How devices of a fleet are logged in at, with the keys and secrets of a project. */
export function deviceLogins(
  { root, paths }: Pick<Project, 'root' | 'paths'>,
  of: {
    readonly fleet: Fleet
    readonly secrets: SecretReader
    readonly credentials: Credentials
    /** Of the state store. */
    readonly storeId: string
  },
): LoginResolver {
  const hostKeys = hostKeyLookup(paths.knownHosts)
  const targets = targetResolver({ ...of, root, hostKeys, printOf: (secrets) => of.credentials.printOf(secrets) })
  return loginResolver(targets, of)
}
