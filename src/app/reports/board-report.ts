import { DAY_MS } from '../../core/duration.ts'
import type { Store } from '../../core/fleet.ts'
import { moneyText } from '../../core/money.ts'
import { common } from '../../core/periods.ts'
import type { Report, ReportChart, ReportRow } from '../../core/report.ts'
import { BOARD_REPORT } from '../../core/report-forms.ts'
import { shareText } from '../../core/share-text.ts'
import type { Period } from '../../core/trading-hours.ts'
import { instantsOf, wallTime } from '../../core/zoned-time.ts'
import type { Interval } from '../../ledger/fold-device.ts'
import { shareKnown, shareUp, type Tally, tallyOf, timesOf } from '../../ledger/tally.ts'
import { foldFleet, isSoldInPart, type LedgerQuestion, leftOutNote, type StoreLedger } from './fleet-ledger.ts'
import { type LeftDevice, leftNote } from './left-inventory.ts'
import { lostIn, salesOf } from './lost-sales.ts'
import { frameOf } from './report-frame.ts'
import type { ReportPeriod } from './report-period.ts'
import type { SlaAnswer } from './sla-report.ts'

const WEEK_MS = 7 * DAY_MS
/** Stores that are named. */
const WORST = 10

export interface BoardQuestion extends Omit<LedgerQuestion, 'period'> {
  readonly now: Date
  readonly weeks: number
  /** What contracts came to in the last whole month, and which that is; `isWithout`: there are some, and they are left out. */
  readonly sla: { readonly month: string; readonly answers: readonly SlaAnswer[]; readonly isWithout: boolean }
}

/** So many weeks up to now, each from Monday on by the clocks of a store. */
export function lastWeeks(weeks: number, now: number): ReportPeriod & { begins(zone: string): readonly number[] } {
  const begins = (zone: string): readonly number[] => {
    const day = Math.floor(wallTime(now, zone) / DAY_MS) * DAY_MS
    const monday = day - ((new Date(day).getUTCDay() + 6) % 7) * DAY_MS
    return Array.from({ length: weeks }, (_, index) => monday - (weeks - 1 - index) * WEEK_MS)
  }
  return {
    month: null,
    begins,
    of: (zone) => ({ from: instantsOf(begins(zone)[0] ?? 0, zone).earliest, to: now }),
  }
}

/** One page: week by week, whether stores could sell, what was lost by it, and what contracts came to. */
export async function boardReport(question: BoardQuestion): Promise<Report> {
  const { weeks, now, sla } = question
  const period = lastWeeks(weeks, now.getTime())
  const sums = Array.from({ length: weeks }, () => new WeekSum())
  const worst: { readonly label: string; readonly value: number }[] = []
  let leftOut = 0
  let left: readonly LeftDevice[] = []
  const onLeft = (all: readonly LeftDevice[]): void => {
    left = all
  }
  for await (const ledger of foldFleet({ ...question, period, onLeft })) {
    if (isSoldInPart(ledger.store, question.whole)) {
      leftOut += 1
      continue
    }
    const intervals = ledger.selling().by('seen')
    let down = 0
    for (const [index, within] of weeksOf(ledger, period.begins(ledger.store.time_zone)).entries()) {
      down += sums[index]?.add(ledger.store, intervals, common(ledger.trading, [within])) ?? 0
    }
    if (down > 0) worst.push({ label: `${ledger.store.id} ${ledger.store.name}`, value: down / 1000 })
  }
  const frame = frameOf({ ...question, period })
  const rows = period.begins(frame.zone).map((begin, index) => (sums[index] as WeekSum).row(begin))
  return {
    form: BOARD_REPORT,
    ...frame,
    by: null,
    of: null,
    notes: [...notesOf(rows, sla), ...leftOutNote(leftOut), ...leftNote(left)],
    rows,
    total: null,
    charts: [...chartsOf(rows), ...worstChart(worst), ...slaChart(sla)],
  }
}

function weeksOf({ store, period }: StoreLedger, begins: readonly number[]): readonly Period[] {
  return begins.map((wall) => ({
    from: Math.min(period.to, instantsOf(wall, store.time_zone).earliest),
    to: Math.min(period.to, instantsOf(wall + WEEK_MS, store.time_zone).earliest),
  }))
}

class WeekSum {
  readonly #ms: Record<keyof Tally['ms'], number> = { up: 0, down: 0, unknown: 0, maintenance: 0, 'never-seen': 0 }
  #outages = 0
  #stores = 0
  #lost: number | null = null

  /** Adds a store; milliseconds in which it could not sell. */
  add(store: Store, intervals: readonly Interval[], trading: readonly Period[]): number {
    const { ms, outages } = tallyOf(intervals, trading)
    for (const state of Object.keys(this.#ms) as (keyof Tally['ms'])[]) this.#ms[state] += ms[state]
    this.#outages += outages.length
    if (ms.down > 0) this.#stores += 1
    const rate = salesOf(store)
    if (rate) this.#lost = (this.#lost ?? 0) + lostIn(timesOf(intervals, 'down', trading), rate, store.time_zone)
    return ms.down
  }

  row(begin: number): ReportRow {
    return {
      week: new Date(begin).toISOString().slice(0, 10),
      availability: shareUp(this.#ms),
      known: shareKnown(this.#ms),
      down_s: Math.round(this.#ms.down / 1000),
      stores: this.#stores,
      outages: this.#outages,
      lost: this.#lost === null ? null : Math.round(this.#lost * 100) / 100,
    }
  }
}

function numberOf(row: ReportRow, key: string): number | null {
  const value = row[key]
  return typeof value === 'number' ? value : null
}

function chartsOf(rows: readonly ReportRow[]): ReportChart[] {
  // Of a week of which nothing is known it is not known that all stores could sell either.
  const points = (key: string) =>
    rows.map((row) => ({ label: String(row['week']), value: row['availability'] === null ? null : numberOf(row, key) }))
  const isPriced = rows.some((row) => numberOf(row, 'lost') !== null)
  return [
    {
      title: 'Share of trading hours in which stores could sell',
      kind: 'line',
      type: 'share',
      points: points('availability'),
    },
    { title: 'Stores that could not sell at some time', kind: 'line', type: 'count', points: points('stores') },
    ...(isPriced
      ? [{ title: 'Not sold', kind: 'line', type: 'money', points: points('lost') } satisfies ReportChart]
      : []),
  ]
}

function worstChart(worst: readonly { readonly label: string; readonly value: number }[]): ReportChart[] {
  const points = [...worst].sort((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1)).slice(0, WORST)
  if (points.length === 0) return []
  return [{ title: 'Minutes in which they could not sell, the worst stores', kind: 'bars', type: 'seconds', points }]
}

function slaChart({ month, answers }: BoardQuestion['sla']): ReportChart[] {
  if (answers.length === 0) return []
  const points = answers.map(({ contract, result }) => ({ label: contract.name, value: result.availability }))
  return [{ title: `Contracts in ${month}`, kind: 'bars', type: 'share', points }]
}

function notesOf(rows: readonly ReportRow[], { month, answers, isWithout }: BoardQuestion['sla']): string[] {
  const sum = (key: string): number => rows.reduce((total, row) => total + (numberOf(row, key) ?? 0), 0)
  const whole = `In these ${rows.length} weeks stores could not sell for ${Math.round(sum('down_s') / 60)} minutes of their trading hours in all.`
  const lost = rows.some((row) => numberOf(row, 'lost') !== null) ? [`Not sold: ${moneyText(sum('lost'))}.`] : []
  const without = isWithout
    ? ['Of some devices alone; contracts are left out, since they are about others as well.']
    : []
  return [whole, ...lost, ...without, ...answers.map((answer) => slaNote(month, answer))]
}

function slaNote(month: string, { contract, result, closed }: SlaAnswer): string {
  const { name, threshold, currency } = contract
  const kept = result.availability === null ? 'nothing of it is known' : `${shareText(result.availability)} %`
  const due = result.penalty > 0 ? `; due: ${moneyText(result.penalty)} ${currency ?? ''}`.trimEnd() : ''
  const state = closed ? `closed, version ${closed.version}` : 'not closed'
  return `${name} in ${month}: ${kept} of ${shareText(threshold)} % promised${due} (${state}).`
}
