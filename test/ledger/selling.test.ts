import { expect, test } from 'vitest'
import type { Availability } from '../../src/core/can-sell.ts'
import { byBound, sellingOf } from '../../src/ledger/bounds.ts'
import type { Interval } from '../../src/ledger/fold-device.ts'
import { shareUp, tallyOf } from '../../src/ledger/tally.ts'
import { type Rng, randomFrom } from './random.ts'

const SEED = Number(process.env['TILL_LEDGER_SEED'] ?? Date.now() % 1_000_000)
const STORES = Number(process.env['TILL_LEDGER_HISTORIES'] ?? 500)
const END = 60
const STATES: readonly Availability[] = ['up', 'up', 'up', 'down', 'down', 'unknown', 'maintenance', 'never-seen']

function randomIntervals(rng: Rng): Interval[] {
  const intervals: Interval[] = []
  for (let from = 0; from < END; ) {
    const to = Math.min(END, from + rng.int(1, 25))
    const state = rng.pick(STATES.filter((one) => one !== intervals.at(-1)?.state))
    intervals.push({ from, to, state })
    from = to
  }
  return intervals
}

/** What its description says of one till and its printers: in words, one minute at a time. */
function pointAt(till: Availability, printers: readonly Availability[]): Availability {
  if (till === 'never-seen') return 'never-seen'
  if (till === 'down') return 'down'
  if (printers.length === 0) return till
  const works = printers.includes('up')
  const broken = printers.every((one) => one === 'down' || one === 'never-seen') && printers.includes('down')
  if (broken) return 'down'
  const worked = till === 'maintenance' || (!works && !printers.includes('unknown') && printers.includes('maintenance'))
  if (worked) return 'maintenance'
  return till === 'up' && works ? 'up' : 'unknown'
}

test(`a store sells in each minute what its best till can (seed ${SEED})`, () => {
  for (let index = 0; index < STORES; index += 1) {
    const rng = randomFrom(SEED + index)
    const shared = randomIntervals(rng)
    const points = Array.from({ length: rng.int(0, 4) }, () => {
      const printers = Array.from({ length: rng.int(0, 3) }, () => (rng.chance(0.3) ? shared : randomIntervals(rng)))
      return { till: randomIntervals(rng), printers }
    })
    const stateAt = (list: readonly Interval[], minute: number): Availability =>
      list.find(({ from, to }) => from <= minute && minute < to)?.state ?? 'never-seen'
    const sold = sellingOf(points, { from: 0, to: END })
    for (let minute = 0; minute < END; minute += 1) {
      const each = points.map(({ till, printers }) =>
        pointAt(
          stateAt(till, minute),
          printers.map((printer) => stateAt(printer, minute)),
        ),
      )
      const best = (['up', 'unknown', 'maintenance', 'down'] as const).find((state) => each.includes(state))
      expect(stateAt(sold, minute), `TILL_LEDGER_SEED=${SEED + index}, minute ${minute}`).toBe(best ?? 'never-seen')
    }
    // Without gaps, and two that follow each other differ.
    expect(sold[0]?.from).toBe(0)
    expect(sold.at(-1)?.to).toBe(END)
    for (const [at, one] of sold.slice(1).entries()) {
      expect(one.from).toBe(sold[at]?.to)
      expect(one.state).not.toBe(sold[at]?.state)
    }
  }
})

test('an outage is as long as its bound makes it, and the time beside it is up', () => {
  const intervals: Interval[] = [
    { from: 0, to: 20, state: 'up' },
    { from: 20, to: 40, state: 'down', earliest: 15, lastBad: 32 },
    { from: 40, to: 50, state: 'unknown' },
    { from: 50, to: 60, state: 'down', earliest: 50, lastBad: 50 },
  ]
  const down = (bound: 'certain' | 'seen' | 'possible'): number =>
    tallyOf(byBound(intervals, bound), [{ from: 0, to: 60 }]).ms.down
  expect([down('certain'), down('seen'), down('possible')]).toEqual([12, 30, 35])
  for (const bound of ['certain', 'seen', 'possible'] as const) {
    const parts = byBound(intervals, bound)
    expect(parts.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(60)
  }
  expect(shareUp(tallyOf(intervals, [{ from: 10, to: 30 }]).ms)).toBe(0.5)
  expect(tallyOf(intervals, [{ from: 41, to: 49 }]).outages).toEqual([])
})
