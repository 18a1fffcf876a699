import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import { type DeviceWorker, MAIN_THREAD } from '../../../engine/fleet/worker-pool.ts'
import type { HandshakeGate } from '../../../transports/index.ts'
import { PendingConnections } from './pending-connections.ts'
import type { LoginParty } from './share-logins.ts'

/** This thread, as one that works on devices. */
export class MainWorker implements DeviceWorker, LoginParty {
  readonly pendingConnections: PendingConnections
  readonly #gate: Pick<HandshakeGate, 'resize'>
  logins: number
  /** Devices that it works on. */
  held = 0

  /** `logins`: places of the gate. `onRoom` is called when there may be room again. */
  constructor(gate: Pick<HandshakeGate, 'resize'>, logins: number, onRoom: () => void) {
    this.#gate = gate
    this.logins = logins
    this.pendingConnections = new PendingConnections(onRoom)
  }

  /** Devices that it would take on now. */
  get room(): number {
    return roomFor(this.logins, this.pendingConnections)
  }

  async setLogins(limit: number): Promise<void> {
    this.logins = limit
    await this.#gate.resize(limit)
  }

  async perform(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome> {
    this.held += 1
    this.pendingConnections.begin(work.device)
    try {
      return await MAIN_THREAD.perform(work, environment)
    } finally {
      this.pendingConnections.end(work.device)
      this.held -= 1
    }
  }
}

/** As many again as may log in at once are begun ahead of them: what they ask for first is ready when they may. */
export function roomFor(logins: number, pendingConnections: PendingConnections): number {
  return 2 * logins - pendingConnections.size
}
