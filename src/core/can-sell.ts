import type { DeviceKind } from './fleet.ts'
import type { DeviceState } from './outcome.ts'

/** Whether a store can sell, as far as is known. */
export const SELLS = ['no', 'unknown', 'yes'] as const
export type Sells = (typeof SELLS)[number]

/** Of each of these a store needs one that works, if it has any. */
const NEEDED: readonly DeviceKind[] = ['till', 'fiscal-printer']

/** What the last look at a device says of its work; what was not seen, or not judged, may work or not. */
const WORKS: Readonly<Partial<Record<DeviceState | 'never', Sells>>> = {
  'in-sync': 'yes',
  changed: 'yes',
  drifted: 'yes',
  unmet: 'no',
}

interface Known {
  readonly kind: DeviceKind
  readonly state: DeviceState | 'never'
  readonly unknown: boolean
}

/**
 * Whether a store can sell: with a till that works, and a fiscal printer where it has them. `no` only where all of a kind
 * were seen not to be as they have to be: a store that cannot be reached may go on selling, and is `unknown`.
 */
export function canSell(devices: readonly Known[]): Sells {
  const kinds = NEEDED.map((kind) => devices.filter((device) => device.kind === kind)).filter(
    ({ length }) => length > 0,
  )
  if (!devices.some(({ kind }) => kind === 'till')) return 'unknown'
  const answers = kinds.map((same) =>
    bestOf(same.map(({ state, unknown }) => (unknown ? 'unknown' : (WORKS[state] ?? 'unknown')))),
  )
  return SELLS.find((answer) => answers.includes(answer)) ?? 'unknown'
}

function bestOf(answers: readonly Sells[]): Sells {
  return [...SELLS].reverse().find((answer) => answers.includes(answer)) ?? 'unknown'
}
