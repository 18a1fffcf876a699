import { type Failure, type Result, success } from '../../core/failure.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { AcceptedPasswords, Target } from '../../core/transport.ts'
import { type Credentials, credentialsOf, type LoginAnswer, referencesOf } from './credentials.ts'
import { gatewayName, hostOf, type TargetEnd, type TargetResolver } from './resolve-target.ts'
import type { SecretReader } from './secrets.ts'

/** How an attempt to log in ended. */
export interface Login {
  /** `Target.print` of what was logged in with. */
  readonly print: string
  readonly failure: Failure | undefined
  /** Of one that was successful. */
  readonly accepted?: AcceptedPasswords | undefined
}

/** Endpoints for those who log in at them. */
export interface LoginResolver extends TargetResolver {
  /**
   * Is told what came of the login at a target. Where a secret that was refused has another value by now, the target to try
   * once more with; else undefined. Absent: nobody counts what is refused.
   */
  loggedIn?(device: Device, end: TargetEnd, login: Login, behalf?: Device): Promise<Result<Target> | undefined>
}

/** Holds back logins with passwords that devices refuse, and reads what was refused again. */
export function loginResolver(
  resolver: TargetResolver,
  options: { readonly fleet: Fleet; readonly secrets: SecretReader; readonly credentials: Credentials },
): LoginResolver {
  const { fleet, secrets, credentials } = options
  return {
    async resolve(device, end) {
      const on = end === 'way' ? undefined : entered(fleet, device, end)
      if (!on) return resolver.resolve(device, end)
      // One that somebody has changed since it was refused is not held back any more.
      await Promise.all(on.references.map(secrets.read))
      const leave = await credentials.enter(on.device.name, [...on.own, ...on.gateways])
      if (!leave.ok) return leave
      const target = await resolver.resolve(device, end)
      return target.ok && leave.value === 'doubted' ? success(doubted(target.value)) : target
    },
    async loggedIn(device, end, login) {
      const { print } = login
      const on = entered(fleet, device, end)
      if (!on) return undefined
      const answers = answersIn(login)
      credentials.told(on.device.name, on.own, answers.own)
      credentials.told(on.device.name, on.gateways, answers.gateways)
      if (answers.own !== 'refused' && answers.gateways !== 'refused') return undefined
      await Promise.all(on.references.map(secrets.again))
      const fresh = await resolver.resolve(device, end)
      if (!fresh.ok || fresh.value.print === print) return undefined
      credentials.changed(answers.own === 'refused' ? on.own : on.gateways)
      return success(doubted(fresh.value))
    },
  }
}

function doubted(target: Target): Target {
  return { ...target, isDoubted: true }
}

/** Where somebody logs in on behalf of a device, with what, and with what on the way there. */
interface Entered {
  readonly device: Device
  readonly own: readonly string[]
  readonly gateways: readonly string[]
  readonly references: readonly string[]
}

function entered(fleet: Fleet, of: Device, end: TargetEnd): Entered | undefined {
  const device = end === 'host' ? hostOf(fleet, of) : of
  if (!device) return undefined
  const gateways = gatewaysOf(fleet, device)
  const references = [device, ...gateways].flatMap(referencesOf)
  return { device, own: credentialsOf(device), gateways: gateways.flatMap(credentialsOf), references }
}

/** The devices on the way to it, nearest to it first. */
function gatewaysOf(fleet: Fleet, device: Device): readonly Device[] {
  const { via } = device.transport
  const next = via === undefined ? undefined : fleet.devices.get(gatewayName(fleet, device, via))
  return next ? [next, ...gatewaysOf(fleet, next)] : []
}

interface Answers {
  readonly own?: LoginAnswer
  readonly gateways?: LoginAnswer
}

/** What devices said of passwords, as far as the end of a login tells. One that was not offered was neither accepted nor refused. */
function answersIn({ failure, accepted }: Login): Answers {
  if (!failure) {
    return { ...(accepted?.own && { own: 'accepted' }), ...(accepted?.gateways && { gateways: 'accepted' }) }
  }
  if (failure.code === 'AUTHENTICATE_REFUSED') return wasOffered(failure) ? { own: 'refused' } : {}
  if (failure.evidence?.['gateway_code'] === 'AUTHENTICATE_REFUSED') return { gateways: 'refused' }
  return {}
}

/** What was tried is told in order, and passwords come last (`authenticationOf`, `refusedLogin`). */
function wasOffered({ evidence }: Failure): boolean {
  const tried = evidence?.['tried']
  return typeof tried !== 'string' || /\b(password|keyboard-interactive|basic|ntlm)$/.test(tried)
}
