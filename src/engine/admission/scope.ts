import type { Dimension } from '../../core/policy.ts'
import type { Scoped } from '../../core/scoped.ts'
import type { AdmissionDevice, World } from './admission-world.ts'

/** Whether a rule is about a device; undefined where its selector cannot tell. */
export type IsAbout = (scope: Scoped, device: AdmissionDevice) => boolean | undefined

/** Each selector is evaluated once for each device. */
export function scopeIn(world: World): IsAbout {
  const known = new Map<string, Map<string, boolean | undefined>>()
  function selects(where: string, device: string): boolean | undefined {
    const answers = known.get(where) ?? new Map<string, boolean | undefined>()
    if (answers.size === 0) known.set(where, answers)
    if (!answers.has(device)) answers.set(device, world.matches(where, device))
    return answers.get(device)
  }
  return (scope, device) => {
    if (scope.regions !== undefined && !scope.regions.includes(device.region)) return false
    if (scope.kinds !== undefined && !scope.kinds.includes(device.kind)) return false
    return scope.where === undefined || selects(scope.where, device.name)
  }
}

/** What a device is counted together by, as people read it: `store PL-0412, kind till`. */
export function dimensionKey(per: readonly Dimension[], device: AdmissionDevice, world: World): string {
  if (per.length === 0) return 'the fleet'
  return per.map((dimension) => `${dimension} ${dimensionValue(dimension, device, world)}`).join(', ')
}

function dimensionValue(dimension: Dimension, device: AdmissionDevice, world: World): string {
  if (dimension === 'link') return world.stores.get(device.store)?.link.type ?? 'other'
  return device[dimension]
}
