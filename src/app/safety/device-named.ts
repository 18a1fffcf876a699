import { InputError, usageError } from '../../core/diagnostic.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import { suggest } from '../../lang/suggest.ts'

/** A device by its id alone is meant in one store or another. */
export function nearest(name: string, fleet: Fleet): string | undefined {
  return [...fleet.devices.keys()].find((full) => full.endsWith(`/${name}`)) ?? suggest(name, fleet.devices.keys())
}

/** A device by its full name; throws InputError where there is none, with the nearest one. */
export function deviceNamed(fleet: Fleet, name: string): Device {
  const device = fleet.devices.get(name)
  if (device) return device
  const near = nearest(name, fleet)
  const store = fleet.stores.get(name)
  if (store) {
    const names = store.devices.slice(0, 20).map((one) => one.name)
    const detail = `Name one of its devices: ${names.join(', ') || 'it has none'}.`
    throw usageError(`"${name}" is a store`, detail)
  }
  const summary = `There is no device "${name}"`
  const detail = 'A device has the name of its store before it: PL-0412/pos1.'
  const hint = near === undefined ? {} : { hint: `did you mean "${near}"?` }
  throw new InputError([{ code: 'USAGE_INVALID', severity: 'error', summary, detail, ...hint }])
}
