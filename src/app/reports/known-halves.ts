import type { Interval } from '../../ledger/fold-device.ts'

/** Less of a half is no measure of it. */
export const LEAST_KNOWN = 0.5

/** How much of either half of a period is known of some devices. */
export interface Halves {
  readonly knownMs: readonly [before: number, after: number]
  /** 0 to 1; null: nothing of it was to be known. */
  readonly shares: readonly [before: number | null, after: number | null]
}

/** Milliseconds that are known, of those that were to be known. */
interface Half {
  readonly known: number
  readonly asked: number
}

const NOTHING: Half = { known: 0, asked: 0 }
const ALL = ''

/** How much is known of both halves, by group: where nobody looked no outage was found. */
export class KnownHalves {
  readonly #sums = new Map<string, readonly [before: Half, after: Half]>()

  /** Of a device, with where its period has its middle. */
  add(group: string, intervals: readonly Interval[], middle: number): void {
    const own = [
      halfOf(intervals, ({ from, to }) => Math.min(to, middle) - from),
      halfOf(intervals, ({ from, to }) => to - Math.max(from, middle)),
    ] as const
    for (const name of [group, ALL]) {
      const [before, after] = this.#sums.get(name) ?? [NOTHING, NOTHING]
      this.#sums.set(name, [plus(before, own[0]), plus(after, own[1])])
    }
  }

  get all(): Halves {
    return this.of(ALL)
  }

  of(group: string): Halves {
    const [before, after] = this.#sums.get(group) ?? [NOTHING, NOTHING]
    return { knownMs: [before.known, after.known], shares: [shareOf(before), shareOf(after)] }
  }
}

function halfOf(intervals: readonly Interval[], lengthOf: (interval: Interval) => number): Half {
  let [known, asked] = [0, 0]
  for (const interval of intervals) {
    const ms = interval.state === 'maintenance' ? 0 : Math.max(0, lengthOf(interval))
    asked += ms
    if (interval.state === 'up' || interval.state === 'down') known += ms
  }
  return { known, asked }
}

function plus(a: Half, b: Half): Half {
  return { known: a.known + b.known, asked: a.asked + b.asked }
}

function shareOf({ known, asked }: Half): number | null {
  return asked > 0 ? known / asked : null
}
