import { type Carried, type CarriedSteps, noteEnd, stepKey } from './carried.ts'
import type { DeviceFinished, DevicePastDoubt, DeviceWarned, RunEvent, StepConverging, StepFinished } from './events.ts'
import { NOT_LOOKED_AT, RunFold } from './fold-run.ts'
import type { DeviceRecord, RunRecord } from './run.ts'
import type { WarningSeen } from './warning.ts'

const ENDS_OF_WARNINGS: ReadonlySet<string> = new Set(['WARNING_DECLINED', 'WARNING_MISSED', 'WARNING_FAILED'])

/** A device that a run has not brought to its end. */
export interface DeviceLeft {
  readonly device: string
  /** From 1. */
  readonly wave: number
  /** Number of the next attempt. */
  readonly attempt: number
  /** What earlier attempts have begun or done; nothing: none was cut off in the middle. */
  readonly carried?: CarriedSteps
}

/** A run that nobody works on: what it has come to, and what is left of it. */
export interface UnfinishedRun {
  readonly record: RunRecord
  /** In the order in which they are to begin. */
  readonly left: readonly DeviceLeft[]
  /** When each of the others ended; ISO 8601. */
  readonly endedAt: ReadonlyMap<string, string>
  /** What its attempts at a device have left of its steps; those that came to their end, too. */
  carriedOf(device: string): CarriedSteps
  /** What of that was changed, begun to be changed, or failed to be. */
  changesOf(device: string): CarriedSteps
  /** What people at its devices were told, as far as that still counts. */
  readonly warned: ReadonlyMap<string, readonly WarnedBefore[]>
  /** How often a device was begun. */
  attemptsOf(device: string): number
  /** Number of its last event. */
  readonly lastSeq: number
}

/** What people at a device said, and when (milliseconds since 1970). */
export interface WarnedBefore extends WarningSeen {
  readonly at: number
}

interface Trace {
  attempt: number
  endedAt: string
  /** Somebody has said that it goes on past what is in doubt, and it was not looked at since. */
  isPastDoubt: boolean
  /** Of those alone where people were warned, and the change has not come to an end. */
  warned?: WarnedBefore[]
  /** Of those alone that had something to change, or failed: a run may have 20,000 devices. */
  changes?: Changes
}

interface Changes {
  readonly steps: Map<string, Carried>
  /** In which attempt a change was announced last, and what those before it had left of the step. */
  readonly announced: Map<string, { readonly attempt: number; readonly before: Carried | undefined }>
}

/** Reads the journal of a run that nobody works on any more. */
export async function readUnfinished(events: AsyncIterable<RunEvent> | Iterable<RunEvent>): Promise<UnfinishedRun> {
  const fold = new RunFold()
  const traces = new Map<string, Trace>()
  let lastSeq = 0
  for await (const event of events) {
    fold.add(event)
    lastSeq = event.seq
    if ('device' in event) trace(traces, event)
  }
  const record = fold.record(true)
  const waves = new Map(record.targets.map(({ device, wave }) => [device, wave]))
  const left: DeviceLeft[] = []
  const endedAt = new Map<string, string>()
  // In the order of targets; what is not among them was begun by a version that did not note them.
  for (const device of new Set([...waves.keys(), ...record.devices.keys()])) {
    const ended = record.devices.get(device)
    const known = traces.get(device)
    if (ended && known && !known.isPastDoubt && !isLeft(ended)) {
      endedAt.set(device, known.endedAt)
      continue
    }
    const steps = known?.changes?.steps
    left.push({
      device,
      wave: waves.get(device) ?? 1,
      attempt: (known?.attempt ?? 0) + 1,
      ...(steps && steps.size > 0 && { carried: Object.fromEntries(steps) }),
    })
  }
  const leftOf = (device: string): readonly [string, Carried][] => [...(traces.get(device)?.changes?.steps ?? [])]
  const carriedOf = (device: string): CarriedSteps => Object.fromEntries(leftOf(device))
  const changesOf = (device: string): CarriedSteps =>
    Object.fromEntries(leftOf(device).filter(([, { state }]) => state !== 'stopped'))
  const attemptsOf = (device: string): number => traces.get(device)?.attempt ?? 0
  const warned = new Map([...traces].flatMap(([device, known]) => (known.warned ? [[device, known.warned]] : [])))
  return { record, left, endedAt, warned, carriedOf, changesOf, attemptsOf, lastSeq }
}

/**
 * The events that a run would have had if each of these devices had come to its end at once: for those who tell of it from
 * its beginning. `toCome`: devices of which more is heard later.
 */
export function* recordedEvents(
  { started, devices, rollback }: RunRecord,
  { isTold, toCome }: { readonly isTold: (device: string) => boolean; readonly toCome: readonly string[] },
): Generator<RunEvent> {
  if (!started) return
  yield started
  const { schema, run, seq, at } = started
  const head = { schema, run, seq, at }
  if (toCome.length > 0) yield { ...head, type: 'run.targets', wave: 1, devices: toCome }
  for (const { steps, ...ended } of devices.values()) {
    const { device, store, region, kind } = ended
    if (!isTold(device)) continue
    yield { ...head, type: 'device.started', device, store }
    for (const step of steps) yield { ...head, type: 'step.finished', device, ...step }
    yield { ...head, type: 'device.finished', ...ended, region: region ?? '', kind: kind ?? '' }
  }
  if (rollback) yield rollback.begun
  if (rollback?.ended) yield rollback.ended
}

/** Not done; in doubt counts as done once it was looked at and still could not be told. */
function isLeft({ state, failure }: DeviceRecord): boolean {
  if (state === 'cancelled' || state === 'deferred') return true
  return state === 'indeterminate' && failure?.phase !== 'verify'
}

/** People are asked anew where the matter came to an end: by what they said, or since the device was worked on. */
function isEndOfWarning({ state, failure }: Pick<DeviceRecord, 'state' | 'failure'>): boolean {
  if (failure && ENDS_OF_WARNINGS.has(failure.code)) return true
  return state !== 'cancelled' && state !== 'deferred'
}

type DeviceEvent = Extract<RunEvent, { readonly device: string }>

function trace(traces: Map<string, Trace>, event: DeviceEvent): void {
  const known: Trace = traces.get(event.device) ?? { attempt: 0, endedAt: '', isPastDoubt: false }
  if (known.attempt === 0) traces.set(event.device, known)
  if (event.type === 'device.past_doubt') {
    putAside(known, event)
    return
  }
  const attempt = event.attempt ?? 1
  known.attempt = Math.max(known.attempt, attempt)
  if (event.type === 'device.waiting') dropUnsent(known, attempt)
  else if (event.type === 'device.warned') traceWarned(known, event)
  else if (event.type === 'device.finished') traceFinished(known, event, attempt)
  else if (event.type === 'step.converging') announce(stepsOf(known), event, attempt)
  else if (event.type === 'step.finished') traceEnd(known, event, attempt)
}

function traceWarned(known: Trace, event: DeviceEvent & DeviceWarned): void {
  const { warning, says, exit_code, detail, at } = event
  const more = { ...(exit_code !== null && { exitCode: exit_code }), ...(detail !== undefined && { detail }) }
  known.warned = [...(known.warned ?? []), { warning, says, at: Date.parse(at), ...more }]
}

function traceFinished(known: Trace, event: DeviceEvent & DeviceFinished, attempt: number): void {
  known.endedAt = event.at
  if (isEndOfWarning(event)) delete known.warned
  if (!NOT_LOOKED_AT.has(event.state)) known.isPastDoubt = false
  if (event.state !== 'indeterminate') dropUnsent(known, attempt)
}

/** What was in doubt until now is put aside; what a later attempt leaves in doubt is not. */
function putAside(known: Trace, { by, why }: DeviceEvent & DevicePastDoubt): void {
  known.isPastDoubt = true
  const reason = `in doubt: the run was lost while it was being done; ${by} had the device go on without knowing: ${why}`
  for (const [key, { state, changes }] of known.changes?.steps ?? []) {
    if (state === 'changing') known.changes?.steps.set(key, { state: 'aside', changes, reason })
  }
}

function announce({ steps, announced }: Changes, event: DeviceEvent & StepConverging, attempt: number): void {
  const key = stepKey(event)
  const last = announced.get(key)
  const before = last?.attempt === attempt ? last.before : steps.get(key)
  announced.set(key, { attempt, before })
  steps.set(key, { state: 'changing', changes: event.changes })
}

function stepsOf(known: Trace): Changes {
  known.changes ??= { steps: new Map(), announced: new Map() }
  return known.changes
}

function traceEnd(known: Trace, event: DeviceEvent & StepFinished, attempt: number): void {
  if (known.changes === undefined && event.state !== 'changed' && event.failure === undefined) return
  const changes = stepsOf(known)
  const key = stepKey(event)
  // The attempt that announced it has left it out: it was never sent.
  if (event.state === 'skipped' && isOpen(changes, key, attempt)) takeBack(changes, key)
  else noteEnd(changes.steps, event)
}

/** An attempt that came to its end has judged what it sent; what was only announced was never sent. */
function dropUnsent({ changes }: Trace, attempt: number): void {
  if (changes === undefined) return
  for (const key of [...changes.steps.keys()]) if (isOpen(changes, key, attempt)) takeBack(changes, key)
}

/** An attempt has announced it, and nothing was said of it since. */
function isOpen({ steps, announced }: Changes, key: string, attempt: number): boolean {
  return steps.get(key)?.state === 'changing' && announced.get(key)?.attempt === attempt
}

/** What was never sent leaves what earlier attempts have done as it was. */
function takeBack({ steps, announced }: Changes, key: string): void {
  const before = announced.get(key)?.before
  if (before) steps.set(key, before)
  else steps.delete(key)
}
