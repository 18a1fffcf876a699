import { createHash } from 'node:crypto'
import type { Device } from '../../../core/fleet.ts'
import { versionOf } from './touched.ts'

/**
 * So many of the devices, the same ones for the same seed wherever it is asked: first one of each profile and version, then by
 * lot; in the order of the inventory.
 */
export function sampleDevices<T extends Device>(devices: readonly T[], count: number, seed: string): readonly T[] {
  if (devices.length <= count) return devices
  const lots = devices.map((device) => ({
    device,
    lot: createHash('sha256').update(`${seed} ${device.name}`).digest('hex'),
  }))
  lots.sort((a, b) => (a.lot < b.lot ? -1 : 1))
  const seen = new Set<string>()
  const isFirst = new Set(
    lots.filter(({ device }) => {
      const kind = `${device.profile} ${versionOf(device)}`
      return !seen.has(kind) && seen.add(kind)
    }),
  )
  const order = [...isFirst, ...lots.filter((one) => !isFirst.has(one))]
  const chosen = new Set<Device>(order.slice(0, count).map(({ device }) => device))
  return devices.filter((device) => chosen.has(device))
}
