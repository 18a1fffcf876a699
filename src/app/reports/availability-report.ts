import type { Report, ReportRow } from '../../core/report.ts'
import { AVAILABILITY_REPORT } from '../../core/report-forms.ts'
import { type Grouping } from '../../core/report-names.ts'
import { shareText } from '../../core/share-text.ts'
import type { Period } from '../../core/trading-hours.ts'
import { shareKnown, shareUp, type Tally, tallyOf, timesOf } from '../../ledger/tally.ts'
import {
  type Bounded,
  foldFleet,
  isSoldInPart,
  type LedgerQuestion,
  leftOutNote,
  type StoreLedger,
} from './fleet-ledger.ts'
import { checkGrouping, groupOf } from './groups.ts'
import { type LeftDevice, leftNote } from './left-inventory.ts'
import { lostIn, salesOf } from './lost-sales.ts'
import { frameOf } from './report-frame.ts'

export type AvailabilityOf = 'devices' | 'selling'

export interface AvailabilityQuestion extends LedgerQuestion {
  readonly by: Grouping
  readonly of: AvailabilityOf
  readonly now: Date
}

/** How long devices worked, or stores could sell, within trading hours. Takes long for a chain, and gives way in between. */
export async function availabilityReport(question: AvailabilityQuestion): Promise<Report> {
  const { by, of } = question
  checkGrouping(by, of)
  const groups = new Map<string, Sum>()
  const all = new Sum()
  let leftOut = 0
  let left: readonly LeftDevice[] = []
  const onLeft = (all: readonly LeftDevice[]): void => {
    left = all
  }
  for await (const ledger of foldFleet({ ...question, onLeft })) {
    if (of === 'selling' && isSoldInPart(ledger.store, question.whole)) {
      leftOut += 1
      continue
    }
    for (const { name, part } of partsOf(ledger, question)) {
      const group = groups.get(name) ?? new Sum()
      groups.set(name, group)
      group.add(part)
      all.add(part)
    }
  }
  const rows = [...groups].map(([name, sum]) => sum.row(name)).sort(worstFirst)
  return {
    form: AVAILABILITY_REPORT,
    ...frameOf(question),
    by,
    of,
    notes: [...notesOf(question, all), ...leftOutNote(leftOut), ...leftNote(left)],
    rows,
    total: groups.size > 1 ? all.row('all') : null,
    charts: [
      {
        title: 'Availability, worst first',
        kind: 'bars',
        type: 'share',
        points: rows.slice(0, 30).map((row) => ({ label: String(row['group']), value: numberOf(row['availability']) })),
      },
    ],
  }
}

interface Part {
  readonly tally: Tally
  readonly possibleMs: number
  readonly certainMs: number
  readonly lost: number | null
}

function* partsOf(
  ledger: StoreLedger,
  { by, of }: AvailabilityQuestion,
): Generator<{ readonly name: string; readonly part: Part }> {
  const { store, trading } = ledger
  if (of === 'devices') {
    for (const { device, bounded } of ledger.devices) {
      yield { name: groupOf(by, store, device), part: partOf(bounded(), trading, null) }
    }
    return
  }
  const rate = salesOf(store)
  const selling = ledger.selling()
  const lost = rate ? lostIn(timesOf(selling.by('seen'), 'down', trading), rate, store.time_zone) : null
  yield { name: groupOf(by, store, undefined), part: partOf(selling, trading, lost) }
}

function partOf({ isDown, by }: Bounded, trading: readonly Period[], lost: number | null): Part {
  const tally = tallyOf(by('seen'), trading)
  // Most devices were never down.
  const down = (bound: 'possible' | 'certain'): number => (isDown ? tallyOf(by(bound), trading).ms.down : 0)
  return { tally, possibleMs: down('possible'), certainMs: down('certain'), lost }
}

/** Adds up what stands in a row. */
class Sum {
  readonly #ms: Record<keyof Tally['ms'], number> = { up: 0, down: 0, unknown: 0, maintenance: 0, 'never-seen': 0 }
  #count = 0
  #outages = 0
  #longest = 0
  #possible = 0
  #certain = 0
  #lost: number | null = null

  add({ tally, possibleMs, certainMs, lost }: Part): void {
    this.#count += 1
    for (const state of Object.keys(this.#ms) as (keyof Tally['ms'])[]) this.#ms[state] += tally.ms[state]
    this.#outages += tally.outages.length
    this.#longest = Math.max(this.#longest, ...tally.outages.map(({ countedMs }) => countedMs))
    this.#possible += possibleMs
    this.#certain += certainMs
    if (lost !== null) this.#lost = (this.#lost ?? 0) + lost
  }

  get known(): number | null {
    return shareKnown(this.#ms)
  }

  row(group: string): ReportRow {
    const ms = this.#ms
    return {
      group,
      count: this.#count,
      availability: shareUp(ms),
      known: shareKnown(ms),
      down_s: seconds(ms.down),
      outages: this.#outages,
      longest_s: this.#outages > 0 ? seconds(this.#longest) : null,
      lost: this.#lost === null ? null : Math.round(this.#lost * 100) / 100,
      up_s: seconds(ms.up),
      unknown_s: seconds(ms.unknown),
      maintenance_s: seconds(ms.maintenance),
      never_seen_s: seconds(ms['never-seen']),
      possible_s: seconds(this.#possible),
      certain_s: seconds(this.#certain),
    }
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

/** What is least available first; what nothing is known of last. */
function worstFirst(a: ReportRow, b: ReportRow): number {
  const [one, other] = [numberOf(a['availability']) ?? 2, numberOf(b['availability']) ?? 2]
  return (
    one - other ||
    (numberOf(b['down_s']) ?? 0) - (numberOf(a['down_s']) ?? 0) ||
    (String(a['group']) < String(b['group']) ? -1 : 1)
  )
}

function numberOf(value: string | number | null | undefined): number | null {
  return typeof value === 'number' ? value : null
}

function notesOf({ of }: AvailabilityQuestion, all: Sum): string[] {
  const what =
    of === 'devices'
      ? 'Of devices, within the trading hours of their stores.'
      : 'A store can sell while a till of it works with its fiscal printer; within trading hours.'
  const { known } = all
  const share =
    known === null ? 'Nothing of it is known.' : `${shareText(known)} % of it is known; the rest was not looked at.`
  return [`${what} ${share}`]
}
