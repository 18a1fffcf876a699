import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/core/json.ts'
import { type Assessment, assess } from '../../../src/devices/printer/assess.ts'
import { fiscalConditions } from '../../../src/devices/printer/fiscal-conditions.ts'
import type { Condition, ConditionName, FiscalFacts, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { someStore } from '../../modules/some-context.ts'
import { someDevice } from '../../modules/some-device.ts'

const NOON = new Date('2026-11-25T12:00:00+01:00')
const ZONE = someStore.time_zone
const ago = (minutes: number): string => new Date(NOON.getTime() - minutes * 60_000).toISOString()
const said = (name: ConditionName, more: Partial<Condition> = {}): Condition => ({ name, evidence: 'said so', ...more })

/** What a fiscal printer comes to that answers, says this, and knows these facts. */
function judged(
  { conditions = [], ready, ...more }: Partial<PrinterReading> = {},
  facts: FiscalFacts = {},
  receipts: JsonObject | null = null,
): Assessment {
  const all = [...conditions, ...fiscalConditions(facts, NOON, ZONE)]
  const reading: PrinterReading = {
    protocol: 'posnet',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: ready ?? (all.length > 0 ? 'no' : 'yes'),
    conditions: all,
    fiscal: facts,
    evidence: [{ asked: '!sprn', answered: 'sprn pr0', at: NOON.toISOString() }],
    ...more,
  }
  const around = { silence: 'no', pings: false, link: 'unknown', ms: 1 } as const
  return assess(
    { reading, name: 'x:1', oneAtATime: false, ...around },
    { device: { ...someDevice, kind: 'fiscal-printer' }, store: someStore, now: () => NOON },
    { receipts, silentAfterS: 3 * 3600, jobAgeS: 600, isExpected: true },
  )
}

describe('What a printer says of now', () => {
  const names = ['waiting-for-user', 'offline', 'paused', 'menu-open', 'not-fiscal', 'day-not-closed', 'storage-locked']
  it.each(names as ConditionName[])('%s is disproved by a receipt of a minute ago, not by one of before', (name) => {
    const conditions = [said(name)]
    const before = judged({ conditions }, { last_receipt_at: ago(120) })
    expect(before).toMatchObject({ fault: 'sale-blocked', cause: name, can_issue: 'no' })
    expect(judged({ conditions }, { last_receipt_at: ago(6) }).can_issue).toBe('no')
    const since = judged({ conditions }, { last_receipt_at: ago(1) })
    expect(since).toMatchObject({ fault: 'attention-soon', cause: name, can_issue: 'yes' })
  })

  it('is disproved by receipts that others saw', () => {
    const conditions = [said('offline')]
    const at = (minutes: number) => ({ class: 'ok', last_receipt_at: ago(minutes) })
    expect(judged({ conditions }, {}, at(1))).toMatchObject({ fault: 'attention-soon', can_issue: 'yes' })
    expect(judged({ conditions }, {}, at(20))).toMatchObject({ fault: 'sale-blocked', can_issue: 'no' })
    expect(judged({ conditions }, { last_receipt_at: ago(120) }, at(1)).can_issue).toBe('yes')
    expect(judged({ conditions }, {}, { class: 'ok', last_receipt_at: null }).can_issue).toBe('no')
  })

  it('that it cannot, without a word why, stands against receipts of before', () => {
    expect(judged({ ready: 'no' }, { last_receipt_at: ago(60) })).toMatchObject({
      fault: 'sale-blocked',
      can_issue: 'no',
    })
    expect(judged({ ready: 'no' }, { last_receipt_at: ago(1) })).toMatchObject({
      fault: 'attention-soon',
      cause: 'other-error',
      can_issue: 'yes',
    })
  })

  it('is not disproved of paper and covers, unless not every model means that', () => {
    const facts = { last_receipt_at: ago(1) }
    expect(judged({ conditions: [said('cover-open')] }, facts).can_issue).toBe('no')
    expect(judged({ conditions: [said('cover-open', { doubtful: true })] }, facts).can_issue).toBe('yes')
    const old = { last_receipt_at: ago(60) }
    expect(judged({ conditions: [said('cover-open', { doubtful: true })] }, old).can_issue).toBe('no')
  })
})

describe('What is reckoned from a date', () => {
  it('is disproved by any receipt after that date', () => {
    const expired = { certificates: [{ name: 'device', valid_until: '2026-11-24' }] }
    expect(judged({}, { ...expired, last_receipt_at: ago(120) })).toMatchObject({
      fault: 'attention-soon',
      cause: 'certificate-expired',
      can_issue: 'yes',
    })
    const justNow = { licence: { locks_at: '2026-11-25T11:00:00+01:00' } }
    expect(judged({}, { ...justNow, last_receipt_at: ago(90) })).toMatchObject({
      fault: 'sale-blocked',
      cause: 'licence-expired',
      can_issue: 'no',
    })
    expect(judged({}, { ...justNow, last_receipt_at: ago(30) }).can_issue).toBe('yes')
  })

  it('as a day that was not closed, by one later than a day after it was opened', () => {
    const shift = { state: 'expired', opened_at: '2026-11-24T10:00:00+01:00' } as const
    expect(judged({}, { shift }, { class: 'ok', last_receipt_at: ago(30) }).can_issue).toBe('yes')
    expect(judged({}, { shift }, { class: 'ok', last_receipt_at: ago(150) }).can_issue).toBe('no')
  })
})

describe('A clock that is wrong', () => {
  it('makes no receipt of the future one of now', () => {
    const { stages, ...verdict } = judged({ ready: 'yes' }, { last_receipt_at: '2027-11-03T09:00:00+01:00' })
    expect(stages.work).toMatchObject({ answer: 'unknown', evidence: expect.stringContaining('still to come') })
    expect(verdict).toMatchObject({ fault: 'attention-soon', cause: 'clock-skewed' })
    const held = judged({ conditions: [said('waiting-for-user')] }, { last_receipt_at: ago(-90) })
    expect(held).toMatchObject({ fault: 'sale-blocked', cause: 'waiting-for-user' })
  })

  it('makes no silence of receipts that its clock puts hours back', () => {
    const { stages } = judged({ ready: 'yes' }, { last_receipt_at: ago(240), clock_skew_s: -14_400 })
    expect(stages.work).toMatchObject({ answer: 'unknown', evidence: expect.stringContaining('-14400 s off') })
  })

  it('is no reason to doubt what others saw', () => {
    const facts = { last_receipt_at: ago(-90) }
    const { stages } = judged({ ready: 'yes' }, facts, { class: 'learning', last_receipt_at: ago(2) })
    expect(stages.work.answer).toBe('yes')
  })

  it('that is minutes off is none', () => {
    expect(judged({ ready: 'yes' }, { last_receipt_at: ago(-3), clock_skew_s: 200 }).stages.work.answer).toBe('yes')
  })
})

describe('The age of a receipt', () => {
  it('is told by the clocks of the store where no offset stands, and is not guessed in the hour that they show twice', () => {
    const at = (text: string) => judged({ ready: 'yes' }, { last_receipt_at: text }).stages.work
    expect(at('2026-11-25T11:30:00')).toMatchObject({ answer: 'yes', age_s: 1800 })
    expect(at('2026-11-25T08:30:00')).toMatchObject({ answer: 'no' })
    // A day alone lasts until its end, and began long ago.
    expect(at('2026-11-25')).toMatchObject({ answer: 'unknown' })
  })

  it('is at least that of the last document, which proves no work', () => {
    const work = (minutes: number) => judged({ ready: 'yes' }, { last_document_at: ago(minutes) }).stages.work
    expect(work(200)).toMatchObject({ answer: 'no', evidence: expect.stringContaining('last document') })
    expect(work(5)).toMatchObject({ answer: 'unknown' })
    const conditions = [said('storage-locked')]
    expect(judged({ conditions }, { last_document_at: ago(1) }).can_issue).toBe('no')
  })
})

describe('An answer that leaves open whether it works', () => {
  it('is not known, with what it said, and who is to look', () => {
    expect(judged({ ready: 'unknown' })).toMatchObject({
      fault: 'not-known',
      severity: 'unknown',
      cause: null,
      owner: 'till-support',
      can_issue: 'unknown',
    })
    expect(judged({ ready: 'unknown', conditions: [said('paper-low'), said('other-error')] })).toMatchObject({
      fault: 'not-known',
      cause: 'other-error',
      owner: 'store',
    })
  })

  it('is outweighed by receipts, an error without a name only by those of the last minutes', () => {
    expect(judged({ ready: 'unknown' }, { last_receipt_at: ago(60) })).toMatchObject({
      fault: 'none',
      can_issue: 'yes',
    })
    const conditions = [said('other-error')]
    const at = (minutes: number) => judged({ ready: 'unknown', conditions }, { last_receipt_at: ago(minutes) })
    expect(at(60)).toMatchObject({ fault: 'not-known', can_issue: 'unknown' })
    expect(at(1)).toMatchObject({ fault: 'attention-soon', can_issue: 'yes' })
  })

  it('is none of one that is at work for somebody else', () => {
    expect(judged({ ready: 'unknown', busy: true })).toMatchObject({ fault: 'none', can_issue: 'unknown' })
  })
})
