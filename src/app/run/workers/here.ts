import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import { type Hand, HERE } from '../../../engine/fleet/crew.ts'
import type { HandshakeGate } from '../../../transports/index.ts'
import { Openings } from './openings.ts'
import type { LoginParty } from './share-logins.ts'

/** This thread, as one that works on devices. */
export class MainHand implements Hand, LoginParty {
  readonly openings: Openings
  readonly #gate: HandshakeGate
  logins: number
  /** Devices that it works on. */
  held = 0

  /** `logins`: places of the gate. `onRoom` is called when there may be room again. */
  constructor(gate: HandshakeGate, logins: number, onRoom: () => void) {
    this.#gate = gate
    this.logins = logins
    this.openings = new Openings(onRoom)
  }

  /** Devices that it would take on now. */
  get room(): number {
    return roomFor(this.logins, this.openings)
  }

  async setLogins(limit: number): Promise<void> {
    this.logins = limit
    await this.#gate.resize(limit)
  }

  async perform(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome> {
    this.held += 1
    this.openings.begin(work.device)
    try {
      return await HERE.perform(work, environment)
    } finally {
      this.openings.end(work.device)
      this.held -= 1
    }
  }
}

/** As many again as may log in at once are begun ahead of them: what they ask for first is ready when they may. */
export function roomFor(logins: number, openings: Openings): number {
  return 2 * logins - openings.size
}
