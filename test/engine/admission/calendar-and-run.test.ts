import { expect, test } from 'vitest'
import type { Expected } from '../../../src/core/admission.ts'
import type { Warning } from '../../../src/core/warning.ts'
import { compilePolicy } from '../../../src/engine/admission/compile-policy.ts'
import { simulateRollout } from '../../../src/engine/admission/simulate-rollout.ts'
import { driveRun } from './driven-run.ts'
import { type Random, randomOf } from './model/random.ts'
import { daily, MINUTE, policyOf, worldOf } from './small-world.ts'

/** More, when somebody asks for it. */
const CASES = Number(process.env['CALENDAR_CASES'] ?? 60)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const MIDNIGHT = Date.parse('2026-11-25T00:00:00Z')

function warningOf(random: Random, name: string): Warning {
  return {
    ...{ name, script: { sh: 'true' }, notNowExit: 75, timeoutMs: 1_000, againMs: 10 * MINUTE, times: 3 },
    ...{ afterLimit: 'defer', onFailure: 'defer', holdsMs: 30 * MINUTE },
    waitMs: random.pick([0, 1, 5, 20]) * MINUTE,
  }
}

/** Few stores with few devices, all of them warned, at times about opening, closing, windows and freezes. */
function caseOf(random: Random) {
  const stores = Array.from({ length: 1 + random.whole(3) }, (_, index) => ({
    id: `S${index}`,
    region: random.pick(['north', 'south']),
    hours: random.pick([daily('08:00-20:00'), daily('00:00-24:00'), daily('06:00-13:00', '14:00-23:00')]),
    devices: Object.fromEntries(
      Array.from({ length: 1 + random.whole(3) }, (_, at) => [
        `d${at}`,
        random.pick(['till', 'till', 'fiscal-printer']),
      ]),
    ),
  }))
  const world = worldOf(stores)
  const start = MIDNIGHT + random.whole(24 * 60) * MINUTE
  const freeze = { from: start + random.whole(60) * MINUTE, to: start + (60 + random.whole(120)) * MINUTE }
  const night = {
    type: 'weekly',
    days: [0, 1, 2, 3, 4, 5, 6],
    from: random.pick([0, 13, 22]) * 60,
    to: 26 * 60,
  } as const
  const warnings = [warningOf(random, 'cashier'), ...(random.chance(0.3) ? [warningOf(random, 'manager')] : [])]
  const policy = policyOf({
    ...(random.chance(0.3) && { caps: [{ name: 'wide', per: ['store'], out: { count: random.pick([1, 2, 3]) } }] }),
    ...(random.chance(0.3) && { caps: [{ name: 'region', per: ['region', 'kind'], out: { count: 2 } }] }),
    ...(random.chance(0.4) && {
      freezes: [{ name: 'works', why: 'rebuilding', when: { type: 'dates', ...freeze }, regions: ['north'] }],
    }),
    rollout: { warnings, ...(random.chance(0.3) && { windows: [[{ name: 'nights', when: night }]] }) },
  })
  const times = new Map<string, Expected>()
  for (const device of world.devices.keys()) {
    const [changeMs, proofMs, rollbackMs] = [1 + random.whole(15), random.whole(5), random.whole(10)].map(
      (m) => m * MINUTE,
    )
    times.set(device, { changeMs, proofMs, rollbackMs, basis: { kind: 'guess' } } as Expected)
  }
  const expectedOf = (device: string): Expected => times.get(device) as Expected
  return { start, stores, policy: compilePolicy(policy, world), devices: [...world.devices.keys()], expectedOf }
}

test(`people are warned of nothing that does not begin then, and the calendar says the same as the run (seed ${SEED})`, async () => {
  const random = randomOf(SEED)
  let [seen, others] = [0, 0]
  for (let at = 0; at < CASES; at += 1) {
    const { start, stores, policy, devices, expectedOf } = caseOf(random)
    const again = `case ${at} of SEED=${SEED}: ${JSON.stringify({ start: new Date(start).toISOString(), stores, policy: policy.policy })}`
    const common = { policy, expectedOf, parallel: devices.length, start }
    const { waves, never } = simulateRollout({
      ...common,
      purpose: 'rollout',
      waves: [devices],
      holdsOn: () => [],
      breaker: { failures: [] },
      left: [],
    })
    const mayBegin = devices.filter((device) => !never.some((one) => one.device === device))
    const done = await driveRun({ ...common, devices: mayBegin })
    const minutes = (ms: number): number => (ms - start) / MINUTE
    const inOrder = <One extends { readonly device: string; readonly from: number }>(all: readonly One[]) =>
      [...all].sort((a, b) => a.from - b.from || (a.device < b.device ? -1 : 1))
    const run = inOrder(done).map(({ device, from, told }) => [device, minutes(from), ...told.map(minutes)])
    const planned = inOrder(waves[0]?.visits ?? []).map(({ device, from, warnedAt = from }) => [
      device,
      minutes(from),
      minutes(warnedAt),
    ])
    expect(planned.length, again).toBe(run.length)
    // Of those that wait for the same room a run has a queue, and who is first in it may be another one.
    const isSameOrder = planned.every(([device], index) => run[index]?.[0] === device)
    if (isSameOrder) expect(planned, again).toEqual(run)
    else others += 1
    for (const { device, from, told } of done) {
      const longest = Math.max(...policy.warningsOf(device, 'rollout').map(({ waitMs }) => waitMs))
      expect(told, `${device} in ${again}`).toEqual([from - longest])
    }
    seen += done.length
  }
  console.log(`calendar and run: ${CASES} cases, ${seen} devices, ${others} cases in another order, seed ${SEED}`)
  expect(seen).toBeGreaterThan(CASES)
  expect(others).toBeLessThan(CASES / 5)
}, 600_000)
