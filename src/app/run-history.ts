import type { RunEvent } from '../core/events.ts'
import { type DeviceState, exitCodeOf } from '../core/outcome.ts'
import type { RunStore } from '../core/ports.ts'
import { type DeviceRecord, foldRun, type RunSummary } from '../core/run.ts'
import { formatCount, formatDuration } from '../reporters/format-duration.ts'
import { paintFor, stateStyle } from '../reporters/paint.ts'
import { title } from '../reporters/run-tally.ts'
import type { TableColumn } from '../reporters/table.ts'

/** Which devices of a run are to be shown; all conditions must hold. */
export interface DeviceFilter {
  readonly devices?: readonly string[] | undefined
  /** Only those that did not end as wished, drift left aside. */
  readonly failed?: boolean
}

/** Names of the devices that the filter keeps, or undefined when it keeps all. */
export async function wantedDevices(
  store: RunStore,
  run: RunSummary,
  filter: DeviceFilter,
): Promise<ReadonlySet<string> | undefined> {
  const { devices, failed = false } = filter
  if (!failed) return devices?.length ? new Set(devices) : undefined
  const record = await foldRun(store.events(run.run), { ended: run.state !== 'running' })
  const names = [...record.devices.values()].filter(hasFailed).map((device) => device.device)
  return new Set(devices?.length ? names.filter((name) => devices.includes(name)) : names)
}

function hasFailed(device: DeviceRecord): boolean {
  return device.unknown === true || (exitCodeOf(device) !== 0 && device.state !== 'drifted')
}

/** The events of a run: all that concern the run itself, and those of the wanted devices. */
export async function* eventsOf(
  store: RunStore,
  run: string,
  wanted: ReadonlySet<string> | undefined,
): AsyncGenerator<RunEvent> {
  for await (const event of store.events(run)) {
    if (wanted === undefined || !('device' in event) || wanted.has(event.device)) yield event
  }
}

/** `2026-11-22 03:47:16Z`. */
export function shortTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`
}

/** `12 in-sync, 3 failed`. */
export function countsText(counts: Readonly<Record<DeviceState, number>>): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0)
  return present.map(([state, count]) => `${formatCount(count)} ${state}`).join(', ')
}

const paint = paintFor(true)

/** The columns of the list of runs. */
export const RUN_COLUMNS: readonly TableColumn<RunSummary>[] = [
  { title: 'RUN', value: (run) => run.run },
  { title: 'STARTED', value: (run) => shortTime(run.started_at) },
  {
    title: 'STATE',
    value: (run) => run.state,
    style: (text, run) => (run.state === 'interrupted' ? paint('red', text) : text),
  },
  { title: 'TOOK', value: (run) => tookText(run), align: 'right' },
  { title: 'EXIT', value: (run) => (run.exit_code === null ? '' : String(run.exit_code)), align: 'right' },
  {
    title: 'WHAT',
    value: (run) => title({ mode: run.mode, runbooks: run.runbooks.map((name) => ({ name, digest: '', params: {} })) }),
    flexible: true,
  },
  { title: 'DEVICES', value: (run) => formatCount(run.devices), align: 'right' },
  { title: 'RESULT', value: (run) => countsText(run.counts), flexible: true },
  { title: 'BY', value: (run) => run.by },
]

function tookText({ started_at, finished_at }: RunSummary): string {
  return finished_at === null ? '' : formatDuration(Date.parse(finished_at) - Date.parse(started_at))
}

/** A state in its colour. */
export function styledState(text: string, state: string): string {
  return paint(stateStyle(state), text)
}
