import { expect, it } from 'vitest'
import type { AdmissionContent, AdmissionStore, Place } from '../../../src/core/admission.ts'
import { DEFAULT_POLICY } from '../../../src/core/default-policy.ts'
import type { RunEventBody } from '../../../src/core/events.ts'
import type { Device } from '../../../src/core/fleet.ts'
import type { FleetKey } from '../../../src/core/fleet-key.ts'
import type { DeviceOutcome } from '../../../src/core/outcome.ts'
import type { Policy } from '../../../src/core/policy.ts'
import type { Admission } from '../../../src/engine/admission/admission.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { policyAdmission } from '../../../src/engine/admission/policy-admission.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../src/engine/device/perform-device.ts'
import { runFleet } from '../../../src/engine/fleet/run-fleet.ts'
import { SHORT, worldOf } from '../admission/small-world.ts'

const HELD = { code: 'LEASE_HELD', phase: 'resolve', message: 'Another run has it.' } as const
const NEVER_OPEN = { week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }, exceptions: {} }

/** What all runs share, in memory. */
function storeInMemory(places: readonly Place[] = []): AdmissionStore {
  let kept: AdmissionContent = { places, waiters: [], breaker: { failures: [] }, holds: [] }
  return {
    paused: async () => new Map(),
    read: async () => kept,
    readHeld: async () => ({ ...kept, isHeld: () => true, isLiving: () => true }),
    async transact(_fleet, work) {
      await Promise.resolve()
      const { result, content } = work({ ...kept, isHeld: () => true, isLiving: () => true })
      kept = JSON.parse(JSON.stringify(content)) as AdmissionContent
      return result
    },
  }
}

/** Runs over stores of three tills each, in waves by their numbers; devices of `fails` fail, others have those of `isTaken`. */
async function run(
  waves: readonly (readonly number[])[],
  policy: Policy,
  fails: (device: string) => boolean,
  {
    isTaken = () => false,
    store = storeInMemory(),
    patienceMs = 1_000,
    stopping = new AbortController().signal,
    works = async () => undefined,
  }: {
    isTaken?: (device: string) => boolean
    store?: AdmissionStore
    patienceMs?: number
    stopping?: AbortSignal
    /** Is over when the device is done; `asked`: questions so far. */
    works?: (device: string, asked: number) => Promise<void>
  } = {},
) {
  const ids = waves.flat()
  const tills = { pos1: 'till', pos2: 'till', pos3: 'till' }
  const world = worldOf(ids.map((id) => ({ id: `S${id}`, hours: NEVER_OPEN, devices: tills })))
  const byWave = waves.map((wave) => wave.flatMap((id) => Object.keys(tills).map((till) => `S${id}/${till}`)))
  const work = byWave.flatMap((names, index) =>
    names.map((name): DeviceWork => {
      const device = { ...world.devices.get(name), os: { family: 'linux' } } as unknown as Device
      return { device, runbooks: [], wave: index + 1 }
    }),
  )
  const never = new AbortController().signal
  const leases: Admission = {
    async place({ device }) {
      if (isTaken(device)) return { kind: 'wait', failure: HELD, isPassing: true }
      return {
        kind: 'begin',
        permit: {
          lease: { token: { keys: [], epoch: 1 }, lost: never, leftMs: () => 1_000, release: async () => undefined },
          fence: { lockName: '', authority: '', run: 'r', attempt: 1, epoch: 1, leftMs: () => 1_000 },
          change: async () => ({ kind: 'begin' }),
          release: async () => undefined,
        },
      }
    },
  }
  const admission = policyAdmission(leases, {
    store,
    fleet: 'chain' as FleetKey,
    run: 'r',
    by: 'anna',
    policy: compilePolicy(policy, world),
    purpose: 'rollout',
    origin: 'pipeline',
    expectedOf: () => SHORT,
    waves: byWave,
    patienceMs,
    waitMs: 0,
    seen: () => undefined,
    clock: { now: () => new Date(), elapsed: () => performance.now() },
  })
  const found = { asked: 0, most: 0, failed: 0, overshoot: 0, byWave: [0, 0, 0] }
  const inFlight = waves.map(() => 0)
  const failed = waves.map(() => 0)
  const environment = {
    mode: 'apply',
    admission: {
      ...admission,
      place(request) {
        found.asked += 1
        return admission.place(request)
      },
    },
    clock: { now: () => new Date(), elapsed: () => performance.now() },
    stopping,
    aborting: never,
    emit: async (_event: RunEventBody) => undefined,
  } as Partial<DeviceEnvironment> as DeviceEnvironment
  const perform = async (item: DeviceWork, { leaveToChange }: DeviceEnvironment): Promise<DeviceOutcome> => {
    const wave = (item.wave ?? 1) - 1
    inFlight[wave] = (inFlight[wave] ?? 0) + 1
    const inWave = inFlight[wave]
    found.byWave[wave] = Math.max(found.byWave[wave] ?? 0, inWave)
    found.most = Math.max(found.most, inWave + (failed[wave] ?? 0))
    try {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((go) => setImmediate(go))
      await works(item.device.name, found.asked)
      const answer = await leaveToChange(item.device, [])
      if (answer.kind !== 'begin') return { state: 'deferred', failure: answer.failure }
      if (!fails(item.device.name)) return { state: 'changed' }
      failed[wave] = (failed[wave] ?? 0) + 1
      found.failed += 1
      const failure = { code: 'CONVERGE_FAILED', phase: 'converge', message: 'It did not start.' } as const
      return { state: 'failed', failure }
    } finally {
      inFlight[wave] = (inFlight[wave] ?? 0) - 1
    }
  }
  const head = { type: 'run.started' } as unknown as Parameters<typeof runFleet>[1]['head']
  const pool = { pick: () => ({ perform }), onRoom: () => undefined }
  const end = await runFleet(work, { environment, parallel: 100, head, pool, patienceMs })
  return { ...found, counts: end.counts, devices: work.length }
}

const numbers = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, n) => from + n)
const WAVES = [numbers(0, 10), numbers(10, 50), numbers(50, 400)]

function policyOf(maxFailures: NonNullable<Policy['rollout']['waves']>['maxFailures']): Policy {
  const { waves } = DEFAULT_POLICY.rollout
  if (waves === undefined) throw new Error('the default policy has waves')
  const rollout = { ...DEFAULT_POLICY.rollout, waves: { ...waves, soakMs: 0, pause: 'never' as const, maxFailures } }
  return { ...DEFAULT_POLICY, breakers: [], rollout }
}

it('asks for a device of a fleet in waves a few times, and not whenever another one ends', {
  timeout: 120_000,
}, async () => {
  const { counts, devices, asked, byWave } = await run(WAVES, policyOf([{ share: 0.1 }, { count: 40 }]), () => false)
  expect(counts.changed).toBe(devices)
  // Two of three tills of a store wait for the first one; whoever comes first is asked for when one ends.
  expect(asked).toBeLessThan(devices * 2.5)
  // As many at once as may fail: 10 % of 30, of 120, and 40 of 1,050.
  expect(byWave).toEqual([3, 12, 40])
})

it('has no more in flight than may still fail, and uses what is left of it', { timeout: 120_000 }, async () => {
  const fails = (device: string): boolean => /^S\d*0\/pos2$/.test(device) && !/^S[0-4]?\d\//.test(device)
  const { counts, devices, most, failed } = await run(WAVES, policyOf([{ count: 40 }]), fails)
  expect(failed).toBe(35)
  // What has failed is out, so that the third till of its store is not changed, unless it came before the second one.
  expect(counts.deferred).toBeGreaterThan(30)
  expect(counts).toMatchObject({ failed: 35, changed: devices - 35 - counts.deferred })
  expect(most).toBe(40)
})

it('stops a wave within its number', { timeout: 120_000 }, async () => {
  const { counts, failed, most } = await run(WAVES, policyOf([{ count: 20 }]), (device) => /^S(5|6|7)\d\//.test(device))
  expect(failed).toBe(20)
  expect(most).toBe(20)
  expect(counts.deferred).toBeGreaterThan(900)
})

it('devices that another run has are put off, however many, and the waves behind do not wait for them', {
  timeout: 60_000,
}, async () => {
  const taken = ['S3/pos2', 'S4/pos1', 'S7/pos3', 'S12/pos1', 'S12/pos2', 'S49/pos3']
  const isTaken = (device: string): boolean => taken.includes(device)
  const { counts, devices } = await run(WAVES.slice(0, 2), policyOf([{ share: 0.5 }]), () => false, { isTaken })
  expect(counts).toMatchObject({ deferred: taken.length, changed: devices - taken.length })
})

it('puts all devices off once it only waits for other runs, without asking for each again and again', {
  timeout: 60_000,
}, async () => {
  const { counts, devices, asked } = await run([numbers(0, 100)], policyOf([{ share: 0.5 }]), () => false, {
    isTaken: () => true,
  })
  expect(counts).toMatchObject({ deferred: devices })
  expect(asked).toBeLessThan(devices * 4)
})

it('devices that are waited for no longer keep nobody else waiting', { timeout: 60_000 }, async () => {
  const takes = ['S1/pos1']
  const other = { run: 'other', device: 'S1/pos1', phase: 'changing', purpose: 'rollout', takes, since: 0 } as const
  const policy = policyOf([{ share: 0.5 }])
  const givenUp = storeInMemory([other])
  const { counts } = await run([[1]], policy, () => false, { store: givenUp, patienceMs: 0 })
  expect(counts).toMatchObject({ deferred: 3 })
  expect((await givenUp.read('chain' as FleetKey)).waiters).toEqual([])
  const stop = new AbortController()
  const stopped = storeInMemory([other])
  const end = run([[1]], policy, () => false, { store: stopped, patienceMs: 60_000, stopping: stop.signal })
  await expect
    .poll(async () => (await stopped.read('chain' as FleetKey)).waiters.length, { timeout: 20_000 })
    .toBeGreaterThan(0)
  stop.abort()
  expect((await end).counts).toMatchObject({ cancelled: 3 })
  expect((await stopped.read('chain' as FleetKey)).waiters).toEqual([])
})

it('asks those of its own store first when a device is done', async () => {
  const { waves: _none, ...rollout } = DEFAULT_POLICY.rollout
  let letGo: (() => void) | undefined
  const others = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let askedBy = 0
  const works = async (device: string, asked: number): Promise<void> => {
    if (!device.startsWith('S19/')) return others
    if (device === 'S19/pos1') return
    if (askedBy === 0) askedBy = asked
    letGo?.()
  }
  const { counts, devices } = await run([numbers(0, 20)], { ...DEFAULT_POLICY, rollout }, () => false, { works })
  expect(counts.changed).toBe(devices)
  expect(askedBy).toBeLessThanOrEqual(devices + 2)
})
