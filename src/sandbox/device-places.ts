import { chownSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type DeviceSpec, deviceFolder } from './device-spec.ts'
import { type InitialState, makeDevice } from './device-state.ts'
import type { DeviceFault } from './fault.ts'
import { deviceOwner, type Isolation, type Place } from './isolation.ts'

/** How long programs may go on after the last connection to their device is gone: as under sshd, about as long as they like. */
const LINGER_MS = 600_000

/** What hangs unless a program is named. */
const HANGING = ['systemctl', 'rc-service', 'service']

/** A connection's hold on the place of its device. */
export interface PlaceHold {
  readonly place: Promise<Place>
  /** A program was started; the answer is called when it ended. */
  started(): () => void
  release(): void
}

interface Shared {
  readonly place: Promise<Place>
  holds: number
  programs: number
  timer?: NodeJS.Timeout
}

/** The places of devices: made at the first connection, shared by all of them, gone after the last. */
export class DevicePlaces {
  readonly #places = new Map<string, Shared>()
  readonly #isolation: Isolation
  readonly #folder: string
  readonly #initial: InitialState

  constructor(isolation: Isolation, folder: string, initial: InitialState) {
    this.#isolation = isolation
    this.#folder = folder
    this.#initial = initial
  }

  hold(spec: DeviceSpec, fault: DeviceFault | undefined): PlaceHold {
    const diskFull = fault?.name === 'disk-full'
    const hanging = fault?.name === 'hang' ? (fault.program === undefined ? HANGING : [fault.program]) : []
    const key = [spec.name, diskFull, ...hanging].join('\0')
    const shared = this.#places.get(key) ?? { place: this.#enter(spec, diskFull, hanging), holds: 0, programs: 0 }
    shared.place.catch(() => this.#places.delete(key))
    this.#places.set(key, shared)
    shared.holds += 1
    clearTimeout(shared.timer)
    const settle = (): void => this.#settle(key, shared)
    return {
      place: shared.place,
      started: () => {
        shared.programs += 1
        return once(() => {
          shared.programs -= 1
          settle()
        })
      },
      release: once(() => {
        shared.holds -= 1
        settle()
      }),
    }
  }

  /** Where the files of a device are, whether it was made yet or not. */
  rootOf(name: string): string {
    return join(this.#folder, deviceFolder(name))
  }

  async close(): Promise<void> {
    for (const { place } of this.#places.values()) (await place.catch(() => undefined))?.close()
  }

  async #enter(spec: DeviceSpec, diskFull: boolean, hanging: readonly string[]): Promise<Place> {
    const root = this.rootOf(spec.name)
    if (!existsSync(root)) this.#make(spec, root)
    return this.#isolation.enter({ folder: deviceFolder(spec.name), flavour: spec.flavour, diskFull, hanging })
  }

  #make(spec: DeviceSpec, root: string): void {
    const owner = deviceOwner()
    const made = mkdirSync(dirname(root), { recursive: true })
    if (made !== undefined && owner !== undefined) chownSync(dirname(root), owner, owner)
    makeDevice(root, spec, { ...this.#initial, owner })
  }

  #settle(key: string, shared: Shared): void {
    if (shared.holds > 0) return
    clearTimeout(shared.timer)
    if (shared.programs === 0) this.#end(key, shared)
    else shared.timer = setTimeout(() => this.#end(key, shared), LINGER_MS)
  }

  #end(key: string, shared: Shared): void {
    if (this.#places.get(key) === shared) this.#places.delete(key)
    shared.place.then(
      (place) => place.close(),
      () => undefined,
    )
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
