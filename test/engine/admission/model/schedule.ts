import type { Decision, Place, Question, Waiter, WaveResult } from '../../../../src/core/admission.ts'
import { MINUTE, SHORT } from '../small-world.ts'
import { type Floor, type FloorRun, factsOf, waveOf } from './floor.ts'
import { couldBegin, faultOf } from './judge.ts'
import { type Random, randomOf } from './random.ts'
import { BEGIN, type Scene, type SceneRun, sceneOf } from './scene.ts'
import type * as Subject from './subject.ts'

export type Admission = typeof Subject

/** What went wrong in a schedule, with its last steps. */
export interface Violation {
  readonly seed: number
  readonly fault: string
  readonly steps: readonly string[]
}

/** What a schedule has done, so that a model which does nothing is noticed. */
export interface Tally {
  places: number
  changes: number
  waits: number
  refusals: number
  crashes: number
  failures: number
  rollbacks: number
  drained: number
}

export const noTally = (): Tally => ({
  ...{ places: 0, changes: 0, waits: 0, refusals: 0, crashes: 0, failures: 0, rollbacks: 0, drained: 0 },
})

class Found extends Error {}

/** Plays one random schedule; the same seed plays the same one. Undefined: nothing was wrong. */
export function play(admission: Admission, seed: number, tally: Tally = noTally()): Violation | undefined {
  const violation = attempt(admission, seed, tally)
  // What led there is only written down for what is wrong.
  return violation && attempt(admission, seed, noTally(), [])
}

function attempt(admission: Admission, seed: number, tally: Tally, steps?: string[]): Violation | undefined {
  try {
    new Schedule(admission, randomOf(seed), steps, tally).run()
    return undefined
  } catch (error) {
    const fault =
      error instanceof Found ? error.message : `threw ${(error as Error).stack?.split('\n').slice(0, 3).join(' ')}`
    return { seed, fault, steps: steps?.slice(-25) ?? [] }
  }
}

/** While everything goes well, some runs never stop asking for so long. */
const ENDLESS_ROUNDS = 50
const MOST_PATIENCE = 40
const PEOPLE = ['anna', 'jan', 'ola']

class Schedule {
  readonly #a: Admission
  readonly #random: Random
  readonly #steps: string[] | undefined
  readonly #tally: Tally
  readonly #floor: Floor
  #isDraining = false
  /** By run and device: how often in a row only devices in progress were in its way, while those that asked before it stayed. */
  readonly #patience = new Map<string, { readonly times: number; readonly ahead: number }>()
  readonly #untils = new Map<string, number>()
  #policy: ReturnType<Admission['compilePolicy']>
  #ledger: InstanceType<Admission['Ledger']>

  constructor(admission: Admission, random: Random, steps: string[] | undefined, tally: Tally) {
    this.#a = admission
    this.#random = random
    this.#steps = steps
    this.#tally = tally
    const scene = sceneOf(random)
    const now = BEGIN + random.whole(1440) * MINUTE
    this.#floor = {
      ...{
        scene,
        now,
        policy: scene.policy,
        places: new Map(),
        waiters: new Map(),
        holds: [],
        breaker: { failures: [] },
        failures: [],
      },
      seen: new Map([...scene.world.devices.keys()].map((name) => [name, { working: true, at: now }])),
      runs: new Map(scene.runs.map((spec) => [spec.id, this.#runOf(scene, spec, now)])),
    }
    this.#policy = admission.compilePolicy(scene.policy, scene.world)
    this.#ledger = new admission.Ledger(this.#policy)
  }

  run(): void {
    const count = 15 + this.#random.whole(35)
    for (let step = 0; step < count; step += 1) this.#step()
    this.#drain()
  }

  #runOf(scene: Scene, spec: SceneRun, now: number): FloorRun {
    const targets = spec.targets.map((device) => {
      const { store, region, kind } = scene.world.devices.get(device) as { store: string; region: string; kind: string }
      return { device, store, region, class: kind }
    })
    const { waves } = this.#a.planWaves(targets, scene.policy[spec.purpose].waves, spec.id)
    const common = {
      run: spec.id,
      askedBy: 'anna',
      askedAt: now,
      expiresAt: now + 48 * 60 * MINUTE,
      people: 1,
      fourEyes: false,
      given: [],
    }
    const approvals = [...waves.keys(), undefined].map((wave) => ({
      id: `a${wave}`,
      ...common,
      ...(wave !== undefined && { wave }),
    }))
    return {
      ...{ spec, waves, pending: new Set(spec.targets), results: new Map(), doneAt: new Map(), released: new Map() },
      ...{ approvals, isAlive: true, rollbacksFailed: 0 },
    }
  }

  #say(text: string): void {
    this.#steps?.push(`${new Date(this.#floor.now).toISOString().slice(5, 16)} ${text}`)
  }

  #check(fault: string | undefined): void {
    if (fault !== undefined) throw new Found(fault)
  }

  // ------------------------------------------------------------ steps

  #step(): void {
    const random = this.#random
    const floor = this.#floor
    const run = random.pick([...floor.runs.values()])
    const place = floor.places.size > 0 ? random.pick([...floor.places.values()]) : undefined
    const dice = random.whole(100)
    if (dice < 45) this.#askSome(run)
    else if (dice < 70) this.#moveOn(place)
    else if (dice < 80) this.#passTime()
    else if (dice < 85) this.#crash(run)
    else if (dice < 90) this.#people(run)
    else if (dice < 96) this.#mishap()
    else if (dice < 98 && place?.phase === 'out') this.#heal(place)
    else if (dice === 99 && floor.policy === floor.scene.policy) this.#commit()
  }

  #askSome(run: FloorRun): void {
    if (!run.isAlive) return
    const devices = this.#random.some([...run.pending], 0.5)
    for (const device of devices) this.#ask(run, device)
  }

  #moveOn(place: Place | undefined): void {
    const run = place && this.#floor.runs.get(place.run)
    if (place === undefined || run === undefined || !run.isAlive) return
    if (place.phase === 'out') this.#rollback(run, place)
    else if (place.phase === 'held' && this.#random.chance(0.75)) this.#change(run, place)
    else this.#finish(run, place, this.#endOf(place))
  }

  #endOf(place: Place): WaveResult {
    if (place.phase === 'held') return this.#random.pick(['passed', 'unreachable', 'failed'])
    return this.#random.chance(0.65) ? 'passed' : this.#random.pick(['failed', 'unmet'])
  }

  #passTime(): void {
    const minutes = this.#random.pick([1, 5, 20, 60, 240, -90, 700])
    this.#floor.now += minutes * MINUTE
    this.#say(`time ${minutes} min`)
  }

  #crash(run: FloorRun): void {
    run.isAlive = !run.isAlive
    this.#say(`${run.spec.id} ${run.isAlive ? 'resumes' : 'crashes'}`)
    if (run.isAlive) return
    this.#tally.crashes += 1
    for (const place of [...this.#floor.places.values()]) {
      if (place.run !== run.spec.id || place.phase === 'out') continue
      this.#settle(place, this.#a.placeOfDead(place))
      if (place.phase === 'changing') this.#result(run, place, 'failed')
      else if (place.purpose !== 'rollback') run.pending.add(place.device)
    }
  }

  #people(run: FloorRun): void {
    const by = this.#random.pick(PEOPLE)
    const dice = this.#random.whole(6)
    if (dice === 0) run.paused = run.paused ? undefined : { by, why: 'x' }
    else if (dice === 1 && this.#random.chance(0.3)) run.aborted = { by, why: 'x' }
    else if (dice === 2) this.#release(run, this.#random.whole(run.waves.length))
    else this.#approve(run, by)
    this.#say(`${by} on ${run.spec.id}: ${dice}`)
  }

  #approve(run: FloorRun, by: string): void {
    const word = { by, at: this.#floor.now, why: 'x' }
    run.approvals = run.approvals.map((state) => {
      const change = this.#a.approve(state, word)
      return change.ok ? change.state : state
    })
  }

  #release(run: FloorRun, wave: number): void {
    const failed = (run.waves[wave] ?? []).filter((device) =>
      ['failed', 'unmet'].includes(run.results.get(device) ?? ''),
    ).length
    run.released.set(wave, { by: 'jan', at: this.#floor.now, forgiven: failed })
  }

  #mishap(): void {
    const { world } = this.#floor.scene
    const device = this.#random.pick([...world.devices.keys()])
    const dice = this.#random.whole(5)
    if (dice === 0) this.#hold(device)
    else if (dice === 1) this.#floor.seen.delete(device)
    else this.#floor.seen.set(device, { working: dice > 2, at: this.#floor.now - this.#random.whole(1500) * MINUTE })
    this.#say(`${device} mishap ${dice}`)
  }

  #hold(device: string): void {
    const on = this.#random.chance(0.5) ? device : (device.split('/')[0] as string)
    const until = this.#floor.now + (1 + this.#random.whole(6)) * 60 * MINUTE
    this.#floor.holds = [...this.#floor.holds, { on, by: 'jan', why: 'x', from: this.#floor.now, until }]
  }

  #heal(place: Place): void {
    this.#settle(place, undefined)
    this.#floor.seen.set(place.device, { working: true, at: this.#floor.now })
    this.#say(`${place.device} is seen healthy`)
  }

  #commit(): void {
    const { scene } = this.#floor
    this.#floor.policy = this.#a.stricterOf(scene.policy, scene.later)
    this.#policy = this.#a.compilePolicy(this.#floor.policy, scene.world)
    this.#ledger = this.#rebuilt()
    this.#say('a policy is committed')
  }

  // ------------------------------------------------------------ what a run does

  #question(run: FloorRun, device: string, more: Partial<Question> = {}): Question {
    const { id, purpose, origin, breakGlass, isBack } = run.spec
    return {
      ...{ moment: 'place', run: id, device, purpose, origin, expected: SHORT, wave: waveOf(run, device) },
      ...(breakGlass && { breakGlass }),
      ...(isBack && { isBack }),
      ...more,
    }
  }

  #decide(run: FloorRun, question: Question, ledger = this.#ledger): Decision {
    const floor = this.#floor
    return this.#a.decide(
      this.#policy,
      {
        ...{ now: floor.now, ledger, run: factsOf(run), breaker: floor.breaker, approvals: run.approvals },
        seen: (device) => floor.seen.get(device),
        holdsOn: (name) => floor.holds.filter(({ on }) => on === name),
        isToCome: () => false,
        isAsking: (id) => {
          const other = floor.runs.get(id)
          return other?.isAlive === true && !other.paused && !other.aborted
        },
      },
      question,
    )
  }

  /** Asks, holds the answer against the judge, and now and then against a ledger that is made anew. */
  #answer(run: FloorRun, question: Question): Decision {
    const decision = this.#decide(run, question)
    this.#say(
      `${run.spec.id} ${question.device} ${question.purpose} ${question.moment}: ${decision.kind} ${decision.kind === 'begin' ? '' : decision.reasons.map(({ rule }) => rule).join()}`,
    )
    if (this.#random.chance(0.1)) {
      const again = this.#decide(run, question, this.#rebuilt())
      if (again.kind !== decision.kind) throw new Found(`the ledger says ${decision.kind}, made anew ${again.kind}`)
    }
    if (decision.kind === 'begin') this.#check(faultOf(this.#floor, question, decision.takes))
    return decision
  }

  #rebuilt(): InstanceType<Admission['Ledger']> {
    return new this.#a.Ledger(this.#policy, {
      places: this.#floor.places.values(),
      waiters: this.#floor.waiters.values(),
    })
  }

  #ask(run: FloorRun, device: string): void {
    const question = this.#question(run, device)
    const decision = this.#answer(run, question)
    if (decision.kind === 'begin') this.#begin(run, question, decision.takes)
    else if (decision.kind === 'wait') this.#wait(run, question, decision)
    else this.#refuse(run, device)
  }

  #begin(run: FloorRun, question: Question, takes: readonly string[]): void {
    this.#tally.places += 1
    const { device, purpose, wave, isBack } = question
    const place = this.#a.takePlace(
      {
        run: run.spec.id,
        device,
        purpose,
        takes,
        since: this.#floor.now,
        ...(wave !== undefined && { wave }),
        ...(isBack && { isBack }),
      },
      this.#floor.places.get(device),
    )
    this.#leave(run, device)
    this.#settle(place, place)
    if (purpose !== 'rollback') run.pending.delete(device)
    for (const state of run.approvals) {
      const used = this.#a.useApproval(state, this.#floor.now)
      if (used.ok) run.approvals = run.approvals.map((one) => (one === state ? used.state : one))
    }
  }

  #wait(run: FloorRun, question: Question, decision: Extract<Decision, { kind: 'wait' }>): void {
    const { device } = question
    const { isNext, until } = decision
    this.#tally.waits += 1
    const key = `${run.spec.id} ${device}`
    if (until === undefined) this.#untils.delete(key)
    else this.#untils.set(key, until)
    const at = { policy: this.#policy, ledger: this.#ledger, now: this.#floor.now }
    const waiter = this.#a.waiterOf(question, decision, at)
    this.#floor.waiters.set(key, waiter)
    this.#ledger.wait(waiter)
    const patience = this.#isDraining && isNext ? this.#patienceOf(key, waiter) : undefined
    if (patience === undefined) this.#patience.delete(key)
    else this.#patience.set(key, patience)
    if (patience && patience.times > MOST_PATIENCE) throw new Found(`${device} of ${run.spec.id} is starved`)
  }

  /**
   * A long queue that moves is no starvation: who asked before it gets fewer, as whoever asks anew comes behind. Those are counted by
   * when they asked, which is what is promised, and not by how they are ranked.
   */
  #patienceOf(key: string, { since }: Waiter): { readonly times: number; readonly ahead: number } {
    const ahead = [...this.#floor.waiters.values()].filter((other) => other.since < since).length
    const before = this.#patience.get(key)
    return { times: before === undefined || ahead < before.ahead ? 1 : before.times + 1, ahead }
  }

  #refuse(run: FloorRun, device: string): void {
    this.#tally.refusals += 1
    this.#leave(run, device)
    run.pending.delete(device)
    this.#setResult(run, device, 'deferred')
  }

  #leave(run: FloorRun, device: string): void {
    this.#floor.waiters.delete(`${run.spec.id} ${device}`)
    this.#untils.delete(`${run.spec.id} ${device}`)
    this.#patience.delete(`${run.spec.id} ${device}`)
    this.#ledger.leave(run.spec.id, device)
  }

  #change(run: FloorRun, place: Place): void {
    const question = this.#question(run, place.device, { moment: 'change', purpose: place.purpose })
    const decision = this.#answer(run, question)
    if (decision.kind === 'begin') {
      this.#tally.changes += 1
      this.#settle(place, { ...place, phase: 'changing' })
      return
    }
    this.#settle(place, this.#a.freedPlace(place, 'untouched'))
    if (place.purpose === 'rollback') return
    if (decision.kind === 'wait') {
      run.pending.add(place.device)
      this.#wait(run, question, decision)
    } else this.#refuse(run, place.device)
  }

  #finish(run: FloorRun, place: Place, result: WaveResult): void {
    const end =
      result === 'passed' ? 'healthy' : result === 'unreachable' && place.phase === 'held' ? 'untouched' : 'unproven'
    this.#settle(place, this.#a.freedPlace(place, end))
    this.#say(`${place.device} ${result}`)
    if (result === 'passed') this.#floor.seen.set(place.device, { working: true, at: this.#floor.now })
    this.#result(run, place, result)
  }

  #result(run: FloorRun, place: Place, result: WaveResult): void {
    if (result === 'failed' || result === 'unmet') this.#failure(place)
    if (place.purpose === 'rollback') {
      if (result !== 'passed') run.rollbacksFailed += 1
      return
    }
    this.#setResult(run, place.device, result)
  }

  #setResult(run: FloorRun, device: string, result: WaveResult): void {
    run.results.set(device, result)
    const wave = waveOf(run, device)
    const devices = run.waves[wave] ?? []
    if (devices.every((one) => run.results.has(one))) run.doneAt.set(wave, this.#floor.now)
  }

  #failure({ run, device }: Place): void {
    const floor = this.#floor
    this.#tally.failures += 1
    const wasOpen = floor.breaker.opened !== undefined
    const longest = Math.max(0, ...floor.policy.breakers.map(({ withinMs }) => withinMs))
    const others = floor.failures.filter((one) => one.device !== device && floor.now - one.at < longest)
    // What failed while the policy had no breaker is not counted by one that comes later.
    if (floor.policy.breakers.length > 0) floor.failures = [...others, { device, at: floor.now }]
    floor.breaker = this.#a.afterFailure(floor.breaker, floor.policy.breakers, { device, run, at: floor.now })
    const isMany = floor.policy.breakers.some(
      ({ failures, withinMs }) => floor.failures.filter(({ at }) => floor.now - at < withinMs).length >= failures,
    )
    if (isMany && !floor.breaker.opened) throw new Found('the breaker should be open')
    if (!isMany && floor.breaker.opened && !wasOpen) throw new Found('the breaker opened too early')
  }

  #rollback(run: FloorRun, place: Place): void {
    const question = this.#question(run, place.device, { purpose: 'rollback' })
    const decision = this.#answer(run, question)
    if (decision.kind !== 'begin') return
    this.#tally.rollbacks += 1
    this.#begin(run, question, decision.takes)
  }

  #settle(before: Place, after: Place | undefined): void {
    if (after === undefined) {
      this.#floor.places.delete(before.device)
      this.#ledger.drop(before.device)
    } else {
      this.#floor.places.set(after.device, after)
      this.#ledger.put(after)
    }
  }

  // ------------------------------------------------------------ the end: everything goes well

  /** From now on all goes well: whatever may be changed at all must get its turn. */
  #drain(): void {
    const until = this.#floor.now + 9 * 1440 * MINUTE
    for (const run of this.#floor.runs.values()) {
      run.isAlive = true
      run.paused = undefined
    }
    let idle = 0
    this.#isDraining = true
    for (let round = 0; round < 250 && this.#floor.now < until && this.#wanted().length > 0; round += 1) {
      const before = this.#progress()
      this.#round(round < ENDLESS_ROUNDS)
      idle = this.#progress() > before ? 0 : idle + 1
      if (idle >= 4) this.#setAside()
      // Who waits for others asks once more first, as those may have said by now that they wait for something else.
      if (idle > 0 && idle % 2 === 0) this.#wake()
    }
    for (const { run, device } of this.#wanted()) {
      const question = this.#question(run, device)
      if (couldBegin(this.#floor, question)) throw new Found(`${device} of ${run.spec.id} never gets its turn`)
    }
    this.#tally.drained += 1
  }

  /** A device that was only looked at has come no further. */
  #progress(): number {
    const ended = [...this.#floor.runs.values()].reduce((sum, { results }) => sum + results.size, 0)
    return ended + this.#tally.changes + this.#tally.rollbacks
  }

  /** As a run does: asks again at the earliest time that it was told, or after a while. */
  #wake(): void {
    const later = [...this.#untils.values()].filter((until) => until > this.#floor.now)
    this.#floor.now = later.length > 0 ? Math.min(...later) : this.#floor.now + 30 * MINUTE
  }

  /** What has no time at all must not keep the waves behind it waiting: a run defers it. */
  #setAside(): void {
    for (const { run, device } of this.#wanted()) {
      if (!couldBegin(this.#floor, this.#question(run, device))) this.#refuse(run, device)
    }
  }

  /** Devices of runs that end. */
  #wanted(): readonly { readonly run: FloorRun; readonly device: string }[] {
    return [...this.#floor.runs.values()]
      .filter((run) => !run.spec.isEndless)
      .flatMap((run) => [...run.pending].map((device) => ({ run, device })))
  }

  #round(withEndless: boolean): void {
    const floor = this.#floor
    floor.breaker = this.#a.closeBreaker({ at: this.#floor.now, by: 'jan', why: 'x' })
    floor.failures = []
    for (const place of [...floor.places.values()]) if (place.phase === 'out') this.#heal(place)
    for (const name of floor.seen.keys()) floor.seen.set(name, { working: true, at: floor.now })
    for (const name of floor.scene.world.devices.keys()) floor.seen.set(name, { working: true, at: floor.now })
    // Those who never stop come first: nobody may be kept from his turn by them.
    const runs = [...floor.runs.values()].sort((a, b) => Number(b.spec.isEndless) - Number(a.spec.isEndless))
    for (const run of runs) {
      if (run.spec.isEndless && !withEndless) run.isAlive = false
      else this.#turn(run)
    }
    const busy = [...floor.places.values()]
    // Not all are done at once, or everybody would find the floor empty.
    for (const place of busy) if (this.#random.chance(0.7) || busy.length === 1) this.#carryOut(place)
    floor.now += MINUTE
  }

  #turn(run: FloorRun): void {
    for (const person of PEOPLE) this.#approve(run, person)
    for (const wave of run.waves.keys()) this.#release(run, wave)
    if (run.spec.isEndless)
      for (const device of run.spec.targets) if (!this.#isPlaced(run, device)) run.pending.add(device)
    for (const device of [...run.pending]) {
      // Who was told when to ask again does not ask before.
      const until = this.#untils.get(`${run.spec.id} ${device}`)
      if (until === undefined || until <= this.#floor.now) this.#ask(run, device)
    }
  }

  #isPlaced(run: FloorRun, device: string): boolean {
    return this.#floor.places.get(device)?.run === run.spec.id
  }

  #carryOut(place: Place): void {
    const run = this.#floor.runs.get(place.run) as FloorRun
    if (place.phase === 'held') this.#change(run, place)
    const now = this.#floor.places.get(place.device)
    if (now?.phase === 'changing') this.#finish(run, now, 'passed')
  }
}
