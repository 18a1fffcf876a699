import { stepKey } from './carried.ts'
import type { DeviceWaiting, RunEvent, RunTargets, StepFinished } from './events.ts'
import { type Failure, PHASES_BEFORE_ANY_STEP } from './failure.ts'
import type { DeviceOutcome, DeviceState, StepOutcome } from './outcome.ts'
import type { DeviceRecord, RunRecord, RunTarget, StepRecord } from './run.ts'

/**
 * Folds events to a record, independent of how they are batched. Attempts at a device count by their numbers, in whatever
 * order their events stand; a device has one record, that of its last attempt which says something of it.
 *
 * `ended`: nothing more will come. Every device that was targeted, or begun, then has its true end: in doubt where a change
 * was under way and no later attempt has settled it, cancelled otherwise. Without it, devices in progress are left out.
 */
export async function foldRun(
  events: AsyncIterable<RunEvent> | Iterable<RunEvent>,
  options: { readonly ended: boolean },
): Promise<RunRecord> {
  const fold = new RunFold()
  for await (const event of events) fold.add(event)
  return fold.record(options.ended)
}

/** The same, event by event. */
export class RunFold {
  #started: RunRecord['started']
  #finished: RunRecord['finished']
  #rollback: RunRecord['rollback']
  readonly #targets: RunTarget[] = []
  readonly #histories = new Map<string, DeviceHistory>()

  add(event: RunEvent): void {
    if (event.type === 'run.started') this.#started = event
    else if (event.type === 'run.resumed') this.#finished = undefined
    else if (event.type === 'run.targets') this.#targets.push(...targetsOf(event))
    else if (event.type === 'run.finished') this.#finished = event
    else if (event.type === 'run.rollback') this.#rollback = { begun: event }
    else if (event.type === 'run.rolled_back' && this.#rollback) this.#rollback = { ...this.#rollback, ended: event }
    else if ('device' in event) historyOf(this.#histories, event.device).add(event)
  }

  record(ended: boolean): RunRecord {
    const devices = recordsOf(this.#histories, this.#targets, ended)
    const common = { started: this.#started, finished: this.#finished, targets: this.#targets, devices }
    return this.#rollback ? { ...common, rollback: this.#rollback } : common
  }
}

function targetsOf({ devices, wave }: RunTargets): RunTarget[] {
  return devices.map((device) => ({ device, wave }))
}

function historyOf(histories: Map<string, DeviceHistory>, device: string): DeviceHistory {
  const known = histories.get(device)
  if (known) return known
  const history = new DeviceHistory(device)
  histories.set(device, history)
  return history
}

function recordsOf(
  histories: ReadonlyMap<string, DeviceHistory>,
  targets: readonly RunTarget[],
  ended: boolean,
): ReadonlyMap<string, DeviceRecord> {
  const devices = new Map<string, DeviceRecord>()
  for (const [name, history] of histories) {
    const record = history.record(ended)
    if (record) devices.set(name, record)
  }
  if (!ended) return devices
  for (const { device } of targets) if (!devices.has(device)) devices.set(device, neverBegun(device))
  return devices
}

type DeviceEvent = Extract<RunEvent, { readonly device: string }>

interface Attempt {
  readonly number: number
  store: string
  end: DeviceRecord | undefined
  /** From this one on it goes on past what was in doubt before. */
  isPastDoubt: boolean
  /** Put off; nothing was changed. */
  waits: DeviceWaiting | undefined
  readonly steps: StepRecord[]
  /**
   * Steps whose changes may be under way: several, when they went out together. By runbook and step; made for those alone that
   * change something, since a run may have 20,000 devices.
   */
  changing: Map<string, string> | undefined
}

/** All attempts at one device. */
class DeviceHistory {
  readonly #device: string
  readonly #attempts: Attempt[] = []

  constructor(device: string) {
    this.#device = device
  }

  add(event: DeviceEvent): void {
    const attempt = this.#attempt(event.attempt ?? 1)
    switch (event.type) {
      case 'device.started':
        attempt.store = event.store
        break
      case 'device.waiting':
        attempt.waits = event
        // The device itself did not begin what was announced.
        attempt.changing?.clear()
        break
      case 'device.past_doubt':
        attempt.isPastDoubt = true
        break
      case 'step.converging':
        attempt.changing ??= new Map()
        attempt.changing.set(stepKey(event), event.step)
        break
      case 'step.finished':
        attempt.steps.push(stepRecord(event))
        attempt.changing?.delete(stepKey(event))
        break
      case 'device.finished': {
        const { schema: _s, run: _r, seq: _q, at: _a, type: _t, attempt: _n, ...outcome } = event
        attempt.end = { ...outcome, steps: attempt.steps }
        break
      }
    }
  }

  /** The one record; undefined where the device is in progress and may still go on. */
  record(ended: boolean): DeviceRecord | undefined {
    const attempts = this.#attempts.sort((a, b) => a.number - b.number)
    if (!ended && attempts.at(-1)?.end === undefined) return undefined
    let record: DeviceRecord | undefined
    /** In doubt so far. */
    let doubts: ReadonlyMap<string, string> = NONE
    /** That of it which somebody said it goes on past. */
    let aside: ReadonlySet<string> = new Set()
    for (const attempt of attempts) {
      aside = attempt.isPastDoubt ? new Set([...aside, ...doubts.keys()]) : aside
      doubts = doubtsAfter(attempt, doubts, aside)
      const isSettled = record?.state === 'indeterminate' && doubts.size === 0
      const isNews = attempt.end !== undefined && record !== undefined && NOT_LOOKED_AT.has(record.state)
      if (!record || isSettled || isNews || saysSomething(attempt)) record = attempt.end ?? this.#lost(attempt)
    }
    return record && withDoubts(record, doubts, attempts.at(-1)?.end)
  }

  #attempt(number: number): Attempt {
    const attempt = this.#attempts.find((one) => one.number === number)
    if (attempt) return attempt
    const made: Attempt = {
      number,
      store: storeOf(this.#device),
      end: undefined,
      waits: undefined,
      isPastDoubt: false,
      steps: [],
      changing: undefined,
    }
    this.#attempts.push(made)
    return made
  }

  #lost({ store, steps, waits }: Attempt): DeviceRecord {
    const common = { ...unknownPlace(this.#device, store), steps }
    if (waits) {
      // Nobody waits for it any more: what it waited for is told, and is no longer what it takes.
      const message = `The run ended while this device waited. ${waits.failure.message}`
      const failure = { code: 'RUN_LOST', phase: 'resolve', message } as const
      return { ...common, state: 'deferred', failure, ...(waits.not_before && { not_before: waits.not_before }) }
    }
    const message = 'The run ended before this device did.'
    const failure = { code: 'RUN_LOST', phase: 'observe', message } as const
    return { ...common, state: 'cancelled', failure }
  }
}

const NONE: ReadonlyMap<string, string> = new Map()

/** States in which a device was not looked at: what an earlier attempt has found still stands. */
export const NOT_LOOKED_AT: ReadonlySet<DeviceState> = new Set(['cancelled', 'deferred', 'unreachable'])

function saysSomething({ end, changing }: Attempt): boolean {
  return end ? !NOT_LOOKED_AT.has(end.state) : changing !== undefined && changing.size > 0
}

/** Not where it was put off, out of reach, or left alone, as by RUN_MOVED. */
function isLookedAt({ state, failure }: Pick<DeviceOutcome, 'state' | 'failure'>): boolean {
  return !NOT_LOOKED_AT.has(state) && !(failure && PHASES_BEFORE_ANY_STEP.has(failure.phase))
}

/** `last`: how its last attempt ended, which may not have got to look at it. */
function withDoubts(
  record: DeviceRecord,
  doubts: ReadonlyMap<string, string>,
  last: DeviceRecord | undefined,
): DeviceRecord {
  if (doubts.size === 0) return record
  const isTold = record.state === 'indeterminate'
  const before = (isTold ? record.failure : undefined) ?? inDoubt([...doubts.values()])
  return { ...record, state: 'indeterminate', failure: last ? stillInDoubt(before, last) : before }
}

/** Why a device is in doubt, and why an attempt could not look at it, where it could not. */
export function stillInDoubt(failure: Failure, attempt: Pick<DeviceOutcome, 'state' | 'failure'>): Failure {
  if (!attempt.failure || isLookedAt(attempt)) return failure
  return { ...failure, message: `${failure.message} It could not be looked at since: ${attempt.failure.message}` }
}

/** What is in doubt after an attempt, by what was before it. */
function doubtsAfter(
  attempt: Attempt,
  before: ReadonlyMap<string, string>,
  aside: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  if (before.size === 0) return doubtsOf(attempt)
  const left = [...before].filter(([key]) => !isOver(attempt, key, aside))
  return new Map([...left, ...doubtsOf(attempt)])
}

/** What an attempt left in doubt: it was cut off, or says so itself. One that came to its end has judged its steps. */
function doubtsOf({ end, changing }: Attempt): ReadonlyMap<string, string> {
  return changing !== undefined && (end === undefined || end.state === 'indeterminate') ? changing : NONE
}

/** Whether an attempt has found out how a change of an earlier one came out, or has gone on past it by somebody's word. */
function isOver({ end, steps }: Attempt, key: string, aside: ReadonlySet<string>): boolean {
  if (end && (end.state === 'in-sync' || end.state === 'changed')) return true
  return steps.some((step) => stepKey(step) === key && settles(step, aside.has(key)))
}

/** Whether the end of a step says how a change of it came out that was in doubt; of one that is put aside, that it was gone on past. */
export function settles({ state }: Pick<StepOutcome, 'state'>, isAside: boolean): boolean {
  return state !== 'skipped' && (state !== 'unknown' || isAside)
}

function stepRecord(event: StepFinished & RunEvent): StepRecord {
  const { schema: _s, run: _r, seq: _q, at: _a, type: _t, device: _d, attempt: _n, ...record } = event
  return record
}

function storeOf(device: string): string {
  return device.split('/')[0] ?? device
}

function unknownPlace(device: string, store = storeOf(device)) {
  return { device, store, region: null, kind: null, duration_ms: 0 }
}

function neverBegun(device: string): DeviceRecord {
  const message = 'The run ended before this device was begun.'
  const failure = { code: 'RUN_LOST', phase: 'resolve', message } as const
  return { ...unknownPlace(device), steps: [], state: 'cancelled', failure }
}

/** Why a device is in doubt, by the steps whose changes were under way. */
export function inDoubt(steps: readonly string[]) {
  const [names, message] = [steps.map((step) => `"${step}"`), 'The run ended while']
  const more =
    names.length === 1
      ? `step ${names} was being changed; whether it took effect is not known.`
      : `steps ${names.join(', ')} were being changed; which of them took effect is not known.`
  return { code: 'RUN_LOST_CONVERGING', phase: 'converge', message: `${message} ${more}` } as const
}
