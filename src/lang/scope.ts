import type { Device, Fleet, Store } from '../core/fleet.ts'
import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Scope } from '../core/runbook.ts'

const stores = new WeakMap<Store, JsonObject>()
const scopes = new WeakMap<Device, { readonly of: Store | undefined; readonly scope: Scope }>()

/**
 * What selectors see of a device: `store`, `device` and `vars`; no parameters and no steps.
 * The engine spreads it and adds those. Built once for each device in its store; texts that are left out are empty.
 */
export function selectorScope(fleet: Fleet, device: Device): Scope {
  const known = scopes.get(device)
  const store = fleet.stores.get(device.store)
  // Two revisions may differ in the store alone, and a device of one may be looked at in the other.
  if (known && known.of === store) return known.scope
  const scope: Scope = {
    store: store ? storeFields(store) : {},
    device: deviceFields(device),
    params: {},
    vars: device.vars,
    steps: {},
  }
  scopes.set(device, { of: store, scope })
  return scope
}

function storeFields(store: Store): JsonObject {
  const known = stores.get(store)
  if (known) return known
  const { address, link } = store
  const fields: JsonObject = {
    id: store.id,
    name: store.name,
    region: store.region,
    address: { street: address.street, postcode: address.postcode, city: address.city, country: address.country ?? '' },
    time_zone: store.time_zone,
    hours: { week: store.hours.week, exceptions: store.hours.exceptions },
    link: {
      type: link.type,
      ...present('rtt_ms', link.rtt_ms),
      backup: link.backup ?? '',
      metered: link.metered ?? false,
    },
    gateway: store.gateway ?? '',
    owner: store.owner,
    tags: store.tags,
    vars: store.vars,
  }
  stores.set(store, fields)
  return fields
}

function deviceFields(device: Device): JsonObject {
  const { os, transport } = device
  return {
    id: device.id,
    name: device.name,
    store: device.store,
    region: device.region,
    profile: device.profile,
    kind: device.kind,
    os: { family: os.family, distribution: os.distribution ?? '', version: os.version ?? '' },
    address: device.address,
    attached_to: device.attached_to ?? '',
    tags: device.tags,
    note: device.note ?? '',
    transport: {
      type: transport.type,
      user: transport.user ?? '',
      ...present('port', transport.port),
      via: transport.via ?? '',
    },
    vars: device.vars,
  }
}

// A number that is not known stays away: filled in as 0 it would pass for a fast line.
function present(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value }
}
