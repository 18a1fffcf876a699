import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { counted } from '../../core/counted.ts'
import { inputError } from '../../core/diagnostic.ts'
import {
  bellOf,
  type HandedJob,
  jobQueueOf,
  MOST_TOGETHER,
  type TakenJob,
  type WorkerFacts,
  type WorkQueue,
} from '../../core/handed-work.ts'
import { VERSION } from '../version.ts'
import { HandedVisits, type WorkerDependencies } from './handed-visits.ts'
import { Turns } from './turns.ts'
import { proofOf, whyNotCounted } from './worker-token.ts'

/** A worker is heard of so often, and is gone when it was not for so long. */
const BEAT_MS = 2_000
const GONE_MS = 10_000
/** Where nobody rings. */
const LOOK_EVERY_MS = 1_000
/** The engine gives up whoever says nothing of a job for ten seconds. */
const TOUCH_MS = 3_000
const GATHER_MS = 50
/** What could not be done here is left to others for so long, and nothing else is taken; twice as long each time in a row. */
const REST_MS = 5_000
const LONGEST_REST_MS = 60_000
/** A run of which nothing came for so long is let go. */
const IDLE_RUN_MS = 30_000

export interface WorkerOptions {
  readonly name: string
  /** See `serveText`. */
  readonly serve: string
  /** Where the repository names its workers. */
  readonly token?: string | undefined
  /** Devices at a time. */
  readonly slots: number
  /** Tells people how it goes. */
  readonly tell: (text: string) => void
}

type Dependencies = WorkerDependencies & { readonly queue: WorkQueue }

interface OpenRun {
  readonly visits: Promise<HandedVisits | undefined>
  /** The same, once it is open. */
  opened?: HandedVisits
  /** Devices of it that are here, on their way or not begun. */
  pending: number
  usedAt: number
  readonly unlisten: () => void
}

/** A process that works on devices of runs that others carry on. */
export class Worker {
  readonly #dependencies: Dependencies
  readonly #options: WorkerOptions
  readonly #facts: Omit<WorkerFacts, 'busy' | 'draining'>
  readonly #from: string
  /** A job may have more devices than there is room for. */
  readonly #slots: ReturnType<typeof pLimit>
  /** By run and controller. */
  readonly #runs = new Map<string, OpenRun>()
  readonly #turns = new Turns()
  readonly #jobs = new Set<TakenJob>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #unlisten: (() => void)[] = []
  #busy = 0
  #done = 0
  #draining = false
  #taking: Promise<void> | undefined
  #takeAgain = false
  /** Nothing is taken before then, and why. */
  #rest = { until: 0, why: '' }
  /** Nor is it before then, so that others get what was put back for them. */
  #othersUntil = 0
  /** Why a job was for others the last time. */
  #refused = ''
  /** How often in a row it could not work. */
  #failures = 0
  readonly #toTell: TakenJob[] = []
  #telling: Promise<void> | undefined
  #idle: () => void = () => undefined

  private constructor(dependencies: Dependencies, options: WorkerOptions) {
    this.#dependencies = dependencies
    this.#options = options
    const { name, serve, slots, token } = options
    this.#slots = pLimit(slots)
    const who = { name, session: randomUUID(), serve }
    const proof = token === undefined ? {} : { proof: proofOf(token, who) }
    this.#facts = { ...who, ...proof, host: hostname(), pid: process.pid, slots, version: VERSION }
    this.#from = jobQueueOf(this.#facts)
  }

  /** Begins to take jobs. Throws InputError where another worker has its name. */
  static async start(dependencies: Dependencies, options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(dependencies, options)
    await dependencies.queue.open(worker.#from)
    await worker.#beat()
    worker.#every(BEAT_MS, () => worker.#beat())
    worker.#every(TOUCH_MS, () => worker.#touch())
    worker.#every(LOOK_EVERY_MS, () => worker.#look())
    worker.#unlisten.push(dependencies.bell.on(bellOf.queue(worker.#from), () => worker.#take()))
    worker.#take()
    return worker
  }

  /** Devices that it has been through, and has. */
  get counts(): { readonly done: number; readonly busy: number } {
    return { done: this.#done, busy: this.#busy }
  }

  /** Takes nothing new, finishes what it has, and says goodbye. */
  async stop(): Promise<void> {
    this.#draining = true
    await this.#beat().catch(() => undefined)
    await this.#taking
    if (this.#jobs.size > 0) {
      this.#options.tell(`Finishing ${counted(this.#busy, 'device')}; nothing new is taken.`)
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    for (const timer of this.#timers) clearInterval(timer)
    for (const unlisten of this.#unlisten) unlisten()
    for (const { opened, unlisten } of this.#runs.values()) {
      unlisten()
      opened?.close()
    }
    await this.#dependencies.store.work.leave(this.#facts).catch(() => undefined)
  }

  /** Ends what it has after what is being changed; asked for again, now. */
  hurry(): void {
    for (const { visits } of this.#runs.values()) {
      visits.then((open) => open?.hurry()).catch(() => undefined)
    }
  }

  #every(ms: number, work: () => Promise<void>): void {
    let isBusy = false
    const timer = setInterval(() => {
      if (isBusy) return
      isBusy = true
      // It is tried again the next time.
      void work()
        .catch(() => undefined)
        .finally(() => {
          isBusy = false
        })
    }, ms)
    this.#timers.push(timer)
  }

  async #beat(): Promise<void> {
    const { until, why } = this.#rest
    const resting = performance.now() < until ? why : undefined
    const facts = { ...this.#facts, busy: this.#slots.activeCount, draining: this.#draining, resting }
    if (await this.#dependencies.store.work.present(facts, GONE_MS)) return
    const { name } = this.#options
    const summary = `A worker "${name}" is there already`
    const detail =
      'Give this one another name with --name. One that was killed on another machine is forgotten within 10 s.'
    throw inputError('WORKER_NAME_TAKEN', summary, detail)
  }

  async #touch(): Promise<void> {
    if (this.#jobs.size > 0) await this.#dependencies.queue.touch(this.#from, [...this.#jobs])
  }

  /** What controllers say, and whether there is more to do. */
  async #look(): Promise<void> {
    this.#take()
    // One that does not open keeps nobody else from hearing of their controllers.
    const open = [...this.#runs].flatMap(([key, known]) => {
      const { opened: visits } = known
      return visits ? [{ key, known, visits, run: visits.run, fleet: visits.fleet }] : []
    })
    if (open.length === 0) return
    const standings = await this.#dependencies.store.work.standings(open)
    for (const { key, known, visits, run } of open) {
      visits.stand(standings.get(run))
      if (known.pending > 0) known.usedAt = performance.now()
      if (performance.now() - known.usedAt < IDLE_RUN_MS) continue
      this.#forget(key)
      visits.close()
    }
  }

  #take(): void {
    this.#takeAgain = true
    this.#taking ??= this.#takeAll()
      // Looked for again in a second.
      .catch(() => undefined)
      .finally(() => {
        this.#taking = undefined
      })
  }

  async #takeAll(): Promise<void> {
    const { slots } = this.#options
    while (this.#takeAgain) {
      this.#takeAgain = false
      const room = slots - this.#busy
      if (this.#draining || room <= 0 || performance.now() < Math.max(this.#rest.until, this.#othersUntil)) return
      // How many devices a job has is not known before it is taken.
      const jobs = await this.#dependencies.queue.take(this.#from, Math.max(1, Math.floor(room / MOST_TOGETHER)))
      for (const job of jobs) {
        if (await this.#isForOthers(job)) continue
        this.#jobs.add(job)
        const fitting = await this.#fitting(job)
        this.#busy += fitting.data.devices.length
        void this.#work(fitting).finally(() => this.#leave(job))
      }
      if (jobs.length > 0) this.#takeAgain = true
    }
  }

  /** Whether a job of a run that does not count on this worker was put back. It was not tried by that. */
  async #isForOthers(job: TakenJob): Promise<boolean> {
    const { run, workers = [] } = job.data
    const why = whyNotCounted(workers, this.#facts)
    if (why === undefined) return false
    this.#othersUntil = performance.now() + LOOK_EVERY_MS
    if (why !== this.#refused) this.#options.tell(`The jobs of the run ${run} are for others: ${why}. (WORKER_REFUSED)`)
    this.#refused = why
    try {
      await this.#putBack(job, job.data.devices)
      await this.#dependencies.queue.done(this.#from, [job])
    } catch {
      // Silence about it gives it to others in ten seconds.
    }
    return true
  }

  async #putBack({ data, tries }: TakenJob, devices: TakenJob['data']['devices']): Promise<void> {
    await this.#dependencies.queue.put(this.#from, [{ ...data, devices, tries }])
    this.#dependencies.bell.ring(bellOf.queue(this.#from))
  }

  /** As much of a job as there is room for; the rest is put back for whoever has some. */
  async #fitting(job: TakenJob): Promise<TakenJob> {
    const { slots } = this.#options
    const room = Math.max(1, slots - this.#busy)
    const { devices } = job.data
    if (devices.length <= room) return job
    try {
      await this.#putBack(job, devices.slice(room))
    } catch {
      return job
    }
    return { ...job, data: { ...job.data, devices: devices.slice(0, room) } }
  }

  #leave(job: TakenJob): void {
    this.#jobs.delete(job)
    if (this.#jobs.size === 0) this.#idle()
  }

  async #work(job: TakenJob): Promise<void> {
    const { data, tries } = job
    const open = this.#open(data)
    open.pending += data.devices.length
    await this.#whileUnclear(open, data)
    const ends = await Promise.all(
      data.devices.map(async (handed) => {
        try {
          const visits = await open.visits
          await this.#slots(() => visits?.visit(data, handed, tries))
          this.#done += 1
          this.#failures = 0
          return undefined
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error)
          this.#options.tell(`${handed.device.name}: ${why}`)
          this.#cannotWork(why)
          return why
        } finally {
          open.pending -= 1
          open.usedAt = performance.now()
          this.#busy -= 1
          this.#take()
        }
      }),
    )
    const why = ends.find((end) => end !== undefined)
    if (why === undefined) await this.#tellDone(job)
    else await this.#tellFailed(job, why)
  }

  /** A job whose controller is not heard of waits without room of its own: there may be others in the queue whose controllers are there. */
  async #whileUnclear({ visits }: OpenRun, job: HandedJob): Promise<void> {
    const open = await visits.catch(() => undefined)
    if (!open?.isUnclear) return
    this.#busy -= job.devices.length
    this.#take()
    await open.isWanted()
    this.#busy += job.devices.length
  }

  /** All devices of a job fail at once where it is this worker that cannot: controllers count on others meanwhile. */
  #cannotWork(why: string): void {
    const now = performance.now()
    if (now < this.#rest.until) return
    this.#failures += 1
    this.#rest = { until: now + Math.min(REST_MS * 2 ** (this.#failures - 1), LONGEST_REST_MS), why }
    void this.#beat().catch(() => undefined)
  }

  /** Where that cannot be told either, silence about it says the same in ten seconds. */
  async #tellFailed(job: TakenJob, why: string): Promise<void> {
    const { name } = this.#options
    await this.#dependencies.queue.fail(this.#from, job, `The worker ${name}: ${why}`).catch(() => undefined)
    this.#dependencies.bell.ring(bellOf.queue(this.#from))
  }

  /** Those that are done within a moment are told together: to tell of one costs as much as to tell of many. */
  #tellDone(job: TakenJob): Promise<void> {
    this.#toTell.push(job)
    this.#telling ??= delay(GATHER_MS).then(async () => {
      this.#telling = undefined
      // Whoever gets one of them again sees that its devices are done.
      await this.#dependencies.queue.done(this.#from, this.#toTell.splice(0)).catch(() => undefined)
    })
    return this.#telling
  }

  #open(job: HandedJob): OpenRun {
    const { run, epoch } = job
    const key = `${run} ${epoch}`
    const known = this.#runs.get(key)
    if (known) return known
    const { session } = this.#facts
    const visits = HandedVisits.open(job, this.#dependencies, { session, turns: this.#turns })
    const unlisten = this.#dependencies.bell.on(bellOf.order(run), () => void this.#look().catch(() => undefined))
    const open: OpenRun = { visits, pending: 0, usedAt: performance.now(), unlisten }
    this.#runs.set(key, open)
    const forget = (): void => this.#forget(key)
    visits.then((there) => {
      if (there) open.opened = there
      else forget()
    }, forget)
    return open
  }

  #forget(key: string): void {
    this.#runs.get(key)?.unlisten()
    this.#runs.delete(key)
  }
}
