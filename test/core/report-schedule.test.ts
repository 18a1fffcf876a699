import { expect, test } from 'vitest'
import { lastDue, periodOf, type ReportTimes } from '../../src/core/report-schedule.ts'

const zone = 'Europe/Warsaw'
const at = (minutes: number, on: ReportTimes['on'] = 'day'): ReportTimes => ({ on, minutes, zone })
const iso = (times: ReportTimes, now: string): string => new Date(lastDue(times, Date.parse(now))).toISOString()

test('the last time that it was due is by the clocks of its zone, on nights on which they change, too', () => {
  expect(iso(at(360), '2026-12-01T05:00:00Z')).toBe('2026-12-01T05:00:00.000Z')
  expect(iso(at(360), '2026-12-01T04:59:59Z')).toBe('2026-11-30T05:00:00.000Z')
  // 02:30 does not exist on 29 March, when 03:00 comes in its place, and is twice there on 25 October: once is enough.
  expect(iso(at(150), '2026-03-29T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
  expect(iso(at(150), '2026-10-25T00:30:00Z')).toBe('2026-10-25T00:30:00.000Z')
  expect(iso(at(150), '2026-10-25T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
  expect(iso(at(360, { weekday: 1 }), '2026-12-01T12:00:00Z')).toBe('2026-11-30T05:00:00.000Z')
  expect(iso(at(360, { weekday: 1 }), '2026-11-30T04:59:00Z')).toBe('2026-11-23T05:00:00.000Z')
  expect(iso(at(0, { day: 28 }), '2026-03-27T22:59:00Z')).toBe('2026-02-27T23:00:00.000Z')
})

test('a period is whole days, told from the day that it is due by the clocks of its zone', () => {
  const of = (nominal: string) => ({ nominal: Date.parse(nominal), zone })
  expect(periodOf('last-week', of('2026-11-30T05:00:00Z'))).toEqual({ since: '2026-11-23', until: '2026-11-30' })
  expect(periodOf('last-week', of('2026-11-29T05:00:00Z'))).toEqual({ since: '2026-11-16', until: '2026-11-23' })
  expect(periodOf('yesterday', of('2026-12-31T23:30:00Z'))).toEqual({ period: '2026-12-31' })
  expect(periodOf('last-month', of('2026-01-01T05:00:00Z'))).toEqual({ period: '2025-12' })
  expect(periodOf('this-month', of('2026-12-31T23:30:00Z'))).toEqual({ period: '2027-01' })
})
