import { grouped } from '../../core/grouped.ts'
import type { Policy } from '../../core/policy.ts'
import type { AdmissionDevice, World } from './admission-world.ts'

/**
 * What goes out with a device, itself first: what hangs on it, what is reached through it, everything of a store when it
 * is the gateway, what the policy says of its kind, and what depends on these in turn.
 */
export function dependentsIn(world: World, kinds: Policy['dependents']): (device: string) => readonly string[] {
  const reached = reachedThrough(world)
  const known = new Map<string, readonly string[]>()
  return (device) => {
    let found = known.get(device)
    if (found === undefined) {
      found = closure(device, (name) => direct(name, world, { reached, kinds }))
      known.set(device, found)
    }
    return found
  }
}

function closure(start: string, next: (name: string) => readonly string[]): readonly string[] {
  const found = new Set([start])
  for (const name of found) for (const dependent of next(name)) found.add(dependent)
  return [...found]
}

function direct(
  name: string,
  world: World,
  by: { readonly reached: (device: string) => readonly string[]; readonly kinds: Policy['dependents'] },
): readonly string[] {
  const device = world.devices.get(name)
  if (device === undefined) return []
  const store = world.stores.get(device.store)
  const others = store?.devices ?? []
  if (store?.gateway === device.id) return others.map((other) => other.name)
  const kinds = by.kinds[device.kind] ?? []
  const ofKinds = others.filter((other) => kinds.includes(other.kind)).map((other) => other.name)
  return [...by.reached(name), ...ofKinds]
}

/** By device: those that hang on it or have it as `via`. A store is looked through when one of its devices is asked about. */
function reachedThrough(world: World): (device: string) => readonly string[] {
  const known = new Map<string, ReadonlyMap<string, readonly string[]>>()
  return (device) => {
    const store = world.devices.get(device)?.store
    if (store === undefined) return []
    let found = known.get(store)
    if (found === undefined) {
      found = reachedFrom(store, world)
      known.set(store, found)
    }
    return found.get(device) ?? []
  }
}

function reachedFrom(store: string, world: World): ReadonlyMap<string, readonly string[]> {
  const behind = [...world.storesBehind(store)].flatMap((id) => world.stores.get(id)?.devices ?? [])
  const devices = behind.map(({ name }) => world.devices.get(name)).filter((device) => device !== undefined)
  const pairs = devices.flatMap((device) => supports(device, world).map((on) => ({ on, name: device.name })))
  const groups = grouped(pairs, ({ on }) => on)
  return new Map([...groups].map(([on, those]) => [on, those.map(({ name }) => name)]))
}

function supports(device: AdmissionDevice, world: World): readonly string[] {
  const found: string[] = []
  if (device.attached_to !== undefined) found.push(`${device.store}/${device.attached_to}`)
  const { via } = device.transport
  if (via === undefined) return found
  const id = via === 'gateway' ? world.stores.get(device.store)?.gateway : via
  if (id !== undefined) found.push(id.includes('/') ? id : `${device.store}/${id}`)
  return found
}
