import { expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '../core/duration.ts'
import { REACH } from '../core/ledger.ts'
import { recordRun } from './recorded-runs.ts'
import { listed, type StoreBench } from './store-bench.ts'

const device = 'PL-0001/pos1'
const BEGIN = Date.UTC(2026, 9, 31, 20)
const well = { state: 'in-sync', answered: true } as const
const paper = { fault: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
const blocked = { state: 'unmet', classification: paper, answered: true } as const

/** What availability of every store promises. */
export function testLedger(bench: () => StoreBench): void {
  test('tells spans of a device in the order of time, over months, whichever run was taken in first', async () => {
    const store = await bench().store()
    const ends = [well, blocked, well, blocked, well]
    for (const hour of [3, 0, 4, 2, 1]) {
      const at = new Date(BEGIN + hour * 2 * HOUR_MS).toISOString()
      await store.append(recordRun([{ device, ...(ends[hour] ?? well) }], { run: `run${hour}`, at }))
      await store.availability.takeIn(HOUR_MS)
    }
    const within = { from: BEGIN, to: BEGIN + 24 * HOUR_MS }
    const [known] = await listed(store.availability.spans(within))
    const work = known?.spans.filter(({ track }) => track !== REACH) ?? []
    expect(work.map(({ run, found }) => [run, found])).toEqual([
      ['run0', 'well'],
      ['run1', 'sale-blocked'],
      ['run2', 'well'],
      ['run3', 'sale-blocked'],
      ['run4', 'well'],
    ])
  })

  test('puts looks that come late into their place, whatever is there', async () => {
    const [store, other] = [await bench().store(), await bench().store()]
    // Minutes of looks, and what they found; every second one comes late. Some lie too far apart to be one span.
    const looks = [0, 10, 20, 30, 120, 130, 200, 210, 220, 300, 310].map((minute, index) => {
      const end = [4, 5, 7].includes(index) ? blocked : well
      const at = new Date(BEGIN + minute * MINUTE_MS).toISOString()
      return recordRun([{ device, ...end }], { run: `run${String(index).padStart(2, '0')}`, at })
    })
    const late = looks.filter((_, index) => index % 2 === 1)
    for (const some of [looks.filter((_, index) => index % 2 === 0), [...late].reverse()]) {
      for (const run of some) await store.append(run)
      await store.availability.takeIn(HOUR_MS)
    }
    const within = { from: BEGIN, to: BEGIN + 24 * HOUR_MS }
    const told = await listed(store.availability.spans(within))
    await other.availability.refold(HOUR_MS)
    expect(told).toEqual(await listed(other.availability.spans(within)))
    expect(told[0]?.spans.filter(({ track }) => track === REACH).map((span) => span.looks)).toEqual([4, 2, 3, 2])
  })
}
