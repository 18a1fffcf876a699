import type { DeviceWaiting, EventHead, RunEvent } from '../../core/events.ts'
import type { DeviceState } from '../../core/outcome.ts'
import type { RunTarget } from '../../core/run.ts'
import type { RunStore } from '../../core/run-store.ts'

/** How far a run has come, as its events tell it. */
export interface RunProgress {
  /** In their order. */
  readonly targets: readonly RunTarget[]
  /** Devices that are being worked on. */
  readonly working: ReadonlySet<string>
  /** Devices that safety has told to wait. */
  readonly waiting: ReadonlyMap<string, DeviceWaiting & EventHead>
  /** How devices have ended so far. */
  readonly ended: ReadonlyMap<string, DeviceState>
  /** The last event that was seen. */
  readonly seq: number
}

/** So many are kept; who comes back to another one waits until its events are read again. */
const MOST_KEPT = 16

/** Reads on in the events of runs that somebody looks at. */
export class RunFollower {
  readonly #kept = new Map<string, Follow>()

  /** The progress as the store has it at this call. */
  async of(store: RunStore, run: string, options: { readonly isOver: boolean }): Promise<RunProgress> {
    const follow = this.#kept.get(run) ?? new Follow(run, options.isOver)
    this.#kept.delete(run)
    this.#kept.set(run, follow)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    await follow.readOn(store, options.isOver)
    return follow
  }
}

class Follow implements RunProgress {
  readonly targets: RunTarget[] = []
  readonly working = new Set<string>()
  readonly waiting = new Map<string, DeviceWaiting & EventHead>()
  ended: ReadonlyMap<string, DeviceState> = new Map()
  readonly #run: string
  /** Of a run that was over from the start only the head is read: all else stands in the ends of its devices. */
  #isHead: boolean
  #isRead = false
  #reading: Promise<void> = Promise.resolve()
  seq = 0

  constructor(run: string, isOver: boolean) {
    this.#run = run
    this.#isHead = isOver
  }

  readOn(store: RunStore, isOver: boolean): Promise<void> {
    // One after the other: two would take an event twice.
    const before = this.#reading.catch(() => undefined)
    this.#reading = before.then(async () => {
      // Somebody carries it on.
      if (!isOver && this.#isRead) this.#isHead = false
      if (this.#isHead && this.#isRead && isOver) return
      for await (const event of store.events(this.#run, this.seq)) {
        this.#add(event)
        if (this.#isHead && event.type === 'device.started') break
      }
      this.ended = await store.reads.states(this.#run)
      this.#isRead = true
    })
    return this.#reading
  }

  #add(event: RunEvent): void {
    this.seq = event.seq
    if (event.type === 'run.targets')
      this.targets.push(...event.devices.map((device) => ({ device, wave: event.wave })))
    else if (event.type === 'device.started') {
      this.waiting.delete(event.device)
      this.working.add(event.device)
    } else if (event.type === 'device.waiting') {
      this.working.delete(event.device)
      this.waiting.set(event.device, event)
    } else if (event.type === 'device.finished') {
      this.working.delete(event.device)
      this.waiting.delete(event.device)
    }
  }
}
