import {
  type CapacityFlag,
  type CapacitySource,
  capacityOf,
  type KnownNumber,
  MEASURED_WRITES,
} from '../../core/capacity.ts'
import { counted } from '../../core/counted.ts'
import { DAY_MS } from '../../core/duration.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { Report } from '../../core/report.ts'
import { CAPACITY_REPORT } from '../../core/report-forms.ts'
import type { Retention, RunStore } from '../../core/run-store.ts'
import type { StateUsage } from '../../core/state-usage.ts'
import { frameOf } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'

/** Fewer say nothing of the many. */
const FEWEST_LOOKS = 20
const FEWEST_EVENTS = 1_000

export interface CapacityQuestion {
  readonly fleet: Fleet
  readonly store: RunStore
  readonly devices: readonly Device[]
  readonly period: ReportPeriod
  readonly now: Date
  readonly keep: Retention
  /** By flags. */
  readonly given: Readonly<Partial<Record<CapacityFlag, number>>>
}

/** What a fleet needs, by the inventory, by what its history was measured to take, and by what is assumed where nothing is known. */
export async function capacityReport(question: CapacityQuestion): Promise<Report> {
  const { fleet, store, devices, period, now, keep, given } = question
  const frame = frameOf({ fleet, period, now })
  const [usage, { kind }] = await Promise.all([
    store.usage({ since: new Date(frame.since), until: new Date(frame.until) }),
    store.facts(),
  ])
  const known: Partial<Record<CapacityFlag, KnownNumber>> = {
    ...ofInventory(devices),
    days: { value: keep.days, source: 'settings', how: '`history.days` of tillwright.yaml' },
    // Of all devices: what was chosen of them says how much is needed, and not how often one is looked at.
    ...measured(usage, { devices: fleet.devices.size, until: frame.until }),
  }
  for (const [flag, value] of Object.entries(given)) known[flag as CapacityFlag] = { value, source: 'given' }
  const lines = capacityOf(known, kind)
  return {
    form: CAPACITY_REPORT,
    ...frame,
    by: null,
    of: null,
    notes: notesOf(lines, { keep, kind, usage }),
    rows: lines.map((line) => ({ ...line })),
    total: null,
    charts: [],
  }
}

function ofInventory(devices: readonly Device[]): Partial<Record<CapacityFlag, KnownNumber>> {
  const source = 'inventory' satisfies CapacitySource
  return {
    devices: { value: devices.length, source },
    tills: { value: devices.filter(({ kind }) => kind === 'till').length, source },
  }
}

/** A day that is not over says nothing of a day, and a handful of events nothing of their size. */
function measured(
  { first, looks, events, runs, kept_events, used_bytes }: StateUsage,
  { devices, until }: { readonly devices: number; readonly until: string },
): Partial<Record<CapacityFlag, KnownNumber>> {
  const days = first === null ? 0 : (Date.parse(until) - Date.parse(first)) / DAY_MS
  const source = 'measured' satisfies CapacitySource
  const places = (value: number): number => Number(value.toPrecision(4))
  const of = `${counted(looks, 'look')} of ${counted(runs, 'run')}`
  return {
    ...(days >= 1 && looks >= FEWEST_LOOKS && devices > 0
      ? { looks: { value: places(looks / days / devices), source, how: `${of} in ${days.toFixed(1)} days` } }
      : {}),
    ...(looks >= FEWEST_LOOKS
      ? { 'events-per-look': { value: places(events / looks), source, how: `${counted(events, 'event')}, ${of}` } }
      : {}),
    ...(kept_events >= FEWEST_EVENTS
      ? {
          'event-bytes': {
            value: Math.round(used_bytes / kept_events),
            source,
            how: `${kept_events} events take ${(used_bytes / 1e6).toFixed(1)} MB with all that is kept beside them`,
          },
        }
      : {}),
  }
}

function notesOf(
  lines: ReturnType<typeof capacityOf>,
  {
    keep,
    kind,
    usage,
  }: { readonly keep: Retention; readonly kind: keyof typeof MEASURED_WRITES; readonly usage: StateUsage },
): string[] {
  const value = (key: string): number => lines.find((line) => line.key === key)?.value ?? 0
  const assumed = lines
    .filter(({ source, part }) => source === 'assumed' && part === 'state')
    .map(({ flag }) => `--${flag}`)
  const notes = [
    `Measured by ${counted(usage.runs, 'run')} with ${counted(usage.events, 'event')}. Assumed of the store: ${assumed.join(', ')}.`,
  ]
  const [disk, days] = [value('disk') * 1000, value('days')]
  if (disk > keep.megabytes) {
    const held = Math.floor((days * keep.megabytes) / disk)
    notes.push(
      `\`history.megabytes\` of tillwright.yaml is ${keep.megabytes}: of ${counted(days, 'day')} about ${held} are kept. Write ${Math.ceil(disk)}, or fewer days.`,
    )
  }
  if (value('share-of-writes') > 50)
    notes.push(
      kind === 'sqlite'
        ? 'More than half of what one process was measured to write into a file: look less often, or at fewer steps.'
        : 'More than half of what one process was measured to write into PostgreSQL: work by several workers.',
    )
  return notes
}
