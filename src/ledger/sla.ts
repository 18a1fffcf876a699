import type { Contract } from '../core/contract.ts'
import { sumOfMoney } from '../core/money.ts'
import { common, gaps, joined } from '../core/periods.ts'
import type { Period } from '../core/trading-hours.ts'
import type { Interval } from './fold-device.ts'
import { type Outage, tallyOf } from './tally.ts'

/** A device or a store of a contract, over a month of its clocks. */
export interface Measured {
  /** `PL-0412/fiscal1`, `PL-0412`. */
  readonly name: string
  /** The store, the device, or nothing: see `per` of the contract. */
  readonly unit: string
  readonly month: Period
  readonly hours: readonly Period[]
  /** By the bound of the contract. */
  readonly intervals: readonly Interval[]
  readonly pauses: readonly Period[]
  /** When the line of the store was down, where that is excluded; in order and apart. */
  readonly line: readonly Period[]
}

/** Milliseconds of the hours of a contract, and what became of them. All but `hours` add up to it. */
export interface SlaTimes {
  readonly hours: number
  readonly up: number
  readonly down: number
  /** Left out: nothing is known of it. */
  readonly unknown: number
  readonly paused: number
  readonly line: number
  readonly maintenance: number
  readonly neverSeen: number
}

export interface SlaUnit {
  readonly unit: string
  readonly times: SlaTimes
  /** 0 to 1; null: nothing of it counts. */
  readonly availability: number | null
  readonly isBreached: boolean
  readonly penalty: number
}

export interface SlaOutage extends Outage {
  readonly name: string
}

export interface SlaResult {
  readonly times: SlaTimes
  readonly availability: number | null
  readonly units: readonly SlaUnit[]
  readonly outages: readonly SlaOutage[]
  readonly penalty: number
}

/** The cause of an outage that is time of which nothing is known. */
const NOT_LOOKED_AT = 'not-looked-at'

const NOTHING: SlaTimes = { hours: 0, up: 0, down: 0, unknown: 0, paused: 0, line: 0, maintenance: 0, neverSeen: 0 }

/** Adds up a contract, one device or store after the other. */
export class SlaSum {
  readonly #contract: Contract
  readonly #units = new Map<string, SlaTimes>()
  readonly #outages: SlaOutage[] = []

  constructor(contract: Contract) {
    this.#contract = contract
  }

  add(measured: Measured): void {
    const { times, outages } = measure(measured, this.#contract)
    this.#units.set(measured.unit, plus(this.#units.get(measured.unit) ?? NOTHING, times))
    for (const outage of outages) this.#outages.push({ name: measured.name, ...outage })
  }

  result(): SlaResult {
    const units = [...this.#units].map(([unit, times]) => this.#unit(unit, times))
    const times = units.map((unit) => unit.times).reduce(plus, NOTHING)
    const penalty = sumOfMoney(units.map((unit) => unit.penalty))
    return { times, availability: availabilityOf(times), units, outages: this.#outages, penalty }
  }

  #unit(unit: string, times: SlaTimes): SlaUnit {
    const { threshold, penalties } = this.#contract
    const availability = availabilityOf(times)
    const due = availability === null ? [] : penalties.filter(({ below }) => availability < below)
    // The one that is hardest to come below is meant, and not the sum of all.
    const lowest = due.reduce(
      (least, one) => (one.below < least.below ? one : least),
      due[0] ?? { below: 0, amount: 0 },
    )
    const isBreached = availability !== null && availability < threshold
    return { unit, times, availability, isBreached, penalty: lowest.amount }
  }
}

function measure(
  { hours, intervals, pauses, line, month }: Measured,
  contract: Contract,
): { readonly times: SlaTimes; readonly outages: readonly Outage[] } {
  const whole = lengthOf(hours)
  // Most devices have neither.
  const unpaused = pauses.length === 0 ? hours : common(hours, gaps(joined(pauses), month))
  const counted = line.length === 0 ? unpaused : common(unpaused, gaps(joined(line), month))
  const { ms, outages } = tallyOf(contract.unknown === 'down' ? intervals.map(unknownAsDown) : intervals, counted)
  return {
    times: {
      hours: whole,
      up: ms.up,
      down: ms.down,
      unknown: ms.unknown,
      paused: whole - lengthOf(unpaused),
      line: lengthOf(unpaused) - lengthOf(counted),
      maintenance: ms.maintenance,
      neverSeen: ms['never-seen'],
    },
    outages,
  }
}

/** What nobody has looked at, where that is billed: an outage like others, so that each minute has its evidence. */
function unknownAsDown(interval: Interval): Interval {
  return interval.state === 'unknown' ? { ...interval, state: 'down', cause: NOT_LOOKED_AT } : interval
}

function availabilityOf({ up, down }: SlaTimes): number | null {
  return up + down > 0 ? up / (up + down) : null
}

function lengthOf(periods: readonly Period[]): number {
  return periods.reduce((sum, { from, to }) => sum + (to - from), 0)
}

function plus(a: SlaTimes, b: SlaTimes): SlaTimes {
  const keys = Object.keys(NOTHING) as (keyof SlaTimes)[]
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as SlaTimes
}
