import type {
  BreakerState,
  Expected,
  Hold,
  Place,
  Question,
  Reason,
  RunFacts,
  WaveTally,
} from '../../core/admission.ts'
import { DAY_MS } from '../../core/duration.ts'
import type { Purpose } from '../../core/policy.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import { takePlace } from './freed-place.ts'
import { failuresOf } from './judge-wave.ts'
import { Ledger } from './ledger.ts'
import type { Situation } from './rule.ts'
import { freeze } from './rules/freeze.ts'
import { RULES } from './rules/index.ts'
import { window } from './rules/window.ts'

/** When a device is taken, and when it is done. */
export interface PlannedVisit {
  readonly device: string
  readonly store: string
  readonly from: number
  readonly to: number
  /** When people at the device are warned; absent: nobody is. */
  readonly warnedAt?: number
}

export interface PlannedWave {
  readonly visits: readonly PlannedVisit[]
  /** Until when it is watched; absent where it is not, or some of it never begins. */
  readonly watchedUntil?: number
}

export interface PlannedRollout {
  readonly waves: readonly PlannedWave[]
  /** What would not begin within the time that is looked at, and why. */
  readonly never: readonly { readonly device: string; readonly reasons: readonly Reason[] }[]
}

export interface SimulationOptions {
  readonly policy: CompiledPolicy
  readonly purpose: Purpose
  readonly waves: readonly (readonly string[])[]
  readonly expectedOf: (device: string) => Expected
  /** Devices at a time. */
  readonly parallel: number
  readonly start: number
  holdsOn(name: string): readonly Hold[]
  readonly breaker: BreakerState
  /** What earlier runs have left out: it takes room until its device has had its turn. */
  readonly left: readonly Place[]
}

const FAR_MS = 90 * DAY_MS
const RUN = ''
/** Devices of other stores that are asked again when some have ended, as a run does. */
const OTHERS_AT_AN_END = 50
/** People agree in time, and devices are what they were seen as. */
const ASKED = RULES.filter(
  ({ name }) => name !== 'approval' && name !== 'waves' && name !== 'guards' && name !== 'warnings',
)

/**
 * The calendar of a rollout before it starts: the rules of admission are put to every device at the times at which they
 * would be asked, by a clock that jumps from one thing that happens to the next. Everything goes well, every change takes
 * as long as expected, people who are warned let it begin after the time that they were told, and every device was seen working, or is out since a run that failed.
 */
export function simulateRollout(options: SimulationOptions): PlannedRollout {
  const { policy, purpose } = options
  const soakMs = policy.policy[purpose].waves?.soakMs ?? 0
  const never: PlannedRollout['never'][number][] = []
  const waves: PlannedWave[] = []
  const ledger = new Ledger(policy, { places: options.left })
  let now = options.start
  for (const [index, wave] of options.waves.entries()) {
    const simulated = new Wave(options, { devices: wave, index, start: now, ledger })
    simulated.run()
    never.push(...simulated.never)
    const done = Math.max(now, ...simulated.visits.map(({ to }) => to))
    now = done + soakMs
    waves.push({ visits: simulated.visits, ...(simulated.never.length === 0 && soakMs > 0 && { watchedUntil: now }) })
  }
  return { waves, never }
}

interface Running {
  readonly device: string
  /** Until then people who were warned of it are waited for, and the run has a place for another. */
  readonly from: number
  readonly to: number
}

class Wave {
  readonly visits: PlannedVisit[] = []
  readonly never: { readonly device: string; readonly reasons: readonly Reason[] }[] = []
  readonly #options: SimulationOptions
  readonly #ledger: Ledger
  readonly #facts: RunFacts
  readonly #index: number
  /** Devices at a time: no more than may fail, as what is in flight counts before it begins. */
  readonly #parallel: number
  #now: number
  #due: string[]
  /** In the order of their ends. */
  #running: Running[] = []
  /** By the instant at which they are asked again. */
  readonly #sleeping = new Map<number, string[]>()
  /** Asked again when something ends. */
  #waiting: string[] = []

  constructor(
    options: SimulationOptions,
    wave: {
      readonly devices: readonly string[]
      readonly index: number
      readonly start: number
      readonly ledger: Ledger
    },
  ) {
    this.#options = options
    this.#ledger = wave.ledger
    this.#index = wave.index
    this.#due = [...wave.devices]
    this.#now = wave.start
    const tallies = options.waves.map(
      ({ length }): WaveTally => ({
        size: length,
        results: { passed: 0, failed: 0, unmet: 0, unreachable: 0, deferred: 0 },
      }),
    )
    const { policy, purpose, parallel } = options
    const rules = policy.policy[purpose].waves
    const tally = tallies[wave.index]
    this.#parallel = rules && tally ? Math.min(parallel, failuresOf(tally, rules).limit) : parallel
    this.#facts = { run: RUN, waves: tallies, isOnTerminal: false, rollbacks: { failed: 0 } }
  }

  run(): void {
    while (this.#due.length + this.#running.length + this.#waiting.length + this.#sleeping.size > 0) {
      this.#askDue()
      if (this.#running.length === 0 && this.#sleeping.size === 0) {
        // Nothing will happen any more: what waits, waits for somebody.
        for (const device of this.#waiting.splice(0)) this.#giveUp(device)
        continue
      }
      this.#advance()
    }
  }

  #askDue(): void {
    while (this.#due.length > 0 && this.#active() < this.#parallel) {
      const device = this.#due.shift() as string
      const decision = this.#decide(device)
      if (decision.kind === 'begin') this.#begin(device, decision.takes)
      else if (decision.kind === 'wait' && decision.until !== undefined && !decision.isNext)
        this.#sleep(device, decision.until)
      else this.#waiting.push(device)
    }
  }

  #active(): number {
    return this.#running.filter(({ from }) => from <= this.#now).length
  }

  /** How long people at the device are waited for behind a warning; undefined: nobody is warned. */
  #warnedMs(device: string): number | undefined {
    const { policy, purpose } = this.#options
    const warnings = policy.warningsOf(device, purpose)
    return warnings.length === 0 ? undefined : Math.max(...warnings.map(({ waitMs }) => waitMs))
  }

  #decide(device: string) {
    const { policy, purpose, expectedOf } = this.#options
    const question: Question = {
      moment: 'change',
      run: RUN,
      device,
      purpose,
      origin: 'pipeline',
      expected: expectedOf(device),
      wave: this.#index,
    }
    const situation = this.#situation()
    const decision = decide(policy, situation, question, ASKED)
    const warnedMs = this.#warnedMs(device) ?? 0
    if (decision.kind !== 'begin' || warnedMs === 0) return decision
    // Nobody is warned of a change that would not fit any more behind the waiting.
    const later = decide(policy, { ...situation, now: situation.now + warnedMs }, question, [freeze, window])
    return later.kind === 'begin' ? decision : later
  }

  #situation(): Situation {
    const now = this.#now
    return {
      now,
      ledger: this.#ledger,
      run: this.#facts,
      seen: () => ({ working: true, at: now }),
      holdsOn: (name) => this.#options.holdsOn(name),
      breaker: this.#options.breaker,
      approvals: [],
      isToCome: () => false,
      isAsking: () => true,
    }
  }

  /** Those that wait in stores where something has ended, and some of the others; all of them where nothing is under way. */
  #freed(stores: ReadonlySet<string>): readonly string[] {
    if (stores.size === 0) return []
    const all = this.#running.length === 0
    let others = 0
    const freed: string[] = []
    const left: string[] = []
    for (const device of this.#waiting) {
      const isDue = all || stores.has(this.#storeOf(device)) || ++others <= OTHERS_AT_AN_END
      if (isDue) freed.push(device)
      else left.push(device)
    }
    this.#waiting = left
    return freed
  }

  #storeOf(device: string): string {
    return this.#options.policy.world.devices.get(device)?.store ?? ''
  }

  #begin(device: string, takes: readonly string[]): void {
    const { purpose, expectedOf } = this.#options
    const place = { run: RUN, device, purpose, takes, since: this.#now, wave: this.#index }
    const held = takePlace(place, this.#ledger.place(device))
    this.#ledger.put({ ...held, phase: 'changing' })
    const { changeMs, proofMs } = expectedOf(device)
    const warnedMs = this.#warnedMs(device)
    const from = this.#now + (warnedMs ?? 0)
    const to = from + changeMs + proofMs
    // Who ends first is first; most that begin last end last.
    this.#running.splice(this.#running.findLastIndex((other) => other.to <= to) + 1, 0, { device, from, to })
    const warned = warnedMs !== undefined && { warnedAt: this.#now }
    this.visits.push({ device, store: this.#storeOf(device), from, to, ...warned })
  }

  #sleep(device: string, until: number): void {
    if (until - this.#options.start > FAR_MS || until <= this.#now) {
      this.#giveUp(device)
      return
    }
    const others = this.#sleeping.get(until)
    if (others) others.push(device)
    else this.#sleeping.set(until, [device])
  }

  #giveUp(device: string): void {
    const decision = this.#decide(device)
    this.never.push({ device, reasons: decision.kind === 'begin' ? [] : decision.reasons })
  }

  /** Goes to the next instant at which something happens, and lets those be asked again for whom it may matter. */
  #advance(): void {
    const wakes = [...this.#sleeping.keys()]
    const ends = this.#running[0]?.to ?? Number.POSITIVE_INFINITY
    this.#now = Math.min(ends, ...wakes)
    const woken = this.#sleeping.get(this.#now) ?? []
    this.#sleeping.delete(this.#now)
    const stores = new Set<string>()
    while (this.#running[0] !== undefined && this.#running[0].to <= this.#now) {
      const { device } = this.#running.shift() as Running
      this.#ledger.drop(device)
      stores.add(this.#storeOf(device))
    }
    this.#due = [...this.#freed(stores), ...woken, ...this.#due]
  }
}
