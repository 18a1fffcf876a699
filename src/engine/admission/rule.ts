import type { ApprovalState, BreakerState, Hold, Question, Reason, RunFacts, Seen } from '../../core/admission.ts'
import type { PurposeRules } from '../../core/policy.ts'
import type { AdmissionDevice } from './admission-world.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Ledger } from './ledger.ts'

/** What is going on, at one instant. */
export interface Situation {
  /** Milliseconds since 1970 in UTC. */
  readonly now: number
  /** Everything in progress over all runs, indexed for the policy that is asked. */
  readonly ledger: Ledger
  readonly run: RunFacts
  seen(device: string): Seen | undefined
  /** On a store or a device, by its name. */
  holdsOn(name: string): readonly Hold[]
  /** The run will look at a device no later than in a wave, and has not yet. */
  isToCome(device: string, wave: number): boolean
  readonly breaker: BreakerState
  /** Of the run. */
  readonly approvals: readonly ApprovalState[]
  /** Devices of the run whose people count on a change, without the one that is asked for, and when that is to begin. */
  readonly told?: readonly { readonly device: string; readonly until: number }[]
  /** Devices that the run works on at a time, where it knows. */
  readonly atOnce?: number | undefined
  /** Whether a run still asks for its devices: neither paused nor gone. */
  isAsking(run: string): boolean
}

/** A question with what the policy and the fleet say of it. */
export interface Asked {
  readonly question: Question
  readonly device: AdmissionDevice
  readonly policy: CompiledPolicy
  readonly rules: PurposeRules
  /** What would be out by it. */
  readonly takes: readonly string[]
  /** The run has a place for it already, and what it takes is counted. */
  readonly isPlaced: boolean
  /** A change has put it out already, and this brings it back. */
  readonly isMending: boolean
}

/** Why not now. */
export interface Objection extends Omit<Reason, 'rule'> {
  readonly kind: 'wait' | 'refuse'
  /** Only devices in progress are in the way. */
  readonly isPassing?: boolean
  /** It may be over when other devices of the run have been looked at, or are done. */
  readonly awaitsLooks?: boolean
  /** It is in the way of every device that comes behind in the run. */
  readonly isForAll?: boolean
  /** It does not hold when somebody breaks the glass. */
  readonly isGlass?: boolean
}

/** One thing that must hold. A new rule is a file in `rules/` and a line in its list. */
export interface Rule {
  readonly name: string
  judge(asked: Asked, situation: Situation): Objection | undefined
}

/** Of several objections of a rule the one that lasts: what does not pass by itself, or else the first. */
export function hardest(objections: readonly Objection[]): Objection | undefined {
  return objections.find(({ isPassing }) => !isPassing) ?? objections[0]
}
