import type { Device } from '../../core/fleet.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import { type DeviceEnvironment, type DeviceWork, performDevice } from '../device/perform-device.ts'

/** Works on devices: this thread, or another. */
export interface DeviceWorker {
  /** All of a device but its beginning, its permit and its end, which are told in one place. */
  perform(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome>
}

/** Those who work on devices, and how many each takes on. */
export interface WorkerPool {
  /** Who is to work on the next device, of `left` that have not begun; undefined while nobody has room. */
  pick(device: Device, left: number): DeviceWorker | undefined
  /** Has `listener` called whenever there may be room again without a device having ended. */
  onRoom(listener: () => void): void
}

/** This thread. */
export const MAIN_THREAD: DeviceWorker = { perform: performDevice }

/** This thread alone, with room for whatever comes. */
export const mainThreadOnly: WorkerPool = { pick: () => MAIN_THREAD, onRoom: () => undefined }
