import { describe, expect, it } from 'vitest'
import {
  instantsOf,
  isTimeZone,
  localDay,
  skippedMs,
  wallTime,
  writtenWallTime,
  zoneOffset,
} from '../../src/core/zoned-time.ts'

describe('a written wall time', () => {
  it.each([
    ['2026-11-25', '09:30', Date.UTC(2026, 10, 25, 9, 30)],
    ['2024-02-29', '24:00', Date.UTC(2024, 2, 1)],
    ['2026-02-29', '09:30', undefined],
    ['2026-13-01', '09:30', undefined],
    ['26-11-25', '09:30', undefined],
    ['2026-11-25', '24:01', undefined],
    ['2026-11-25', '09:60', undefined],
    ['2026-11-25', '9:30', undefined],
  ])('%s %s', (day, clock, wanted) => {
    expect(writtenWallTime(day, clock)).toBe(wanted)
  })
})

describe('clocks of zones', () => {
  it('follow the zone data, before 1973 to the second', () => {
    // Warsaw kept its own mean time, 1:24 ahead, until 1915; Monrovia was 44:30 behind until 1972 (tzdata, europe and africa).
    expect(zoneOffset(Date.UTC(1914, 0), 'Europe/Warsaw')).toBe(84 * 60_000)
    expect(zoneOffset(Date.UTC(1971, 0), 'Africa/Monrovia')).toBe(-(44 * 60 + 30) * 1000)
    expect(zoneOffset(Date.UTC(2026, 6), 'Europe/Warsaw')).toBe(2 * 3_600_000)
    expect(localDay(Date.UTC(2026, 10, 30, 23, 30), 'Europe/Warsaw')).toBe('2026-12-01')
  })

  it('a zone that there is not is none', () => {
    expect(isTimeZone('Europe/Warsaw')).toBe(true)
    expect(isTimeZone('Europe/Radom')).toBe(false)
    expect(() => wallTime(0, 'Europe/Radom')).toThrow(RangeError)
  })

  it.each([
    ['jumped over in the spring', '2026-03-29T02:30', ['01:00:00', '01:00:00'], 30],
    ['shown twice in the autumn', '2026-10-25T02:30', ['00:30:00', '01:30:00'], 0],
    ['shown once', '2026-10-25T12:00', ['11:00:00', '11:00:00'], 0],
  ])('a time that is %s', (_, shown, utc, skipped) => {
    const wall = Date.parse(`${shown}Z`)
    const { earliest, latest } = instantsOf(wall, 'Europe/Warsaw')
    expect([earliest, latest].map((instant) => new Date(instant).toISOString().slice(11, 19))).toEqual(utc)
    expect(skippedMs(wall, 'Europe/Warsaw')).toBe(skipped * 60_000)
  })

  it('what is asked about more quarters of an hour than are remembered is answered the same', () => {
    const at = Date.UTC(2026, 0)
    const before = zoneOffset(at, 'Asia/Almaty')
    for (let n = 0; n < 20_050; n += 1) zoneOffset(at + n * 900_000, 'Asia/Almaty')
    expect(zoneOffset(at, 'Asia/Almaty')).toBe(before)
  })
})
