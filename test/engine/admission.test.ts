import { expect, it } from 'vitest'
import type { FleetKey } from '../../src/core/fleet-key.ts'
import type { LeaseAnswer, LeaseStore } from '../../src/core/lease.ts'
import { type Admission, leaseAdmission } from '../../src/engine/admission/admission.ts'
import { LeaseKeeper } from '../../src/engine/admission/lease-keeper.ts'

const TTL_MS = 40

/** A clock that only tests move, and a store that fails when it is told to. */
function world() {
  let now = 1_000
  let intact = true
  let fails = false
  let isOurs = true
  const asked: string[] = []
  const store: LeaseStore = {
    id: 'store',
    async beat() {
      asked.push('beat')
      if (fails) throw new Error('the disk is full')
      return { intact }
    },
    async acquire(keys): Promise<LeaseAnswer> {
      asked.push('acquire')
      return { granted: true, token: { keys, epoch: 7 } }
    },
    async goOn(token, { run }) {
      asked.push(`goOn ${token.keys} ${run} ${token.epoch}`)
      return isOurs
    },
    async release() {
      asked.push('release')
      if (fails) throw new Error('the disk is full')
    },
    async acceptRestore() {
      return { runs: [], devices: [] }
    },
    async retire() {
      asked.push('retire')
    },
  }
  const keeper = new LeaseKeeper(store, { ttlMs: TTL_MS, clockMs: () => now })
  return {
    keeper,
    asked,
    admission: leaseAdmission(keeper, { run: 'r1', fleet: 'shops' as FleetKey }),
    sleep: (ms: number) => {
      now += ms
    },
    set: (how: { readonly intact?: boolean; readonly fails?: boolean; readonly isOurs?: boolean }) => {
      isOurs = how.isOurs ?? isOurs
      intact = how.intact ?? intact
      fails = how.fails ?? fails
    },
  }
}

async function permitOf(admission: Admission) {
  const answer = await admission.place({ device: 'PL-0001/pos1', attempt: 2 })
  if (answer.kind !== 'begin') throw new Error('it was not let begin')
  return answer.permit
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1))
}

it('holds all leases by one heartbeat, and gives them back', async () => {
  const { keeper, admission, asked } = world()
  const [one, two] = [await permitOf(admission), await permitOf(admission)]
  expect(one.fence).toMatchObject({ authority: 'store', run: 'r1', attempt: 2, epoch: 7, lockName: 'PL-0001/pos1' })
  expect(one.fence.leftMs()).toBeLessThan(TTL_MS)
  await until(() => asked.filter((what) => what === 'beat').length > 3)
  expect(one.lease.lost.aborted).toBe(false)
  await Promise.all([one.release(), two.release()])
  await keeper.close()
  expect(asked.filter((what) => what === 'release' || what === 'retire')).toEqual(['release', 'release', 'retire'])
})

it('is lost as soon as the clock says so, however late timers are', async () => {
  const { keeper, admission, sleep } = world()
  const permit = await permitOf(admission)
  sleep(TTL_MS)
  expect(permit.fence.leftMs()).toBeLessThanOrEqual(0)
  expect(permit.lease.lost.aborted).toBe(true)
  await keeper.close()
})

it('is lost when the store has not heard of it for too long, and a new one is not', async () => {
  const { keeper, admission, set } = world()
  const permit = await permitOf(admission)
  set({ intact: false })
  await until(() => permit.lease.lost.aborted)
  const again = await permitOf(admission)
  expect(again.lease.lost.aborted).toBe(false)
  await keeper.close()
})

it('goes on when the store is away for less than a lease, and ends when it is for longer', async () => {
  const { keeper, admission, asked, sleep, set } = world()
  const permit = await permitOf(admission)
  set({ fails: true })
  const before = asked.length
  await until(() => asked.length > before + 2)
  expect(permit.lease.lost.aborted).toBe(false)
  sleep(TTL_MS)
  await until(() => permit.lease.lost.aborted)
  await permit.release()
  await keeper.close()
})

it('goes on with its runs when the store was away for longer than a lease, unless somebody else has them', async () => {
  const { keeper, asked, sleep, set } = world()
  const [run, other] = [await keeper.take(['run:shops/r1'], 'r1'), await keeper.take(['device:shops/d'], 'r1')]
  if (!run.granted || !other.granted) throw new Error('they are free')
  const goneOn = () => asked.filter((what) => what === 'goOn run:shops/r1 r1 7').length
  sleep(TTL_MS)
  await until(() => goneOn() > 0)
  expect([run.lease.lost.aborted, other.lease.lost.aborted]).toEqual([false, true])
  expect(run.lease.leftMs()).toBeGreaterThan(0)
  set({ isOurs: false })
  sleep(TTL_MS)
  await until(() => run.lease.lost.aborted)
  expect(goneOn()).toBe(2)
  await keeper.close()
})
