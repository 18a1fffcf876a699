import { DAY_MS } from '../../core/duration.ts'
import { wallTime } from '../../core/zoned-time.ts'
import { instantsOfIso, isToCome } from './device-time.ts'
import type { Condition, ConditionName, FiscalFacts } from './reading.ts'

/** From when on somebody should see to it. */
export interface FiscalLimits {
  /** Days before certificates, licences and inspections run out. */
  readonly soonDays: number
  readonly storageDays: number
  /** Daily reports that still fit into the fiscal memory. */
  readonly reportsLeft: number
  /** Of the protected memory that is free, 0 to 1. */
  readonly memoryShare: number
  readonly unsentDays: number
  /** So many waiting documents are too many, however young. */
  readonly unsentCount: number
  /** Longer than a shop is closed over a Sunday, with its printer switched off. */
  readonly failingHours: number
  /** A receipt and its shift may not be five minutes apart. */
  readonly skewSeconds: number
}

export const USUAL_LIMITS: FiscalLimits = {
  soonDays: 14,
  storageDays: 30,
  reportsLeft: 60,
  memoryShare: 0.05,
  unsentDays: 3,
  unsentCount: Number.POSITIVE_INFINITY,
  failingHours: 36,
  skewSeconds: 60,
}

/** A condition, and the day that it is about. */
export interface FiscalFinding extends Condition {
  /** ISO 8601, as the device told it. */
  readonly due_at?: string
  /** Whole days of the store's calendar; 0 is today or tomorrow at this hour, negative is past. */
  readonly days_left?: number
}

/** What the facts of a fiscal device mean, whatever protocol they were read by. What is not known means nothing. */
export function fiscalConditions(facts: FiscalFacts, now: Date, timeZone: string): Condition[] {
  return fiscalFindings(facts, now, timeZone).map(({ name, evidence, since }) => ({
    name,
    evidence,
    ...(since !== undefined && { since }),
  }))
}

/** The same with its dates, by limits of one's own. */
export function fiscalFindings(
  facts: FiscalFacts,
  now: Date,
  timeZone: string,
  limits: FiscalLimits = USUAL_LIMITS,
): FiscalFinding[] {
  const look: Look = {
    facts,
    limits,
    until: (text) => daysUntil(text, now, timeZone),
    isToCome: (text) => isToCome(text, now, timeZone),
  }
  return [
    ...certificates(look),
    ...licence(look),
    ...memories(look),
    ...waiting(look),
    ...sending(look),
    ...inspection(look),
    ...storage(look),
    ...clock(look),
    ...(facts.fiscal_mode === false ? [found('not-fiscal', 'it is not in fiscal mode')] : []),
    ...(facts.shift?.state === 'expired' ? [dayNotClosed(facts.shift.opened_at, timeZone)] : []),
  ]
}

/**
 * Days, by the clocks of the store, until what a device told is over: a day with its end, whatever clocks do in between.
 * Negative once it is over; NaN for what is no date.
 */
export function daysUntil(text: string, now: Date, timeZone: string): number {
  const { latest } = instantsOfIso(text, timeZone)
  if (Number.isNaN(latest)) return Number.NaN
  const days = (wallTime(latest, timeZone) - wallTime(now.getTime(), timeZone)) / DAY_MS
  // In the hour that clocks show twice, only the instant tells what is over.
  return latest < now.getTime() ? Math.min(days, -Number.EPSILON) : Math.max(0, days)
}

interface Look {
  readonly facts: FiscalFacts
  readonly limits: FiscalLimits
  readonly until: (text: string) => number
  readonly isToCome: (text: string) => boolean
}

function found(name: ConditionName, evidence: string): FiscalFinding {
  return { name, evidence }
}

function dated(
  name: ConditionName,
  evidence: string,
  due: { readonly at: string; readonly days: number },
): FiscalFinding {
  const is = { name, evidence, due_at: due.at, days_left: Math.floor(due.days) }
  return due.days < 0 ? { ...is, since: due.at } : is
}

function certificates({ facts: { certificates: all = [] }, limits, until }: Look): FiscalFinding[] {
  return all.flatMap(({ name, valid_until: at }) => {
    if (at === undefined) return []
    const days = until(at)
    if (days < 0) return [dated('certificate-expired', `certificate ${name} was valid until ${at}`, { at, days })]
    if (!(Math.floor(days) <= limits.soonDays)) return []
    return [dated('certificate-expiring', `certificate ${name} is valid until ${at}`, { at, days })]
  })
}

function licence({ facts, limits, until }: Look): FiscalFinding[] {
  const { warns_at: warns, locks_at: locks } = facts.licence ?? {}
  const days = locks === undefined ? Number.NaN : until(locks)
  const due = { at: locks ?? '', days }
  if (days < 0) return [dated('licence-expired', `it locks since ${locks}`, due)]
  if (Math.floor(days) <= limits.soonDays) return [dated('licence-expiring', `it locks at ${locks}`, due)]
  if (warns === undefined || !(until(warns) < 0)) return []
  const evidence = `it warns since ${warns}`
  return [locks === undefined ? found('licence-expiring', evidence) : dated('licence-expiring', evidence, due)]
}

function memories({ facts: { reports_left: left, protected_memory: memory }, limits }: Look): FiscalFinding[] {
  const all: FiscalFinding[] = []
  if (left !== undefined && left <= 0) all.push(found('fiscal-memory-full', 'no daily report fits any more'))
  else if (left !== undefined && left < limits.reportsLeft)
    all.push(found('fiscal-memory-low', `${left} daily reports fit`))
  if (memory === undefined) return all
  const room = `${memory.free} ${memory.unit ?? 'units'} free`
  if (memory.free <= 0) all.push(found('protected-memory-full', room))
  else if (memory.capacity !== undefined && memory.free < memory.capacity * limits.memoryShare)
    all.push(found('protected-memory-low', `${room} of ${memory.capacity}`))
  return all
}

function waiting({ facts: { unsent, transmission }, limits, until }: Look): FiscalFinding[] {
  if (unsent === undefined || unsent.count === 0) return []
  const { count, oldest_at } = unsent
  // Where it does not say since when they wait, it is at most since some were sent.
  const oldest = oldest_at ?? transmission?.last_ok_at
  const isNever = transmission !== undefined && count === undefined
  const isOld = oldest === undefined ? isNever : -until(oldest) >= limits.unsentDays
  if (!isOld && (count ?? 0) < limits.unsentCount) return []
  const since = oldest_at === undefined ? `the last were sent ${oldest ?? 'never'}` : `the oldest since ${oldest_at}`
  return [found('documents-unsent', `${count === undefined ? '' : `${count} `}documents wait, ${since}`)]
}

function sending({ facts: { transmission }, limits, until }: Look): FiscalFinding[] {
  const { last_ok_at: ok, last_failed_at: failed } = transmission ?? {}
  const hasFailed = failed !== undefined && (ok === undefined || until(failed) > until(ok))
  if (!hasFailed || (ok !== undefined && -until(ok) * 24 <= limits.failingHours)) return []
  return [found('transmission-failing', `failed at ${failed}, last success ${ok ?? 'never'}`)]
}

function inspection({ facts: { next_inspection_at: at }, limits, until }: Look): FiscalFinding[] {
  if (at === undefined) return []
  const days = until(at)
  return Math.floor(days) <= limits.soonDays ? [dated('inspection-due', `next inspection at ${at}`, { at, days })] : []
}

function storage({ facts: { storage_valid_until: at }, limits, until }: Look): FiscalFinding[] {
  if (at === undefined) return []
  const days = until(at)
  if (days < 0) return [dated('storage-locked', `the fiscal storage was valid until ${at}`, { at, days })]
  if (!(Math.floor(days) <= limits.storageDays)) return []
  return [dated('storage-expiring', `the fiscal storage is valid until ${at}`, { at, days })]
}

/** By the clock that it showed; or else by one that stamped a receipt with a time that is still to come. */
function clock({ facts, limits, isToCome }: Look): FiscalFinding[] {
  const { clock_skew_s: seconds, last_receipt_at: receipt, last_document_at: document } = facts
  const last = receipt ?? document
  if (seconds === undefined && last !== undefined && isToCome(last))
    return [found('clock-skewed', `its last document is of ${last}, which is still to come`)]
  if (seconds === undefined || Math.abs(seconds) <= limits.skewSeconds) return []
  const direction = seconds > 0 ? 'ahead' : 'behind'
  return [found('clock-skewed', `the clock is ${Math.abs(seconds)} s ${direction}`)]
}

/** A receipt a day after it was opened says that this printer sells for longer. */
function dayNotClosed(openedAt: string | undefined, timeZone: string): FiscalFinding {
  if (openedAt === undefined) return found('day-not-closed', 'the shift is open for more than a day')
  const over = instantsOfIso(openedAt, timeZone).latest + DAY_MS
  const words = found('day-not-closed', `the day is open since ${openedAt}`)
  return Number.isNaN(over) ? words : { ...words, since: new Date(over).toISOString() }
}
