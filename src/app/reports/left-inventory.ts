import { counted } from '../../core/counted.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { DeviceSpans } from '../../core/ledger.ts'
import type { Period } from '../../core/trading-hours.ts'
import { foldDevice } from '../../ledger/fold-device.ts'

/** A device that was out of order, and is in the inventory no longer, or under another name. */
export interface LeftDevice {
  readonly device: string
  /** At any hour. */
  readonly downMs: number
}

/** Names that are told. */
const MOST_NAMES = 10
const HOUR_MS = 3_600_000

/** Those of a time: what is kept of them counts nowhere, since nothing says what they were and what was agreed of them. */
export function leftDevices(
  { devices }: Fleet,
  kept: Iterable<DeviceSpans>,
  of: { readonly within: Period; readonly holdMs: number },
): readonly LeftDevice[] {
  const left: LeftDevice[] = []
  for (const one of kept) {
    if (devices.has(one.device)) continue
    const intervals = foldDevice(one, { ...of, maintenance: [], view: 'works' })
    const downMs = intervals.reduce((sum, { state, from, to }) => sum + (state === 'down' ? to - from : 0), 0)
    if (downMs > 0) left.push({ device: one.device, downMs })
  }
  return left
}

/** What is said about them; nothing of none. */
export function leftNote(left: readonly LeftDevice[]): string[] {
  if (left.length === 0) return []
  const hours = left.reduce((sum, { downMs }) => sum + downMs, 0) / HOUR_MS
  const names = left.slice(0, MOST_NAMES).map(({ device }) => device)
  const more = left.length > MOST_NAMES ? ` and ${left.length - MOST_NAMES} more` : ''
  const which = counted(left.length, 'device that is', 'devices that are')
  return [
    `Not counted: ${which} in the inventory no longer, or under another name, out of order for ${hours.toFixed(1)} h of this time: ${names.join(', ')}${more}.`,
  ]
}
