import type { Device, Fleet } from '../../core/fleet.ts'
import type { Scoped } from '../../core/scoped.ts'
import { compileSelector, selectorScope } from '../../lang/expression.ts'

/** Whether an entry is about a device, as policies understand it. */
export function aboutIn(fleet: Fleet, { regions, kinds, where }: Scoped): (device: Device) => boolean {
  const compiled = where === undefined ? undefined : compileSelector(where)
  return (device) => {
    if (regions !== undefined && !regions.includes(device.region)) return false
    if (kinds !== undefined && !kinds.includes(device.kind)) return false
    if (compiled === undefined) return true
    const answer = compiled.ok ? compiled.expression.evaluate(selectorScope(fleet, device)) : undefined
    return answer?.ok === true && answer.value === true
  }
}
