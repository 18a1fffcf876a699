import type { Device } from '../../../core/fleet.ts'
import { jobQueueOf, type WorkerFacts, type WorkerRight } from '../../../core/handed-work.ts'
import type { RunStore } from '../../../core/run-store.ts'
import { serves } from '../../../core/served.ts'
import { whyNotCounted } from '../../worker/worker-token.ts'
import { isTaking } from './unserved.ts'

/** Whoever is there is looked at so often. */
export const LOOK_EVERY_MS = 2_000
/** Where nobody of a group was there for so long, nobody is waited for. */
const NOBODY_MS = 30_000

/** Which workers a run counts on, and who is told of the others. */
export interface WhoCounts {
  /** Those that the repository names; nobody: it counts on whoever is there. */
  readonly workers: readonly WorkerRight[]
  readonly warn: (text: string) => void
}

/** Workers that serve the same, and share a queue. */
export interface WorkerGroup {
  readonly queue: string
  readonly serve: string
  slots: number
  /** Devices of this run that were handed to it. */
  out: number
  lastSeen: number
  /** Why one of them that is there takes nothing now: it could not work. */
  why: string | undefined
}

/** Who is there to work for a run, as the store tells it. */
export class WorkerGroups {
  readonly #store: Pick<RunStore, 'work'>
  readonly #groups = new Map<string, WorkerGroup>()
  readonly #who: WhoCounts
  /** Sessions of workers that somebody was told of. */
  readonly #told = new Set<string>()
  #refused: string[] = []
  /** When the store last told who is there. */
  #metAt = performance.now()

  constructor(store: Pick<RunStore, 'work'>, who: WhoCounts) {
    this.#store = store
    this.#who = who
  }

  get all(): readonly WorkerGroup[] {
    return [...this.#groups.values()]
  }

  /** Asks the store who is there. Throws where it does not answer; then all stays as it was known. */
  async meet(): Promise<void> {
    const there = await this.#store.work.workers()
    // Where the store was away, workers could not say that they are there: they are not missed for that time.
    const unheardMs = Math.max(0, performance.now() - this.#metAt - LOOK_EVERY_MS)
    this.#metAt = performance.now()
    for (const group of this.#groups.values()) group.lastSeen += unheardMs
    for (const group of this.#groups.values()) Object.assign(group, { slots: 0, why: undefined })
    this.#refused = []
    for (const worker of there) if (!worker.draining && this.#counts(worker)) this.#add(worker)
  }

  /** Who is there and left out, and why. */
  get refused(): readonly string[] {
    return this.#refused
  }

  servedBy(device: Device): readonly WorkerGroup[] {
    return this.all.filter(({ serve }) => serves(serve, device))
  }

  /** Whether nobody of a group has been there for so long that nobody is waited for, as far as the store has answered. */
  isMissed({ lastSeen }: WorkerGroup): boolean {
    return Math.min(performance.now(), this.#metAt + LOOK_EVERY_MS) - lastSeen > NOBODY_MS
  }

  #counts(worker: WorkerFacts): boolean {
    const why = whyNotCounted(this.#who.workers, worker)
    if (why === undefined) return true
    const text = `The worker ${worker.name} is given no work: ${why}. (WORKER_REFUSED)`
    this.#refused.push(text)
    if (!this.#told.has(worker.session)) this.#who.warn(text)
    this.#told.add(worker.session)
    return false
  }

  #add(worker: WorkerFacts): void {
    const { name, serve, slots, ...how } = worker
    const queue = jobQueueOf(worker)
    const fresh = { queue, serve, slots: 0, out: 0, lastSeen: performance.now(), why: undefined }
    const group = this.#groups.get(queue) ?? fresh
    this.#groups.set(queue, group)
    if (how.resting !== undefined) group.why = `The worker ${name}: ${how.resting}`
    if (!isTaking(how)) return
    group.slots += slots
    group.lastSeen = performance.now()
  }
}

/** A few more than they have room for, so that none waits for its next device. */
export function roomOf({ slots, out }: WorkerGroup): number {
  return slots + Math.ceil(slots / 8) - out
}
