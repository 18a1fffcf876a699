import { randomOf } from '../engine/admission/model/random.ts'

/** What goes wrong, how often for one another, and for how long (in seconds). */
const KINDS = {
  kill: { weight: 24, seconds: [0.5, 4] },
  /** Longer than leases last. */
  sleep: { weight: 12, seconds: [13, 22] },
  'short-sleep': { weight: 6, seconds: [1, 6] },
  refused: { weight: 14, seconds: [1, 22] },
  silent: { weight: 8, seconds: [2, 22] },
  'silent-up': { weight: 5, seconds: [2, 22] },
  'silent-down': { weight: 5, seconds: [2, 22] },
  /** It is killed and begun anew with a clock that is ten minutes off. */
  'clock-ahead': { weight: 3, seconds: [0.5, 2] },
  'clock-behind': { weight: 3, seconds: [0.5, 2] },
  'end-backends': { weight: 12, seconds: [0, 0] },
  'restart-database': { weight: 3, seconds: [0.2, 5] },
  'crash-database': { weight: 3, seconds: [0.2, 5] },
  term: { weight: 4, seconds: [0.5, 4] },
} as const satisfies Record<string, { readonly weight: number; readonly seconds: readonly [number, number] }>

export type FaultKind = keyof typeof KINDS
export const FAULT_KINDS = Object.keys(KINDS) as readonly FaultKind[]

export interface Fault {
  readonly kind: FaultKind
  /** From 0 to 1: which of the processes that are in order, at that time. */
  readonly whom: number
  readonly lastsMs: number
  /** After the fault before. */
  readonly gapMs: number
}

export interface FaultPlan {
  readonly seed: number
  readonly faults: number
  /** In the middle. */
  readonly gapMs: number
}

/** The same faults for the same seed. Each kind comes once before any comes by chance. */
export function generateFaults({ seed, faults, gapMs }: FaultPlan): readonly Fault[] {
  const random = randomOf(seed)
  const sum = FAULT_KINDS.reduce((total, kind) => total + KINDS[kind].weight, 0)
  const first = [...FAULT_KINDS].map((kind) => ({ kind, at: random.whole(1_000_000) })).sort((a, b) => a.at - b.at)
  return Array.from({ length: faults }, (_, index) => {
    const kind = faults >= FAULT_KINDS.length && first[index] ? first[index].kind : byWeight(random.whole(sum))
    const [from, to] = KINDS[kind].seconds
    return {
      kind,
      whom: random.whole(1_000) / 1_000,
      lastsMs: Math.round(1_000 * (from + ((to - from) * random.whole(1_000)) / 1_000)),
      gapMs: Math.round(gapMs * (0.25 + (1.5 * random.whole(1_000)) / 1_000)),
    }
  })
}

function byWeight(drawn: number): FaultKind {
  let left = drawn
  for (const kind of FAULT_KINDS) {
    left -= KINDS[kind].weight
    if (left < 0) return kind
  }
  return 'kill'
}
