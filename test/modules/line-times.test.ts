import { expect, test } from 'vitest'
import { timeOfLine } from '../../src/modules/collect/line-times.ts'

// A till in Warsaw, where it is 01:52:30.
const NOW = { seconds: Date.UTC(2026, 11, 1, 0, 52, 30) / 1000, offsetMinutes: 60 }

test.each([
  ['2026/12/01 01:52:07.069095 Zabbix Agent2 hostname: [pos1]', '2026-12-01T00:52:07.000Z'],
  ['2026-12-01 01:52:07 Zamknięto szufladę', '2026-12-01T00:52:07.000Z'],
  ['2026-12-01 01:52:07 -1250 PLN', '2026-12-01T00:52:07.000Z'],
  ['2026-12-01 01:52:07 +0100 started', '2026-12-01T00:52:07.000Z'],
  ['2026-12-01T01:52:07Z started', '2026-12-01T01:52:07.000Z'],
  ['2026-12-01T01:52:07+05:30 started', '2026-11-30T20:22:07.000Z'],
  ['2026-12-01 00:52:07.123 UTC [412] LOG:  checkpoint starting: time', '2026-12-01T00:52:07.000Z'],
  ['  1234:20261201:015207.123 active check "log[/var/log/till.log]" is not supported', '2026-12-01T00:52:07.000Z'],
  ['1234:20261201:0152 is a receipt', undefined],
])('the time of %s', (line, time) => {
  const found = timeOfLine(line, NOW)
  expect(found === undefined ? undefined : new Date(found).toISOString()).toBe(time)
})

// Their year is that of the clocks there: west of Greenwich a year lasts longer than in UTC, east of it ends earlier.
test.each([
  [60, '2026-12-31T23:30:00Z', 'Jan  1 00:10:00 pos1 till: open', '2026-12-31T23:10:00.000Z'],
  [60, '2026-12-31T23:30:00Z', 'Dec 31 23:50:00 pos1 till: closed', '2026-12-31T22:50:00.000Z'],
  [-300, '2027-01-01T02:00:00Z', 'Dec 31 20:50:00 pos1 till: closed', '2027-01-01T01:50:00.000Z'],
  [-300, '2027-01-01T02:00:00Z', 'Jan  1 00:10:00 pos1 till: open', '2027-01-01T05:10:00.000Z'],
  // By a clock that is ahead.
  [0, '2026-12-31T23:59:30Z', 'Jan  1 00:00:10 pos1 till: open', '2027-01-01T00:00:10.000Z'],
  [0, '2027-01-05T00:00:00Z', 'Feb 29 10:00:00 pos1 till: open', '2024-02-29T10:00:00.000Z'],
])('%s minutes ahead of UTC, at %s, of a line without a year: %s', (offsetMinutes, now, line, time) => {
  const found = timeOfLine(line, { seconds: Date.parse(now) / 1000, offsetMinutes })
  expect(new Date(found ?? Number.NaN).toISOString()).toBe(time)
})
