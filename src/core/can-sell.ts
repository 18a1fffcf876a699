import type { DeviceKind } from './fleet.ts'
import type { DeviceState } from './outcome.ts'

/** Whether a store can sell, as far as is known. */
export const SELLS = ['no', 'unknown', 'yes'] as const
export type Sells = (typeof SELLS)[number]

/** Of each of these a store needs one that works, if it has any. */
const NEEDED: readonly DeviceKind[] = ['till', 'fiscal-printer']

/** What the last look at a device says of its work; what was not seen, or not judged, may work or not. */
const WORKS: ReadonlySet<DeviceState | 'never'> = new Set(['in-sync', 'changed', 'drifted'])
/** Severities of `classify` that mean: it does not do its work. */
const BLOCKING: ReadonlySet<string> = new Set(['sale-blocked', 'work-blocked'])

interface Known {
  readonly kind: DeviceKind
  readonly state: DeviceState | 'never'
  readonly unknown: boolean
  /** Of the truth table that judged it; null: none did. */
  readonly severity: string | null
}

/**
 * Whether a store can sell: with a till that works, and a fiscal printer where it has them. `no` only where a truth table said
 * of all of a kind that they do not do their work: a store that cannot be reached may go on selling, and is `unknown`.
 */
export function canSell(devices: readonly Known[]): Sells {
  if (!devices.some(({ kind }) => kind === 'till')) return 'unknown'
  const kinds = NEEDED.map((kind) => devices.filter((device) => device.kind === kind)).filter(
    ({ length }) => length > 0,
  )
  const answers = kinds.map((same) => best(same.map(works)))
  return SELLS.find((answer) => answers.includes(answer)) ?? 'unknown'
}

function works({ state, unknown, severity }: Known): Sells {
  if (severity !== null && BLOCKING.has(severity)) return 'no'
  if (unknown || severity === 'unknown') return 'unknown'
  if (WORKS.has(state)) return 'yes'
  // Something is not as it has to be, and the table says that it works in spite of it.
  return state === 'unmet' && severity !== null ? 'yes' : 'unknown'
}

function best(answers: readonly Sells[]): Sells {
  return SELLS.findLast((answer) => answers.includes(answer)) ?? 'unknown'
}
