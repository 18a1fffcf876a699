import type { RunStore } from '../../core/run-store.ts'
import type { WarnedBefore } from '../../core/unfinished-run.ts'
import type { Warning } from '../../core/warning.ts'

/** Of what people said last: a fleet that has more of it within a day has its tills asked once more. */
const MOST_ROWS = 50_000

/**
 * What people at devices have said "not now" to in earlier runs, as long as that counts: a run that begins a minute later neither asks
 * them again at once, nor begins to count anew. By full names. Anything else that they said was about a change that is past.
 */
export async function notNowBefore(
  store: Pick<RunStore, 'audit'>,
  warningsOf: (device: string) => readonly Warning[],
  now: number,
): Promise<ReadonlyMap<string, readonly WarnedBefore[]>> {
  const said = new Map<string, WarnedBefore[]>()
  for (const { entry } of await store.audit.rows({ kind: 'device.warned', newest: MOST_ROWS })) {
    const { device, warning, says, exit_code: exitCode, detail } = entry.about
    if (typeof device !== 'string' || typeof warning !== 'string') continue
    const others = (said.get(device) ?? []).filter((one) => one.warning !== warning || says === 'not-now')
    const own = says === 'not-now' ? [{ warning, says, at: Date.parse(entry.at) } as const] : []
    const more = own.map((one) => ({
      ...one,
      ...(typeof exitCode === 'number' && { exitCode }),
      ...(typeof detail === 'string' && { detail }),
    }))
    said.set(device, [...others, ...more])
  }
  return new Map([...said].map(([device, all]) => [device, counting(all, warningsOf(device), now)]))
}

/** Those behind which nobody was left alone for long enough to be asked as if for the first time. */
function counting(all: readonly WarnedBefore[], warnings: readonly Warning[], now: number): readonly WarnedBefore[] {
  return warnings.flatMap((warning) => {
    const own = all.filter((one) => one.warning === warning.name)
    const countsMs = Math.max(warning.againMs, warning.holdsMs)
    const lastGap = own.findLastIndex(({ at }, index) => (own[index + 1]?.at ?? now) - at > countsMs)
    return own.slice(lastGap + 1)
  })
}
