import { createHmac, randomBytes } from 'node:crypto'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { Device } from '../../core/fleet.ts'
import type { Secret } from '../../core/secret.ts'
import { deadline } from '../../load/deadline.ts'
import { shown } from './secrets.ts'

/** Logins at a time with a credential that no device has accepted yet: what is refused many times at once locks an account. */
const UNPROVEN_AT_ONCE = 2
/** A device that is silent for longer gives its place to the next; what an overloaded machine lost of it does not count. */
const SILENT_MS = 1_000
/** Nobody waits for longer, however many silent devices there are. */
const LONGEST_WAIT_MS = 10_000
/** A credential that was stopped may be tried again after it, by a process that lives for so long. */
const STOPPED_MS = 15 * 60_000

/** What a device said of a password. */
export type LoginAnswer = 'accepted' | 'refused'

interface Credential {
  /** A device has accepted it since it was last changed. */
  proven: boolean
  /** Somebody has begun to log in with it. */
  tried: boolean
  /** Devices that refused it, since one accepted it. */
  readonly refusedBy: Set<string>
  /** When it was stopped, in milliseconds of the monotonic clock. */
  stoppedAt: number | undefined
  /** Devices that log in with it now, and what calls off the end of their time. */
  readonly trying: Map<string, () => void>
  readonly waiting: Set<() => void>
}

/** The user and the secrets by whose references a device logs in; empty where it does so by keys alone. */
export function credentialsOf(device: Device): readonly string[] {
  return referencesOf(device).map((reference) => `${reference} of "${device.transport.user ?? ''}"`)
}

/** The references of the passwords that a device is logged in to with. */
export function referencesOf({ transport: { password, prompts = [] } }: Device): readonly string[] {
  return [password, ...prompts.map(({ answer }) => answer)].flatMap((one) => (one ? [one.secret] : []))
}

/**
 * What devices say of passwords, over all runs of a process: one that several devices in a row refused is not tried on the others,
 * since directories lock an account after some failures. Keys lock nobody out.
 */
export class Credentials {
  readonly #known = new Map<string, Credential>()
  readonly #most: number
  readonly #key = randomBytes(16)

  /** `most`: how many devices in a row may refuse a credential; 0: any number. */
  constructor(most: number) {
    this.#most = most
  }

  /** By which two values of secrets are told apart without knowing them; of this process only. */
  printOf(secrets: readonly Secret[]): string {
    const hash = createHmac('sha256', this.#key)
    for (const secret of secrets) hash.update(`${secret.reveal().length}:`).update(secret.reveal())
    return hash.digest('base64')
  }

  /**
   * Leave to log in on a device; waits for a place while nobody knows whether a credential is right. The value: `doubted`
   * where others have tried one of them, and no device has accepted it yet.
   */
  async enter(device: string, names: readonly string[]): Promise<Result<'doubted' | 'fine'>> {
    let isDoubted = false
    for (const name of names) {
      const credential = this.#credential(name)
      await this.#place(device, credential)
      if (this.#isStopped(credential)) return fail(stopped(name, credential))
      isDoubted ||= this.#most > 0 && credential.tried && !credential.proven
      credential.tried = true
    }
    return success(isDoubted ? 'doubted' : 'fine')
  }

  /** What came of a login. `undefined`: the device said nothing of it. */
  told(device: string, names: readonly string[], answer: LoginAnswer | undefined): void {
    for (const name of names) {
      const credential = this.#credential(name)
      if (answer === 'accepted') this.#prove(credential)
      if (answer === 'refused') this.#refuse(device, credential)
      this.#leave(device, credential)
    }
  }

  /** The secret has another value by now: nothing is known of it. */
  changed(names: readonly string[]): void {
    for (const name of names) {
      const credential = this.#credential(name)
      credential.refusedBy.clear()
      credential.stoppedAt = undefined
      credential.proven = false
    }
  }

  /** A secret of this reference has another value by now. */
  changedSecret(reference: string): void {
    this.changed([...this.#known.keys()].filter((name) => name.startsWith(`${reference} of "`)))
  }

  #prove(credential: Credential): void {
    credential.proven = true
    credential.refusedBy.clear()
    credential.stoppedAt = undefined
    for (const next of credential.waiting) next()
  }

  #refuse(device: string, credential: Credential): void {
    credential.refusedBy.add(device)
    if (this.#most === 0 || credential.refusedBy.size < this.#most) return
    credential.stoppedAt ??= performance.now()
    for (const next of credential.waiting) next()
  }

  async #place(device: string, credential: Credential): Promise<void> {
    if (this.#most === 0) return
    const until = performance.now() + LONGEST_WAIT_MS
    while (this.#isOpen(credential) && credential.trying.size >= UNPROVEN_AT_ONCE) {
      const left = until - performance.now()
      if (left <= 0) return
      await new Promise<void>((resolve) => {
        const go = (): void => {
          clearTimeout(timer)
          credential.waiting.delete(go)
          resolve()
        }
        const timer = setTimeout(go, left)
        credential.waiting.add(go)
      })
    }
    if (!this.#isOpen(credential)) return
    const callOff = deadline(SILENT_MS, () => this.#leave(device, credential))
    credential.trying.set(device, callOff)
  }

  /** Nobody knows yet whether it is right. */
  #isOpen(credential: Credential): boolean {
    return !credential.proven && !this.#isStopped(credential)
  }

  #isStopped({ stoppedAt }: Credential): boolean {
    return stoppedAt !== undefined && performance.now() - stoppedAt < STOPPED_MS
  }

  #leave(device: string, credential: Credential): void {
    const callOff = credential.trying.get(device)
    if (callOff === undefined) return
    callOff()
    credential.trying.delete(device)
    const [next] = credential.waiting
    next?.()
  }

  #credential(name: string): Credential {
    let credential = this.#known.get(name)
    if (!credential) {
      credential = {
        proven: false,
        tried: false,
        refusedBy: new Set(),
        stoppedAt: undefined,
        trying: new Map(),
        waiting: new Set(),
      }
      this.#known.set(name, credential)
    }
    return credential
  }
}

function stopped(name: string, { refusedBy }: Credential): Failure {
  const some = [...refusedBy].slice(0, 3).join(', ')
  const message =
    `The password ${shown(name)} was refused by ${refusedBy.size} devices in a row (${some}, …), and is not tried on ` +
    'this one, so that the account is not locked.'
  return { code: 'CREDENTIAL_STOPPED', phase: 'authenticate', message }
}
