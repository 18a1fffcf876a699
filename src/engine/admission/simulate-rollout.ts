import type {
  BreakerState,
  Decision,
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
import type { Warning } from '../../core/warning.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import { takePlace } from './freed-place.ts'
import { failuresOf } from './judge-wave.ts'
import { Ledger } from './ledger.ts'
import type { Rule, Situation } from './rule.ts'
import { RULES } from './rules/index.ts'
import { isToldOfGroup, told } from './rules/told.ts'
import { warnings } from './rules/warnings.ts'
import { decideWarned, WarnedDevices, warningsNow } from './warned-devices.ts'

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
/** People approve in time, and devices are what they were seen as. */
const ASKED = RULES.filter(({ name }) => name !== 'approval' && name !== 'waves' && name !== 'guards')
const BUT_PEOPLE = ASKED.filter((rule) => rule !== warnings)

/**
 * The calendar of a rollout before it starts: the rules of admission are put to every device at the times at which they
 * would be asked, by a clock that jumps from one thing that happens to the next. Everything goes well, every change takes
 * as long as expected, people who are warned let it begin after the time that they were told, and every device was seen working, or
 * is out since a run that failed.
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

function hasReason({ reasons }: { readonly reasons: readonly Reason[] }, { name }: Rule): boolean {
  return reasons.some(({ rule }) => rule === name)
}

interface Running {
  readonly device: string
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
  readonly #warned = new WarnedDevices()
  /** By the instant at which they are asked again. */
  readonly #sleeping = new Map<number, string[]>()
  /** Asked again when something ends, and some of them at a time. */
  #waiting: string[] = []
  readonly #looks = new Map<string, number>()

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
      if (this.#running.length + this.#sleeping.size + this.#looks.size === 0) {
        // Nothing will happen any more: what waits, waits for somebody.
        for (const device of this.#waiting.splice(0)) this.#giveUp(device)
        continue
      }
      this.#advance()
    }
  }

  #askDue(): void {
    while (this.#due.length > 0 && this.#running.length < this.#parallel) this.#ask(this.#due.shift() as string)
  }

  #ask(device: string): void {
    const decision = this.#decide(device)
    if (decision.kind === 'begin') {
      this.#begin(device, decision.takes)
      return
    }
    const { policy } = this.#options
    const due = warningsNow(decision, { policy, question: this.#question(device), now: this.#now })
    if (due.length > 0) this.#warn(device, due)
    else this.#hold(device, decision)
  }

  /** Where people are told to wait for nothing, its turn is at once. */
  #warn(device: string, due: readonly Warning[]): void {
    const seen = due.map(({ name }) => ({ warning: name, says: 'warned' as const }))
    this.#warned.add(device, seen, { all: due, at: this.#now })
    this.#ask(device)
  }

  /** It is asked again when it may be let begin; who was warned of it is warned anew then, if that is long after. */
  #hold(device: string, decision: Exclude<Decision, { kind: 'begin' }>): void {
    const isBehind = decision.kind === 'wait' && (decision.isNext || hasReason(decision, told))
    const isForPeople = decision.kind === 'wait' && hasReason(decision, warnings)
    if (!isBehind && !isForPeople) this.#leave(device)
    const until = decision.kind === 'wait' ? decision.until : undefined
    if (until !== undefined && !isBehind) this.#sleep(device, until)
    else this.#waiting.push(device)
    if (until !== undefined && isBehind && decision.reasons.some(isToldOfGroup)) this.#looks.set(device, until)
  }

  /** Nobody counts on it any more: others may be told. */
  #leave(device: string): void {
    if (!this.#warned.isOpen(device)) return
    this.#warned.end(device)
    this.#due.push(...this.#freed(new Set([this.#storeOf(device)])))
  }

  #question(device: string): Question {
    const { purpose, expectedOf } = this.#options
    return {
      moment: 'change',
      run: RUN,
      device,
      purpose,
      origin: 'pipeline',
      expected: expectedOf(device),
      wave: this.#index,
      warned: this.#warned.of(device),
    }
  }

  /** What speaks against the change of a device; people at it are asked where nothing else does. */
  #decide(device: string): Decision {
    const { policy } = this.#options
    const [situation, question] = [this.#situation(device), this.#question(device)]
    const others = decide(policy, situation, question, BUT_PEOPLE)
    return others.kind === 'begin' ? decideWarned(policy, situation, question, { rules: ASKED }) : others
  }

  #situation(device: string): Situation {
    const { policy, purpose, holdsOn, breaker } = this.#options
    const now = this.#now
    const warningsOf = (name: string) => policy.warningsOf(name, purpose)
    return {
      now,
      ledger: this.#ledger,
      run: this.#facts,
      seen: () => ({ working: true, at: now }),
      holdsOn,
      breaker,
      approvals: [],
      isToCome: () => false,
      isAsking: () => true,
      atOnce: this.#parallel,
      told: this.#warned.countedOn(device, { now, warningsOf }),
    }
  }

  /** Those that wait in stores where something has ended, and some of the others; all of them where nothing is under way. */
  #freed(stores: ReadonlySet<string>): readonly string[] {
    if (stores.size === 0) return []
    const all = this.#running.length === 0
    let others = 0
    return this.#takeWaiting((device) => all || stores.has(this.#storeOf(device)) || ++others <= OTHERS_AT_AN_END)
  }

  #takeWaiting(which: (device: string) => boolean): readonly string[] {
    const taken: string[] = []
    const left: string[] = []
    for (const device of this.#waiting) (which(device) ? taken : left).push(device)
    this.#waiting = left
    for (const device of taken) this.#looks.delete(device)
    return taken
  }

  #storeOf(device: string): string {
    return this.#options.policy.world.devices.get(device)?.store ?? ''
  }

  #take(device: string, takes: readonly string[]): void {
    const place = { run: RUN, device, purpose: this.#options.purpose, takes, since: this.#now, wave: this.#index }
    this.#ledger.put({ ...takePlace(place, this.#ledger.place(device)), phase: 'changing' })
  }

  #begin(device: string, takes: readonly string[]): void {
    this.#take(device, takes)
    const { changeMs, proofMs } = this.#options.expectedOf(device)
    const from = this.#now
    const to = from + changeMs + proofMs
    // Who ends first is first; most that begin last end last.
    this.#running.splice(this.#running.findLastIndex((other) => other.to <= to) + 1, 0, { device, to })
    const warned = this.#warned.of(device).map(({ at }) => at)
    this.visits.push({
      device,
      store: this.#storeOf(device),
      from,
      to,
      ...(warned.length > 0 && { warnedAt: Math.max(...warned) }),
    })
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
    this.#now = Math.min(ends, ...wakes, ...this.#looks.values())
    const woken = this.#sleeping.get(this.#now) ?? []
    this.#sleeping.delete(this.#now)
    const stores = new Set<string>()
    while (this.#running[0] !== undefined && this.#running[0].to <= this.#now) {
      const { device } = this.#running.shift() as Running
      this.#ledger.drop(device)
      this.#warned.end(device)
      stores.add(this.#storeOf(device))
    }
    const counted = woken.filter((device) => this.#warned.isOpen(device))
    const others = woken.filter((device) => !this.#warned.isOpen(device))
    // Where people count on it, it comes first.
    this.#due = [...counted, ...this.#freed(stores), ...this.#looksDue(), ...others, ...this.#due]
  }

  #looksDue(): readonly string[] {
    if (this.#looks.size === 0) return []
    return this.#takeWaiting((device) => (this.#looks.get(device) ?? Number.POSITIVE_INFINITY) <= this.#now)
  }
}
