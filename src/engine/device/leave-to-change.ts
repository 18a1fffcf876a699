import type { Fence } from '../../core/fence.ts'
import type { Device } from '../../core/fleet.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Warning, WarningSeen } from '../../core/warning.ts'
import type { ChangeAnswer } from '../admission/admission.ts'
import { deferred } from './device-outcome.ts'

interface Gate {
  fenceOf(device: Device): Fence | undefined
  leaveToChange(device: Device, guards: readonly GuardSeen[], warned?: readonly WarningSeen[]): Promise<ChangeAnswer>
}

/** What a device, and the people at it, are asked for leave to change it. Both reject with `SessionLost`. */
interface Asking {
  /** Asks its guards. */
  look(): Promise<readonly GuardSeen[]>
  /** Tells people at it. */
  warn(warnings: readonly Warning[]): Promise<readonly WarningSeen[]>
}

/** Leave to change one device, asked for before its first change and then good for all of them, unless a guard speaks up. */
export class LeaveToChange {
  readonly #environment: Gate
  readonly #device: Device
  readonly #asking: Asking
  #isGiven = false

  constructor(environment: Gate, device: Device, asking: Asking) {
    this.#environment = environment
    this.#device = device
    this.#asking = asking
  }

  /** How the device ends instead of being changed; undefined: it may be. Rejects with `SessionLost`. */
  async refused(): Promise<DeviceOutcome | undefined> {
    if (this.#isGiven) return undefined
    const answer = await this.#ask()
    this.#isGiven = answer.kind === 'begin'
    if (answer.kind === 'begin') return undefined
    return deferred(answer)
  }

  /** Where nothing else is in the way, people are told; then the device waits, and is looked at again. */
  async #ask(): Promise<ChangeAnswer> {
    const guards = await this.#asking.look()
    const answer = await this.#environment.leaveToChange(this.#device, guards)
    if (answer.kind !== 'wait' || answer.warn === undefined) return answer
    const warned = await this.#asking.warn(answer.warn)
    return this.#environment.leaveToChange(this.#device, guards, warned)
  }

  /** A guard did not say `free` right before a change: it is asked for again. */
  takeBack(): void {
    this.#isGiven = false
  }

  /** Whether the lease under which it was given still lasts: this process may have slept since. */
  get isOver(): boolean {
    return (this.#environment.fenceOf(this.#device)?.leftMs() ?? 1) <= 0
  }
}
