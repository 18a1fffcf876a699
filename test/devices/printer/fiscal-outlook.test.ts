import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Trading } from '../../../src/core/trading-hours.ts'
import { missingReport } from '../../../src/devices/printer/daily-report.ts'
import { daysUntil, fiscalFindings, USUAL_LIMITS } from '../../../src/devices/printer/fiscal-conditions.ts'
import { type DueItem, dueItems, outlookOf } from '../../../src/devices/printer/fiscal-outlook.ts'
import { withSafety } from '../../../src/devices/printer/guards.ts'
import type { Answer, FiscalFacts, GuardFacts } from '../../../src/devices/printer/reading.ts'
import { moreResets } from '../../../src/modules/fiscal/ram-resets.ts'

const WARSAW = 'Europe/Warsaw'
const NOW = new Date('2026-11-25T12:00:00Z')
const LIMITS = { ...USUAL_LIMITS, soonDays: 90, storageDays: 90 }
const CRITICAL = { skewSeconds: 300, unsentDays: 20 }
const EVERY_DAY = (spans: string[]): Trading['hours']['week'] => ({
  ...{ mon: spans, tue: spans, wed: spans, thu: spans },
  ...{ fri: spans, sat: spans, sun: spans },
})

function due(facts: FiscalFacts, canIssue: Answer = 'unknown', now = NOW): DueItem[] {
  const findings = fiscalFindings(facts, now, WARSAW, LIMITS)
  return dueItems(findings, { facts, now, timeZone: WARSAW, critical: CRITICAL, canIssue })
}

const dayIn = (days: number): string => new Date(NOW.getTime() + days * 86_400_000).toISOString().slice(0, 10)

describe('What is due', () => {
  it.each<[number, number | null, DueItem['severity'] | undefined, DueItem['severity'] | undefined]>([
    [-1, 0, 'sale-blocked', 'attention'],
    [0, 1, 'sale-at-risk', 'attention'],
    [1, 1, 'sale-at-risk', 'attention'],
    [2, 7, 'sale-at-risk', 'attention'],
    [7, 7, 'sale-at-risk', 'attention'],
    [8, 14, 'attention', 'attention'],
    [14, 14, 'attention', 'attention'],
    [15, 30, 'attention', 'attention'],
    [30, 30, 'attention', 'attention'],
    [31, null, 'planned', 'planned'],
    [89, null, 'planned', 'planned'],
    [90, null, 'planned', 'planned'],
    [91, null, undefined, undefined],
  ])('in %i days: within %j, %s for a certificate, %s for an inspection', (days, within, blocking, other) => {
    const certificate = due({ certificates: [{ name: 'device', valid_until: dayIn(days) }] })
    const inspection = due({ next_inspection_at: dayIn(days) })
    expect(certificate.map(({ severity }) => severity)).toEqual(blocking ? [blocking] : [])
    expect(inspection.map(({ severity }) => severity)).toEqual(other ? [other] : [])
    for (const item of [...certificate, ...inspection]) {
      expect(item).toMatchObject({ within_days: within, days_left: days, due_at: dayIn(days) })
      expect(item.owner).toBe('fiscal-service')
      expect(item.remedy).not.toBe('')
    }
  })

  it('is no block where receipts prove that it sells', () => {
    const [item] = due({ certificates: [{ name: 'device', valid_until: dayIn(-1) }] }, 'yes')
    expect(item).toMatchObject({ severity: 'sale-at-risk', blocks: true })
  })

  it.each<[FiscalFacts, DueItem['severity'][]]>([
    [{ clock_skew_s: 60 }, []],
    [{ clock_skew_s: -61 }, ['attention']],
    [{ clock_skew_s: 300 }, ['attention']],
    [{ clock_skew_s: -301 }, ['sale-at-risk']],
    [{ reports_left: 60 }, []],
    [{ reports_left: 59 }, ['attention']],
    [{ reports_left: 7 }, ['sale-at-risk']],
    [{ reports_left: 0 }, ['sale-blocked']],
    [{ unsent: { count: 1, oldest_at: '2026-11-22T13:00:00+01:00' } }, ['attention']],
    [{ unsent: { count: 1, oldest_at: '2026-11-22T14:00:00+01:00' } }, []],
    [{ unsent: { count: 1, oldest_at: '2026-11-05T13:00:00+01:00' } }, ['sale-at-risk']],
    [{ unsent: {}, transmission: {} }, ['attention']],
    [{ unsent: { count: 0 }, transmission: {} }, []],
    [{}, []],
  ])('%j: %j', (facts, severities) => {
    expect(due(facts).map(({ severity }) => severity)).toEqual(severities)
  })

  it('begins with the worst, and of these with the nearest', () => {
    const days = fc.array(fc.integer({ min: -40, max: 120 }), { maxLength: 12 })
    fc.assert(
      fc.property(days, fc.integer({ min: -900, max: 900 }), (all, skew) => {
        const certificates = all.map((left, index) => ({ name: `c${index}`, valid_until: dayIn(left) }))
        const items = due({ certificates, clock_skew_s: skew })
        const weights = items.map(({ severity, days_left: left }) => [
          ['sale-blocked', 'sale-at-risk', 'attention', 'planned'].indexOf(severity),
          left ?? Number.POSITIVE_INFINITY,
        ])
        const sorted = [...weights].sort(([a = 0, x = 0], [b = 0, y = 0]) => a - b || (x === y ? 0 : x - y))
        expect(weights).toEqual(sorted)
        const within = all.filter((left) => left <= 90).length
        expect(items.filter(({ days_left: left }) => left !== null)).toHaveLength(within)
      }),
    )
  })
})

describe('Days of a calendar', () => {
  it('are whole whatever clocks do in between', () => {
    const noons = fc.integer({ min: 0, max: 800 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day, 11)))
    fc.assert(
      fc.property(noons, fc.integer({ min: -60, max: 200 }), (now, days) => {
        const day = new Date(now.getTime() + days * 86_400_000).toISOString().slice(0, 10)
        expect(Math.floor(daysUntil(day, now, WARSAW))).toBe(days)
      }),
    )
  })

  it('are over when the instant is, also in the hour that clocks show twice', () => {
    const instants = fc.integer({ min: -180, max: 180 }).map((minutes) => Date.UTC(2026, 9, 25, 1) + minutes * 60_000)
    fc.assert(
      fc.property(instants, instants, (at, now) => {
        const days = daysUntil(new Date(at).toISOString().replace('.000Z', 'Z'), new Date(now), WARSAW)
        expect(days < 0).toBe(at < now)
      }),
    )
  })

  it('are none for what is no date', () => {
    expect(daysUntil('soon', NOW, WARSAW)).toBeNaN()
  })
})

describe('The outlook', () => {
  const place = { now: NOW, timeZone: WARSAW, week: { ...EVERY_DAY(['08:00-20:00']), sun: [] } }
  const outlook = (facts: FiscalFacts) => outlookOf(facts, place, LIMITS)

  it('is the earliest date that blocks, with its cause, however far', () => {
    const facts: FiscalFacts = {
      certificates: [{ name: 'a', valid_until: dayIn(700) }],
      licence: { locks_at: dayIn(400) },
      storage_valid_until: dayIn(500),
      next_inspection_at: dayIn(3),
    }
    expect(outlook(facts)).toEqual({ until: dayIn(400), days_left: 400, cause: 'licence-expired' })
    expect(outlook({ ...facts, reports_left: 60 })).toEqual({
      ...{ until: dayIn(70), days_left: 70, cause: 'fiscal-memory-full' },
    })
    expect(outlook({ ...facts, unsent: { count: 2, oldest_at: '2026-11-20T13:00:00+01:00' } })).toEqual({
      ...{ until: dayIn(25), days_left: 25, cause: 'storage-locked' },
    })
  })

  it('has no end where nothing is known, or nothing is ever sold', () => {
    const none = { until: null, days_left: null, cause: null }
    expect(outlook({})).toEqual(none)
    expect(outlook({ certificates: [{ name: 'a' }], licence: { warns_at: dayIn(1) } })).toEqual(none)
    expect(outlookOf({ reports_left: 5 }, { ...place, week: EVERY_DAY([]) }, LIMITS)).toEqual(none)
  })
})

describe('A daily report is missing', () => {
  const shop: Trading = {
    time_zone: WARSAW,
    hours: { week: { ...EVERY_DAY(['08:00-13:00', '14:00-20:00']), sun: [] }, exceptions: {} },
  }
  const always: Trading = { time_zone: WARSAW, hours: { week: EVERY_DAY(['00:00-24:00']), exceptions: {} } }
  const isMissing = (facts: FiscalFacts, at: string, trading = shop, sellsDaily = false): boolean =>
    missingReport(facts, trading, { now: new Date(at), sellsDaily }).length > 0
  const open = (at: string): FiscalFacts => ({ shift: { state: 'open', opened_at: at } })

  it.each<[string, FiscalFacts, string, boolean]>([
    ['sold today', open('2026-11-25T08:05:00+01:00'), '2026-11-25T19:00:00+01:00', false],
    ['after the break at noon', open('2026-11-25T08:05:00+01:00'), '2026-11-25T15:00:00+01:00', false],
    ['in the night after the sales', open('2026-11-25T08:05:00+01:00'), '2026-11-26T03:00:00+01:00', false],
    ['before the store opens', open('2026-11-25T08:05:00+01:00'), '2026-11-26T07:59:00+01:00', false],
    ['when it has opened again', open('2026-11-25T08:05:00+01:00'), '2026-11-26T08:01:00+01:00', true],
    ['on a closed Sunday', open('2026-11-28T08:05:00+01:00'), '2026-11-29T12:00:00+01:00', false],
    ['on the Monday behind it', open('2026-11-28T08:05:00+01:00'), '2026-11-30T08:30:00+01:00', true],
    [
      'receipts that no report has',
      { receipts_since_report: 3, last_receipt_at: '2026-11-24T19:50:00+01:00' },
      '2026-11-25T08:30:00+01:00',
      true,
    ],
    [
      'a report behind the last receipt',
      { last_receipt_at: '2026-11-24T19:50:00+01:00', last_report_at: '2026-11-24T20:05:00+01:00' },
      '2026-11-25T08:30:00+01:00',
      false,
    ],
    [
      'a receipt behind the last report',
      { last_receipt_at: '2026-11-24T19:50:00+01:00', last_report_at: '2026-11-23T20:05:00+01:00' },
      '2026-11-25T08:30:00+01:00',
      true,
    ],
    [
      'nothing sold since',
      { receipts_since_report: 0, last_report_at: '2026-11-20T20:05:00+01:00' },
      '2026-11-25T12:00:00+01:00',
      false,
    ],
    ['a day that is closed', { shift: { state: 'closed' } }, '2026-11-25T12:00:00+01:00', false],
    ['nothing known', {}, '2026-11-25T12:00:00+01:00', false],
    ['an old report, sales unknown', { last_report_at: '2026-11-20' }, '2026-11-25T12:00:00+01:00', false],
  ])('%s', (_, facts, at, expected) => {
    expect(isMissing(facts, at)).toBe(expected)
  })

  it('by the calendar alone only where it is said to sell daily', () => {
    const report = (at: string): FiscalFacts => ({ last_report_at: at })
    expect(isMissing(report('2026-11-23T20:10:00+01:00'), '2026-11-25T12:00:00+01:00', shop, true)).toBe(true)
    expect(isMissing(report('2026-11-24T20:10:00+01:00'), '2026-11-25T12:00:00+01:00', shop, true)).toBe(false)
    expect(isMissing(report('2026-11-28T20:10:00+01:00'), '2026-11-30T12:00:00+01:00', shop, true)).toBe(false)
  })

  it('after a day in a store that never closes', () => {
    expect(isMissing(open('2026-11-24T13:00:00+01:00'), '2026-11-25T12:00:00+01:00', always)).toBe(false)
    expect(isMissing(open('2026-11-24T11:00:00+01:00'), '2026-11-25T12:00:00+01:00', always)).toBe(true)
  })

  it.each(['2026-10-25', '2026-03-29'])(
    'never for one made after closing, around the change of clocks of %s',
    (day) => {
      const change = Date.parse(`${day}T01:00:00Z`)
      const everyDay: Trading = { ...shop, hours: { week: EVERY_DAY(['06:00-22:00']), exceptions: {} } }
      for (let hours = -48; hours <= 48; hours++) {
        const at = new Date(change + hours * 3_600_000)
        const local = new Intl.DateTimeFormat('sv-SE', { timeZone: WARSAW }).format(at)
        expect(isMissing(open(`${local} 06:01:00`), at.toISOString(), everyDay)).toBe(false)
      }
    },
  )
})

describe('Guards', () => {
  const answers = fc.constantFrom<Answer>('yes', 'no', 'unknown')
  const guards: fc.Arbitrary<GuardFacts> = fc.record({
    receipt_open: answers,
    transaction_running: answers,
    shift_open: answers,
    report_running: answers,
    transmission_running: answers,
  })

  it('are safe only where nothing runs for sure', () => {
    fc.assert(
      fc.property(guards, (facts) => {
        const { shift_open: _, ...holding } = facts
        const all = Object.values(holding)
        const { safe, ...same } = withSafety(facts)
        expect(same).toEqual(facts)
        expect(safe === 'yes').toBe(all.every((answer) => answer === 'no'))
        expect(safe === 'no').toBe(all.includes('yes'))
      }),
    )
    expect(withSafety(undefined).safe).toBe('unknown')
  })
})

describe('Resets of its memory', () => {
  const at = (hours: number): string => new Date(NOW.getTime() - hours * 3_600_000).toISOString()

  it('are compared with yesterday, so that a run in between hides nothing', () => {
    const before = { at: at(48), value: 1 }
    expect(moreResets([], 5, NOW)).toEqual([])
    expect(moreResets([before], 1, NOW)).toEqual([])
    expect(moreResets([before], 2, NOW)).toMatchObject([{ name: 'ram-reset' }])
    expect(moreResets([before, { at: at(1), value: 2 }], 2, NOW)).toMatchObject([{ name: 'ram-reset' }])
    expect(moreResets([before, { at: at(25), value: 2 }], 2, NOW)).toEqual([])
    expect(moreResets([{ at: at(1), value: 1 }], 2, NOW)).toMatchObject([{ name: 'ram-reset' }])
    // Another device in its place.
    expect(moreResets([{ at: at(30), value: 7 }], 0, NOW)).toEqual([])
  })
})
