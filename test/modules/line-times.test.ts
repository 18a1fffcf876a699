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
