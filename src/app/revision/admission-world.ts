import type { Calendar } from '../../core/calendar.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { Expression } from '../../core/runbook.ts'
import type { World } from '../../engine/admission/admission-world.ts'
import { compileSelector, selectorScope } from '../../lang/expression.ts'

/** The fleet as admission looks at it. Selectors of policies were checked when these were loaded. */
export function admissionWorld(fleet: Fleet, calendars: ReadonlyMap<string, Calendar>): World {
  const compiled = new Map<string, Expression | undefined>()
  function selector(where: string): Expression | undefined {
    if (!compiled.has(where)) {
      const result = compileSelector(where)
      compiled.set(where, result.ok ? result.expression : undefined)
    }
    return compiled.get(where)
  }
  return {
    devices: fleet.devices,
    stores: fleet.stores,
    storesBehind: (store) => fleet.storesBehind(store),
    matches(where, name) {
      const device = fleet.devices.get(name)
      if (!device) return false
      const answer = selector(where)?.evaluate(selectorScope(fleet, device))
      return answer?.ok === true ? answer.value === true : undefined
    },
    calendar: (name) => calendars.get(name),
  }
}
