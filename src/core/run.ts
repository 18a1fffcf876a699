import type { RunEvent, RunFinished, RunMode, RunStarted, StepFinished } from './events.ts'
import {
  DEVICE_STATES,
  type DeviceOutcome,
  type DeviceState,
  EXIT,
  exitCodeOf,
  type StepOutcome,
  worseExitCode,
} from './outcome.ts'

/** A line of the history. */
export interface RunSummary {
  readonly run: string
  readonly mode: RunMode
  readonly runbooks: readonly string[]
  readonly started_at: string
  readonly finished_at: string | null
  /** `interrupted`: its process ended without saying so. */
  readonly state: 'running' | 'finished' | 'interrupted'
  readonly devices: number
  readonly counts: Readonly<Record<DeviceState, number>>
  readonly exit_code: number | null
  readonly by: string
}

/** What is known of a device, and since when. */
export interface DeviceStatus {
  readonly device: string
  readonly state: DeviceState
  readonly unknown: boolean
  readonly code: string | null
  readonly message: string | null
  readonly run: string
  readonly runbooks: readonly string[]
  readonly at: string
  /** When it last answered; null: never. */
  readonly seen_at: string | null
}

export interface StepRecord extends StepOutcome {
  readonly runbook: string
  readonly step: string
  readonly name: string
  readonly module: string
  readonly duration_ms: number
}

export interface DeviceRecord extends DeviceOutcome {
  readonly device: string
  readonly store: string
  readonly region: string | null
  readonly kind: string | null
  readonly duration_ms: number
  readonly steps: readonly StepRecord[]
}

/** A run, folded from its events. */
export interface RunRecord {
  readonly started: (RunStarted & { readonly run: string; readonly at: string }) | undefined
  readonly finished: (RunFinished & { readonly at: string }) | undefined
  readonly devices: ReadonlyMap<string, DeviceRecord>
}

/** Counters of a run in progress; what reporters and the exit code share. */
export function emptyCounts(): Record<DeviceState, number> {
  return Object.fromEntries(DEVICE_STATES.map((state) => [state, 0])) as Record<DeviceState, number>
}

/** The exit code of a set of outcomes: 0 only if every device ended as desired. `failOn`: states that count, as in `exitCodeOf`. */
export function runExitCode(
  outcomes: Iterable<Pick<DeviceOutcome, 'state' | 'unknown'>>,
  failOn?: ReadonlySet<DeviceState>,
): number {
  let code: number = EXIT.ok
  for (const outcome of outcomes) code = worseExitCode(code, exitCodeOf(outcome, failOn))
  return code
}

function stepRecord(event: StepFinished & RunEvent): StepRecord {
  const { schema: _schema, run: _run, seq: _seq, at: _at, type: _type, device: _device, ...record } = event
  return record
}

/**
 * Folds events to a record, in order and independent of how they are batched. For a journal that ends early,
 * devices that were started have their true end: in doubt while a change was under way, cancelled otherwise.
 */
export async function foldRun(
  events: AsyncIterable<RunEvent> | Iterable<RunEvent>,
  options: { readonly ended: boolean },
): Promise<RunRecord> {
  let started: RunRecord['started']
  let finished: RunRecord['finished']
  const open = new Map<string, Open>()
  const devices = new Map<string, DeviceRecord>()
  for await (const event of events) {
    switch (event.type) {
      case 'run.started':
        started = event
        break
      case 'device.started':
        open.set(event.device, { store: event.store, converging: new Set(), steps: [] })
        break
      case 'step.converging':
        open.get(event.device)?.converging.add(event.step)
        break
      case 'step.finished': {
        const device = open.get(event.device)
        if (!device) break
        device.steps.push(stepRecord(event))
        device.converging.delete(event.step)
        break
      }
      case 'device.finished': {
        const { schema: _s, run: _r, seq: _q, at: _a, type: _t, ...outcome } = event
        devices.set(event.device, { ...outcome, steps: open.get(event.device)?.steps ?? [] })
        open.delete(event.device)
        break
      }
      case 'run.interrupted':
        break
      case 'run.finished':
        finished = event
        break
    }
  }
  if (options.ended) for (const [name, device] of open) devices.set(name, endOfLost(name, device))
  return { started, finished, devices }
}

/** A device that has begun and not ended. */
interface Open {
  readonly store: string
  /** Steps whose changes may be under way: several, when they went out together. */
  readonly converging: Set<string>
  readonly steps: StepRecord[]
}

function endOfLost(device: string, seen: Open): DeviceRecord {
  const common = { device, store: seen.store, region: null, kind: null, duration_ms: 0, steps: seen.steps }
  if (seen.converging.size > 0) {
    const steps = [...seen.converging].map((step) => `"${step}"`)
    const message =
      steps.length === 1
        ? `The run ended while step ${steps} was being changed; whether it took effect is not known.`
        : `The run ended while steps ${steps.join(', ')} were being changed; which of them took effect is not known.`
    return { ...common, state: 'indeterminate', failure: { code: 'RUN_LOST_CONVERGING', phase: 'converge', message } }
  }
  const message = 'The run ended before this device did.'
  return { ...common, state: 'cancelled', failure: { code: 'RUN_LOST', phase: 'observe', message } }
}
