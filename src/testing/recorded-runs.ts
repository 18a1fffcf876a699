import type { Change } from '../core/change.ts'
import { ERROR_CATALOG, type ErrorCode } from '../core/error-catalog.ts'
import { EVENT_SCHEMA, type RunEvent, type RunEventBody, type RunMode, type RunStarted } from '../core/events.ts'
import { type Failure, PHASES } from '../core/failure.ts'
import { type DeviceOutcome, EXIT, type StepOutcome } from '../core/outcome.ts'
import { emptyCounts, runExitCode } from '../core/run.ts'

/** How one device of a recorded run ends. */
export interface RecordedDevice extends DeviceOutcome {
  readonly device: string
  readonly region?: string
  readonly steps?: readonly (StepOutcome & { readonly step: string })[]
}

export interface RecordedRunOptions {
  readonly run?: string
  readonly mode?: RunMode
  /** When the run began; every event is a millisecond after the one before it. */
  readonly at?: string
  readonly started?: Partial<RunStarted>
  /** Interrupted by a signal before it ended. */
  readonly interrupted?: boolean
}

/** What no reporter may ever print: it stands in sensitive changes only. */
export const SECRET_OF_RECORDS = 'hunter2-nobody-may-see-this'

/** The events of a run that ends with the given devices, four of them at a time. */
export function recordRun(devices: readonly RecordedDevice[], options: RecordedRunOptions = {}): RunEvent[] {
  const run = options.run ?? '20261122T034716Z-7f3a9c'
  const began = Date.parse(options.at ?? '2026-11-22T03:47:16.000Z')
  const events: RunEvent[] = []
  const emit = (body: RunEventBody): void => {
    const seq = events.length + 1
    events.push({ schema: EVENT_SCHEMA, run, seq, at: new Date(began + events.length).toISOString(), ...body })
  }
  emit({ ...startOf(devices.length, options.mode ?? 'plan'), ...options.started })
  for (let first = 0; first < devices.length; first += 4) recordGroup(devices.slice(first, first + 4), emit)
  if (options.interrupted) emit({ type: 'run.interrupted', signal: 'SIGINT', hard: false })
  emit({
    type: 'run.finished',
    counts: countsOf(devices),
    unknown: devices.filter((device) => device.unknown).length,
    exit_code: options.interrupted ? EXIT.interrupted : runExitCode(devices),
    duration_ms: events.length,
  })
  return events
}

function startOf(devices: number, mode: RunMode): RunStarted {
  return {
    type: 'run.started',
    mode,
    runbooks: [{ name: 'till-health', digest: 'ab'.repeat(32), params: { port: 8443 } }],
    devices,
    inventory_digest: 'cd'.repeat(32),
    revision: '3f2a9c1',
    by: 'ops@hq',
    host: 'controller.test',
    pid: 4711,
    version: '0.1.0',
  }
}

function countsOf(devices: readonly RecordedDevice[]): ReturnType<typeof emptyCounts> {
  const counts = emptyCounts()
  for (const device of devices) counts[device.state] += 1
  return counts
}

function recordGroup(group: readonly RecordedDevice[], emit: (body: RunEventBody) => void): void {
  for (const { device } of group) emit({ type: 'device.started', device, store: storeOf(device) })
  for (const { device, steps = [] } of group) for (const step of steps) recordStep(device, step, emit)
  for (const [index, { device, steps: _steps, region = 'mazowieckie', ...outcome }] of group.entries()) {
    const where = { device, store: storeOf(device), region, kind: 'till' }
    emit({ type: 'device.finished', ...where, duration_ms: 100 * (index + 1), ...outcome })
  }
}

function recordStep(
  device: string,
  { step, ...outcome }: StepOutcome & { readonly step: string },
  emit: (body: RunEventBody) => void,
): void {
  const where = { device, runbook: 'till-health', step, module: 'config' }
  if (outcome.state === 'changed') emit({ type: 'step.converging', ...where, changes: outcome.changes ?? [] })
  emit({ type: 'step.finished', ...where, name: `Step ${step}`, duration_ms: 12, ...outcome })
}

function storeOf(device: string): string {
  return device.split('/')[0] ?? device
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `PL-${String(Math.floor(i / 5)).padStart(4, '0')}/pos${(i % 5) + 1}`)
}

const CHANGES: readonly Change[] = [
  { path: 'keys.Server', before: 'old.example', after: 'hq.example' },
  { path: 'keys.Password', before: SECRET_OF_RECORDS, after: `${SECRET_OF_RECORDS}-new`, sensitive: true },
  { path: 'content', before: 'line one\nline two', after: `line one\nline three\n${'x'.repeat(5000)}` },
  { path: 'mode', before: null, after: '0644' },
  { path: 'lines', before: [1, { a: null }], after: null },
  { path: 'restart', before: null, after: true, once: true },
]

function failureOf(code: ErrorCode, index: number): Failure {
  return {
    code,
    phase: PHASES[index % PHASES.length] ?? 'observe',
    message: `Something about "${code}" on port ${index}.`,
    ...(index % 3 === 0 && { hint: `Look at number ${index}.` }),
    evidence: { exit_code: index, stderr: 'one line\nanother line' },
  }
}

const HOSTILE = '\u001b[2J\u001b]0;owned\u0007evil\r\u0008\u009b31m\u202e\u2028end\n::set-output name=x::y'

/** Runs of every kind, as reporters get them. Each is made anew, so that it may be changed. */
export const RECORDED_RUNS: Readonly<Record<string, () => RunEvent[]>> = {
  'zero devices': () => recordRun([]),
  'in sync': () =>
    recordRun(names(7).map((device) => ({ device, state: 'in-sync', steps: [{ step: 'a', state: 'ok' }] }))),
  drifted: () =>
    recordRun(
      names(5).map((device) => ({
        device,
        state: 'drifted',
        steps: [
          { step: 'a', state: 'ok', value: { version: '1.2' } },
          { step: 'b', state: 'drifted', changes: CHANGES },
        ],
      })),
    ),
  changed: () =>
    recordRun(
      names(5).map((device) => ({
        device,
        state: 'changed',
        steps: [{ step: 'b', state: 'changed', changes: CHANGES }],
      })),
      { mode: 'apply' },
    ),
  'every failure': () =>
    recordRun(
      (Object.keys(ERROR_CATALOG) as ErrorCode[]).map((code, index) => {
        const failure = failureOf(code, index)
        const state = index % 2 === 0 ? 'failed' : 'unreachable'
        return { device: `PL-0001/pos${index}`, state, failure, steps: [{ step: 'a', state: 'failed', failure }] }
      }),
    ),
  'every state': () =>
    recordRun([
      { device: 'PL-0001/pos1', state: 'in-sync' },
      {
        device: 'PL-0001/pos2',
        state: 'unknown',
        unknown: true,
        steps: [{ step: 'a', state: 'unknown', reason: 'It cannot be told.' }],
      },
      {
        device: 'PL-0001/pos3',
        state: 'drifted',
        classification: { fault: 'agent-old', severity: 'minor', owner: 'it' },
      },
      { device: 'PL-0001/pos4', state: 'changed' },
      { device: 'PL-0002/pos1', state: 'failed', failure: failureOf('CONVERGE_FAILED', 6) },
      { device: 'PL-0002/pos4', state: 'unmet', failure: failureOf('CHECK_UNMET', 1) },
      { device: 'PL-0002/pos2', state: 'unreachable', failure: failureOf('CONNECT_TIMEOUT', 1) },
      { device: 'PL-0002/pos3', state: 'deferred', failure: failureOf('LEASE_HELD', 2) },
      { device: 'PL-0003/pos1', state: 'cancelled', failure: failureOf('RUN_CANCELLED', 2) },
      { device: 'PL-0003/pos2', state: 'indeterminate', failure: failureOf('CONVERGE_LOST', 6) },
    ]),
  interrupted: () =>
    recordRun(
      names(9).map((device, i) =>
        i < 4 ? { device, state: 'in-sync' } : { device, state: 'cancelled', failure: failureOf('RUN_CANCELLED', 2) },
      ),
      { interrupted: true },
    ),
  'killed in the middle of a change': () =>
    recordRun([
      { device: 'PL-0001/pos1', state: 'changed', steps: [{ step: 'b', state: 'changed', changes: CHANGES }] },
      { device: 'PL-0001/pos2', state: 'changed', steps: [{ step: 'b', state: 'changed', changes: CHANGES }] },
      { device: 'PL-0001/pos3', state: 'in-sync' },
    ]).slice(0, 7),
  'control characters from devices': () =>
    recordRun([
      {
        device: 'PL-0001/pos1',
        state: 'failed',
        failure: { ...failureOf('CONVERGE_FAILED', 6), message: HOSTILE, hint: HOSTILE, evidence: { stderr: HOSTILE } },
        classification: { fault: HOSTILE, severity: HOSTILE, owner: HOSTILE, remedy: HOSTILE },
        steps: [
          { step: 'a', state: 'ok', value: HOSTILE },
          { step: 'b', state: 'unknown', reason: HOSTILE },
          { step: 'c', state: 'drifted', changes: [{ path: HOSTILE, before: HOSTILE, after: [HOSTILE] }] },
          { step: 'd', state: 'failed', failure: { ...failureOf('CONVERGE_FAILED', 6), message: HOSTILE } },
        ],
      },
    ]),
  'ten thousand devices': () =>
    recordRun(
      names(10_000).map((device, i) =>
        i % 50 === 0
          ? { device, state: 'unreachable', failure: failureOf('CONNECT_TIMEOUT', 1), region: `region-${i % 16}` }
          : { device, state: 'in-sync', region: `region-${i % 16}`, steps: [{ step: 'a', state: 'ok' }] },
      ),
    ),
}
