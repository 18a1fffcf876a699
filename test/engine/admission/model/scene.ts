import type { Origin } from '../../../../src/core/admission.ts'
import { DEFAULT_POLICY } from '../../../../src/core/default-policy.ts'
import type { Cap, Freeze, Policy, Purpose, PurposeRules, Waves, Window } from '../../../../src/core/policy.ts'
import type { World } from '../../../../src/engine/admission/admission-world.ts'
import { daily, MINUTE, type SmallStore, worldOf } from '../small-world.ts'
import type { Random } from './random.ts'

/** Midnight in UTC of a Wednesday. */
export const BEGIN = Date.UTC(2026, 5, 10)

/** Zones without summer time; the hours that they are ahead. Nights when clocks change have tests of their own. */
export const ZONES: Readonly<Record<string, number>> = { 'Etc/GMT': 0, 'Etc/GMT-2': 2, 'Etc/GMT+5': -5 }

export interface SceneRun {
  readonly id: string
  readonly purpose: Purpose
  readonly origin: Origin
  readonly targets: readonly string[]
  readonly isOnTerminal: boolean
  readonly breakGlass?: { readonly by: string; readonly why: string }
  readonly isBack: boolean
  /** Its devices fail again and again, and are asked for again and again. */
  readonly isEndless: boolean
}

/** A small chain, its policy, and what is wanted of it. */
export interface Scene {
  readonly stores: readonly (SmallStore & { readonly trading: readonly [number, number] })[]
  readonly world: World
  readonly policy: Policy
  /** What is committed in the middle. */
  readonly later: Policy
  readonly runs: readonly SceneRun[]
}

export function sceneOf(random: Random): Scene {
  const stores = Array.from({ length: random.pick([1, 1, 2, 2, 3]) }, (_, index) => storeOf(index, random))
  const world = worldOf(stores)
  const devices = [...world.devices.keys()]
  const policy = policyOf(random)
  const runs = Array.from({ length: random.pick([1, 2, 2, 3, 4]) }, (_, index) => runOf(index, devices, random))
  return { stores, world, policy, later: policyOf(random), runs }
}

function storeOf(index: number, random: Random): Scene['stores'][number] {
  const tills = 1 + random.whole(3)
  const devices: Record<string, string> = {}
  for (let till = 1; till <= tills; till += 1) {
    devices[`pos${till}`] = 'till'
    if (random.chance(0.4)) devices[`fp${till}`] = `fiscal-printer on pos${till}`
  }
  const hasRouter = random.chance(0.5)
  if (hasRouter) devices['r'] = 'router'
  if (random.chance(0.25)) devices['srv'] = 'server'
  const [open, close] = random.pick([
    [8, 20],
    [6, 22],
    [9, 18],
  ] as const)
  const hour = (at: number): string => `${String(at).padStart(2, '0')}:00`
  return {
    id: `S${index}`,
    region: `R${random.whole(2)}`,
    zone: random.pick(Object.keys(ZONES)),
    hours: daily(`${hour(open)}-${hour(close)}`),
    trading: [open * 60, close * 60],
    link: random.pick(['fibre', 'lte']),
    ...(hasRouter && random.chance(0.6) && { gateway: 'r' }),
    devices,
  }
}

function policyOf(random: Random): Policy {
  const rollout = rulesOf(random)
  return {
    name: 'p',
    caps: capsOf(random),
    groups: [
      ...(random.chance(0.8)
        ? [{ name: 'tills', kinds: ['till'], keep: { count: 1 }, seenWithinMs: 24 * 60 * MINUTE } as const]
        : []),
      ...(random.chance(0.3)
        ? [{ name: 'fps', kinds: ['fiscal-printer'], keep: { share: 0.5 }, seenWithinMs: 24 * 60 * MINUTE } as const]
        : []),
    ],
    freezes: random.chance(0.3) ? [freezeOf(random)] : [],
    rollout,
    repair: { ...rulesOf(random), devices: 4 },
    dependents: random.pick([DEFAULT_POLICY.dependents, {}]),
    breakers: random.chance(0.4) ? [{ failures: 2 + random.whole(2), withinMs: 60 * MINUTE }] : [],
    rollback: { atOnce: 1 + random.whole(2), stopAfter: 1 + random.whole(2) },
    guess: DEFAULT_POLICY.guess,
    backAtOnce: 1 + random.whole(2),
  }
}

function capsOf(random: Random): readonly Cap[] {
  const kinds: readonly Cap[] = [
    { name: 'kind', per: ['store', 'kind'], out: { count: 1 } },
    { name: 'tills', per: ['store'], kinds: ['till'], out: { count: 1 + random.whole(2) } },
    { name: 'fleet', per: [], out: { count: 1 + random.whole(4) } },
    { name: 'region', per: ['region'], out: { share: 0.3 } },
    { name: 'link', per: ['link'], out: { count: 2 } },
    { name: 'r0', per: ['store'], regions: ['R0'], out: { share: 0.5 } },
  ]
  return random.some(kinds, 0.35)
}

function rulesOf(random: Random): PurposeRules {
  const waves = random.chance(0.5) ? wavesOf(random) : undefined
  return {
    windows: [...(random.chance(0.4) ? [windowsOf(random)] : []), ...(random.chance(0.15) ? [windowsOf(random)] : [])],
    ...(waves && { waves }),
    ...(random.chance(0.3) && { maxFailures: 1 + random.whole(3) }),
    approval: {
      people: random.chance(0.2) ? 1 + random.whole(2) : 0,
      fourEyes: random.chance(0.5),
      validMs: 48 * 60 * MINUTE,
      each: random.pick(['run', 'wave'] as const),
    },
    guards: [],
    confirmShare: 1,
  }
}

function windowsOf(random: Random): readonly Window[] {
  const from = random.whole(24) * 60
  return [
    {
      name: 'daily',
      when: { type: 'weekly', days: [0, 1, 2, 3, 4, 5, 6], from, to: from + (4 + random.whole(16)) * 60 },
    },
    ...(random.chance(0.3) ? [{ name: 'closed', when: { type: 'closed', marginMs: 30 * MINUTE } } as const] : []),
  ]
}

function freezeOf(random: Random): Freeze {
  const from = BEGIN + random.whole(48) * 60 * MINUTE
  const to = from + (3 + random.whole(24)) * 60 * MINUTE
  return { name: 'f', why: 'x', when: { type: 'dates', from, to }, ...(random.chance(0.3) && { regions: ['R0'] }) }
}

function wavesOf(random: Random): Waves {
  return {
    unit: random.pick(['store', 'device'] as const),
    canary: 1 + random.whole(2),
    canaryAtMost: 3,
    shares: random.pick([[1], [0.5, 1]]),
    soakMs: random.pick([0, 30 * MINUTE]),
    pause: random.pick(['never', 'terminal', 'always'] as const),
    maxFailures: random.pick([[{ count: 1 }], [{ count: 2 }], [{ share: 0.5 }], [{ share: 0.5 }, { count: 3 }]]),
  }
}

function runOf(index: number, devices: readonly string[], random: Random): SceneRun {
  const purpose = random.chance(0.65) ? 'rollout' : 'repair'
  const origin = random.pick(['terminal', 'pipeline', 'hook', 'schedule'] as const)
  const some = random.some(devices, purpose === 'repair' ? 0.3 : 0.7)
  return {
    id: `run-${index}`,
    purpose,
    origin,
    targets: some.length === 0 ? devices.slice(0, 1) : some,
    isOnTerminal: origin === 'terminal',
    ...(random.chance(0.12) && { breakGlass: { by: 'anna', why: 'x' } }),
    isBack: random.chance(0.15),
    isEndless: origin === 'hook' && random.chance(0.25),
  }
}
