import type { Failure } from './failure.ts'
import type { Classification } from './outcome.ts'
import { aimed, deviceFlag, shellWord, unaimed } from './remedy.ts'
import type { DeviceRecord, StepRecord } from './run.ts'

/** A fault with its cause, told once however many devices suffer from it. */
export interface Finding extends Classification {
  /** The same in every run that finds the same, and no other's in this one. */
  readonly key: string
  readonly count: number
  /** Names; the first of many. */
  readonly devices: readonly string[]
}

interface Found {
  readonly says: Classification
  /** By the truth table of a runbook. */
  readonly classified: boolean
  readonly devices: string[]
  count: number
}

/** Devices that ended and ask the same people for the same thing. */
export type Alike = Readonly<Found>

/** What there is to know of a device that ended. */
type Ended = Pick<DeviceRecord, 'device' | 'classification'> &
  Partial<Pick<DeviceRecord, 'store' | 'state' | 'failure' | 'steps'>>

const MOST_NAMES = 50
/** As many devices as a command names one by one. */
const MOST_NAMED = 3
/** The fault of a store's line: what else is out of reach there has no cause of its own. */
const OF_THE_LINE = 'link-down'
/** What a dead line looks like from here. A refusal or a wrong key came from somebody who is there. */
const LOST_ON_THE_WAY: ReadonlySet<string> = new Set(['CONNECT_TIMEOUT', 'CONNECT_UNREACHABLE', 'CONNECT_VIA_FAILED'])

/**
 * Devices that ended, folded into what is wrong: what the truth tables of runbooks say, what differs, checks that do not
 * hold, and what could not be reached, done or judged. Devices of a store that could not be reached are counted to the dead
 * line of it where there is one.
 */
export class Findings {
  readonly #found = new Map<string, Found>()
  /** The finding about the line of a store. */
  readonly #lines = new Map<string, Found>()
  /** Out of reach, by store and code; the names of many are not kept. */
  readonly #lost = new Map<string, Map<string, { readonly devices: string[]; count: number }>>()

  add(ended: Ended): void {
    const { device, classification, store, failure } = ended
    for (const step of ended.steps ?? []) if (step.state === 'drifted') this.#note(device, ofStep('drift', step))
    if (classification) {
      const found = this.#note(device, openly(classification, device), true)
      if (store !== undefined && classification.fault === OF_THE_LINE) this.#lines.set(store, found)
    } else if (store !== undefined && failure && LOST_ON_THE_WAY.has(failure.code)) this.#loses(device, store, failure)
    else for (const says of unclassified(ended)) this.#note(device, says)
  }

  #loses(device: string, store: string, { code }: Failure): void {
    const codes = this.#lost.get(store) ?? new Map()
    this.#lost.set(store, codes)
    const lost = codes.get(code) ?? { devices: [], count: 0 }
    codes.set(code, lost)
    count(lost, device)
  }

  #note(device: string, says: Classification, classified = false): Found {
    const key = JSON.stringify([keyOf(says), says.remedy, classified])
    const found = this.#found.get(key) ?? { says, classified, devices: [], count: 0 }
    this.#found.set(key, found)
    count(found, device)
    return found
  }

  /** How many devices that could not be reached have their cause in a dead line. */
  get explained(): number {
    const lost = [...this.#lines.keys()].flatMap((store) => [...(this.#lost.get(store)?.values() ?? [])])
    return lost.reduce((sum, one) => sum + one.count, 0)
  }

  /** What the truth tables say, by what helps, in the order in which it was found first; remedies name no device. */
  classified(): readonly Alike[] {
    return this.#all().filter((found) => found.classified)
  }

  /**
   * All there is, each key once, in the order in which it was found first. A remedy that is a command of ours picks the
   * devices, by their names or by the run; it is left out where it is not the same for all of them.
   */
  list(run?: string): readonly Finding[] {
    const byKey = new Map<string, Found>()
    for (const found of this.#all()) {
      const key = keyOf(found.says)
      const known = byKey.get(key)
      byKey.set(key, known ? together(known, found) : found)
    }
    return [...byKey].map(([key, found]) => {
      const { says, count: devices } = found
      const remedy = says.remedy === undefined ? undefined : aimed(says.remedy, scopeOf(found, run))
      return { key, ...says, ...(remedy !== undefined && { remedy }), count: devices, devices: found.devices }
    })
  }

  #all(): Found[] {
    const lostOn = new Map<Found, { devices: string[]; count: number }>()
    const others = new Map<string, Found>()
    for (const [store, codes] of this.#lost) {
      const line = this.#lines.get(store)
      for (const [code, lost] of codes) {
        if (line) lostOn.set(line, added(lostOn.get(line) ?? { devices: [], count: 0 }, lost))
        else {
          const says = { fault: 'unreachable', cause: code, severity: 'unknown' }
          others.set(code, added(others.get(code) ?? { says, classified: false, devices: [], count: 0 }, lost))
        }
      }
    }
    const own = [...this.#found.values()].map((found) => added(found, lostOn.get(found) ?? { devices: [], count: 0 }))
    return [...own, ...others.values()]
  }
}

/** The flags by which a command of ours picks the devices of a finding. */
export function scopeOf(found: Pick<Alike, 'says' | 'devices' | 'count'>, run: string | undefined): string {
  const { says, devices } = found
  if (found.count <= MOST_NAMED || run === undefined) return devices.map(deviceFlag).join(' ')
  const fault = says.cause === undefined ? says.fault : `${says.fault}:${says.cause}`
  return `--from-run=${shellWord(`${run}:${fault}`)}`
}

/** What is wrong with a device of which no truth table says anything, drift left aside. */
function unclassified({ state, failure, steps = [] }: Ended): readonly Classification[] {
  const unmet = steps.filter((step) => step.state === 'unmet').map((step) => ofStep('check-unmet', step))
  const unknown = steps.filter((step) => step.state === 'unknown').map((step) => ofStep('unknown', step, 'unknown'))
  const own = failure && state && OF_THE_DEVICE[state]
  if (!own) return [...unmet, ...unknown]
  return [...unmet, ...unknown, { fault: state, cause: failure.code, severity: own }]
}

/** States of which the failure of the device says more than its steps, and how bad they are. */
const OF_THE_DEVICE: Readonly<Record<string, string>> = {
  failed: 'attention',
  indeterminate: 'attention',
  deferred: 'attention',
  unreachable: 'unknown',
}

function ofStep(fault: string, { runbook, step }: StepRecord, severity = 'attention'): Classification {
  return { fault, cause: `${runbook}/${step}`, severity }
}

function openly(says: Classification, device: string): Classification {
  return says.remedy === undefined ? says : { ...says, remedy: unaimed(says.remedy, device) }
}

function keyOf({ fault, cause, about, severity, owner }: Classification): string {
  return [fault, cause, about, severity, owner].map((part) => part?.replaceAll('|', '/') ?? '').join('|')
}

function together(a: Found, b: Found): Found {
  const { remedy, ...says } = a.says
  const same = remedy === b.says.remedy && remedy !== undefined
  return added({ ...a, says: same ? a.says : says }, b)
}

function added<T extends { readonly devices: readonly string[]; readonly count: number }>(
  to: T,
  more: { readonly devices: readonly string[]; readonly count: number },
): T {
  return { ...to, count: to.count + more.count, devices: [...to.devices, ...more.devices].slice(0, MOST_NAMES) }
}

function count(found: { readonly devices: string[]; count: number }, device: string): void {
  found.count += 1
  if (found.devices.length < MOST_NAMES) found.devices.push(device)
}
