import { expect, it } from 'vitest'
import { isFull, type SinkPosition } from '../../src/core/sink.ts'

const NOW = new Date('2026-11-30T10:00:00Z')
const KEEP = { megabytes: 1, days: 2, whenFull: 'drop-oldest' } as const

it.each([
  ['nothing waits', 0, null, false],
  ['as much as it may keep', 1_000_000, '2026-11-28T10:00:00Z', false],
  ['a byte more', 1_000_001, null, true],
  ['longer than it may keep', 1, '2026-11-28T09:59:59Z', true],
])('is full by size or by age: %s', (_, pending_bytes, oldest_at, full) => {
  expect(isFull({ pending_bytes, oldest_at } as SinkPosition, KEEP, NOW)).toBe(full)
})
