import { createHash } from 'node:crypto'
import type { Device } from '../../core/fleet.ts'

/** sha256 of what the inventory says of a device, in hexadecimal: a plan holds for a device only while it is the same. */
export function deviceDigest(device: Device): string {
  const { source: _source, note: _note, ...facts } = device
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex')
}
