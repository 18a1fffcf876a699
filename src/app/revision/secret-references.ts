import type { Device } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'

/** Every `scheme:reference` that a device's way in and variables name, with the dotted path of each. */
export function secretReferences(device: Device): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  collect(device.transport as unknown as JsonValue, 'transport', found)
  collect(device.vars, 'vars', found)
  return found
}

function collect(value: JsonValue, path: string, into: Map<string, string>): void {
  if (value === null || typeof value !== 'object') return
  const entries = Object.entries(value)
  const [only] = entries
  if (entries.length === 1 && only?.[0] === 'secret' && typeof only[1] === 'string') into.set(only[1], path)
  else for (const [key, item] of entries) collect(item, `${path}.${key}`, into)
}

/** Reading it starts no program of the user's, and asks nobody. */
export function isAtHand(reference: string): boolean {
  return /^(env|file|age):/.test(reference)
}
