import { setMaxListeners } from 'node:events'
import type { RunStarted, RunTargets } from '../../core/events.ts'
import { type DeviceOutcome, type DeviceState, EXIT, exitCodeOf, worseExitCode } from '../../core/outcome.ts'
import { emptyCounts } from '../../core/run.ts'
import type { DeviceEnvironment, DeviceWork } from '../device/perform-device.ts'
import { runDevice } from '../device/run-device.ts'
import { type DeviceWorker, MAIN_THREAD, mainThreadOnly, type WorkerPool } from './worker-pool.ts'

/** What a run came to. */
export interface FleetEnd {
  readonly exitCode: number
  readonly counts: ReturnType<typeof emptyCounts>
}

interface FleetOptions {
  readonly environment: DeviceEnvironment
  readonly parallel: number
  readonly head: Omit<RunStarted, 'type' | 'devices'>
  /** Those who work on the devices; this thread alone unless told. */
  readonly pool?: WorkerPool
  /** States of devices that make the exit code another than 0; all that are not as desired unless told. */
  readonly failOn?: ReadonlySet<DeviceState>
}

/**
 * Runs all devices, at most `parallel` at a time, and emits the run's beginning and end around them. Every device
 * in `work` ends in exactly one `device.finished`. Rejects only when the journal fails, or on a bug of ours, and only
 * after every device has let go.
 */
export async function runFleet(work: readonly DeviceWork[], options: FleetOptions): Promise<FleetEnd> {
  const { environment, parallel } = options
  const began = environment.clock.elapsed()
  const counts = emptyCounts()
  let unknown = 0
  let exitCode: number = EXIT.ok
  const count = (outcome: DeviceOutcome): void => {
    counts[outcome.state] += 1
    if (outcome.unknown) unknown += 1
    exitCode = worseExitCode(exitCode, exitCodeOf(outcome, options.failOn))
  }
  const started = environment.emit({ type: 'run.started', ...options.head, devices: work.length })
  await Promise.all([started, ...targetsOf(work).map((event) => environment.emit(event))])
  await new Dispatch(work, { environment, parallel, count, pool: options.pool ?? mainThreadOnly }).run()
  if (environment.stopping.aborted) exitCode = EXIT.interrupted
  const duration = Math.round(environment.clock.elapsed() - began)
  await environment.emit({ type: 'run.finished', counts, unknown, exit_code: exitCode, duration_ms: duration })
  return { exitCode, counts }
}

/** Names in one event: a line that a reader of the stream can still take in. */
const TARGETS_AT_ONCE = 500

function targetsOf(work: readonly DeviceWork[]): RunTargets[] {
  const events: RunTargets[] = []
  for (let first = 0; first < work.length; first += TARGETS_AT_ONCE) {
    const devices = work.slice(first, first + TARGETS_AT_ONCE).map(({ device }) => device.name)
    events.push({ type: 'run.targets', wave: 1, devices })
  }
  return events
}

/**
 * Hands devices to those who have room, in order. What cannot be written down is not done: when the journal fails,
 * nothing new begins and what is changing is finished.
 */
class Dispatch {
  readonly #work: readonly DeviceWork[]
  readonly #environment: DeviceEnvironment
  readonly #parallel: number
  readonly #count: (outcome: DeviceOutcome) => void
  readonly #pool: WorkerPool
  readonly #broken = new AbortController()
  #next = 0
  #running = 0
  #ended: () => void = () => undefined

  constructor(
    work: readonly DeviceWork[],
    options: {
      readonly environment: DeviceEnvironment
      readonly parallel: number
      readonly count: (outcome: DeviceOutcome) => void
      readonly pool: WorkerPool
    },
  ) {
    const stopping = AbortSignal.any([options.environment.stopping, this.#broken.signal])
    // Every device in flight listens to it.
    setMaxListeners(0, stopping)
    this.#work = work
    this.#environment = { ...options.environment, stopping }
    this.#parallel = options.parallel
    this.#count = options.count
    this.#pool = options.pool
  }

  async run(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    this.#pool.onRoom(() => this.#fill())
    this.#fill()
    await ended
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason
  }

  /** Where the run is being stopped, there is nothing to do for a device but to say so. */
  #handFor(item: DeviceWork): DeviceWorker | undefined {
    if (this.#environment.stopping.aborted) return MAIN_THREAD
    return this.#pool.pick(item.device, this.#work.length - this.#next)
  }

  #fill(): void {
    while (this.#running < this.#parallel && !this.#broken.signal.aborted) {
      const item = this.#work[this.#next]
      const worker = item && this.#handFor(item)
      if (!worker) break
      this.#next += 1
      this.#running += 1
      void runDevice(item, this.#environment, worker)
        .then(this.#count, (error: unknown) => this.#broken.abort(error))
        .then(() => {
          this.#running -= 1
          this.#fill()
        })
    }
    if (this.#running === 0 && (this.#next === this.#work.length || this.#broken.signal.aborted)) this.#ended()
  }
}
