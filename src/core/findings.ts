import type { Classification } from './outcome.ts'
import type { DeviceRecord } from './run.ts'

/** A fault with its cause, told once however many devices suffer from it. */
export interface Finding extends Classification {
  readonly count: number
  /** Names; the first of many. */
  readonly devices: readonly string[]
}

interface Found {
  readonly says: Classification
  readonly devices: string[]
  count: number
}

/** What there is to know of a device that ended. */
type Ended = Pick<DeviceRecord, 'device' | 'classification'> &
  Partial<Pick<DeviceRecord, 'store' | 'state' | 'failure'>>

const MOST_NAMES = 50
/** The fault of a store's line: what else is out of reach there has no cause of its own. */
const OF_THE_LINE = 'link-down'
/** What a dead line looks like from here. A refusal or a wrong key came from somebody who is there. */
const LOST_ON_THE_WAY: ReadonlySet<string> = new Set(['CONNECT_TIMEOUT', 'CONNECT_UNREACHABLE', 'CONNECT_VIA_FAILED'])

/**
 * Devices that ended, folded into what is wrong: faults that are about the same thing are one finding, and devices of a
 * store that could not be reached are counted to the dead line of it where there is one.
 */
export class Findings {
  readonly #found = new Map<string, Found>()
  /** The finding about the line of a store. */
  readonly #lines = new Map<string, Found>()
  /** Out of reach, by store; the names of many are not kept. */
  readonly #lost = new Map<string, { readonly devices: string[]; count: number }>()

  add(ended: Ended): void {
    const { device, classification, store, failure } = ended
    if (classification) {
      const found = this.#of(classification, device)
      count(found, device)
      if (store !== undefined && classification.fault === OF_THE_LINE) this.#lines.set(store, found)
    } else if (store !== undefined && LOST_ON_THE_WAY.has(failure?.code ?? '')) {
      const lost = this.#lost.get(store) ?? { devices: [], count: 0 }
      this.#lost.set(store, lost)
      count(lost, device)
    }
  }

  #of(says: Classification, device: string): Found {
    const key = JSON.stringify([says.fault, says.cause, says.about ?? device])
    const found = this.#found.get(key) ?? { says, devices: [], count: 0 }
    this.#found.set(key, found)
    return found
  }

  /** How many devices that could not be reached have their cause in a dead line. */
  get explained(): number {
    return [...this.#lines.keys()].reduce((sum, store) => sum + (this.#lost.get(store)?.count ?? 0), 0)
  }

  /** In the order in which they were found first. */
  list(): readonly Finding[] {
    const lostOn = new Map([...this.#lines].map(([store, found]) => [found, this.#lost.get(store)] as const))
    return [...this.#found.values()].map((found) => {
      const lost = lostOn.get(found)
      const devices = [...found.devices, ...(lost?.devices ?? [])].slice(0, MOST_NAMES)
      return { ...found.says, count: found.count + (lost?.count ?? 0), devices }
    })
  }
}

function count(found: { readonly devices: string[]; count: number }, device: string): void {
  found.count += 1
  if (found.devices.length < MOST_NAMES) found.devices.push(device)
}
