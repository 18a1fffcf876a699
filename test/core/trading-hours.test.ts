import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TradingHours } from '../../src/core/fleet.ts'
import { beginOfTradingDay, isOpen, openPeriods, openSeconds, tradingAround } from '../../src/core/trading-hours.ts'
import { instantsOf, isTimeZone, wallTime, zoneOffset } from '../../src/core/zoned-time.ts'

const ZONES = ['Europe/Warsaw', 'Europe/Moscow', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe', 'UTC']
const zone = fc.constantFrom(...ZONES)
const instant = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) })
const DAY = 86_400_000
const HOUR = 3_600_000

function week(spans: readonly string[], more: Partial<TradingHours['week']> = {}): TradingHours['week'] {
  return { mon: spans, tue: spans, wed: spans, thu: spans, fri: spans, sat: spans, sun: spans, ...more }
}

function warsaw(spans: readonly string[], more: Partial<TradingHours['week']> = {}, exceptions = {}) {
  return { hours: { week: week(spans, more), exceptions }, time_zone: 'Europe/Warsaw' }
}

const at = (text: string): number => Date.parse(text)

describe('zoned time', () => {
  test('knows zones by name', () => {
    expect(isTimeZone('Europe/Warsaw')).toBe(true)
    expect(isTimeZone('Europe/Atlantis')).toBe(false)
  })

  test('knows summer and winter', () => {
    expect(zoneOffset(at('2026-07-01T00:00Z'), 'Europe/Warsaw')).toBe(2 * HOUR)
    expect(zoneOffset(at('2026-12-01T00:00Z'), 'Europe/Warsaw')).toBe(HOUR)
    expect(zoneOffset(at('2026-12-01T00:00Z'), 'Asia/Kolkata')).toBe(5.5 * HOUR)
  })

  test('knows what the runtime knows, at any instant', () => {
    fc.assert(
      fc.property(instant, zone, (time, name) => {
        const shown = new Date(time).toLocaleString('sv-SE', { timeZone: name })
        expect(new Date(wallTime(time, name)).toISOString().slice(0, 19).replace('T', ' ')).toBe(shown)
      }),
    )
  })

  test('an hour that clocks show twice is two instants, one that they jump over is the jump', () => {
    expect(instantsOf(Date.UTC(2026, 9, 25, 2, 30), 'Europe/Warsaw')).toEqual({
      earliest: at('2026-10-25T00:30Z'),
      latest: at('2026-10-25T01:30Z'),
    })
    const jump = at('2026-03-29T01:00Z')
    expect(instantsOf(Date.UTC(2026, 2, 29, 2, 30), 'Europe/Warsaw')).toEqual({ earliest: jump, latest: jump })
    expect(instantsOf(Date.UTC(2026, 3, 5, 1, 45), 'Australia/Lord_Howe').latest).toBe(at('2026-04-04T15:15Z'))
  })

  test('every instant is one of those at which the clocks show its wall time', () => {
    fc.assert(
      fc.property(instant, zone, (time, name) => {
        const { earliest, latest } = instantsOf(wallTime(time, name), name)
        expect([earliest, latest]).toContain(time)
      }),
    )
  })

  test('a later wall time is never an earlier instant', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 2 * DAY }), zone, (wall, more, name) => {
        expect(instantsOf(wall + more, name).earliest).toBeGreaterThanOrEqual(instantsOf(wall, name).earliest)
        expect(instantsOf(wall + more, name).latest).toBeGreaterThanOrEqual(instantsOf(wall, name).latest)
      }),
    )
  })
})

describe('trading hours', () => {
  const shop = warsaw(['06:00-22:00'], { sun: [] }, { '2026-12-24': ['06:00-14:00'], '2026-12-25': [] })

  test.each([
    ['2026-11-25T04:59:59Z', false],
    ['2026-11-25T05:00:00Z', true],
    ['2026-11-25T20:59:59Z', true],
    ['2026-11-25T21:00:00Z', false],
    ['2026-11-29T11:00:00Z', false],
    ['2026-12-24T12:59:00Z', true],
    ['2026-12-24T13:00:00Z', false],
    ['2026-12-25T11:00:00Z', false],
    ['2026-07-01T04:00:00Z', true],
  ])('at %s: open is %s', (text, open) => expect(isOpen(shop, at(text))).toBe(open))

  test('runs past midnight, also from an exception into an ordinary day', () => {
    const bar = warsaw(['22:00-02:00'], {}, { '2026-12-31': ['20:00-05:00'], '2027-01-01': [] })
    expect(isOpen(bar, at('2026-11-25T00:59Z'))).toBe(true)
    expect(isOpen(bar, at('2026-11-25T01:00Z'))).toBe(false)
    expect(isOpen(bar, at('2027-01-01T03:59Z'))).toBe(true)
    expect(isOpen(bar, at('2027-01-01T22:00Z'))).toBe(false)
  })

  test('a night is an hour longer or shorter when clocks are changed', () => {
    const night = warsaw(['22:00-06:00'])
    const hours = (day: string): number =>
      openSeconds(night, { from: at(`${day}T12:00Z`), to: at(`${day}T12:00Z`) + DAY }) / 3600
    expect([hours('2026-10-24'), hours('2026-03-28'), hours('2026-11-25')]).toEqual([9, 7, 8])
    const within = warsaw(['00:30-02:30'])
    expect(openSeconds(within, { from: at('2026-10-24T22:00Z'), to: at('2026-10-25T12:00Z') })).toBe(3 * 3600)
    expect(openSeconds(within, { from: at('2026-03-28T23:00Z'), to: at('2026-03-29T12:00Z') })).toBe(1.5 * 3600)
  })

  test('says what is around: the opening, the closing, the next opening', () => {
    expect(tradingAround(shop, at('2026-11-25T09:00Z'))).toEqual({
      open: true,
      opened: at('2026-11-25T05:00Z'),
      closes: at('2026-11-25T21:00Z'),
    })
    expect(tradingAround(shop, at('2026-11-29T09:00Z'))).toEqual({
      open: false,
      opened: at('2026-11-28T05:00Z'),
      closes: at('2026-11-28T21:00Z'),
      opens: at('2026-11-30T05:00Z'),
    })
    expect(tradingAround(warsaw(['00:00-24:00']), at('2026-11-29T09:00Z'))).toEqual({ open: true })
    expect(tradingAround(warsaw([]), at('2026-11-29T09:00Z'))).toEqual({ open: false })
  })

  test('a trading day begins with the opening; around the clock, at midnight', () => {
    const noon = at('2026-11-25T11:00Z')
    expect(beginOfTradingDay(shop, noon)).toBe(at('2026-11-25T05:00Z'))
    expect(beginOfTradingDay(shop, at('2026-11-25T22:00Z'))).toBe(at('2026-11-25T05:00Z'))
    expect(beginOfTradingDay(warsaw(['00:00-24:00']), noon)).toBe(at('2026-11-24T23:00Z'))
    expect(beginOfTradingDay(warsaw([]), noon)).toBe(at('2026-11-24T23:00Z'))
    expect(beginOfTradingDay(warsaw(['22:00-02:00']), at('2026-11-25T00:30Z'))).toBe(at('2026-11-24T21:00Z'))
  })

  const minute = fc.integer({ min: 0, max: 1439 })
  const clock = (minutes: number): string =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
  const span = fc.tuple(minute, minute).map(([a, b]) => `${clock(a)}-${a === b ? '24:00' : clock(b)}`)
  const trading = fc.record({
    hours: fc.record({
      week: fc.array(fc.array(span, { maxLength: 2 }), { minLength: 7, maxLength: 7 }).map((days) => {
        const [mon = [], tue = [], wed = [], thu = [], fri = [], sat = [], sun = []] = days
        return { mon, tue, wed, thu, fri, sat, sun }
      }),
      exceptions: fc.constant({}),
    }),
    time_zone: zone,
  })

  test('seconds of parts are the seconds of the whole, and no more than there are', () => {
    const law = fc.property(
      trading,
      instant,
      fc.array(fc.integer({ min: 0, max: 3 * DAY }), { maxLength: 4 }),
      (shop, from, cuts) => {
        const places = [0, ...cuts, 3 * DAY].sort((a, b) => a - b).map((cut) => from + cut)
        const parts = places.slice(1).map((to, index) => openSeconds(shop, { from: places[index] ?? 0, to }))
        const whole = openSeconds(shop, { from, to: from + 3 * DAY })
        expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(whole, 2)
        expect(whole).toBeLessThanOrEqual((3 * DAY) / 1000)
      },
    )
    fc.assert(law, { numRuns: 60 })
  })

  test('an instant is open if and only if it lies in a period, and periods do not touch', () => {
    const law = fc.property(trading, instant, fc.integer({ min: 0, max: 2 * DAY }), (shop, from, more) => {
      const periods = openPeriods(shop, { from, to: from + 2 * DAY })
      for (const [index, period] of periods.entries()) {
        expect(period.from).toBeLessThan(period.to)
        expect(period.from).toBeGreaterThan(periods[index - 1]?.to ?? 0)
      }
      const time = from + Math.min(more, 2 * DAY - 1)
      expect(isOpen(shop, time)).toBe(periods.some((period) => period.from <= time && time < period.to))
      expect(tradingAround(shop, time).open).toBe(isOpen(shop, time))
      expect(beginOfTradingDay(shop, time)).toBeLessThanOrEqual(time)
    })
    fc.assert(law, { numRuns: 40 })
  })
})
