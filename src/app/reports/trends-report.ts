import { DAY_MS } from '../../core/duration.ts'
import type { Device } from '../../core/fleet.ts'
import type { Report, ReportRow } from '../../core/report.ts'
import { TRENDS_REPORT } from '../../core/report-forms.ts'
import { type Grouping } from '../../core/report-names.ts'
import { shareText } from '../../core/share-text.ts'
import { localDay, wallTime } from '../../core/zoned-time.ts'
import { foldFleet, type LedgerQuestion, type StoreLedger } from './fleet-ledger.ts'
import { groupOf } from './groups.ts'
import { type Halves, KnownHalves, LEAST_KNOWN } from './known-halves.ts'
import { type LeftDevice, leftNote } from './left-inventory.ts'
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
  const known = new KnownHalves()
  let left: readonly LeftDevice[] = []
  const onLeft = (all: readonly LeftDevice[]): void => {
    left = all
  }
  for await (const ledger of foldFleet({ ...question, onLeft })) {
    for (const { device, intervals } of ledger.devices)
      known.add(groupOf(by, ledger.store, device), intervals, middleOf(ledger))
    for (const began of begunIn(ledger)) {
      note(found, groupOf(by, ledger.store, began.device), began)
      const day = localDay(began.from, frame.zone)
      byDay.set(day, (byDay.get(day) ?? 0) + 1)
    }
  }
  const rows = [...found.values()].map((trend) => rowOf(trend, known.of(trend.group)))
  const change = (row: ReportRow): number =>
    typeof row['change'] === 'number' ? row['change'] : Number.MIN_SAFE_INTEGER
  rows.sort((a, b) => change(b) - change(a) || Number(b['after']) - Number(a['after']))
  const sum = (key: string): number => rows.reduce((total, row) => total + Number(row[key]), 0)
  return {
    form: TRENDS_REPORT,
    ...frame,
    by,
    of: 'devices',
    notes: [noteOf([sum('before'), sum('after')], known.all), ...leftNote(left)],
    rows,
    total: null,
    charts: [
      {
        title: 'Outages that began, by day',
        kind: 'line',
        type: 'count',
        points: [...byDay].sort().map(([label, value]) => ({ label, value })),
      },
    ],
  }
}

/** Beside as many as there were at the rate of the earlier half; null where too little of either is known. */
function changeOf({ before, after }: Trend, { knownMs, shares }: Halves): number | null {
  if (shares.some((share) => share === null || share < LEAST_KNOWN)) return null
  return Math.round(after - (before * knownMs[1]) / knownMs[0])
}

function noteOf([before = 0, after = 0]: readonly number[], { shares }: Halves): string {
  const [earlier, later] = shares.map((share) =>
    share === null ? 'nothing of which is known' : `${shareText(share)} % known`,
  )
  return `In the earlier half of it (${earlier}) ${before} outages began, in the later half (${later}) ${after}; at any hour. Change is by the time that is known, and nothing where that is less than half.`
}

function middleOf({ period }: StoreLedger): number {
  return (period.from + period.to) / 2
}

interface Began {
  readonly device: Device
  readonly cause: string | null
  readonly from: number
  readonly downMs: number
  readonly isLater: boolean
}

/** Outages that began within the period; one that had begun before says nothing of when such things begin. */
function* begunIn(ledger: StoreLedger): Generator<Began> {
  const { devices, period } = ledger
  const middle = middleOf(ledger)
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

function rowOf(trend: Trend, known: Halves): ReportRow {
  const { group, cause, devices, before, after, downMs } = trend
  return {
    group,
    cause,
    before,
    after,
    change: changeOf(trend, known),
    devices: devices.size,
    down_s: Math.round(downMs / 1000),
  }
}
