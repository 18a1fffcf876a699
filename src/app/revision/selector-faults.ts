import type { Device, Fleet } from '../../core/fleet.ts'
import type { Expression } from '../../core/runbook.ts'
import { selectorScope } from '../../lang/expression.ts'

/** Devices for which a selector holds, and those for which it could not be evaluated, with the error of the last one. */
export interface SelectorFaults {
  readonly hits: readonly Device[]
  readonly devices: readonly string[]
  readonly error: string
}

/** Puts a selector to devices. `besides`: `missing` leaves out those that only lack a value, for which it does not hold. */
export function selectorFaults(
  selector: Expression,
  fleet: Fleet,
  { of, besides }: { readonly of: Iterable<Device>; readonly besides?: 'missing' },
): SelectorFaults {
  const devices: string[] = []
  const hits: Device[] = []
  let error = ''
  for (const device of of) {
    const answer = selector.evaluate(selectorScope(fleet, device))
    if (answer.ok) {
      if (answer.value === true) hits.push(device)
    } else if (besides === undefined || answer.missing === undefined) {
      error = answer.error.replace(/\.$/, '')
      devices.push(device.name)
    }
  }
  return { hits, devices, error }
}
