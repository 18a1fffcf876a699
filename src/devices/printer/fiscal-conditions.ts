import { DAY_MS, instantsOfIso } from './device-time.ts'
import type { Condition, FiscalFacts } from './reading.ts'

/** From when on somebody should see to it. */
const LIMITS = {
  /** Certificates, licences, inspections. */
  soonDays: 14,
  storageDays: 30,
  /** Daily reports that still fit into the fiscal memory. */
  reportsLeft: 60,
  memoryShare: 0.05,
  unsentDays: 3,
  /** Longer than a shop is closed over a Sunday, with its printer switched off. */
  failingHours: 36,
} as const

/** What the facts of a fiscal device mean, whatever protocol they were read by. What is not known means nothing. */
export function fiscalConditions(facts: FiscalFacts, now: Date, timeZone: string): Condition[] {
  const until = (text: string): number => (instantsOfIso(text, timeZone).latest - now.getTime()) / DAY_MS
  const age = (text: string): number => (now.getTime() - instantsOfIso(text, timeZone).latest) / DAY_MS
  return [
    ...certificates(facts, until),
    ...licence(facts, until),
    ...memories(facts),
    ...sending(facts, age),
    ...deadline(facts.next_inspection_at, until, 'next inspection'),
    ...storage(facts, until),
    ...(facts.fiscal_mode === false ? [condition('not-fiscal', 'it is not in fiscal mode')] : []),
    ...(facts.shift?.state === 'expired' ? [condition('day-not-closed', shiftWords(facts.shift.opened_at))] : []),
  ]
}

type Days = (text: string) => number

function condition(name: Condition['name'], evidence: string): Condition {
  return { name, evidence }
}

function certificates({ certificates: all = [] }: FiscalFacts, until: Days): Condition[] {
  return all.flatMap(({ name, valid_until: end }) => {
    if (end === undefined) return []
    const days = until(end)
    if (days < 0) return [condition('certificate-expired', `certificate ${name} was valid until ${end}`)]
    return days <= LIMITS.soonDays
      ? [condition('certificate-expiring', `certificate ${name} is valid until ${end}`)]
      : []
  })
}

function licence({ licence: facts }: FiscalFacts, until: Days): Condition[] {
  const { warns_at: warns, locks_at: locks } = facts ?? {}
  if (locks !== undefined && until(locks) < 0) return [condition('licence-expired', `it locks since ${locks}`)]
  if (locks !== undefined && until(locks) <= LIMITS.soonDays)
    return [condition('licence-expiring', `it locks at ${locks}`)]
  return warns !== undefined && until(warns) < 0 ? [condition('licence-expiring', `it warns since ${warns}`)] : []
}

function memories({ reports_left: left, protected_memory: memory }: FiscalFacts): Condition[] {
  const found: Condition[] = []
  if (left !== undefined && left <= 0) found.push(condition('fiscal-memory-full', 'no daily report fits any more'))
  else if (left !== undefined && left < LIMITS.reportsLeft)
    found.push(condition('fiscal-memory-low', `${left} daily reports fit`))
  if (memory === undefined) return found
  const room = `${memory.free} ${memory.unit ?? 'units'} free`
  if (memory.free <= 0) found.push(condition('protected-memory-full', room))
  else if (memory.capacity !== undefined && memory.free < memory.capacity * LIMITS.memoryShare)
    found.push(condition('protected-memory-low', `${room} of ${memory.capacity}`))
  return found
}

function sending({ unsent, transmission }: FiscalFacts, age: Days): Condition[] {
  const found: Condition[] = []
  const { last_ok_at: ok, last_failed_at: failed } = transmission ?? {}
  // Where it does not say since when they wait, it is at most since some were sent.
  const oldest = unsent?.oldest_at ?? ok
  if (unsent && unsent.count > 0 && oldest !== undefined && age(oldest) >= LIMITS.unsentDays) {
    const since = unsent.oldest_at === undefined ? `the last were sent ${ok}` : `the oldest since ${oldest}`
    found.push(condition('documents-unsent', `${unsent.count} documents wait, ${since}`))
  }
  const hasFailed = failed !== undefined && (ok === undefined || age(failed) < age(ok))
  if (hasFailed && (ok === undefined || age(ok) * 24 > LIMITS.failingHours))
    found.push(condition('transmission-failing', `failed at ${failed}, last success ${ok ?? 'never'}`))
  return found
}

function deadline(at: string | undefined, until: Days, what: string): Condition[] {
  return at !== undefined && until(at) <= LIMITS.soonDays ? [condition('inspection-due', `${what} at ${at}`)] : []
}

function storage({ storage_valid_until: end }: FiscalFacts, until: Days): Condition[] {
  if (end === undefined) return []
  if (until(end) < 0) return [condition('storage-locked', `the fiscal storage was valid until ${end}`)]
  return until(end) <= LIMITS.storageDays
    ? [condition('storage-expiring', `the fiscal storage is valid until ${end}`)]
    : []
}

function shiftWords(openedAt: string | undefined): string {
  return openedAt === undefined ? 'the shift is open for more than a day' : `the day is open since ${openedAt}`
}

/** From when a clock is worth a word; a receipt and its shift may not be five minutes apart. */
const SKEW_SECONDS = 60

/** @param seconds by which it is ahead; negative when it is behind */
export function clockConditions(seconds: number): Condition[] {
  if (Math.abs(seconds) <= SKEW_SECONDS) return []
  const direction = seconds > 0 ? 'ahead' : 'behind'
  return [condition('clock-skewed', `the clock is ${Math.abs(seconds)} s ${direction}`)]
}
