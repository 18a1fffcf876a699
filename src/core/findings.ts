import type { Classification } from './outcome.ts'
import type { DeviceRecord } from './run.ts'

/** A fault with its cause, told once however many devices suffer from it. */
export interface Finding extends Classification {
  readonly count: number
  /** Names; the first of many. */
  readonly devices: readonly string[]
}

const MOST_NAMES = 50

/** Devices that ended, folded into what is wrong: faults that are about the same thing are one finding. */
export class Findings {
  readonly #found = new Map<string, { readonly says: Classification; readonly devices: string[]; count: number }>()

  add({ device, classification }: Pick<DeviceRecord, 'device' | 'classification'>): void {
    if (!classification) return
    const key = JSON.stringify([classification.fault, classification.about ?? device])
    const found = this.#found.get(key) ?? { says: classification, devices: [], count: 0 }
    this.#found.set(key, found)
    found.count += 1
    if (found.devices.length < MOST_NAMES) found.devices.push(device)
  }

  /** In the order in which they were found first. */
  list(): readonly Finding[] {
    return [...this.#found.values()].map(({ says, count, devices }) => ({ ...says, count, devices }))
  }
}
