import { DAY_MS } from '../../core/duration.ts'
import type { DeviceHistory } from '../../core/module.ts'
import type { Sample } from '../../core/sample.ts'
import type { FiscalFinding } from '../../devices/printer/fiscal-conditions.ts'

export const RESETS_SERIES = 'ram_resets'
/** How far back the number of an earlier run is looked for. */
const BACK_DAYS = 400

/** Whether its memory was reset since it was asked before. Said for a day, so that no run in between hides it. */
export async function resetsSince(
  history: DeviceHistory,
  resets: number | undefined,
  now: Date,
): Promise<FiscalFinding[]> {
  if (resets === undefined) return []
  const samples = await history.samples(RESETS_SERIES, new Date(now.getTime() - BACK_DAYS * DAY_MS), now)
  return moreResets(samples, resets, now)
}

/** Compared with the last number that is older than a day; with the oldest, where all are younger. */
export function moreResets(samples: readonly Sample[], resets: number, now: Date): FiscalFinding[] {
  const yesterday = now.getTime() - DAY_MS
  const before = samples.filter(({ at }) => Date.parse(at) <= yesterday).at(-1) ?? samples[0]
  if (before === undefined || resets <= before.value) return []
  return [{ name: 'ram-reset', evidence: `${resets} resets of its memory, ${before.value} at ${before.at}` }]
}
