import { expect, test, vi } from 'vitest'
import { DAY_MS, HOUR_MS } from '../core/duration.ts'
import type { DeviceOutcome } from '../core/outcome.ts'
import type { NewEvent } from '../core/run-store.ts'
import { type RecordedRunOptions, recordRun } from './recorded-runs.ts'
import { listed, type StoreBench } from './store-bench.ts'

/** What every store makes of clocks that are wrong. */
export function testClocks(bench: () => StoreBench): void {
  test('what was written while a clock was far ahead gives way to what comes later', async () => {
    const store = await bench().store()
    const device = 'PL-0001/pos1'
    const run = (id: string, at: number, end: DeviceOutcome, more: RecordedRunOptions = {}) => {
      const steps = [{ step: 'a', state: 'ok' as const, marks: { serial: id } }]
      return recordRun([{ device, steps, ...end }], { run: id, at: new Date(at).toISOString(), ...more })
    }
    const other = { runbooks: [{ name: 'other', digest: 'ab'.repeat(32), params: {} }] }
    const seen = { state: 'in-sync', answered: true } as const
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * DAY_MS })
    try {
      await store.append(run('a', Date.now(), seen))
      await store.append(run('b', Date.now(), seen, { started: other }))
    } finally {
      vi.useRealTimers()
    }
    const now = Date.now()
    await store.append(run('c', now, { state: 'failed', answered: true }))
    const status = (await listed(store.status()))[0]
    expect(status).toMatchObject({ state: 'failed', run: 'c' })
    expect(status?.looks.map(({ run }) => run)).toEqual(['c', 'b'])
    expect(Date.parse(status?.seen_at ?? '')).toBeLessThan(now + DAY_MS)
    expect((await listed(store.marks())).map(({ value }) => value)).toEqual(['c'])
    await store.append(run('d', now - 5_000, seen))
    expect((await listed(store.status()))[0]).toMatchObject({ state: 'failed', run: 'c' })
  })

  test('forgets samples once an hour, as that goes through all series', async () => {
    const store = await bench().store()
    const device = 'PL-0001/pos1'
    const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString()
    const old = (hours: number) => {
      const samples = [{ series: 'receipts', at: hoursAgo(hours), value: hours }]
      return [{ device, state: 'in-sync' as const, steps: [{ step: 'a', state: 'ok' as const, samples }] }]
    }
    const left = async () => (await store.samples(device, 'receipts', new Date(0))).map(({ value }) => value)
    await store.append(recordRun(old(31 * 24), { run: 'a' }))
    await store.forget('a', { days: 30, megabytes: 1_000 })
    expect(await left()).toEqual([])
    await store.append(recordRun(old(32 * 24), { run: 'b' }))
    await store.forget('b', { days: 30, megabytes: 1_000 })
    expect(await left()).toEqual([32 * 24])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * HOUR_MS })
    try {
      await store.forget('b', { days: 30, megabytes: 1_000 })
    } finally {
      vi.useRealTimers()
    }
    expect(await left()).toEqual([])
  })

  test('forgets what was kept for runs that never began, but not for those that are about to', async () => {
    const store = await bench().store()
    const idOf = (msAgo: number) => `${new Date(Date.now() - msAgo).toISOString().replace(/[-:]|\.\d+/g, '')}-abcdef`
    const ids = { never: idOf(2 * DAY_MS), begun: idOf(3 * DAY_MS), about: idOf(0) }
    for (const run of Object.values(ids)) await store.kept.keep(run, { order: {}, files: { a: run } })
    const [started] = recordRun([], { run: ids.begun, at: new Date(Date.now() - 3 * DAY_MS).toISOString() })
    await store.append([started as NewEvent])
    await store.forget('x', { days: 30, megabytes: 1_000 })
    expect([...(await store.kept.runs())].sort()).toEqual([ids.begun, ids.about])
  })
}
