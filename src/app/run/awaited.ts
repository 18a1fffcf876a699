import type { ApprovalState, RunControl } from '../../core/admission.ts'
import type { UnfinishedRun } from '../../core/unfinished-run.ts'
import { approvedBy, isOver } from '../../engine/admission/approvals.ts'
import { resultOf } from '../../engine/admission/policy-admission.ts'

/** What of a run waits for somebody's word. */
export interface Awaited {
  /** Approvals that somebody can give now. */
  readonly approvals: readonly ApprovalState[]
  /** Waves, from 0, that devices which are left stand behind, and how many failures of each would be forgiven. */
  readonly waves: ReadonlyMap<number, number>
}

/** Of the approvals of a run those that somebody can give now. `now`: milliseconds since 1970. */
export function pendingApprovals({ approvals }: RunControl, now: number): readonly ApprovalState[] {
  return approvals.filter((state) => !state.refused && !isOver(state, now) && approvedBy(state).length < state.people)
}

/**
 * The waves that would be released, from 0, and how many devices of each have failed. Counted as admission counts them in a run that is
 * carried on: by what they came to, without those that are tried again.
 */
export function wavesToRelease({ left, record, endedAt }: UnfinishedRun): ReadonlyMap<number, number> {
  let last = -1
  for (const { device, wave } of left) {
    const code = record.devices.get(device)?.failure?.code
    if (code === 'WAVE_UNRELEASED') last = last < 0 ? wave - 2 : Math.min(last, wave - 2)
    else if (code === 'WAVE_STOPPED') last = Math.max(last, wave - 1)
  }
  const waves = new Map(Array.from({ length: last + 1 }, (_, wave) => [wave, 0]))
  for (const { device, wave } of record.targets) {
    const known = waves.get(wave - 1)
    const ended = endedAt.has(device) ? record.devices.get(device) : undefined
    if (known !== undefined && ended && COUNTS.has(resultOf(ended))) waves.set(wave - 1, known + 1)
  }
  return waves
}

/** What counts against a wave (judge-wave.ts). */
const COUNTS: ReadonlySet<string> = new Set(['failed', 'unmet'])

/** Each on a line of its own, as people sign it: nothing else is agreed to by the signature. */
export function awaitedLines({ approvals, waves }: Awaited): readonly string[] {
  return [
    ...approvals.map(
      ({ id, askedBy, askedAt }) =>
        `approval ${id} asked by ${JSON.stringify(askedBy)} at ${new Date(askedAt).toISOString()}`,
    ),
    ...[...waves].map(([wave, forgiven]) => `release wave ${wave + 1} forgiving ${forgiven}`),
  ]
}
