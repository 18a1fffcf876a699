import type { Device } from '../../../core/fleet.ts'

/** How many stores and devices, and which. */
export interface Touched {
  readonly stores: number
  readonly devices: number
  /** Devices by region, profile, and system with its version; the most first. */
  readonly by: Readonly<Record<'region' | 'profile' | 'version', Readonly<Record<string, number>>>>
}

/** Counts devices. */
export function touchedOf(devices: Iterable<Device>): Touched {
  const all = [...devices]
  return {
    stores: new Set(all.map(({ store }) => store)).size,
    devices: all.length,
    by: {
      region: counted(all, ({ region }) => region),
      profile: counted(all, ({ profile }) => profile),
      version: counted(all, versionOf),
    },
  }
}

/** System and version of a device, as the inventory has them. */
export function versionOf({ os }: Device): string {
  return [os.family, os.distribution, os.version].filter((part) => part !== undefined).join(' ')
}

function counted(devices: readonly Device[], keyOf: (device: Device) => string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const device of devices) counts.set(keyOf(device), (counts.get(keyOf(device)) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)))
}
