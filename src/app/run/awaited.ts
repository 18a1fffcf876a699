import type { ApprovalState, RunControl } from '../../core/admission.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { RunStore } from '../../core/run-store.ts'
import { readUnfinished, type UnfinishedRun } from '../../core/unfinished-run.ts'
import { approvedBy, isOver } from '../../engine/admission/approvals.ts'
import { controlOf } from '../../engine/admission/run-control.ts'
import { resultOf } from '../../engine/admission/visit-result.ts'

/** What of a run waits for somebody's word. */
export interface Awaited {
  /** Approvals that somebody can give now. */
  readonly approvals: readonly ApprovalState[]
  /** Waves, from 0, that devices which are left stand behind, and how many failures of each would be forgiven. */
  readonly waves: ReadonlyMap<number, number>
}

/** What of a run waits for somebody's word at this moment. */
export async function readAwaited(
  store: RunStore,
  { fleet, run }: { readonly fleet: FleetKey; readonly run: string },
): Promise<Awaited> {
  const waves = wavesToRelease(await readUnfinished(store.events(run)))
  return { approvals: pendingApprovals(controlOf(await store.admission.read(fleet), run), Date.now()), waves }
}

/** Of the approvals of a run those that somebody can give now. `now`: milliseconds since 1970. */
export function pendingApprovals({ approvals }: RunControl, now: number): readonly ApprovalState[] {
  return approvals.filter((state) => !state.refused && !isOver(state, now) && approvedBy(state).length < state.people)
}

/**
 * The waves that would be released, from 0, and how many devices of each have failed. Counted as admission counts them in a run that is
 * carried on: by what they came to, without those that are tried again.
 */
export function wavesToRelease(unfinished: UnfinishedRun): ReadonlyMap<number, number> {
  const failed = failuresByWave(unfinished)
  const last = lastToRelease(unfinished, Math.max(-1, ...failed.keys()))
  return new Map(Array.from({ length: last + 1 }, (_, wave) => [wave, failed.get(wave) ?? 0]))
}

/** The last wave, from 0, that devices which are left stand behind; none: -1. `stopped`: the last one in which devices have failed. */
function lastToRelease({ left, record }: UnfinishedRun, stopped: number): number {
  /** The first wave in which a device is left by one of these. */
  const firstOf = (...codes: readonly string[]): number | undefined => {
    const found = left.filter(({ device }) => codes.includes(record.devices.get(device)?.failure?.code ?? ''))
    return found.length === 0 ? undefined : Math.min(...found.map(({ wave }) => wave - 1))
  }
  const unreleased = (firstOf('WAVE_UNRELEASED') ?? 0) - 1
  const isStopped = firstOf('WAVE_STOPPED', 'MAX_FAILURES_REACHED') !== undefined
  // What waits for an approval of its own has not come yet: nobody has seen how it went.
  const unseen = firstOf('APPROVAL_MISSING') ?? Number.POSITIVE_INFINITY
  return Math.min(Math.max(unreleased, isStopped ? stopped : -1), unseen - 1)
}

function failuresByWave({ record, endedAt }: UnfinishedRun): Map<number, number> {
  const failed = new Map<number, number>()
  for (const { device, wave } of record.targets) {
    const ended = endedAt.has(device) ? record.devices.get(device) : undefined
    if (ended && COUNTS.has(resultOf(ended))) failed.set(wave - 1, (failed.get(wave - 1) ?? 0) + 1)
  }
  return failed
}

/** What counts against a wave (judge-wave.ts). */
const COUNTS: ReadonlySet<string> = new Set(['failed', 'unmet'])

/** Each on a line of its own, as people sign it, or see it on a page: nothing else is agreed to. */
export function awaitedLines({ approvals, waves }: Awaited): readonly string[] {
  return [
    ...approvals.map(
      ({ id, askedBy, askedAt }) =>
        `approval ${id} asked by ${JSON.stringify(askedBy)} at ${new Date(askedAt).toISOString()}`,
    ),
    ...[...waves].map(([wave, forgiven]) => `release wave ${wave + 1} forgiving ${forgiven}`),
  ]
}
