import { afterEach, expect, test, vi } from 'vitest'
import type { ApprovalState } from '../../src/core/admission.ts'
import { HOUR_MS } from '../../src/core/duration.ts'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import { approve, isOver } from '../../src/engine/admission/approvals.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { TestProject } from '../cli/project.ts'

/** The clock of who said it was ahead by a year. */
const NOW = Date.parse('2026-12-01T12:00:00Z')
const AHEAD = NOW + 365 * 24 * HOUR_MS

let project: TestProject | undefined
afterEach(async () => {
  vi.useRealTimers()
  await project?.remove()
  project = undefined
})

test('an approval that was asked for by a clock that was ahead is over, and one of a clock a little ahead is not', () => {
  const state = (askedAt: number): ApprovalState => ({
    ...{ id: 'r', run: 'r', askedBy: 'anna', people: 1, fourEyes: true, given: [] },
    ...{ askedAt, expiresAt: askedAt + HOUR_MS },
  })
  expect([isOver(state(NOW), NOW), isOver(state(NOW + 30_000), NOW), isOver(state(NOW), NOW + HOUR_MS)]).toEqual([
    false,
    false,
    true,
  ])
  expect(isOver(state(AHEAD), NOW)).toBe(true)
  expect(approve(state(AHEAD), { by: 'ben', at: NOW, why: 'fine' }).ok).toBe(false)
  // What has begun by it goes on.
  expect(isOver({ ...state(AHEAD), usedAt: AHEAD }, NOW)).toBe(false)
})

test('a hold and an outage of some hours that a clock ahead was told last so long from the moment that the clock is right', async () => {
  project = new TestProject({})
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  const store = await openSqliteStore(project.path('state.db'))
  try {
    const hold = { on: 'S-1', why: 'w', by: 'anna', from: AHEAD, until: AHEAD + 4 * HOUR_MS }
    const outage = { ...hold, outage: 'O1', scope: { stores: ['S-1'] }, closed: false }
    await store.admission.transact('f' as FleetKey, (content) => ({
      result: undefined,
      // Until a day and a time is as it was said.
      content: { ...content, holds: [{ ...hold, lasts: 4 * HOUR_MS }, hold] },
    }))
    await store.outages.add('f' as FleetKey, { ...outage, lasts: 4 * HOUR_MS })
    // Somebody comes to planned work in good time.
    await store.outages.add('f' as FleetKey, { ...outage, outage: 'O2' })
    await store.admission.transact('f' as FleetKey, (content) => ({ result: undefined, content }))
    await store.outages.list('f' as FleetKey)
    vi.setSystemTime(NOW + HOUR_MS)
    expect((await store.admission.read('f' as FleetKey)).holds.map(({ until }) => until)).toEqual([
      NOW + 4 * HOUR_MS,
      AHEAD + 4 * HOUR_MS,
    ])
    const outages = await store.outages.list('f' as FleetKey)
    expect(outages.map(({ outage: name, from, until }) => [name, from, until])).toEqual([
      ['O1', NOW, NOW + 4 * HOUR_MS],
      ['O2', AHEAD, AHEAD + 4 * HOUR_MS],
    ])
  } finally {
    await store.close()
  }
})
