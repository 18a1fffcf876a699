import { DAY_MS } from '../../core/duration.ts'
import type { Device } from '../../core/fleet.ts'
import type { Report, ReportRow } from '../../core/report.ts'
import { TRENDS_REPORT } from '../../core/report-forms.ts'
import { type Grouping } from '../../core/report-names.ts'
import { localDay, wallTime } from '../../core/zoned-time.ts'
import { foldFleet, type LedgerQuestion, type StoreLedger } from './fleet-ledger.ts'
import { groupOf } from './groups.ts'
import { frameOf } from './report-frame.ts'

export interface TrendsQuestion extends LedgerQuestion {
  readonly by: Grouping
  readonly now: Date
}

interface Trend {
  readonly group: string
  readonly cause: string | null
  readonly devices: Set<string>
  before: number
  after: number
  downMs: number
}

/** What fails more than it did: outages of the later half of a period beside those of the earlier half, by group and cause. */
export async function trendsReport(question: TrendsQuestion): Promise<Report> {
  const { by } = question
  const found = new Map<string, Trend>()
  const byDay = new Map<string, number>()
  const frame = frameOf(question)
  const end = wallTime(Date.parse(frame.until), frame.zone)
  // Days of the clocks are not all as long: they are counted by what the clocks show.
  for (let day = Date.parse(localDay(Date.parse(frame.since), frame.zone)); day < end; day += DAY_MS)
    byDay.set(localDay(day, 'UTC'), 0)
  for await (const ledger of foldFleet(question)) {
    for (const began of begunIn(ledger)) {
      note(found, groupOf(by, ledger.store, began.device), began)
      const day = localDay(began.from, frame.zone)
      byDay.set(day, (byDay.get(day) ?? 0) + 1)
    }
  }
  const rows = [...found.values()].map(rowOf)
  rows.sort((a, b) => Number(b['change']) - Number(a['change']) || Number(b['after']) - Number(a['after']))
  const sum = (key: string): number => rows.reduce((total, row) => total + Number(row[key]), 0)
  return {
    form: TRENDS_REPORT,
    ...frame,
    by,
    of: 'devices',
    notes: [
      `In the earlier half of it ${sum('before')} outages began, in the later half ${sum('after')}; at any hour.`,
    ],
    rows,
    total: null,
    charts: [
      {
        title: 'Outages that began, by day',
        kind: 'line',
        type: 'count',
        points: [...byDay].map(([label, value]) => ({ label, value })),
      },
    ],
  }
}

interface Began {
  readonly device: Device
  readonly cause: string | null
  readonly from: number
  readonly downMs: number
  readonly isLater: boolean
}

/** Outages that began within the period; one that had begun before says nothing of when such things begin. */
function* begunIn({ devices, period }: StoreLedger): Generator<Began> {
  const middle = (period.from + period.to) / 2
  for (const { device, intervals } of devices) {
    for (const { state, from, to, cause = null } of intervals) {
      if (state === 'down' && from > period.from)
        yield { device, cause, from, downMs: to - from, isLater: from >= middle }
    }
  }
}

function note(found: Map<string, Trend>, group: string, { device, cause, downMs, isLater }: Began): void {
  const key = JSON.stringify([group, cause])
  const known = found.get(key) ?? { group, cause, devices: new Set(), before: 0, after: 0, downMs: 0 }
  found.set(key, known)
  known.devices.add(device.name)
  known.downMs += downMs
  known[isLater ? 'after' : 'before'] += 1
}

function rowOf({ group, cause, devices, before, after, downMs }: Trend): ReportRow {
  return {
    group,
    cause,
    before,
    after,
    change: after - before,
    devices: devices.size,
    down_s: Math.round(downMs / 1000),
  }
}
