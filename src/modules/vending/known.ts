import { DAY_MS } from '../../core/duration.ts'
import type { DeviceHistory } from '../../core/module.ts'
import type { NewSample, Sample } from '../../core/sample.ts'

/** What earlier looks noted of one number, oldest first; times in milliseconds since 1970. */
export type Past = readonly { readonly at: number; readonly value: number }[]

/** What is known of earlier looks, by number: `coins`, `bills`, `cashless`, `fitted.notes`, `event.ENA`. */
export interface Known {
  readonly past: (what: string) => Past
  readonly now: number
  /** When anything was noted of the machine last; undefined: this is the first look. */
  readonly lastLook: number | undefined
  /** By which the machine tells times. */
  readonly zone: string
}

/** How far back a number that only counts up is of use: columns that sell rarely, machines that rest over holidays. */
export const RECALLED_MS = 14 * DAY_MS

/** The name under which a number of a machine is noted. */
export function seriesOf(what: string): string {
  return `vending.${what}`
}

/** Earlier samples, in order. */
export async function recall(history: DeviceHistory, what: string, span: { from: number; to: number }): Promise<Past> {
  return pastOf(await history.samples(seriesOf(what), new Date(span.from), new Date(span.to)))
}

function pastOf(samples: readonly Sample[]): Past {
  return samples.map(({ at, value }) => ({ at: Date.parse(at), value }))
}

/**
 * What is left of the past of a counter once it began anew: a machine that was set up again, or got another board, counts
 * from 0, and what it counted before says nothing about now.
 */
export function sinceRestart(past: Past, now: number | undefined): Past {
  let next = now ?? Number.POSITIVE_INFINITY
  let from = past.length
  while (from > 0 && (past[from - 1]?.value ?? 0) <= next) {
    from -= 1
    next = past[from]?.value ?? 0
  }
  return past.slice(from)
}

/** When a counter was first seen at what it shows now: the look at which it had risen. Undefined while it has not. */
export function roseAt(past: Past, value: number, now: number): number | undefined {
  const kept = sinceRestart(past, value)
  if (kept.length === 0) return undefined
  const last = kept.findLastIndex((point) => point.value < value)
  return last < 0 ? undefined : (kept[last + 1]?.at ?? now)
}

/** What a counter showed at a time, by the look at it or the last one before it. */
export function valueAt(past: Past, at: number): number | undefined {
  return past.findLast((point) => point.at <= at)?.value
}

/** A number is noted when it is another, or was not noted for so long. */
export function noted(
  what: string,
  value: number | undefined,
  known: { past: Past; now: number; everyMs: number },
): NewSample[] {
  const last = known.past.at(-1)
  if (value === undefined || (last && last.value === value && known.now - last.at < known.everyMs)) return []
  return [{ series: seriesOf(what), at: new Date(known.now).toISOString(), value }]
}
