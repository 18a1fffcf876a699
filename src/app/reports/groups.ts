import { usageError } from '../../core/diagnostic.ts'
import type { Device, Store } from '../../core/fleet.ts'
import { isMap } from '../../core/json.ts'
import type { Grouping } from '../../core/report-names.ts'

/** Those that stores have, too. */
const OF_STORES: readonly Grouping[] = ['partner', 'region', 'store']

/** Throws InputError where a grouping says nothing of stores. */
export function checkGrouping(by: Grouping, of: 'devices' | 'selling'): void {
  if (of === 'devices' || OF_STORES.includes(by)) return
  const detail = `What sells is a store: it is told by ${OF_STORES.join(', ')}. With --of devices there is ${by}, too.`
  throw usageError(`--by ${by}: a store has no ${by}`, detail)
}

/** The name of the group that a device is in. */
export function groupOf(by: Grouping, store: Store, device: Device | undefined): string {
  switch (by) {
    case 'partner':
      return partnerOf(store)
    case 'region':
      return store.region
    case 'store':
      return store.id
    case 'kind':
      return device?.kind ?? ''
    case 'model':
      return device === undefined ? '' : modelOf(device)
    case 'device':
      return device?.name ?? ''
  }
}

/** Who looks after a store: `vendor` of its owner, or else its team. */
export function partnerOf({ owner }: Store): string {
  for (const key of ['vendor', 'team']) if (typeof owner[key] === 'string' && owner[key] !== '') return owner[key]
  return 'nobody'
}

/** Vendor and model of the values of a device, wherever among them; its profile where there are none. */
export function modelOf({ vars, profile }: Device): string {
  for (const value of Object.values(vars)) {
    const { vendor, model } = isMap(value) ? value : {}
    if (typeof model === 'string') return typeof vendor === 'string' ? `${vendor} ${model}` : model
  }
  return profile
}
