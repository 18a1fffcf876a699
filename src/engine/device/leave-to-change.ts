import type { Fence } from '../../core/fence.ts'
import type { Device } from '../../core/fleet.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { ChangeAnswer } from '../admission/admission.ts'
import { deferred } from './device-outcome.ts'

interface Gate {
  fenceOf(device: Device): Fence | undefined
  leaveToChange(device: Device, guards: readonly GuardSeen[]): Promise<ChangeAnswer>
}

/** Leave to change one device, asked for before its first change and then good for all of them, unless a guard speaks up. */
export class LeaveToChange {
  readonly #environment: Gate
  readonly #device: Device
  readonly #look: () => Promise<readonly GuardSeen[]>
  #isGiven = false

  /** `look`: asks the guards of the device. */
  constructor(environment: Gate, device: Device, look: () => Promise<readonly GuardSeen[]>) {
    this.#environment = environment
    this.#device = device
    this.#look = look
  }

  /** How the device ends instead of being changed; undefined: it may be. Rejects with `SessionLost`. */
  async refused(): Promise<DeviceOutcome | undefined> {
    if (this.#isGiven) return undefined
    const answer = await this.#environment.leaveToChange(this.#device, await this.#look())
    this.#isGiven = answer.kind === 'begin'
    if (answer.kind === 'begin') return undefined
    return deferred(answer)
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
