import type { Guard } from '../../core/guard.ts'
import type { Amount, Cap, Policy, Purpose, RedundancyGroup } from '../../core/policy.ts'
import type { Warning } from '../../core/warning.ts'
import type { AdmissionDevice, World } from './admission-world.ts'
import { dependentsIn } from './dependents.ts'
import { dimensionKey, type IsAbout, scopeIn } from './scope.ts'
import { type Timetable, timetablesFor } from './timetables.ts'

/** What a cap counts together. */
export interface Bucket {
  readonly cap: Cap
  /** `store PL-0412` */
  readonly key: string
  /** So many devices of it may be out. */
  readonly limit: number
}

/** The devices of a store that stand in for each other. */
export interface GroupBucket {
  readonly group: RedundancyGroup
  readonly store: string
  readonly members: readonly string[]
  /** So many go on working. */
  readonly keep: number
}

/** A policy and a fleet, prepared for many questions. What is asked twice is kept. */
export interface CompiledPolicy {
  readonly policy: Policy
  readonly world: World
  /** What goes out with a device, itself first. */
  takesOf(device: string): readonly string[]
  bucketsOf(device: string): readonly Bucket[]
  groupsOf(device: string): readonly GroupBucket[]
  guardsOf(device: string, purpose: Purpose): readonly Guard[]
  warningsOf(device: string, purpose: Purpose): readonly Warning[]
  /** What cannot tell whether it is about a device, as `freeze closing`. Whatever holds back counts as being about it. */
  undecidedOf(device: string, purpose: Purpose): readonly string[]
  timetable(device: AdmissionDevice, purpose: Purpose): Timetable
  /** When a store does not trade. */
  closedTimes(store: string): Timetable
}

/** How many of `total` an amount allows for; a share is at least one, or nothing could ever be done. */
export function atMost(amount: Amount, total: number): number {
  return 'count' in amount ? amount.count : Math.max(1, Math.floor(partOf(total, amount.share)))
}

/** How many of `total` an amount demands: a share is rounded up. */
export function atLeast(amount: Amount, total: number): number {
  return 'count' in amount ? amount.count : Math.ceil(partOf(total, amount.share))
}

/** Of shares such as 58 %: 0.58 × 50 is a little less than 29 in binary, and 0.28 × 25 a little more than 7. */
export function partOf(total: number, share: number): number {
  return Number((total * share).toFixed(6))
}

export function compilePolicy(policy: Policy, world: World): CompiledPolicy {
  const isAbout = scopeIn(world)
  const buckets = bucketsIn(policy, world, isAbout)
  const groups = groupsIn(policy, world, isAbout)
  const guards = (purpose: Purpose) =>
    kept(world, (device) => policy[purpose].guards.filter((guard) => isAbout(guard, device) !== false))
  const guardsOf = { repair: guards('repair'), rollout: guards('rollout') }
  const warnings = (purpose: Purpose) =>
    kept(world, (device) => (policy[purpose].warnings ?? []).filter((warning) => isAbout(warning, device) !== false))
  const warningsOf = { repair: warnings('repair'), rollout: warnings('rollout') }
  return {
    policy,
    world,
    takesOf: dependentsIn(world, policy.dependents),
    bucketsOf: kept(world, buckets),
    groupsOf: kept(world, groups),
    guardsOf: (device, purpose) => guardsOf[purpose](device),
    warningsOf: (device, purpose) => warningsOf[purpose](device),
    undecidedOf: (device, purpose) => undecidedIn(policy, purpose, isAbout)(world.devices.get(device)),
    ...timetablesFor(policy, world, isAbout),
  }
}

function undecidedIn(policy: Policy, purpose: Purpose, isAbout: IsAbout) {
  const rules = [
    ...policy.freezes.map((scope) => ({ kind: 'freeze', scope })),
    ...policy.caps.map((scope) => ({ kind: 'cap', scope })),
    ...policy.groups.map((scope) => ({ kind: 'group', scope })),
    ...policy[purpose].guards.map((scope) => ({ kind: 'guard', scope })),
    ...(policy[purpose].warnings ?? []).map((scope) => ({ kind: 'warning', scope })),
  ]
  return (device: AdmissionDevice | undefined): readonly string[] =>
    rules.flatMap(({ kind, scope }) =>
      device !== undefined && isAbout(scope, device) === undefined ? [`${kind} ${scope.name}`] : [],
    )
}

/** Answers by device, each found once. Devices that the inventory no longer has are in nothing. */
function kept<T>(world: World, find: (device: AdmissionDevice) => readonly T[]): (device: string) => readonly T[] {
  const known = new Map<string, readonly T[]>()
  return (name) => {
    let found = known.get(name)
    if (found === undefined) {
      const device = world.devices.get(name)
      found = device === undefined ? [] : find(device)
      known.set(name, found)
    }
    return found
  }
}

function bucketsIn(policy: Policy, world: World, isAbout: IsAbout): (device: AdmissionDevice) => readonly Bucket[] {
  const keysOf = keyCache(world)
  const totalsOf = totalsIn(world, isAbout, keysOf)
  const caps = policy.caps.map((cap) => ({
    cap,
    buckets: new Map<string, Bucket>(),
    totals: 'share' in cap.out ? totalsOf(cap) : NO_TOTALS,
  }))
  return (device) => {
    const found: Bucket[] = []
    for (const { cap, buckets, totals } of caps) {
      if (isAbout(cap, device) === false) continue
      const key = keysOf(cap.per, device)
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { cap, key, limit: 'count' in cap.out ? cap.out.count : atMost(cap.out, totals.get(key) ?? 1) }
        buckets.set(key, bucket)
      }
      found.push(bucket)
    }
    return found
  }
}

/** Keys of a device by dimensions, made once for all caps that share them. */
function keyCache(world: World): (per: Cap['per'], device: AdmissionDevice) => string {
  const known = new Map<string, Map<string, string>>()
  return (per, device) => {
    const name = per.join()
    const keys = known.get(name) ?? new Map<string, string>()
    if (keys.size === 0) known.set(name, keys)
    let key = keys.get(device.name)
    if (key === undefined) {
      key = dimensionKey(per, device, world)
      keys.set(device.name, key)
    }
    return key
  }
}

const NO_TOTALS: ReadonlyMap<string, number> = new Map()

/**
 * How many devices each bucket of a cap has: counted before the first question, which it would hold up, and once for all
 * caps that count the same.
 */
function totalsIn(
  world: World,
  isAbout: IsAbout,
  keysOf: ReturnType<typeof keyCache>,
): (cap: Cap) => ReadonlyMap<string, number> {
  const known = new Map<string, ReadonlyMap<string, number>>()
  function count(cap: Cap): ReadonlyMap<string, number> {
    const totals = new Map<string, number>()
    for (const device of world.devices.values()) {
      if (isAbout(cap, device) !== true) continue
      const key = keysOf(cap.per, device)
      totals.set(key, (totals.get(key) ?? 0) + 1)
    }
    return totals
  }
  return (cap) => {
    const same = JSON.stringify([cap.per, cap.regions, cap.kinds, cap.where])
    const totals = known.get(same) ?? count(cap)
    known.set(same, totals)
    return totals
  }
}

/**
 * Devices that are known to be of a group stand in for each other. One that may be of it has to leave enough of all that may
 * be, so that it neither goes unseen nor stands in for those that are.
 */
function groupsIn(policy: Policy, world: World, isAbout: IsAbout): (device: AdmissionDevice) => readonly GroupBucket[] {
  const known = policy.groups.map((group) => ({ group, stores: new Map<string, GroupBucket>() }))
  return (device) =>
    known.flatMap(({ group, stores }) => {
      const isOfIt = isAbout(group, device)
      if (isOfIt === false) return []
      const key = `${device.store} ${isOfIt === true}`
      let bucket = stores.get(key)
      if (bucket === undefined) {
        const members = (world.stores.get(device.store)?.devices ?? [])
          .map(({ name }) => world.devices.get(name))
          .filter((other) => other !== undefined && [true, isOfIt].includes(isAbout(group, other)))
          .map((other) => (other as AdmissionDevice).name)
        bucket = { group, store: device.store, members, keep: atLeast(group.keep, members.length) }
        stores.set(key, bucket)
      }
      return [bucket]
    })
}
