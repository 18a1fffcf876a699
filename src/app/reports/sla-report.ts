import type { Contract } from '../../core/contract.ts'
import type { ClosedMonth } from '../../core/ledger.ts'
import type { Report, ReportRow } from '../../core/report.ts'
import { SLA_OUTAGES_REPORT, SLA_REPORT } from '../../core/report-forms.ts'
import type { SlaResult, SlaTimes } from '../../ledger/sla.ts'
import type { LedgerQuestion } from './fleet-ledger.ts'
import { type LeftDevice, leftNote } from './left-inventory.ts'
import { frameOf } from './report-frame.ts'
import { foldContracts } from './sla-fold.ts'
import { lastOf, type SlaRecord } from './sla-record.ts'

export interface SlaQuestion extends Omit<LedgerQuestion, 'devices'> {
  readonly contracts: readonly Contract[]
  readonly now: Date
  /** Computed from what is known now, also where the month is closed. */
  readonly isAnew: boolean
  /** Whether a closed month exists for who asks; absent: all do. A contract whose month does not is left out. */
  readonly seesRecord?: ((record: SlaRecord) => boolean) | undefined
}

/** What contracts came to. */
export interface SlaAnswers {
  readonly answers: readonly SlaAnswer[]
  /** Of the time that was computed just now: out of order, and in the inventory no longer. */
  readonly left: readonly LeftDevice[]
  /** Outages of which the run that found them is kept no longer. */
  readonly unproven: number
}

type Last = NonNullable<ReturnType<typeof lastOf>>

/** What a contract comes to, and the closed month that says so. */
export interface SlaAnswer {
  readonly contract: Contract
  readonly result: SlaResult
  /** Absent: it was computed just now. */
  readonly closed?: ClosedMonth
}

/** Contracts over a period: closed months as they were closed, all else from what is known now. */
export async function slaAnswers(question: SlaQuestion): Promise<SlaAnswers> {
  const { store, period, isAnew, seesRecord = () => true } = question
  const { month } = period
  const closed = month === null || isAnew ? [] : await store.availability.closed()
  const kept = new Map(
    question.contracts.flatMap(({ name }) => {
      const last = month === null ? undefined : lastOf(closed, name, month)
      return last ? [[name, last] as const] : []
    }),
  )
  const isSeen = (last: Last | undefined): boolean => last === undefined || seesRecord(last.record)
  const contracts = question.contracts.filter(({ name }) => isSeen(kept.get(name)))
  const open = contracts.filter(({ name }) => !kept.has(name))
  let left: readonly LeftDevice[] = []
  const onLeft = (all: readonly LeftDevice[]): void => {
    left = all
  }
  const results = open.length > 0 ? await foldContracts({ ...question, onLeft }, open) : []
  const answers = contracts.map((contract): SlaAnswer => {
    const last = kept.get(contract.name)
    if (last) return { contract: last.record.contract, result: last.record.result, closed: last.kept }
    return { contract, result: results[open.indexOf(contract)] as SlaResult }
  })
  return { answers, left, unproven: await unprovenOf(question, answers) }
}

async function unprovenOf({ store }: SlaQuestion, answers: readonly SlaAnswer[]): Promise<number> {
  const runs = answers.flatMap(({ result }) => result.outages.flatMap(({ run }) => run ?? []))
  if (runs.length === 0) return 0
  const kept = new Set((await store.runs()).map(({ run }) => run))
  return runs.filter((run) => !kept.has(run)).length
}

function unprovenNote({ unproven }: SlaAnswers): string[] {
  if (unproven === 0) return []
  return [
    `Of ${unproven} outages the run that found them is kept no longer: \`history\` of tillwright.yaml says how much is.`,
  ]
}

/** A line for each contract, or for each store or device that it is held against. */
export function slaReport(question: SlaQuestion, all: SlaAnswers): Report {
  const { answers } = all
  const rows = answers.flatMap(rowsOf)
  return {
    form: SLA_REPORT,
    ...frameOf(question),
    by: null,
    of: null,
    notes: notesOf(all),
    rows,
    total: null,
    charts: [
      {
        title: 'Availability by contract',
        kind: 'bars',
        type: 'share',
        points: answers.map(({ contract, result }) => ({ label: contract.name, value: result.availability })),
      },
    ],
  }
}

/** Every outage that counts, with what it was known by: the evidence of each minute. */
export function slaOutages(question: SlaQuestion, all: SlaAnswers): Report {
  const { answers } = all
  const rows = answers.flatMap(({ contract, result }) =>
    result.outages.map(({ name, from, to, countedMs, cause, run }): ReportRow => {
      const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
      return { contract: contract.name, name, ...times, counted_s: seconds(countedMs), cause, run }
    }),
  )
  const notes = notesOf(all)
  return { form: SLA_OUTAGES_REPORT, ...frameOf(question), by: null, of: null, notes, rows, total: null, charts: [] }
}

function notesOf(all: SlaAnswers): string[] {
  return [...all.answers.map(noteOf), ...leftNote(all.left), ...unprovenNote(all)]
}

function rowsOf({ contract, result, closed }: SlaAnswer): ReportRow[] {
  const common = { contract: contract.name, partner: contract.partner, threshold: contract.threshold }
  const kept = { version: closed?.version ?? null, hash: closed?.hash ?? null }
  const units = contract.per === 'contract' ? [] : result.units
  const breaches = result.units.filter(({ isBreached }) => isBreached).length
  const whole = {
    ...common,
    unit: null,
    availability: result.availability,
    breaches,
    penalty: result.penalty,
    ...timesOf(result.times),
    ...kept,
  }
  const each = units.map(({ unit, availability, isBreached, penalty, times }) => {
    return { ...common, unit, availability, breaches: isBreached ? 1 : 0, penalty, ...timesOf(times), ...kept }
  })
  return [whole, ...each.sort((a, b) => (a.availability ?? 2) - (b.availability ?? 2))]
}

function timesOf(times: SlaTimes): ReportRow {
  return {
    hours_s: seconds(times.hours),
    down_s: seconds(times.down),
    unknown_s: seconds(times.unknown),
    paused_s: seconds(times.paused),
    line_s: seconds(times.line),
    maintenance_s: seconds(times.maintenance),
    never_seen_s: seconds(times.neverSeen),
  }
}

function noteOf({ contract, closed }: SlaAnswer): string {
  const { name, bound, currency } = contract
  const money = currency === null ? '' : `, penalties in ${currency}`
  if (!closed) return `${name}: computed from what is known now; outages ${BOUND_WORDS[bound]}${money}.`
  const why = closed.why === null ? '' : `, because: ${closed.why}`
  return `${name}: closed by ${closed.by} at ${closed.closed_at}, version ${closed.version}${why}; outages ${BOUND_WORDS[bound]}${money}.`
}

const BOUND_WORDS = {
  certain: 'from the first bad look to the last one',
  seen: 'from the first bad look to the first good one',
  possible: 'from the last good look to the first good one',
} as const

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
