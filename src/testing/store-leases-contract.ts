import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import type { FleetKey } from '../core/fleet-key.ts'
import type { HandedRun } from '../core/handed-work.ts'
import { deviceKey, runKey } from '../core/lease.ts'
import type { NewEvent, RunStore } from '../core/run-store.ts'
import { recordRun } from './recorded-runs.ts'
import { killed, listed, type StoreBench } from './store-bench.ts'

const CHAIN = 'chain' as FleetKey

/** A controller that was heard of just now, for so many milliseconds. */
async function holderOf(store: RunStore, run: string, ttlMs = 60_000) {
  await store.leases.beat(run, ttlMs)
  return { run, controller: run }
}

const device = 'PL-0001/pos1'

/** What leases of every store promise. */
export function testLeases(bench: () => StoreBench): void {
  test('lets one run have a device at a time', async () => {
    const [store, other] = [await bench().store(), await bench().store()]
    const [a, b] = [await holderOf(store, 'a'), await holderOf(other, 'b')]
    const first = await store.leases.acquire([device], a)
    expect(first).toEqual({ granted: true, token: { keys: [device], epoch: 1 } })
    expect(await store.leases.acquire([device], a)).toEqual(first)
    expect(await other.leases.acquire([device], b)).toEqual({
      granted: false,
      holder: { run: 'a', pid: process.pid, host: hostname(), key: device, as: device },
    })
    await other.leases.release({ keys: [device], epoch: 2 })
    expect(await other.leases.acquire([device], b)).toMatchObject({ granted: false })
    if (first.granted) await store.leases.release(first.token)
    expect(await other.leases.acquire([device], b)).toEqual({ granted: true, token: { keys: [device], epoch: 2 } })
  })

  test('gives all keys or none: two names of one machine exclude each other', async () => {
    const store = await bench().store()
    const [a, b] = [await holderOf(store, 'a'), await holderOf(store, 'b')]
    const taken = await store.leases.acquire(['device:x', 'machine:serial=1'], a)
    expect(await store.leases.acquire(['device:y', 'machine:serial=1'], b)).toMatchObject({
      granted: false,
      holder: { run: 'a', key: 'machine:serial=1', as: 'device:x' },
    })
    expect(await store.leases.acquire(['device:z', 'machine:serial=1'], a)).toMatchObject({ granted: false })
    expect(await store.leases.acquire(['device:y'], b)).toMatchObject({ granted: true })
    if (taken.granted) await store.leases.release(taken.token)
    expect(await store.leases.acquire(['device:x', 'machine:serial=1'], b)).toMatchObject({
      granted: true,
      token: { epoch: 2 },
    })
  })

  test('gives away what a controller had that was not heard of for too long, and tells it so', async () => {
    const store = await bench().store()
    const a = await holderOf(store, 'a', 0)
    await store.leases.acquire([device], a)
    const taken = await store.leases.acquire([device], await holderOf(store, 'b'))
    expect(taken).toEqual({ granted: true, token: { keys: [device], epoch: 2 } })
    expect(await store.leases.beat('a', 60_000)).toEqual({ intact: false })
    expect(await store.leases.beat('a', 60_000)).toEqual({ intact: true })
    expect(await store.leases.acquire([device], a)).toMatchObject({ granted: false })
  })

  test('frees what a controller had that has gone', async () => {
    const store = await bench().store()
    await store.leases.acquire([device], await holderOf(store, 'a'))
    await store.leases.retire('a')
    expect(await store.leases.acquire([device], await holderOf(store, 'b'))).toMatchObject({ granted: true })
  })
  testAdmission(bench)
  testEpochs(bench)
}

function testAdmission(bench: () => StoreBench): void {
  test('tells which places a living run has in hand, also to another process', async () => {
    const [store, other] = [await bench().store(), await bench().store()]
    await store.leases.acquire([deviceKey(CHAIN, device)], await holderOf(store, 'living'))
    await store.leases.acquire([deviceKey(CHAIN, 'PL-0002/pos1')], await holderOf(store, 'dead', 0))
    const place = { phase: 'held', purpose: 'repair', takes: [], since: 0 } as const
    const places = [
      { ...place, run: 'living', device },
      { ...place, run: 'dead', device: 'PL-0002/pos1' },
      { ...place, run: 'none', device: 'PL-0003/pos1' },
    ]
    await store.admission.transact(CHAIN, (content) => ({ result: undefined, content: { ...content, places } }))
    const read = await other.admission.readHeld(CHAIN)
    expect(read.places).toEqual(places)
    expect(places.map((each) => read.isHeld(each.run, each.device))).toEqual([true, false, false])
    expect(read.isHeld('dead', device)).toBe(false)
    expect((await other.admission.readHeld('another' as FleetKey)).places).toEqual([])
  })

  test('answers what is asked of admission at once in order, each by what the one before it left', async () => {
    const [store, other] = [await bench().store(), await bench().store()]
    await store.leases.acquire([deviceKey(CHAIN, device), runKey(CHAIN, 'living')], await holderOf(store, 'living'))
    const put = (run: string) =>
      store.admission.transact(CHAIN, (content) => {
        const place = { phase: 'held', purpose: 'repair', takes: [], since: 0, run, device } as const
        const held = content.places.map((each) => content.isHeld(each.run, each.device))
        return { result: held, content: { ...content, places: [...content.places, place] } }
      })
    const wait = () =>
      store.admission.transact(CHAIN, (content) => {
        const waiter = { run: 'living', device, since: 1, rank: 1, takes: [], isNext: true, askedAt: 1 }
        return { result: content.isLiving('living'), content: { ...content, waiters: [waiter] } }
      })
    const broken = store.admission.transact<never>(CHAIN, () => {
      throw new RangeError('no such device')
    })
    const refused = expect(broken).rejects.toThrow('no such device')
    expect(await Promise.all([put('living'), put('gone'), put('living'), wait(), wait()])).toEqual([
      [],
      [true],
      [true, false],
      false,
      true,
    ])
    await refused
    const { places, waiters } = await other.admission.read(CHAIN)
    expect([places.map(({ run }) => run), waiters.length]).toEqual([['living', 'gone', 'living'], 1])
  })
}

function testEpochs(bench: () => StoreBench): void {
  test('lets a run go on under its epoch as another controller, unless somebody else has had it since', async () => {
    const store = await bench().store()
    const handed = { fleet: 'f', json: '' } as unknown as HandedRun
    const taken = await store.leases.acquire(['run:f/a'], { ...(await holderOf(store, 'old', 0)), run: 'a' })
    if (!taken.granted) throw new Error('it is free')
    await store.work.open('a', handed)
    const epoch = async () => (await store.work.standings([{ run: 'a', fleet: 'f' as FleetKey }])).get('a')?.epoch
    expect(await epoch()).toBe(undefined)
    await store.leases.beat('new', 60_000)
    expect(await store.leases.goOn(taken.token, { run: 'a', controller: 'new' })).toBe(true)
    expect(await epoch()).toBe(taken.token.epoch)
    await store.leases.beat('new', 0)
    await store.leases.acquire(['run:f/a'], { run: 'a', controller: 'b' })
    expect(await store.leases.goOn(taken.token, { run: 'a', controller: 'new' })).toBe(false)
  })

  test('lets nobody write of a device whose lease somebody else has had since, and leaves no gap', async () => {
    const store = await bench().store()
    const events = recordRun(
      [
        { device, state: 'in-sync' },
        { device: 'PL-0001/pos2', state: 'in-sync' },
      ],
      { run: 'a' },
    )
    const old = await store.leases.acquire([device], await holderOf(store, 'a', 0))
    if (!old.granted) throw new Error('it is free')
    const leasesOf = (event: NewEvent) => ('device' in event && event.device === device ? [old.token] : [])
    const written = await store.append(events.slice(0, 2), leasesOf)
    expect(written.map((event) => event?.seq)).toEqual([1, 2])
    await store.leases.acquire([device], await holderOf(store, 'b'))
    const after = await store.append(events.slice(2), leasesOf)
    const refused = events.slice(2).filter((event) => 'device' in event && event.device === device)
    expect(after.filter((event) => event === undefined)).toHaveLength(refused.length)
    expect(refused.length).toBeGreaterThan(0)
    const kept = await listed(store.events('a'))
    expect(kept.map(({ seq }) => seq)).toEqual(kept.map((_, index) => index + 1))
    expect(kept).toEqual([...written, ...after].filter((event) => event !== undefined))
    expect((await listed(store.status())).map((status) => status.device)).toEqual(['PL-0001/pos2'])
  })

  test('takes over the lease of a process that was killed', async () => {
    const store = await bench().store()
    const holder = bench().other('hold', 'a', device)
    expect((await holder.lines.next()).value).toBe('true')
    const b = await holderOf(store, 'b')
    expect(await store.leases.acquire([device], b)).toMatchObject({ granted: false })
    await killed(holder)
    expect(await store.leases.acquire([device], b)).toMatchObject({ granted: true })
  })

  test('never has two holders of one lease among four processes', async () => {
    const others = ['a', 'b', 'c', 'd'].map((run) => bench().other('contend', run, bench().folder, '150'))
    const granted = await Promise.all(others.map(async (other) => Number((await other.lines.next()).value)))
    expect(await Promise.all(others.map((other) => other.exit))).toEqual([0, 0, 0, 0])
    expect(Math.min(...granted)).toBeGreaterThan(0)
  })
}
