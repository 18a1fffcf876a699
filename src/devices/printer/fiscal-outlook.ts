import { DAY_MS } from '../../core/duration.ts'
import type { TradingHours } from '../../core/fleet.ts'
import { daysUntil, type FiscalFinding, type FiscalLimits, fiscalFindings } from './fiscal-conditions.ts'
import { type Answer, CONDITIONS, type Condition, type ConditionName, type FiscalFacts } from './reading.ts'
import { type Owner, ownerOf, REMEDIES } from './verdict.ts'

/** From when on what is due is worse than worth attention. */
export interface CriticalLimits {
  readonly skewSeconds: number
  readonly unsentDays: number
}

/** Something that somebody has to see to, now or by a date. Worst first: `planned` has more than a month. */
export interface DueItem {
  readonly condition: ConditionName
  readonly evidence: string
  /** ISO 8601; null for what has no date. */
  readonly due_at: string | null
  readonly days_left: number | null
  /** The nearest of 30, 14, 7 and 1 days that it is within; 0 once it is past, null for what is further away or has no date. */
  readonly within_days: number | null
  /** From then on nothing can be sold, or is it already. */
  readonly blocks: boolean
  readonly severity: 'sale-blocked' | 'sale-at-risk' | 'attention' | 'planned'
  readonly owner: Owner
  readonly remedy: string
}

/** What ends with its date, and what is the matter then. */
const DEADLINES: Readonly<Partial<Record<ConditionName, ConditionName>>> = {
  'certificate-expiring': 'certificate-expired',
  'licence-expiring': 'licence-expired',
  'storage-expiring': 'storage-locked',
}
/** Days by which somebody should have been told. */
const MARKS = [1, 7, 14, 30] as const
const MONTH = 30
const WEEK = 7
const SEVERITIES: readonly DueItem['severity'][] = ['sale-blocked', 'sale-at-risk', 'attention', 'planned']
/** A Russian fiscal storage locks when no document was delivered for so long (federal law 54-FZ). */
const UNDELIVERED_DAYS = 30

/** What the severity of an item depends on, beside itself. */
export interface Weighing {
  readonly facts: FiscalFacts
  readonly now: Date
  readonly timeZone: string
  readonly critical: CriticalLimits
  /** What receipts say of whether it can sell: outweighs what should keep it from that. */
  readonly canIssue: Answer
}

/** The findings as a list to work off, worst and nearest first. */
export function dueItems(findings: readonly (Condition | FiscalFinding)[], weighing: Weighing): DueItem[] {
  const items = findings.map((finding) => itemOf(finding, weighing))
  const days = ({ days_left: left }: DueItem): number => left ?? Number.POSITIVE_INFINITY
  const rank = ({ severity }: DueItem): number => SEVERITIES.indexOf(severity)
  return items.sort((a, b) => rank(a) - rank(b) || (days(a) === days(b) ? 0 : days(a) - days(b)))
}

function itemOf(finding: Condition | FiscalFinding, weighing: Weighing): DueItem {
  const { name, evidence } = finding
  const { due_at: at = null, days_left: days = null } = finding as FiscalFinding
  const blocks = CONDITIONS[name] === 'blocked' || DEADLINES[name] !== undefined
  return {
    condition: name,
    evidence,
    due_at: at,
    days_left: days,
    within_days: days === null ? null : days < 0 ? 0 : (MARKS.find((mark) => days <= mark) ?? null),
    blocks,
    severity: severityOf(name, { days, blocks }, weighing),
    owner: ownerOf(name),
    remedy: REMEDIES[name],
  }
}

function severityOf(
  name: ConditionName,
  { days, blocks }: { readonly days: number | null; readonly blocks: boolean },
  weighing: Weighing,
): DueItem['severity'] {
  if (CONDITIONS[name] === 'blocked') return weighing.canIssue === 'yes' ? 'sale-at-risk' : 'sale-blocked'
  if (days === null) return isCritical(name, weighing) ? 'sale-at-risk' : 'attention'
  if (blocks && days <= WEEK) return 'sale-at-risk'
  return days <= MONTH ? 'attention' : 'planned'
}

function isCritical(name: ConditionName, { facts, now, timeZone, critical }: Weighing): boolean {
  if (name === 'clock-skewed') return Math.abs(facts.clock_skew_s ?? 0) > critical.skewSeconds
  if (name === 'fiscal-memory-low') return (facts.reports_left ?? WEEK + 1) <= WEEK
  if (name !== 'documents-unsent') return false
  const oldest = facts.unsent?.oldest_at ?? facts.transmission?.last_ok_at
  return oldest !== undefined && -daysUntil(oldest, now, timeZone) >= critical.unsentDays
}

/** Until when it goes on selling if nothing is done, and what ends it. */
export interface Outlook {
  /** ISO 8601, as the device told it, or a day by our reckoning; null where nothing known ends it. */
  readonly until: string | null
  readonly days_left: number | null
  readonly cause: ConditionName | null
}

interface End {
  readonly cause: ConditionName
  readonly days: number
}

/** The earliest date that blocks, however far it is. */
export function outlookOf(
  facts: FiscalFacts,
  place: { readonly now: Date; readonly timeZone: string; readonly week: TradingHours['week'] },
  limits: FiscalLimits,
): Outlook {
  const { now, timeZone } = place
  const endless = { ...limits, soonDays: Number.POSITIVE_INFINITY, storageDays: Number.POSITIVE_INFINITY }
  const told = fiscalFindings(facts, now, timeZone, endless).flatMap(({ name, due_at: at }) => {
    const cause = DEADLINES[name]
    return at !== undefined && cause ? [{ at, cause, days: daysUntil(at, now, timeZone) }] : []
  })
  const reckoned = [...memoryEnd(facts, place.week), ...deliveryEnd(facts, place)].map((end) => ({
    ...end,
    at: new Date(now.getTime() + end.days * DAY_MS).toISOString().slice(0, 10),
  }))
  const [first] = [...told, ...reckoned].sort((a, b) => a.days - b.days)
  if (!first) return { until: null, days_left: null, cause: null }
  return { until: first.at, days_left: Math.floor(first.days), cause: first.cause }
}

/** One daily report for each day of trading. */
function memoryEnd({ reports_left: left }: FiscalFacts, week: TradingHours['week']): End[] {
  const open = Object.values(week).filter((spans) => spans.length > 0).length
  return left === undefined || left <= 0 || open === 0
    ? []
    : [{ cause: 'fiscal-memory-full', days: (left * WEEK) / open }]
}

function deliveryEnd(
  { unsent, storage_valid_until: storage }: FiscalFacts,
  { now, timeZone }: { readonly now: Date; readonly timeZone: string },
): End[] {
  if (storage === undefined || unsent?.oldest_at === undefined || unsent.count === 0) return []
  const days = UNDELIVERED_DAYS + daysUntil(unsent.oldest_at, now, timeZone)
  return Number.isNaN(days) ? [] : [{ cause: 'storage-locked', days: Math.max(0, days) }]
}
