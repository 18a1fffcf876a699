import type { Device } from '../../../core/fleet.ts'
import type { SessionWatch } from '../../reach/lazy-shell.ts'

/** A device that has not asked for a connection by then may never do so; one that is asked directly only waits by then. */
const UNDECIDED_MS = 1_000

/**
 * Devices that were begun and have no connection yet. Whoever begins devices no faster than they get in keeps those
 * that wait out of memory, and leaves them to whoever is free first.
 */
export class PendingConnections implements SessionWatch {
  readonly #undecided = new Map<string, NodeJS.Timeout>()
  readonly #connecting = new Set<string>()
  readonly #onRoom: () => void

  constructor(onRoom: () => void) {
    this.#onRoom = onRoom
  }

  get size(): number {
    return this.#undecided.size + this.#connecting.size
  }

  begin(device: Device): void {
    if (device.transport.type !== 'ssh' && device.transport.type !== 'none') return
    const timer = setTimeout(() => this.#leave(device), UNDECIDED_MS)
    this.#undecided.set(device.name, timer.unref())
  }

  connecting(device: Device): void {
    if (device.transport.type !== 'ssh') return
    this.#forget(device)
    this.#connecting.add(device.name)
  }

  connected(device: Device): void {
    this.#leave(device)
  }

  end(device: Device): void {
    this.#leave(device)
  }

  #leave(device: Device): void {
    const before = this.size
    this.#forget(device)
    this.#connecting.delete(device.name)
    if (this.size < before) this.#onRoom()
  }

  #forget(device: Device): void {
    clearTimeout(this.#undecided.get(device.name))
    this.#undecided.delete(device.name)
  }
}
