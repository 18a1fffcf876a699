import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { deviceFolder, type WindowsSpec } from '../device-spec.ts'
import type { InitialState } from '../device-state.ts'
import { computerOf, makeMachine } from './initial-machine.ts'
import { WindowsDevice } from './windows-device.ts'
import { WindowsMachine } from './windows-machine.ts'

/** The Windows devices of a worker: made at the first connection, and in memory only while somebody needs them. */
export class WindowsPlaces {
  readonly #folder: string
  readonly #initial: InitialState

  constructor(folder: string, initial: InitialState) {
    this.#folder = folder
    this.#initial = initial
  }

  device(spec: WindowsSpec): WindowsDevice {
    const root = join(this.#folder, deviceFolder(spec.name))
    if (!existsSync(root)) {
      mkdirSync(dirname(root), { recursive: true })
      makeMachine(root, spec, this.#initial)
    }
    return new WindowsDevice(new WindowsMachine(root, { computer: computerOf(spec.name), release: spec.os.version }))
  }
}
