import type {
  AdmissionContent,
  AdmissionStore,
  AdmissionWork,
  Decision,
  Expected,
  Origin,
  Question,
  RunControl,
  RunFacts,
  Seen,
  WaveResult,
} from '../../core/admission.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { GuardSeen } from '../../core/guard.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import { GUARD_CODES } from '../../core/safety-codes.ts'
import type { UnfinishedRun } from '../../core/unfinished-run.ts'
import type { Warning, WarningSeen } from '../../core/warning.ts'
import type { ChangeAnswer, Permit, Refusal, Wait } from './admission.ts'
import { answerOf } from './answer-of.ts'
import { afterFailure } from './breaker-state.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { freedPlace, takePlace, withoutTheDead } from './freed-place.ts'
import { havePassedBefore } from './judge-wave.ts'
import { Ledger } from './ledger.ts'
import type { Situation } from './rule.ts'
import { askedFor, begunBy, controlOf, withControl } from './run-control.ts'
import { endOf, isFailure, resultOf, SEEN_WORKING } from './visit-result.ts'
import { waiterOf } from './waiter-of.ts'
import { asWarned, decideWarned, WarnedDevices } from './warned-devices.ts'
import { WaveResults } from './wave-results.ts'

export interface PolicyAdmissionOptions {
  readonly store: AdmissionStore
  readonly fleet: FleetKey
  readonly run: string
  /** Who asks for the run. */
  readonly by: string
  readonly policy: CompiledPolicy
  /** Asked before each question: the policy that holds from now on, where it is another one than before. */
  newPolicy?(): Promise<CompiledPolicy | undefined>
  readonly purpose: Question['purpose']
  readonly origin: Origin
  /** How long the change of a device is expected to take. */
  readonly expectedOf: (device: string) => Expected
  /** Full names by wave; one wave where the policy has none. */
  readonly waves: readonly (readonly string[])[]
  /** Devices that the run works on at a time, where that is known. */
  readonly atOnce?: number | undefined
  /** What is waited for at the most, in milliseconds: a device that has to wait longer counts as deferred. */
  readonly patienceMs: number
  /** How long somebody said that the run may wait, in milliseconds: so long is a guard that speaks up asked again. */
  readonly waitMs: number
  readonly breakGlass?: Question['breakGlass']
  /** How devices ended, and when, that a run which is carried on has done already. */
  readonly before?: ReadonlyMap<string, { readonly result: WaveResult; readonly at: number }> | undefined
  /** What people at its devices were told in a run that is carried on. */
  readonly warnedBefore?: UnfinishedRun['warned'] | undefined
  /** A device was changed, and seen to be as it should; with its look and proof that took so many milliseconds. */
  onChanged?(device: string, ms: number): void
  /** When a device was last seen, by earlier runs. */
  seen(device: string): Seen | undefined
  readonly clock: Clock
}

/** How the waves of a run have come out by now. */
export interface Standing {
  readonly run: RunFacts
  readonly breaker: AdmissionContent['breaker']
}

/** The questions of one run: each is read, judged and what it gives taken in one transaction of the state store. */
export class PolicyGate {
  readonly #options: PolicyAdmissionOptions
  #policy: CompiledPolicy
  readonly #waves: WaveResults
  /** Devices that are worked on here. */
  readonly #own = new Set<string>()
  /** Devices that others have to wait behind, since they wait themselves. */
  readonly #queued = new Set<string>()
  /** By device that gave its place back: who comes first for what that took. */
  readonly #next = new Map<string, readonly string[]>()
  /** What was in progress after the last question, and the same indexed. */
  #last: { readonly content: AdmissionContent; readonly ledger: Ledger } | undefined
  readonly #seenHere = new Map<string, Seen>()
  /** Since when the guards of a device hold it back. */
  readonly #inUseSince = new Map<string, number>()
  /** Waves, or the run as a whole, for which approval was asked for here. */
  readonly #peopleAsked = new Set<number | undefined>()
  readonly #warned: WarnedDevices

  constructor(options: PolicyAdmissionOptions) {
    this.#options = options
    this.#policy = options.policy
    this.#waves = new WaveResults(options.waves, options.before)
    this.#warned = new WarnedDevices()
    for (const [device, said] of options.warnedBefore ?? []) {
      for (const { at, ...seen } of said) this.#wereTold(device, [seen], at)
    }
  }

  /**
   * Decides, and takes what it gives, in one transaction. `isTouched`: something of the device was changed already; one
   * that was not is no longer out when it has to wait after all.
   */
  async ask(
    moment: Question['moment'],
    device: string,
    seen: { readonly guards?: readonly GuardSeen[]; readonly isTouched?: boolean; readonly isTold?: boolean } = {},
  ): Promise<Decision> {
    await this.#keepUp()
    const question = {
      ...this.#question(moment, device),
      ...(seen.guards && { guards: seen.guards }),
      ...(seen.isTouched && { isTouched: true }),
    }
    let [isAskedFor, isQueued] = [false, false]
    const answer = await this.#transact((content) => {
      const [policy, now] = [this.#policy, this.#now()]
      const living = withoutTheDead(content, now)
      const ledger = this.#ledgerOf(living)
      const said = controlOf(living, this.#options.run)
      const asked = this.#askPeople(said, question.wave, now)
      isAskedFor = asked !== undefined
      let control = asked ?? said
      const warningsOf = (name: string) => this.#warningsOf(name)
      const situation = {
        ...this.#situation(ledger, { ...living, control }, now),
        told: this.#warned.countedOn(device, { now, warningsOf }),
      }
      const decision = decideWarned(policy, situation, question, { isTold: seen.isTold === true })
      // Only who waits for devices in progress is queued, and where others of the run wait for the same, none of them: all of a
      // wave would be read with each question.
      isQueued = decision.kind === 'wait' && decision.isNext && decision.isForAll !== true
      if (decision.kind === 'wait') {
        if (isQueued) ledger.wait(waiterOf(question, decision, { policy, ledger, now }))
        else ledger.leave(question.run, device)
        const place = ledger.place(device)
        if (seen.isTouched === false && place?.run === question.run && place.phase === 'changing') {
          ledger.put({ ...place, phase: 'held' })
        }
      } else if (decision.kind === 'begin') {
        this.#take(question, { ledger, takes: decision.takes, now })
        control = begunBy(control, question.wave, now)
      }
      const { runs: _before, ...others } = living
      const left = this.#contentOf(ledger, { ...others, ...withControl(living, question.run, control) })
      return { result: decision, content: left }
    })
    // Not before it stands in the store: what is rolled back is asked for again.
    if (isAskedFor) this.#peopleAsked.add(this.#approvalOf(question.wave))
    if (isQueued) this.#queued.add(device)
    else this.#queued.delete(device)
    return answer
  }

  #now(): number {
    return this.#options.clock.now().getTime()
  }

  async #keepUp(): Promise<void> {
    const policy = await this.#options.newPolicy?.()
    if (!policy) return
    this.#policy = policy
    // It is indexed by what the policy before it counts.
    this.#last = undefined
  }

  #transact<T>(work: AdmissionWork<T>): Promise<T> {
    const { store, fleet, run } = this.#options
    return store.transact(fleet, work, (of, device) => of === run && this.#own.has(device))
  }

  /** That of the last question where nothing else has happened since: most of the time all devices in progress are ours. */
  #ledgerOf(content: AdmissionContent): Ledger {
    const last = this.#last
    // What is done with it may be rolled back, or break off in the middle.
    this.#last = undefined
    const isSame = last && last.content.places === content.places && last.content.waiters === content.waiters
    return isSame ? last.ledger : new Ledger(this.#policy, content)
  }

  #contentOf(ledger: Ledger, { breaker, holds, runs }: AdmissionContent): AdmissionContent {
    const inProgress = { places: [...ledger.places()], waiters: [...ledger.waiters()] }
    const content = { ...inProgress, breaker, holds, ...(runs && { runs }) }
    this.#last = { content, ledger }
    return content
  }

  answerOf(decision: Exclude<Decision, { kind: 'begin' }>, device: string, moment: Question['moment']): Wait | Refusal {
    const question = this.#question(moment, device)
    const about = { policy: this.#policy, question, now: this.#now() }
    const answer = asWarned(this.#patient(answerOf(decision), device), decision, about)
    const isQueued = answer.kind === 'wait' && this.#queued.has(device)
    return this.counted(isQueued ? { ...answer, isQueued } : answer, device)
  }

  /** See `Admission.nextAfter`. */
  nextAfter(device: string): readonly string[] {
    const next = this.#next.get(device) ?? []
    this.#next.delete(device)
    return next
  }

  /** Who is not waited for counts in its wave, whoever said so: the waves behind would wait for it for ever. */
  counted(answer: Wait | Refusal, device: string): Wait | Refusal {
    const isLong =
      answer.kind === 'refuse' ||
      (!answer.isPassing &&
        answer.isPaused !== true &&
        answer.isWarned !== true &&
        answer.warn === undefined &&
        (answer.until ?? Number.POSITIVE_INFINITY) - this.#now() > this.#options.patienceMs)
    if (isLong) this.#count(device, 'deferred')
    return answer
  }

  async giveUp(device: string): Promise<void> {
    this.#count(device, 'deferred')
    if (!this.#queued.has(device)) return
    await this.#transact((content) => {
      const ledger = this.#ledgerOf(content)
      ledger.leave(this.#options.run, device)
      return { result: undefined, content: this.#contentOf(ledger, content) }
    })
    this.#queued.delete(device)
  }

  /** A guard is looked at again for as long as the run was told to wait, and not for ever. */
  #patient(answer: Wait | Refusal, device: string): Wait | Refusal {
    if (answer.kind === 'refuse' || !GUARD_CODES.has(answer.failure.code) || answer.until === undefined) {
      this.#inUseSince.delete(device)
      return answer
    }
    const since = this.#inUseSince.get(device) ?? this.#now()
    this.#inUseSince.set(device, since)
    if (answer.until - since <= this.#options.waitMs) return answer
    const { until: _until, ...rest } = answer
    return rest
  }

  async standing(): Promise<Standing> {
    const content = await this.#options.store.read(this.#options.fleet)
    return { run: this.#facts(controlOf(content, this.#options.run)), breaker: content.breaker }
  }

  permit(device: string, base: Permit): Permit {
    // How long changes take says what fits into a window: a clock that is set meanwhile would have none fit any more.
    const { clock } = this.#options
    const since = clock.elapsed()
    return {
      ...base,
      change: async (guards, { isTouched, warned = [] } = { isTouched: false }): Promise<ChangeAnswer> => {
        this.#wereTold(device, warned, this.#now())
        const decision = await this.ask('change', device, { guards, isTouched, isTold: warned.length > 0 })
        this.#waves.looked(device)
        if (decision.kind === 'begin') {
          this.#inUseSince.delete(device)
          return { kind: 'begin' }
        }
        this.#sawInOrder(device)
        return this.answerOf(decision, device, 'change')
      },
      release: async (outcome) => {
        if (outcome?.state === 'changed') this.#options.onChanged?.(device, Math.round(clock.elapsed() - since))
        await this.#settle(device, outcome)
        await base.release(outcome)
      },
    }
  }

  #wereTold(device: string, seen: readonly WarningSeen[], at: number): void {
    this.#warned.add(device, seen, { all: this.#warningsOf(device), at })
  }

  #warningsOf(device: string): readonly Warning[] {
    const { purpose } = this.#options
    return this.#policy.warningsOf(device, purpose === 'rollback' ? 'rollout' : purpose)
  }

  #question(moment: Question['moment'], device: string): Question {
    const { run, purpose, origin, expectedOf, breakGlass } = this.#options
    const wave = this.#waves.waveOf(device)
    const isBack = this.#options.seen(device)?.isAway === true && !this.#seenHere.has(device)
    return {
      moment,
      run,
      device,
      purpose,
      origin,
      expected: expectedOf(device),
      warned: this.#warned.of(device),
      ...(wave !== undefined && { wave }),
      ...(isBack && { isBack }),
      ...(breakGlass && { breakGlass }),
    }
  }

  /**
   * What people have said about the run, and what the policy wants them to say; undefined where nobody can be asked by now: to a wave
   * they say yes when they have seen how those before it went.
   */
  #askPeople(said: RunControl, wave: number | undefined, now: number): RunControl | undefined {
    const { run, by, purpose } = this.#options
    if (purpose === 'rollback') return undefined
    const { waves, approval } = this.#policy.policy[purpose]
    const about = this.#approvalOf(wave)
    if (about !== undefined && waves && !havePassedBefore(about, waves, { run: this.#facts(said), now }))
      return undefined
    return askedFor(said, approval, { run, wave, by, now, isFirst: !this.#peopleAsked.has(about) })
  }

  /** What an approval is about: the wave, or the run as a whole. */
  #approvalOf(wave: number | undefined): number | undefined {
    const { purpose } = this.#options
    return purpose !== 'rollback' && this.#policy.policy[purpose].approval.each === 'wave' ? wave : undefined
  }

  #situation(ledger: Ledger, content: AdmissionContent & { readonly control: RunControl }, now: number): Situation {
    return {
      now,
      ledger,
      atOnce: this.#options.atOnce,
      run: this.#facts(content.control),
      seen: (device) => this.#seenHere.get(device) ?? this.#options.seen(device),
      holdsOn: (name) => content.holds.filter(({ on }) => on === name),
      breaker: content.breaker,
      approvals: content.control.approvals,
      isToCome: (device, wave) => this.#waves.isToCome(device, wave),
      isAsking: (run) => run === this.#options.run || content.waiters.some((waiter) => waiter.run === run),
    }
  }

  #facts({ released, aborted, paused }: RunControl): RunFacts {
    const waves = this.#waves.tallies(released, this.#now(), this.#options.clock.elapsed())
    const { run, origin, purpose } = this.#options
    const isOnTerminal = origin === 'terminal'
    const failed = purpose === 'rollback' ? waves.reduce((sum, { results }) => sum + results.failed, 0) : 0
    return { run, waves, isOnTerminal, rollbacks: { failed }, ...(aborted && { aborted }), ...(paused && { paused }) }
  }

  #take(
    question: Question,
    { ledger, takes, now }: { readonly ledger: Ledger; readonly takes: readonly string[]; readonly now: number },
  ): void {
    const { run, device, purpose, wave, isBack } = question
    const before = ledger.place(device)
    this.#own.add(device)
    if (question.moment === 'change' && before?.run === run) {
      ledger.put({ ...before, phase: 'changing' })
      return
    }
    const more = { ...(wave !== undefined && { wave }), ...(isBack && { isBack }) }
    ledger.put(takePlace({ run, device, purpose, takes, since: now, ...more }, before))
  }

  async #settle(device: string, outcome: DeviceOutcome | undefined): Promise<void> {
    const { run } = this.#options
    if (outcome) this.#count(device, resultOf(outcome))
    const now = this.#now()
    if (outcome && SEEN_WORKING.has(outcome.state)) this.#seenHere.set(device, { working: true, at: now })
    let next: readonly string[] = []
    await this.#transact((content) => {
      const ledger = this.#ledgerOf(content)
      ledger.leave(run, device)
      const place = ledger.place(device)
      let { breaker } = content
      const hasFailed = outcome !== undefined && isFailure(outcome, place?.run === run ? place.phase : undefined)
      if (place?.run === run) {
        const left = freedPlace(place, endOf(outcome, place.phase))
        if (left) ledger.put(left)
        else ledger.drop(device)
        next = ledger.firstFor(place, run)
      }
      if (hasFailed) {
        breaker = afterFailure(breaker, this.#policy.policy.breakers, { device, run, at: now })
      }
      return { result: undefined, content: this.#contentOf(ledger, { ...content, breaker }) }
    })
    this.#own.delete(device)
    this.#queued.delete(device)
    this.#next.set(device, next)
  }

  /** It answered, and could have been changed: others may be while it is left alone, unless it is known to be broken. */
  #sawInOrder(device: string): void {
    const last = this.#seenHere.get(device) ?? this.#options.seen(device)
    if (last?.working !== false) this.#seenHere.set(device, { working: true, at: this.#now() })
  }

  #count(device: string, result: WaveResult): void {
    this.#warned.end(device)
    this.#waves.count(device, result, this.#now(), this.#options.clock.elapsed())
  }
}
