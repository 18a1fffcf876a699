import type { Dimension } from '../../core/policy.ts'
import type { Scoped } from '../../core/scoped.ts'
import type { AdmissionDevice, World } from './admission-world.ts'

/** Whether a rule is about a device; each selector is evaluated once for each device. */
export function scopeIn(world: World): (scope: Scoped, device: AdmissionDevice) => boolean {
  const known = new Map<string, Map<string, boolean>>()
  function selects(where: string, device: string): boolean {
    const answers = known.get(where) ?? new Map<string, boolean>()
    if (answers.size === 0) known.set(where, answers)
    let answer = answers.get(device)
    if (answer === undefined) {
      answer = world.matches(where, device)
      answers.set(device, answer)
    }
    return answer
  }
  return (scope, device) =>
    (scope.regions === undefined || scope.regions.includes(device.region)) &&
    (scope.kinds === undefined || scope.kinds.includes(device.kind)) &&
    (scope.where === undefined || selects(scope.where, device.name))
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
