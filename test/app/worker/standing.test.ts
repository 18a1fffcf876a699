import { expect, test } from 'vitest'
import { standingOf } from '../../../src/app/run/handed/standing.ts'
import type { RunEvent, RunEventBody } from '../../../src/core/events.ts'

const device = { device: 'S/pos1', store: 'S' } as const
const waits = {
  type: 'device.waiting',
  ...device,
  failure: { code: 'LEASE_HELD', phase: 'resolve', message: 'Another run has it.' },
} as const
const begins = { type: 'device.started', ...device } as const
const ends = {
  type: 'device.finished',
  ...device,
  region: 'north',
  kind: 'till',
  state: 'changed',
  duration_ms: 1,
} as const

const standing = (...bodies: readonly RunEventBody[]) =>
  standingOf(
    bodies.map((body, index) => {
      const head = { schema: 'till.event/1', run: 'R', seq: index + 1, at: '2026-12-02T18:57:00.000Z' } as const
      return { ...head, ...body } as RunEvent
    }),
  )

test.each([
  ['a device that waits for its turn has not been begun', [waits], { attempt: 0, isOver: false }],
  ['one that was begun after that is under way', [waits, begins], { attempt: 1, isOver: false }],
  ['one that was looked at and put off is over', [begins, waits], { attempt: 1, isOver: true }],
  [
    'and waits for its next turn without having begun it',
    [begins, waits, { ...waits, attempt: 2 }],
    { attempt: 1, isOver: true },
  ],
  ['one that ended without having been begun is over', [waits, ends], { attempt: 1, isOver: true }],
])('%s', async (_, events, expected) => {
  expect(await standing(...(events as readonly RunEventBody[]))).toMatchObject(expected)
})
