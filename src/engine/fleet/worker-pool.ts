import type { Device } from '../../core/fleet.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Permit } from '../admission/admission.ts'
import type { DeviceVisit } from '../device/device-visit.ts'
import { type DeviceEnvironment, type DeviceWork, performDevice } from '../device/perform-device.ts'

/** Works on devices: this thread, another, or another process. */
export interface DeviceWorker {
  /** Sees to all of a device, what is told of it too, where that is done in another process. `permit`: leave to change it. */
  visit?(work: DeviceWork, environment: DeviceEnvironment, permit: Permit | undefined): Promise<DeviceVisit>
  /** The device that it was picked for is done, or was put off. */
  letGo?(): void
  /** All of a device but its beginning, its permit and its end, which are told in one place. */
  perform(work: DeviceWork, environment: DeviceEnvironment): Promise<DeviceOutcome>
}

/** Those who work on devices, and how many each takes on. */
export interface WorkerPool {
  /** Whether there is room depends on the device: one that finds none does not hold up those behind it. */
  readonly isSelective?: boolean
  /** Who is to work on the next device, of `left` that have not begun; undefined while nobody has room. */
  pick(device: Device, left: number): DeviceWorker | undefined
  /** Has `listener` called whenever there may be room again without a device having ended. */
  onRoom(listener: () => void): void
}

/** This thread. */
export const MAIN_THREAD: DeviceWorker = { perform: performDevice }

/** This thread alone, with room for whatever comes. */
export const mainThreadOnly: WorkerPool = { pick: () => MAIN_THREAD, onRoom: () => undefined }
