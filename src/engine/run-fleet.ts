import { setMaxListeners } from 'node:events'
import pLimit from 'p-limit'
import type { RunStarted } from '../core/events.ts'
import { type DeviceOutcome, EXIT, exitCodeOf, worseExitCode } from '../core/outcome.ts'
import { emptyCounts } from '../core/run.ts'
import { type DeviceEnvironment, type DeviceWork, runDevice } from './run-device.ts'

/** What a run came to. */
export interface FleetEnd {
  readonly exitCode: number
  readonly counts: ReturnType<typeof emptyCounts>
}

/**
 * Runs all devices, at most `parallel` at a time, and emits the run's beginning and end around them. Every device
 * in `work` ends in exactly one `device.finished`. Rejects only when the journal fails, or on a bug of ours, and only
 * after every device has let go.
 */
export async function runFleet(
  work: readonly DeviceWork[],
  options: {
    readonly environment: DeviceEnvironment
    readonly parallel: number
    readonly head: Omit<RunStarted, 'type' | 'devices'>
  },
): Promise<FleetEnd> {
  const { environment, parallel } = options
  const began = environment.clock.elapsed()
  const counts = emptyCounts()
  let unknown = 0
  let exitCode: number = EXIT.ok
  const count = (outcome: DeviceOutcome): void => {
    counts[outcome.state] += 1
    if (outcome.unknown) unknown += 1
    exitCode = worseExitCode(exitCode, exitCodeOf(outcome))
  }
  await environment.emit({ type: 'run.started', ...options.head, devices: work.length })
  await runDevices(work, { environment, parallel, count })
  if (environment.stopping.aborted) exitCode = EXIT.interrupted
  const duration = Math.round(environment.clock.elapsed() - began)
  await environment.emit({ type: 'run.finished', counts, unknown, exit_code: exitCode, duration_ms: duration })
  return { exitCode, counts }
}

/** What cannot be written down is not done: when the journal fails, nothing new begins and what is changing is finished. */
async function runDevices(
  work: readonly DeviceWork[],
  options: {
    readonly environment: DeviceEnvironment
    readonly parallel: number
    readonly count: (outcome: DeviceOutcome) => void
  },
): Promise<void> {
  const broken = new AbortController()
  const stopping = AbortSignal.any([options.environment.stopping, broken.signal])
  // Every device in flight listens to it.
  setMaxListeners(0, stopping)
  const environment = { ...options.environment, stopping }
  const limit = pLimit(options.parallel)
  const one = async (item: DeviceWork): Promise<void> => {
    if (broken.signal.aborted) return
    try {
      options.count(await runDevice(item, environment))
    } catch (error) {
      broken.abort(error)
    }
  }
  await Promise.all(work.map((item) => limit(one, item)))
  if (broken.signal.aborted) throw broken.signal.reason
}
