import type {
  ApprovalState,
  BreakerState,
  Hold,
  Place,
  RunFacts,
  Seen,
  Waiter,
  WaveResult,
} from '../../../../src/core/admission.ts'
import type { Policy } from '../../../../src/core/policy.ts'
import type { Scene, SceneRun } from './scene.ts'

/** A run on the floor: what its journal would tell. */
export interface FloorRun {
  readonly spec: SceneRun
  readonly waves: readonly (readonly string[])[]
  readonly pending: Set<string>
  readonly results: Map<string, WaveResult>
  readonly doneAt: Map<number, number>
  readonly released: Map<number, { readonly by: string; readonly at: number; readonly forgiven: number }>
  approvals: readonly ApprovalState[]
  isAlive: boolean
  paused?: { readonly by: string; readonly why: string } | undefined
  aborted?: { readonly by: string; readonly why: string } | undefined
  rollbacksFailed: number
}

/** Everything that is true at a moment, as plain values. */
export interface Floor {
  readonly scene: Scene
  now: number
  policy: Policy
  readonly places: Map<string, Place>
  readonly waiters: Map<string, Waiter>
  readonly seen: Map<string, Seen>
  holds: readonly Hold[]
  breaker: BreakerState
  /** Since it was closed last, as the judge counts them. */
  failures: readonly { readonly device: string; readonly at: number }[]
  readonly runs: ReadonlyMap<string, FloorRun>
}

export const waveOf = (run: FloorRun, device: string): number => run.waves.findIndex((wave) => wave.includes(device))

export function countIn(run: FloorRun, wave: number, result: WaveResult): number {
  return (run.waves[wave] ?? []).filter((device) => run.results.get(device) === result).length
}

const RESULTS: readonly WaveResult[] = ['passed', 'failed', 'unmet', 'unreachable', 'deferred']

/** What admission is told of a run. */
export function factsOf(run: FloorRun): RunFacts {
  return {
    run: run.spec.id,
    isOnTerminal: run.spec.isOnTerminal,
    rollbacks: { failed: run.rollbacksFailed },
    ...(run.paused && { paused: run.paused }),
    ...(run.aborted && { aborted: run.aborted }),
    waves: run.waves.map((wave, index) => {
      const results = Object.fromEntries(RESULTS.map((result) => [result, countIn(run, index, result)])) as Record<
        WaveResult,
        number
      >
      const doneAt = run.doneAt.get(index)
      const released = run.released.get(index)
      return { size: wave.length, results, ...(doneAt !== undefined && { doneAt }), ...(released && { released }) }
    }),
  }
}
