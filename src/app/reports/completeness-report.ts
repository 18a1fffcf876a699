import { DAY_MS } from '../../core/duration.ts'
import { common } from '../../core/periods.ts'
import type { Report, ReportChart, ReportRow } from '../../core/report.ts'
import { COMPLETENESS_REPORT } from '../../core/report-forms.ts'
import type { Period } from '../../core/trading-hours.ts'
import { instantsOf, wallTime } from '../../core/zoned-time.ts'
import { tallyOf } from '../../ledger/tally.ts'
import { type DeviceLedger, foldFleet, type LedgerQuestion, type StoreLedger } from './fleet-ledger.ts'
import { frameOf } from './report-frame.ts'

export interface CompletenessQuestion extends LedgerQuestion {
  readonly now: Date
  /** Also days of which everything is known. */
  readonly isWhole: boolean
}

/** Day by day and store by store, how much of the trading hours of devices is known, and why not all of it is. */
export async function completenessReport(question: CompletenessQuestion): Promise<Report> {
  const rows: ReportRow[] = []
  let [days, whole] = [0, 0]
  const byDay = new Map<string, { asked: number; missing: number }>()
  for await (const ledger of foldFleet(question)) {
    const devices = ledger.devices.map(({ intervals }) => ({ intervals }))
    for (const { day, within } of daysOf(ledger)) {
      const row = rowOf(ledger, devices, { day, hours: common(ledger.trading, [within]) })
      if (row === undefined) continue
      days += 1
      const sum = byDay.get(day) ?? { asked: 0, missing: 0 }
      byDay.set(day, { asked: sum.asked + row.askedMs, missing: sum.missing + row.missingMs })
      if (row.missingMs === 0) whole += 1
      if (question.isWhole || row.missingMs > 0) rows.push(row.row)
    }
  }
  rows.sort((a, b) =>
    a['day'] === b['day']
      ? String(a['store']) < String(b['store'])
        ? -1
        : 1
      : String(a['day']) < String(b['day'])
        ? -1
        : 1,
  )
  const notes = [`Of ${days} trading days of stores ${whole} are known as a whole.`]
  const points = [...byDay].sort().map(([label, { asked, missing }]) => ({ label, value: (asked - missing) / asked }))
  const charts: ReportChart[] = [{ title: 'Known of all trading hours, by day', kind: 'line', type: 'share', points }]
  return { form: COMPLETENESS_REPORT, ...frameOf(question), by: null, of: null, notes, rows, total: null, charts }
}

function* daysOf({ store, period }: StoreLedger): Generator<{ readonly day: string; readonly within: Period }> {
  const { time_zone: zone } = store
  const first = Math.floor(wallTime(period.from, zone) / DAY_MS) * DAY_MS
  for (let wall = first; wall < wallTime(period.to, zone); wall += DAY_MS) {
    const within = { from: instantsOf(wall, zone).earliest, to: instantsOf(wall + DAY_MS, zone).earliest }
    yield { day: new Date(wall).toISOString().slice(0, 10), within }
  }
}

/** Nothing where the store did not trade, or all its devices were worked on. */
function rowOf(
  { store }: StoreLedger,
  devices: readonly Pick<DeviceLedger, 'intervals'>[],
  { day, hours }: { readonly day: string; readonly hours: readonly Period[] },
): { readonly row: ReportRow; readonly askedMs: number; readonly missingMs: number } | undefined {
  let [asked, unknown, never, incomplete] = [0, 0, 0, 0]
  for (const { intervals } of devices) {
    const { ms } = tallyOf(intervals, hours)
    const missing = ms.unknown + ms['never-seen']
    asked += ms.up + ms.down + missing
    unknown += ms.unknown
    never += ms['never-seen']
    if (missing > 0) incomplete += 1
  }
  if (asked === 0) return undefined
  const missing = unknown + never
  const row: ReportRow = {
    day,
    store: store.id,
    region: store.region,
    known: missing === 0 ? 1 : (asked - missing) / asked,
    devices: devices.length,
    incomplete,
    missing_s: Math.round(missing / 1000),
    never_seen_s: Math.round(never / 1000),
    why:
      missing === 0
        ? null
        : never === missing
          ? 'never seen'
          : never === 0
            ? 'not looked at, or not to be judged'
            : 'both',
  }
  return { row, askedMs: asked, missingMs: missing }
}
