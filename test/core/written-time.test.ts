import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTime } from '../../src/core/written-time.ts'

const now = Date.parse('2026-11-25T12:00:00Z')
const style = { zone: 'Europe/Warsaw', now }
const read = (text: string, more = {}): string | undefined => {
  const time = readTime(text, { ...style, ...more })
  return time === undefined ? undefined : new Date(time).toISOString()
}

test.each([
  ['19.04.2016 10:00:00.000', '2016-04-19T08:00:00.000Z'],
  ['2016-04-19 10:00:00', '2016-04-19T08:00:00.000Z'],
  ['2016-04-19T10:00:00,25', '2016-04-19T08:00:00.250Z'],
  ['2016-04-19T10:00:00Z', '2016-04-19T10:00:00.000Z'],
  ['2016-04-19T10:00:00.5+03:00', '2016-04-19T07:00:00.500Z'],
  ['2016-04-19 10:00:00.123456+02', '2016-04-19T08:00:00.123Z'],
  ['2016-04-19 10:00:00 -0530', '2016-04-19T15:30:00.000Z'],
  ['19/04/2016 10:00', '2016-04-19T08:00:00.000Z'],
  ['2016-04-19', '2016-04-18T22:00:00.000Z'],
  ['20160419100000', '2016-04-19T08:00:00.000Z'],
  ['20160419_100000', '2016-04-19T08:00:00.000Z'],
  ['1461052800', '2016-04-19T08:00:00.000Z'],
  ['1461052800123', '2016-04-19T08:00:00.123Z'],
  ['/Date(1461052800000)/', '2016-04-19T08:00:00.000Z'],
  ['\\/Date(1461052800000)\\/', '2016-04-19T08:00:00.000Z'],
])('%s is %s', (text, iso) => expect(read(text)).toBe(iso))

test.each([
  '',
  'yesterday',
  '31.02.2026 10:00:00',
  '2026-13-01',
  '10:00:00',
  '2026-11-25 25:00:00',
  '12',
  '0000-00-00 00:00:00',
])('%s is no time', (text) => expect(read(text)).toBeUndefined())

test('the month comes first where it is said to', () => {
  expect(read('04/19/2016 10:00:00', { monthFirst: true })).toBe('2016-04-19T08:00:00.000Z')
  expect(read('04/19/2016 10:00:00')).toBeUndefined()
  expect(read('04.05.2016', { monthFirst: true })).toBe('2016-05-03T22:00:00.000Z')
})

test('an hour that a clock shows twice is the later one, unless that is still to come', () => {
  const text = '2026-10-25 02:30:00'
  expect(read(text)).toBe('2026-10-25T01:30:00.000Z')
  expect(read(text, { now: Date.parse('2026-10-25T00:45:00Z') })).toBe('2026-10-25T00:30:00.000Z')
})

test('what is written is read back, and nothing throws', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2100, 0) }), (time) => {
      expect(readTime(new Date(time).toISOString(), style)).toBe(time)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-./:T Z+,(Date)') }), (text) => {
      const time = readTime(text, style)
      expect(time === undefined || Number.isFinite(time)).toBe(true)
    }),
  )
})
