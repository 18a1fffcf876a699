import { DAY_MS } from '../../core/duration.ts'
import type { Audit, Column } from '../../devices/evadts/audit.ts'
import { type Past, sinceRestart, valueAt } from './known.ts'
import type { Filling, VendingParams } from './params.ts'

/** What is left in a column; `unknown` where planogram, capacity or filling are, which is never the same as full. */
export interface ColumnStock {
  readonly column: string
  readonly product: string | null
  readonly state: 'ok' | 'low' | 'out' | 'unknown'
  readonly left: number | null
  readonly capacity: number | null
  /** How long it lasts, by what was sold in the last two weeks; null where less than two days are known. */
  readonly days_left: number | null
  readonly why: string | null
}

const FEWEST_DAYS = 2
const LOW_SHARE = 0.2
const LOW_DAYS = 1

/** What earlier looks saw of columns: paid vends, and those that nobody paid for. */
export interface KnownColumns {
  readonly paidOf: (column: string) => Past
  readonly unpaidOf: (column: string) => Past
  readonly now: number
}

/** Tested and for free (PA3, PA4); many machines name only what there was. */
export function unpaidVends({ test, free }: Column): number {
  return (test.total.count ?? 0) + (free.total.count ?? 0)
}

/** The stock of every column that the planogram or the machine names. */
export function stockOf(
  audit: Audit,
  params: Pick<VendingParams, 'planogram' | 'refill' | 'low_days'>,
  known: KnownColumns,
): readonly ColumnStock[] {
  const { planogram = {} } = params
  const columns = new Map<string, Column | undefined>(audit.columns.map((column) => [column.id, column]))
  for (const id of Object.keys(planogram)) if (!columns.has(id)) columns.set(id, undefined)
  return [...columns].map(([id, column]) =>
    judged(id, { column, filling: planogram[id], refill: params.refill, lowDays: params.low_days ?? LOW_DAYS }, known),
  )
}

interface Given {
  readonly column: Column | undefined
  readonly filling: Filling | undefined
  readonly refill: 'reset' | undefined
  readonly lowDays: number
}

function judged(id: string, { column, filling, refill, lowDays }: Given, known: KnownColumns): ColumnStock {
  const capacity = filling?.capacity ?? column?.capacity ?? null
  const common = { column: id, product: filling?.product ?? column?.product ?? null, capacity }
  const unknown = (why: string): ColumnStock => ({ ...common, state: 'unknown', left: null, days_left: null, why })
  if (filling === undefined) return unknown('The planogram does not name it.')
  if (column === undefined) return unknown('The audit file does not name it.')
  const left = leftIn(column, { filling, refill, capacity, known })
  if (typeof left === 'string') return unknown(left)
  const perDay = soldPerDay(column, known)
  const days = perDay === undefined || perDay === 0 ? null : Math.round((left / perDay) * 10) / 10
  const few = filling.low ?? Math.floor((capacity ?? 0) * LOW_SHARE)
  const isLow = left <= few || (days !== null && days <= lowDays)
  return { ...common, state: left === 0 ? 'out' : isLow ? 'low' : 'ok', left, days_left: days, why: null }
}

/** How many are left, or why that cannot be told. Everything that left the column counts: paid, tested and for free. */
function leftIn(
  column: Column,
  {
    filling,
    refill,
    capacity,
    known,
  }: {
    readonly filling: Filling
    readonly refill: 'reset' | undefined
    readonly capacity: number | null
    readonly known: KnownColumns
  },
): number | string {
  if (filling.filled !== undefined && filling.filled_at !== undefined) {
    const total = column.paid.total.count
    if (total === undefined) return 'The machine does not say how many it sold.'
    if (total < filling.filled_at) return 'Its counter is below what it was when it was filled: it began anew since.'
    const unpaid = unpaidSince(column, filling.filled_at, known)
    if (unpaid > 0) return `${unpaid} left it since it was filled, or while it was, that nobody paid for (PA3, PA4).`
    return Math.max(0, filling.filled - (total - filling.filled_at))
  }
  if (refill !== 'reset') return 'Nobody says how many were in it, and when.'
  const sold = column.paid.sinceReset.count
  if (sold === undefined) return 'The machine does not count since the last reading.'
  if (capacity === null) return 'Nobody says how many fit in.'
  const others = (column.test.sinceReset.count ?? 0) + (column.free.sinceReset.count ?? 0)
  return Math.max(0, capacity - sold - others)
}

/** Since the last look at which its counter was not above what it showed when it was filled; else since the first. */
function unpaidSince(column: Column, filledAt: number, known: KnownColumns): number {
  const past = known.unpaidOf(column.id)
  const look = known.paidOf(column.id).findLast(({ value }) => value <= filledAt)
  const then = (look && valueAt(past, look.at)) ?? past[0]?.value
  return then === undefined ? 0 : unpaidVends(column) - then
}

function soldPerDay(column: Column, known: KnownColumns): number | undefined {
  const total = column.paid.total.count
  const [first] = sinceRestart(known.paidOf(column.id), total)
  if (total === undefined || first === undefined) return undefined
  const days = (known.now - first.at) / DAY_MS
  return days < FEWEST_DAYS ? undefined : (total - first.value) / days
}
