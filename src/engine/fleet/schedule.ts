import { setMaxListeners } from 'node:events'
import { isChanging } from '../../core/events.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Admission, Permit, PlaceAnswer, PlaceRequest, Wait } from '../admission/admission.ts'
import { deferred } from '../device/device-outcome.ts'
import type { DeviceVisit } from '../device/device-visit.ts'
import type { DeviceEnvironment, DeviceWork } from '../device/perform-device.ts'
import { endDevice, runDevice } from '../device/run-device.ts'
import { AskingPace } from './asking-pace.ts'
import type { RunPause } from './run-pause.ts'
import { RunProgress } from './run-progress.ts'
import { type Waiting, WaitingDevices } from './waiting-devices.ts'
import { type DeviceWorker, MAIN_THREAD, type WorkerPool } from './worker-pool.ts'

export interface ScheduleOptions {
  readonly environment: DeviceEnvironment
  /** Devices at a time; it may change. */
  readonly parallel: () => number
  readonly pool: WorkerPool
  readonly count: (outcome: DeviceOutcome) => void
  /**
   * For how long, in milliseconds, the run waits for safety, and for devices of other runs once none of its own is in progress; a device
   * that has to wait longer ends as deferred.
   */
  readonly patienceMs: number
  /** Nobody begins while it lasts. */
  readonly pause?: RunPause | undefined
}

/** The visit that was made to it, and what had come of other devices when it was asked for. */
type PutOff = Extract<DeviceVisit, { kind: 'waits' }> & { readonly ends: number; readonly asked: RunProgress['now'] }

function isForAll({ wait, looked }: Pick<PutOff, 'wait' | 'looked'>): boolean {
  return wait.isForAll === true && !looked
}

/** Of devices that wait for others, and for what nobody knows, so many are asked for again whenever one is done; as many of its own store at the most, and before others. */
const ASKED_AT_AN_END = 8
const ASKED_OF_ITS_STORE = 4
/** And the rest of them, so often, for what ends in other runs; */
const ASK_EVERY_MS = 5_000
/** where they are many, so many at a time, */
const ASKED_AT_A_TIME = 250
/** but each of them within so many times: who has not asked for a minute has lost its place in the queue. */
const TIMES_TO_ASK_ALL = 6
/** While so many wait, no others are asked for: they would be told the same, and each is read with every question. */
const MOST_WAITING = 1_000
/** So many devices wait for room without those behind them having to. */
const LOOKED_AHEAD = 500
/** Nobody is asked for again sooner than that because of the time. */
const SHORTEST_TIMER_MS = 10
/** The longest time for which a timer is set. */
const LONGEST_TIMER_MS = 2_000_000_000

/**
 * Hands devices to those who have room, in order; those that safety has put off wait without a place or a connection.
 * What cannot be written down is not done: when the journal fails, nothing new begins and what is changing is finished.
 */
export class Schedule {
  readonly #options: ScheduleOptions
  readonly #environment: DeviceEnvironment
  readonly #broken = new AbortController()
  /** Not asked for yet, from `#next` on. */
  readonly #work: readonly DeviceWork[]
  /** To be asked for again now, those of earlier waves first. */
  readonly #due: DeviceWork[] = []
  readonly #pace: AskingPace
  readonly #progress = new RunProgress()
  readonly #waiting = new WaitingDevices()
  /** Why each that waits was told to; it is said once. */
  readonly #told = new Map<string, string>()
  /** When each that waits was first told to, by the clock that does not jump. */
  readonly #since = new Map<string, number>()
  /** When a device of the run was done last. */
  #doneAt = 0
  #next = 0
  #running = 0
  #timer: NodeJS.Timeout | undefined
  #wakesAt = 0
  #ended: () => void = () => undefined

  constructor(work: readonly DeviceWork[], options: ScheduleOptions) {
    const stopping = AbortSignal.any([options.environment.stopping, this.#broken.signal])
    // Every device in flight listens to it.
    setMaxListeners(0, stopping)
    this.#work = work
    this.#options = options
    this.#environment = { ...options.environment, stopping }
    const { mode } = options.environment
    this.#pace = new AskingPace(isChanging(mode) ? options.parallel : Number.POSITIVE_INFINITY)
  }

  async run(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    const { stopping, admission } = this.#environment
    const askAll = (): void => {
      this.#pace.free()
      this.#askFor(this.#waiting.take(this.#waiting.size))
      setImmediate(() => this.#fill())
    }
    stopping.addEventListener('abort', askAll)
    admission.onChange?.(askAll)
    this.#options.pause?.onChange((isPaused) => {
      if (!isPaused) askAll()
    })
    this.#options.pool.onRoom(() => this.#fill())
    this.#fill()
    await ended
    stopping.removeEventListener('abort', askAll)
    clearTimeout(this.#timer)
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason
  }

  #fill(): void {
    while (!this.#isHeld() && this.#running < this.#options.parallel() && !this.#broken.signal.aborted) {
      const found = this.#nextWithRoom()
      if (!found) break
      const { item, worker } = found
      this.#running += 1
      if (this.#isToBeAsked(item)) this.#pace.asks()
      void this.#visit(item, worker).then((isNews) => {
        this.#running -= 1
        if (isNews) this.#askAfter(item)
        this.#fill()
      })
    }
    if (this.#isOver()) this.#ended()
  }

  /** Takes the first for which somebody has room. */
  #nextWithRoom(): { readonly item: DeviceWork; readonly worker: DeviceWorker } | undefined {
    const most = this.#options.pool.isSelective ? LOOKED_AHEAD : 1
    for (let place = 0; place < most; place += 1) {
      if (place === this.#due.length) {
        const item = this.#work[this.#next]
        if (!item || this.#areManyWaiting()) return undefined
        this.#next += 1
        this.#due.push(item)
      }
      const item = this.#due[place] as DeviceWork
      if (this.#isToBeAsked(item) && !this.#pace.mayAsk) return undefined
      const worker = this.#workerFor(item)
      if (!worker) continue
      this.#due.splice(place, 1)
      return { item, worker }
    }
    return undefined
  }

  #isToBeAsked({ refused }: DeviceWork): boolean {
    return refused === undefined && !this.#environment.stopping.aborted
  }

  #areManyWaiting(): boolean {
    return this.#running > 0 && this.#waiting.size >= Math.max(MOST_WAITING, 2 * this.#running)
  }

  /** A run that is being stopped says so of all its devices, paused or not. */
  #isHeld(): boolean {
    return this.#options.pause?.isPaused === true && !this.#environment.stopping.aborted
  }

  #isOver(): boolean {
    if (this.#running > 0) return false
    if (this.#broken.signal.aborted) return true
    return this.#next === this.#work.length && this.#due.length === 0 && this.#waiting.size === 0
  }

  /** Where a device is not worked on, or the run is being stopped, there is nothing to do for it but to say so. */
  #workerFor(item: DeviceWork): DeviceWorker | undefined {
    if (item.refused || this.#environment.stopping.aborted) return MAIN_THREAD
    const left = this.#work.length - this.#next + this.#due.length + this.#waiting.size
    return this.#options.pool.pick(item.device, left)
  }

  /** Resolves to whether others may have waited for that: the device is done, or was looked at for the first time and put off. */
  async #visit(work: DeviceWork, worker: DeviceWorker): Promise<boolean> {
    const [{ ends }, { now: asked }] = [this.#pace, this.#progress]
    const { name } = work.device
    let hasPlace = false
    const place: Admission['place'] = async (request) => {
      const answer = await this.#place(work, request)
      hasPlace = answer.kind === 'begin'
      return answer
    }
    try {
      const visit = await runDevice(work, { ...this.#environment, admission: { place } }, worker)
      this.#progress.gaveBack(name)
      const isFirstLook = visit.kind === 'waits' && visit.looked && (work.attempt ?? 1) === 1
      if (isFirstLook) this.#progress.came()
      if (visit.kind === 'waits') {
        if (visit.wait.isPaused) this.#options.pause?.set(true)
        // Its own look is no news to it.
        const isDone = await this.#putOff(work, {
          ...visit,
          ends,
          asked: isFirstLook ? { ...asked, news: asked.news + 1 } : asked,
        })
        return isDone || isFirstLook
      }
      // The run was stopped, or the device is refused what it was to wait for.
      if (!hasPlace && this.#since.has(name)) await this.#environment.admission.giveUp?.(name)
      this.#isDone(work)
      this.#options.count(visit.outcome)
    } catch (error) {
      this.#broken.abort(error)
    } finally {
      worker.letGo?.()
    }
    return true
  }

  async #place({ wave = 1, attempt = 1, device: { name } }: DeviceWork, request: PlaceRequest): Promise<PlaceAnswer> {
    const answer = await this.#environment.admission.place(request)
    if (answer.kind !== 'begin') return answer
    this.#progress.begins(name, attempt === 1)
    this.#waiting.begins(name)
    if (this.#pace.letIn(wave)) setImmediate(() => this.#fill())
    const change: Permit['change'] = async (...asked) => {
      const leave = await answer.permit.change(...asked)
      if (leave.kind === 'begin') this.#progress.mayChange(name)
      return leave
    }
    return { ...answer, permit: { ...answer.permit, change } }
  }

  /** Resolves to whether it is done. */
  async #putOff(work: DeviceWork, visit: PutOff): Promise<boolean> {
    const { wait, looked, carried } = visit
    const attempt = visit.told ?? work.attempt ?? 1
    const again: DeviceWork = looked ? { ...work, attempt: attempt + 1, ...(carried && { carried }) } : work
    if (wait.isPaused || !this.#since.has(work.device.name))
      this.#since.set(work.device.name, this.#environment.clock.elapsed())
    const isWorth = !this.#environment.stopping.aborted && this.#isWorth(work, visit)
    this.#progress.tells(work.device.name)
    await this.#tell(work, { ...visit, attempt, isWorth })
    if (isWorth) {
      this.#keep(again, visit)
      return false
    }
    await this.#environment.admission.giveUp?.(work.device.name)
    const end = await endDevice(again, this.#environment, {
      ...deferred(wait),
      ...(visit.answered && { answered: true }),
    })
    this.#pace.ended()
    if (end.kind === 'ended') this.#options.count(end.outcome)
    return true
  }

  #isDone({ device }: DeviceWork): void {
    this.#progress.came()
    this.#since.delete(device.name)
    this.#doneAt = this.#environment.clock.elapsed()
    this.#pace.ended()
  }

  /** Says why a device waits; once, where it was not looked at. */
  async #tell(
    { device: { name, store } }: DeviceWork,
    { wait, told, looked, attempt, isWorth }: PutOff & { readonly attempt: number; readonly isWorth: boolean },
  ): Promise<void> {
    const why = JSON.stringify([wait.failure.code, wait.failure.message])
    if (told === undefined && (looked || (isWorth && this.#told.get(name) !== why))) {
      const { not_before } = deferred(wait)
      const body = { type: 'device.waiting', device: name, store, attempt, failure: wait.failure } as const
      await this.#environment.emit({ ...body, ...(not_before !== undefined && { not_before }) })
    }
    if (isWorth) this.#told.set(name, why)
  }

  /** Has it asked for again later: on its own, or before all that come behind it. */
  #keep(again: DeviceWork, { wait, looked, ends }: PutOff): void {
    if (isForAll({ wait, looked })) {
      this.#pace.full(again.wave ?? 1, ends)
      this.#enqueue(again, 'first')
      // What is in the way of all may end before what is in its own.
      this.#wakeFor({ ...wait, isPassing: true })
      return
    }
    if (looked) this.#pace.ended()
    else this.#pace.toldOtherwise()
    if (this.#waiting.add({ work: again, wait })) this.#wakeFor(wait)
    else this.#askFor([again])
  }

  #isWorth(work: DeviceWork, visit: PutOff): boolean {
    const { isPaused, isWarned, isPassing, until } = visit.wait
    if (isForAll(visit)) return this.#isWorthWaitingForAll(work, visit.wait, visit.ends)
    return isPaused === true || isWarned === true || (isPassing && this.#mayPassFor(work, visit)) || this.#isSoon(until)
  }

  /** Among those that are due, by wave: as the first or the last one of its own. */
  #enqueue(work: DeviceWork, as: 'first' | 'last'): void {
    const { wave: own = 1 } = work
    const isBehind = ({ wave = 1 }: DeviceWork): boolean => (as === 'first' ? wave >= own : wave > own)
    const at = this.#due.findIndex(isBehind)
    this.#due.splice(at < 0 ? this.#due.length : at, 0, work)
  }

  /** Devices of the run that are in progress end sooner or later; for anything else it waits as long as it was told to. */
  #mayPassFor(work: DeviceWork, { looked, asked }: PutOff): boolean {
    if (this.#isPatient(work) || this.#progress.areOthersFor({ looked })) return true
    if (this.#progress.isOutdated(asked, { looked })) return true
    // Who waits may have waited for this very look.
    if (looked && (work.attempt ?? 1) === 1 && this.#waiting.size > 0) return true
    const toCome = this.#toComeBefore(work)
    if (toCome.some(({ device }) => !this.#progress.wasTold(device.name))) return true
    // The one that is being put off is still counted.
    return (this.#running > 1 || toCome.length > 0) && this.#progress.isNewsTo(work.device.name)
  }

  /** Those of later waves wait for this one, and not the other way round. */
  #toComeBefore({ wave: own = 1 }: DeviceWork): readonly DeviceWork[] {
    return [this.#due[0], this.#work[this.#next]].flatMap((item) => (item && (item.wave ?? 1) <= own ? [item] : []))
  }

  /** What is in the way of all that come behind goes with devices of the run, or at a time. */
  #isWorthWaitingForAll(work: DeviceWork, { isPassing, until }: Wait, endsBefore: number): boolean {
    const areOthersToEnd = this.#running > 1 || this.#waiting.size > 0 || this.#pace.ends !== endsBefore
    if (isPassing && (areOthersToEnd || this.#isPatient(work))) return true
    return this.#isSoon(until)
  }

  /** It has not waited for too long since a device of the run was done. */
  #isPatient({ device }: DeviceWork): boolean {
    const now = this.#environment.clock.elapsed()
    const since = Math.max(this.#doneAt, this.#since.get(device.name) ?? now)
    return now - since < this.#options.patienceMs
  }

  #isSoon(until: number | undefined): boolean {
    return until !== undefined && until - this.#environment.clock.now().getTime() <= this.#options.patienceMs
  }

  /** Who comes first for what the device took; of others nobody knows, but most of what is in their way is in their own store. */
  #askAfter({ device: { name, store } }: DeviceWork): void {
    const next = this.#environment.admission.nextAfter?.(name) ?? []
    this.#askFor(next.flatMap((one) => this.#waiting.call(one) ?? []))
    const mayGo = ({ wait, work }: Waiting): boolean =>
      wait.isPassing && wait.isQueued !== true && work.device.name !== name
    const near = this.#waiting.take(
      ASKED_OF_ITS_STORE,
      (waiting) => mayGo(waiting) && waiting.work.device.store === store,
    )
    this.#askFor(near)
    this.#askFor(this.#waiting.take(ASKED_AT_AN_END - near.length, mayGo))
  }

  /** Has them asked for again. */
  #askFor(works: readonly DeviceWork[]): void {
    for (const work of works) this.#enqueue(work, 'last')
    if (works.length > 0) setImmediate(() => this.#fill())
  }

  /** Wakes up for a device that waits, unless that happens sooner anyway. */
  #wakeFor({ isPassing, isPaused, until }: Wait): void {
    const now = this.#environment.clock.now().getTime()
    const inMs = Math.min(
      until === undefined ? ASK_EVERY_MS : until - now,
      isPassing || isPaused ? ASK_EVERY_MS : LONGEST_TIMER_MS,
    )
    const at = now + Math.max(SHORTEST_TIMER_MS, inMs)
    if (this.#timer && this.#wakesAt <= at) return
    clearTimeout(this.#timer)
    this.#wakesAt = at
    this.#timer = setTimeout(() => this.#wake(), Math.min(at - now, LONGEST_TIMER_MS))
  }

  #wake(): void {
    this.#timer = undefined
    this.#pace.free()
    const now = this.#environment.clock.now().getTime()
    let left = Math.max(ASKED_AT_A_TIME, Math.ceil(this.#waiting.size / TIMES_TO_ASK_ALL))
    const due = this.#waiting.take(this.#waiting.size, ({ wait }) => {
      // It may have ended before this device was among those who wait.
      if (wait.isPaused) return !this.#options.pause?.isPaused
      if (!wait.isPassing) return (wait.until ?? 0) <= now
      left -= 1
      return left >= 0
    })
    this.#askFor(due)
    for (const wait of this.#waiting.waits()) this.#wakeFor(wait)
    setImmediate(() => this.#fill())
  }
}
