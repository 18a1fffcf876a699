import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wallTime, zoneOffset } from '../../../src/core/zoned-time.ts'
import {
  deviceTime,
  instantsOfIso,
  isoOf,
  readDeviceTime,
  skewSeconds,
} from '../../../src/devices/printer/device-time.ts'
import { fiscalConditions } from '../../../src/devices/printer/fiscal-conditions.ts'
import type { FiscalFacts } from '../../../src/devices/printer/reading.ts'

const WARSAW = 'Europe/Warsaw'
const iso = (text: string): string | undefined => {
  const time = readDeviceTime(text)
  return time && isoOf(time, WARSAW)
}

describe('A time of a fiscal device', () => {
  it.each<[string, string | undefined]>([
    ['2020-10-20T11:49:13+02:00', '2020-10-20T11:49:13+02:00'],
    ['2088-01-01T00:00:00+1:00', '2088-01-01T00:00:00+01:00'],
    ['2018-09-01T8:00:00+01:00', '2018-09-01T08:00:00+01:00'],
    ['2018-09-01:8:00', '2018-09-01T08:00:00+02:00'],
    ['2018-09–01;16:00', '2018-09-01T16:00:00+02:00'],
    ['2020/12/20,11:49', '2020-12-20T11:49:00+01:00'],
    ['2021-10-14', '2021-10-14'],
    ['25-11-2026 09:30', '2026-11-25T09:30:00+01:00'],
    ['25.11.2026', '2026-11-25'],
    ['25.11-2026', undefined],
    ['2020-11-05T10:50:00.049Z', '2020-11-05T10:50:00+00:00'],
    ['2000-01-01;01:00', undefined],
    ['2000-01-01T01:00:00+01:00', undefined],
    ['2021-02-30', undefined],
    ['2021-02-03;25:00', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ])('%j is %s', (text, expected) => {
    expect(iso(text)).toBe(expected)
  })

  it('has no offset in the hours that clocks show twice or jump over', () => {
    expect(iso('2026-10-25;02:30')).toBe('2026-10-25T02:30:00')
    expect(iso('2026-03-29;02:30')).toBe('2026-03-29T02:30:00')
    expect(iso('2026-10-25;03:00')).toBe('2026-10-25T03:00:00+01:00')
    expect(iso('2026-03-29;03:00')).toBe('2026-03-29T03:00:00+02:00')
  })

  it('of parts is none where there is no such day', () => {
    expect(deviceTime([2026, 2, 29, 0, 0, 0], 1_000)).toBeUndefined()
    expect(deviceTime([2026, 0, 1, 0, 0, 0], 1_000)).toBeUndefined()
    expect(deviceTime([2026, 11, 25, 9, 61, 0], 1_000)).toBeUndefined()
  })

  it('of a right clock is never skewed, around both changes of the clocks, in any zone', () => {
    const zones = fc.constantFrom(WARSAW, 'Europe/Lisbon', 'America/New_York', 'Australia/Lord_Howe', 'Europe/Moscow')
    const hours = fc.integer({ min: -40, max: 40 })
    const change = fc.constantFrom(Date.UTC(2026, 9, 25, 1), Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 10, 1, 6))
    fc.assert(
      fc.property(zones, change, hours, fc.nat(3_599), (zone, at, hour, second) => {
        const now = at + hour * 3_600_000 + second * 1_000
        const time = { wall: wallTime(now, zone), exactToMs: 1_000 }
        expect(skewSeconds(time, { from: now, to: now }, zone)).toBe(0)
        const told = instantsOfIso(isoOf(time, zone), zone)
        expect(told.earliest <= now && now <= told.latest).toBe(true)
      }),
    )
  })

  it('of a clock that was not put back yet is not skewed in the hour of the change', () => {
    const now = Date.UTC(2026, 9, 25, 1, 5)
    const summer = { wall: now + 2 * 3_600_000, exactToMs: 1_000 }
    expect(skewSeconds(summer, { from: now, to: now }, WARSAW)).toBe(0)
    const later = now + 10 * 3_600_000
    expect(skewSeconds({ ...summer, wall: later + 2 * 3_600_000 }, { from: later, to: later }, WARSAW)).toBe(3_600)
  })

  it('is skewed by what neither asking nor minutes explain', () => {
    const from = Date.UTC(2026, 10, 25, 9, 0, 0)
    const offset = zoneOffset(from, WARSAW)
    const at = (seconds: number, exactToMs: number) => ({ wall: from + offset + seconds * 1_000, exactToMs })
    expect(skewSeconds(at(300, 1_000), { from, to: from + 2_000 }, WARSAW)).toBe(298)
    expect(skewSeconds(at(-300, 1_000), { from, to: from + 2_000 }, WARSAW)).toBe(-299)
    expect(skewSeconds(at(-59, 60_000), { from, to: from }, WARSAW)).toBe(0)
  })

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => readDeviceTime(text) === undefined || iso(text) !== undefined))
  })
})

describe('Facts of a fiscal device', () => {
  const now = new Date('2026-11-25T12:00:00Z')
  const names = (facts: FiscalFacts): string[] => fiscalConditions(facts, now, WARSAW).map(({ name }) => name)

  it.each<[FiscalFacts, string[]]>([
    [{}, []],
    [{ certificates: [{ name: 'a', valid_until: '2026-11-24' }] }, ['certificate-expired']],
    [{ certificates: [{ name: 'a', valid_until: '2026-11-25' }] }, ['certificate-expiring']],
    [{ certificates: [{ name: 'a', valid_until: '2026-12-08' }] }, ['certificate-expiring']],
    [{ certificates: [{ name: 'a', valid_until: '2026-12-20' }, { name: 'b' }] }, []],
    [{ licence: { warns_at: '2026-11-01', locks_at: '2026-12-30' } }, ['licence-expiring']],
    [{ licence: { locks_at: '2026-12-01' } }, ['licence-expiring']],
    [{ licence: { locks_at: '2026-11-20T00:00:00+01:00' } }, ['licence-expired']],
    [{ reports_left: 0 }, ['fiscal-memory-full']],
    [{ reports_left: 59 }, ['fiscal-memory-low']],
    [{ reports_left: 60 }, []],
    [{ protected_memory: { free: 0 } }, ['protected-memory-full']],
    [{ protected_memory: { free: 4, capacity: 100 } }, ['protected-memory-low']],
    // Units that differ (free is more than there is) say nothing.
    [{ protected_memory: { free: 15_618, capacity: 1024 } }, []],
    [{ unsent: { count: 3, oldest_at: '2026-11-20T09:00:00+01:00' } }, ['documents-unsent']],
    [{ unsent: { count: 3, oldest_at: '2026-11-24T09:00:00+01:00' } }, []],
    [{ unsent: { count: 0, oldest_at: '2026-11-20T09:00:00+01:00' } }, []],
    [{ unsent: { count: 3 } }, []],
    [{ unsent: { count: 3 }, transmission: { last_ok_at: '2026-11-25T09:00:00Z' } }, []],
    [{ unsent: { count: 3 }, transmission: { last_ok_at: '2026-11-21T09:00:00Z' } }, ['documents-unsent']],
    [
      { transmission: { last_ok_at: '2026-11-23T09:00:00Z', last_failed_at: '2026-11-25T09:00:00Z' } },
      ['transmission-failing'],
    ],
    [{ transmission: { last_ok_at: '2026-11-25T08:00:00Z', last_failed_at: '2026-11-25T09:00:00Z' } }, []],
    [{ transmission: { last_ok_at: '2026-11-25T08:00:00Z', last_failed_at: '2026-10-25T09:00:00Z' } }, []],
    [{ transmission: { last_failed_at: '2026-11-25T09:00:00Z' } }, ['transmission-failing']],
    [{ next_inspection_at: '2026-12-05' }, ['inspection-due']],
    [{ next_inspection_at: '2027-12-05' }, []],
    [{ storage_valid_until: '2026-11-20' }, ['storage-locked']],
    [{ storage_valid_until: '2026-12-20' }, ['storage-expiring']],
    [{ fiscal_mode: false }, ['not-fiscal']],
    [{ shift: { state: 'expired' } }, ['day-not-closed']],
    [{ next_inspection_at: 'soon', certificates: [{ name: 'a', valid_until: 'never' }] }, []],
  ])('%j: %j', (facts, expected) => {
    expect(names(facts)).toEqual(expected)
  })
})
