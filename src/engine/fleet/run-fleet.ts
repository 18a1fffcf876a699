import type { RunResumed, RunStarted, RunTargets } from '../../core/events.ts'
import { type DeviceOutcome, type DeviceState, EXIT, exitCodeOf, worseExitCode } from '../../core/outcome.ts'
import { emptyCounts } from '../../core/run.ts'
import type { DeviceEnvironment, DeviceWork } from '../device/perform-device.ts'
import type { RunPause } from './run-pause.ts'
import { Schedule } from './schedule.ts'
import { mainThreadOnly, type WorkerPool } from './worker-pool.ts'

/** What a run came to. */
export interface FleetEnd {
  readonly exitCode: number
  readonly counts: ReturnType<typeof emptyCounts>
}

/** The first event of a run, or of a process that carries it on. */
export type RunHead = Omit<RunStarted, 'devices'> | Omit<RunResumed, 'devices'>

interface FleetOptions {
  readonly environment: DeviceEnvironment
  /** Devices at a time; a function where that may change. */
  readonly parallel: number | (() => number)
  readonly head: RunHead
  /** What devices have come to that a run which is carried on has done already. */
  readonly before?: { readonly outcomes: Iterable<DeviceOutcome> }
  /** Those who work on the devices. Default: this thread alone. */
  readonly pool?: WorkerPool
  /** For how long, in milliseconds, the run waits for safety. Default: it waits for its own devices in progress only. */
  readonly patienceMs?: number
  /** Nothing new begins while it lasts. */
  readonly pause?: RunPause
  /** States of devices that make the exit code another than 0. Default: all that are not as desired. */
  readonly failOn?: ReadonlySet<DeviceState>
  /** Called when the journal says which devices the run is about, before the first is asked for. */
  readonly onBegun?: () => Promise<void>
  /** Called when every device has its end, before that of the run; resolves to an exit code that counts as well. */
  readonly beforeEnd?: () => Promise<number>
}

/**
 * Runs all devices, at most `parallel` at a time, and emits the run's beginning and end around them. Every device
 * in `work` ends in exactly one `device.finished`. Rejects only when the journal fails, or on a bug of ours, and only
 * after every device has let go.
 */
export async function runFleet(work: readonly DeviceWork[], options: FleetOptions): Promise<FleetEnd> {
  const { environment } = options
  const { parallel: most } = options
  const parallel = typeof most === 'number' ? (): number => most : most
  const began = environment.clock.elapsed()
  const counts = emptyCounts()
  let unknown = 0
  let exitCode: number = EXIT.ok
  const count = (outcome: DeviceOutcome): void => {
    counts[outcome.state] += 1
    if (outcome.unknown) unknown += 1
    exitCode = worseExitCode(exitCode, exitCodeOf(outcome, options.failOn))
  }
  for (const outcome of options.before?.outcomes ?? []) count(outcome)
  const started = environment.emit({ ...options.head, devices: work.length })
  const targets = options.head.type === 'run.started' ? targetsOf(work) : []
  await Promise.all([started, ...targets.map((event) => environment.emit(event))])
  await options.onBegun?.()
  const { pool = mainThreadOnly, patienceMs = 0 } = options
  await new Schedule(work, { environment, parallel, count, pool, patienceMs, pause: options.pause }).run()
  if (options.beforeEnd) exitCode = worseExitCode(exitCode, await options.beforeEnd())
  if (environment.stopping.aborted) exitCode = EXIT.interrupted
  const duration = Math.round(environment.clock.elapsed() - began)
  await environment.emit({ type: 'run.finished', counts, unknown, exit_code: exitCode, duration_ms: duration })
  return { exitCode, counts }
}

/** Names in one event: a line that a reader of the stream can still take in. */
const TARGETS_AT_ONCE = 500

function targetsOf(work: readonly DeviceWork[]): RunTargets[] {
  const events: RunTargets[] = []
  let names: string[] = []
  let last = 1
  for (const { device, wave = 1 } of work) {
    if (wave !== last || names.length === TARGETS_AT_ONCE) {
      if (names.length > 0) events.push({ type: 'run.targets', wave: last, devices: names })
      names = []
      last = wave
    }
    names.push(device.name)
  }
  if (names.length > 0) events.push({ type: 'run.targets', wave: last, devices: names })
  return events
}
