import type { Report, ReportRow } from '../../core/report.ts'
import { RECURRING_REPORT } from '../../core/report-forms.ts'
import { type Grouping } from '../../core/report-names.ts'
import type { Interval } from '../../ledger/fold-device.ts'
import { foldFleet, type LedgerQuestion } from './fleet-ledger.ts'
import { groupOf } from './groups.ts'
import { type LeftDevice, leftNote } from './left-inventory.ts'
import { frameOf } from './report-frame.ts'

export interface RecurringQuestion extends LedgerQuestion {
  readonly by: Grouping
  readonly now: Date
  /** Fewer times are left out. */
  readonly atLeast: number
}

interface Recurring {
  readonly group: string
  readonly cause: string | null
  readonly devices: Set<string>
  readonly outages: Interval[]
}

/** What fails again and again: outages by group and cause, whether stores traded or not. */
export async function recurringReport(question: RecurringQuestion): Promise<Report> {
  const { by, atLeast } = question
  const found = new Map<string, Recurring>()
  const sizes = new Map<string, number>()
  let left: readonly LeftDevice[] = []
  const onLeft = (all: readonly LeftDevice[]): void => {
    left = all
  }
  for await (const ledger of foldFleet({ ...question, onLeft })) {
    for (const one of ledger.devices) {
      const group = groupOf(by, ledger.store, one.device)
      sizes.set(group, (sizes.get(group) ?? 0) + 1)
      for (const outage of one.intervals) if (outage.state === 'down') note(found, group, one.device.name, outage)
    }
  }
  const rows = [...found.values()].filter(({ outages }) => outages.length >= atLeast).map((one) => rowOf(one, sizes))
  rows.sort((a, b) => Number(b['times']) - Number(a['times']) || Number(b['down_s']) - Number(a['down_s']))
  return {
    form: RECURRING_REPORT,
    ...frameOf(question),
    by,
    of: 'devices',
    notes: [`Outages of the same cause, ${atLeast} or more in a ${by}; at any hour.`, ...leftNote(left)],
    rows,
    total: null,
    charts: [
      {
        title: 'Times, the most frequent',
        kind: 'bars',
        type: 'count',
        points: rows
          .slice(0, 20)
          .map((row) => ({ label: `${row['group']}: ${row['cause'] ?? '?'}`, value: Number(row['times']) })),
      },
    ],
  }
}

function note(found: Map<string, Recurring>, group: string, device: string, outage: Interval): void {
  const { cause = null } = outage
  const key = JSON.stringify([group, cause])
  const known = found.get(key) ?? { group, cause, devices: new Set(), outages: [] }
  found.set(key, known)
  known.devices.add(device)
  known.outages.push(outage)
}

function rowOf({ group, cause, devices, outages }: Recurring, sizes: ReadonlyMap<string, number>): ReportRow {
  const ms = outages.reduce((sum, { from, to }) => sum + (to - from), 0)
  const latest = outages.reduce((last, one) => (one.from > last.from ? one : last))
  return {
    group,
    cause,
    times: outages.length,
    devices: devices.size,
    of_devices: sizes.get(group) ?? devices.size,
    down_s: Math.round(ms / 1000),
    mean_s: Math.round(ms / outages.length / 1000),
    last_at: new Date(latest.from).toISOString(),
    run: latest.run ?? null,
  }
}
