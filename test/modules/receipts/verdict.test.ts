import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Sample } from '../../../src/core/sample.ts'
import type { Trading } from '../../../src/core/trading-hours.ts'
import { curveOf, type DayCurve, pastDays, profileOf } from '../../../src/devices/sales/profile.ts'
import { judgeReceipts, LIMITS, type ReceiptsReading } from '../../../src/devices/sales/verdict.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAILY = ['08:00-20:00']
const shop: Trading = {
  time_zone: 'Europe/Warsaw',
  hours: {
    week: { mon: DAILY, tue: DAILY, wed: DAILY, thu: DAILY, fri: DAILY, sat: DAILY, sun: [] },
    exceptions: { '2026-11-11': [] },
  },
}
/** A Wednesday; the store opens at seven in UTC. */
const OPENS = Date.parse('2026-11-25T07:00:00Z')
const at = (hours: number): number => OPENS + hours * HOUR

/** A day with so many receipts an hour, seen every half hour. */
function steady(begin: number, perHour: number): Sample[] {
  return Array.from({ length: 24 }, (_, i) => ({
    at: new Date(begin + ((i + 1) * HOUR) / 2).toISOString(),
    value: ((i + 1) * perHour) / 2,
  }))
}

function profileAt(now: number, perHour: number | undefined, weeks = 6) {
  const days = perHour === undefined ? [] : pastDays(shop, now, weeks)
  return profileOf(
    days.map((day) => ({ day, curve: curveOf(day.begin, steady(day.begin, perHour ?? 0)) })),
    now,
    3,
  )
}

function judge(
  now: number,
  reading: ReceiptsReading,
  more: { perHour?: number | undefined; today?: DayCurve; limits?: object } = { perHour: 40 },
) {
  const limits = { ...LIMITS, ...more.limits }
  const today = more.today ?? [{ at: OPENS, count: 0 }]
  return judgeReceipts({ now, trading: shop, reading, profile: profileAt(now, more.perHour), today, limits })
}

describe('the profile', () => {
  test('rests on the same weekday of the weeks before, without those that had other hours', () => {
    const days = pastDays(shop, at(3), 6)
    expect(days.map(({ begin }) => new Date(begin).toISOString())).toEqual([
      '2026-11-18T07:00:00.000Z',
      '2026-11-04T07:00:00.000Z',
      '2026-10-28T07:00:00.000Z',
      '2026-10-21T06:00:00.000Z',
      '2026-10-14T06:00:00.000Z',
    ])
    expect(days.every(({ begin, now }) => now - begin === 3 * HOUR)).toBe(true)
  })

  test('is the median, so that one odd day changes nothing', () => {
    const now = at(4)
    const days = pastDays(shop, now, 6).map((day, index) => ({
      day,
      curve: curveOf(day.begin, steady(day.begin, index === 0 ? 4000 : 40)),
    }))
    expect(profileOf(days, now, 3).expected(OPENS, now)).toBe(160)
  })

  test('says nothing before it knows three weeks, nor across hours in which nobody looked', () => {
    const now = at(4)
    expect(profileAt(now, 40, 2).expected(OPENS, now)).toBeUndefined()
    const days = pastDays(shop, now, 6).map((day) => ({
      day,
      curve: curveOf(day.begin, [{ at: new Date(day.begin + 6 * HOUR).toISOString(), value: 200 }]),
    }))
    expect(profileOf(days, now, 3).expected(OPENS, now)).toBeUndefined()
  })
})

describe('classes', () => {
  const last = (minutes: number, now = at(4)): number => now - minutes * MINUTE

  test.each([
    ['ok', at(4), { last: last(1), count: 160 }, {}],
    ['ok', at(4), { last: last(1), count: 97 }, {}],
    ['fewer-than-usual', at(4), { last: last(1), count: 96 }, {}],
    ['ok', at(4), { last: last(1), count: 96, partial: true }, {}],
    ['ok', at(4), { last: last(11), count: 150 }, {}],
    ['none-since', at(4), { last: last(40), count: 130 }, {}],
    ['none-since', at(2), { last: at(-12), count: 0 }, {}],
    ['closed', at(13), { last: at(-12), count: 0 }, {}],
    ['unknown', at(4), {}, {}],
    ['unknown', at(4), { last: last(1), count: 1, as_of: last(16) }, {}],
    ['fewer-than-usual', at(4), { last: last(16), count: 1, as_of: last(15) }, {}],
    ['unknown', at(4), { last: last(1), count: 1, skew_seconds: -400 }, {}],
    ['unknown', at(4), { last: at(5), count: 1 }, {}],
    ['never', at(4), { count: 0 }, { perHour: undefined }],
    ['learning', at(4), { last: last(200), count: 3 }, { perHour: undefined }],
    ['none-since', at(4), { last: last(61), count: 3 }, { perHour: undefined, limits: { none_minutes: 60 } }],
    ['learning', at(4), { last: last(59), count: 3 }, { perHour: undefined, limits: { none_minutes: 60 } }],
    ['none-since', at(4), { count: 0 }, {}],
  ])('%s', (name, now, reading, more) => {
    expect(judge(now, reading, { perHour: 40, ...more }).class).toBe(name)
  })

  test('shops in which little is usual never alarm, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.6, noNaN: true }),
        fc.integer({ min: 0, max: 3 }),
        fc.double({ min: 1, max: 11, noNaN: true }),
        (perHour, count, hours) => {
          const seen = judge(at(hours), { last: OPENS - DAY, count }, { perHour })
          expect(['ok', 'learning']).toContain(seen.class)
        },
      ),
    )
  })

  test('they come again: so many minutes late', () => {
    const times = Array.from({ length: 40 }, (_, i) => OPENS + i * 1.5 * MINUTE)
    const again = [at(3.9), at(3.95)]
    const seen = judge(at(4), { last: at(3.95), count: 42, times: [...times, ...again] })
    expect(seen).toMatchObject({ class: 'late', late_minutes: 175 })
    const today = [
      { at: OPENS, count: 0 },
      { at: at(1), count: 40 },
      { at: at(2), count: 40 },
      { at: at(3), count: 40 },
      { at: at(3.5), count: 40 },
    ]
    expect(judge(at(4), { last: at(3.9), count: 45 }, { perHour: 40, today })).toMatchObject({
      class: 'late',
      late_minutes: 150,
    })
    const since = Array.from({ length: 60 }, (_, i) => at(3.95) + i * MINUTE)
    expect(judge(at(5), { last: at(4.9), count: 102, times: [...times, ...again, ...since] }).class).toBe(
      'fewer-than-usual',
    )
  })

  test('a till that fails at noon shows before the day is over', () => {
    const today = curveOf(OPENS, steady(OPENS, 40).slice(0, 12))
    const seen = judge(at(8), { last: at(7.9), count: 240 + 30 }, { perHour: 40, today })
    expect(seen.class).toBe('fewer-than-usual')
    expect(seen.span).toMatchObject({ from: at(6), count: 30, expected: 80 })
    expect(seen.deviation_percent).toBe(-15.6)
  })

  test('more receipts never make it worse, and a number below the limit is never ok', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 300 }),
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 0, max: 500 }),
        (perHour, count, more) => {
          const few = judge(at(4), { last: at(3.99), count }, { perHour }).class
          const many = judge(at(4), { last: at(3.99), count: count + more }, { perHour }).class
          expect(few === 'ok' && many !== 'ok').toBe(false)
          expect(few).toBe(count <= perHour * 4 * 0.6 + 1e-9 ? 'fewer-than-usual' : 'ok')
        },
      ),
    )
  })

  test('a healthy shop is hardly ever called sick', () => {
    // A fixed stream of chance, so that the figure is the same each time.
    let seed = 7
    const chance = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const day = (begin: number, perHour: number): number[] => {
      const times: number[] = []
      for (let time = begin; ; ) {
        time += (-Math.log(1 - chance()) * HOUR) / perHour
        if (time > begin + 12 * HOUR) return times
        times.push(time)
      }
    }
    let sick = 0
    let looks = 0
    for (let round = 0; round < 60; round += 1) {
      const perHour = [1, 5, 15, 40, 120][round % 5] ?? 1
      const past = pastDays(shop, at(1), 6).map(({ begin }) => ({ begin, times: day(begin, perHour) }))
      const today = day(OPENS, perHour)
      for (let hours = 1; hours < 12; hours += 1) {
        const now = at(hours)
        const days = pastDays(shop, now, 6).map((one) => {
          const times = past.find(({ begin }) => begin === one.begin)?.times ?? []
          const samples = Array.from({ length: 24 }, (_, i) => one.begin + ((i + 1) * HOUR) / 2).map((time) => ({
            at: new Date(time).toISOString(),
            value: times.filter((each) => each <= time).length,
          }))
          return { day: one, curve: curveOf(one.begin, samples) }
        })
        const times = today.filter((time) => time <= now)
        const reading = { last: times.at(-1) ?? OPENS - DAY, count: times.length, times }
        const verdict = judgeReceipts({
          now,
          trading: shop,
          reading,
          profile: profileOf(days, now, 3),
          today: [],
          limits: LIMITS,
        })
        looks += 1
        if (verdict.class !== 'ok') sick += 1
      }
    }
    expect(looks).toBe(660)
    expect(sick).toBeLessThanOrEqual(3)
  })
})
