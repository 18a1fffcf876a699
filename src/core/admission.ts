import type { ErrorCode } from './error-catalog.ts'
import type { FleetKey } from './fleet-key.ts'
import type { GuardSeen } from './guard.ts'
import type { Purpose } from './policy.ts'
import type { WarningRecord } from './warning.ts'

/** Before a device takes a place, and again before its first change is sent. */
export type Moment = 'place' | 'change'

/** Where a run comes from. */
export type Origin = 'terminal' | 'pipeline' | 'hook' | 'schedule'

/** How long a change is expected to take, and by what. */
export interface Expected {
  readonly changeMs: number
  readonly proofMs: number
  readonly rollbackMs: number
  /** `p95` of so many changes like it, or a guess of the policy. */
  readonly basis: { readonly kind: 'p95'; readonly of: number } | { readonly kind: 'guess' }
}

export interface Question {
  readonly moment: Moment
  readonly run: string
  /** Full name. */
  readonly device: string
  /** `rollback`: brings back a device that a change of this run has put out. */
  readonly purpose: Purpose | 'rollback'
  readonly origin: Origin
  readonly expected: Expected
  /** Number of its wave, from 0. */
  readonly wave?: number
  /** What an hour without the device costs; the dearer goes first. */
  readonly cost?: number
  /** A device that was away when it was last asked for, and gets what it missed. */
  readonly isBack?: boolean
  /** What the guards of the device said just now; asked for a change only. */
  readonly guards?: readonly GuardSeen[]
  /** What people at the device were told so far in this run, and what they said. */
  readonly warned?: readonly WarningRecord[]
  /** Something of the device was changed already. */
  readonly isTouched?: boolean
  /** Freezes and windows do not hold, by whose word and why. */
  readonly breakGlass?: { readonly by: string; readonly why: string }
}

/** Why not now: what holds the device back, who, and until when where that is known. */
export interface Reason {
  /** Name of the rule in the list of rules. */
  readonly rule: string
  readonly code: ErrorCode
  /** One or two sentences for people. */
  readonly message: string
  /** The cap, window, freeze, hold, wave or approval. */
  readonly by: string
  /** The person, run or device that could end it. */
  readonly whom?: string
  /** Milliseconds since 1970 in UTC. */
  readonly until?: number
}

export type Decision =
  /** `takes`: devices that are out from now on. `despite`: what the glass was broken for. */
  | { readonly kind: 'begin'; readonly takes: readonly string[]; readonly despite: readonly Reason[] }
  /**
   * Asked again at `until`, and when something changes. `isNext`: only devices in progress are in its way; `awaitsLooks`:
   * or what the run has not done yet.
   */
  | {
      readonly kind: 'wait'
      readonly reasons: readonly Reason[]
      readonly until?: number
      readonly isNext: boolean
      readonly awaitsLooks?: boolean
      /** No device that comes behind it in the run may begin before it. */
      readonly isForAll?: boolean
    }
  | { readonly kind: 'refuse'; readonly reasons: readonly Reason[] }

/** A device that a run works on, or has left out: one a device. Kept by the state store, over all runs. */
export interface Place {
  readonly run: string
  readonly device: string
  /**
   * `held`: being looked at, nothing was changed yet. `changing`: from the first change until its proof of health.
   * `out`: it failed, or contact was lost; from then on it is out until it is seen healthy.
   */
  readonly phase: 'held' | 'changing' | 'out'
  readonly purpose: Question['purpose']
  readonly wave?: number
  readonly isBack?: boolean
  /** What is out by it: itself and what depends on it. */
  readonly takes: readonly string[]
  readonly since: number
  /** Somebody looks at a device that was left out: it is out again unless it is seen healthy. */
  readonly wasOut?: boolean
}

/** When a device was last seen, and whether it worked. */
export interface Seen {
  readonly working: boolean
  readonly at: number
  /** It could not be reached. */
  readonly isAway?: true
}

/** Somebody asked not to touch a store (`PL-0412`) or a device (`PL-0412/pos1`). */
export interface Hold {
  readonly on: string
  readonly why: string
  readonly by: string
  readonly from: number
  readonly until: number
  /** Milliseconds, where a length of time was said. */
  readonly lasts?: number
}

/** A device that was told to wait, so that it gets its turn. */
export interface Waiter {
  readonly run: string
  readonly device: string
  /** When it first asked. */
  readonly since: number
  /** What comes first is served first: `since`, earlier for what costs more. */
  readonly rank: number
  /** What it would take. */
  readonly takes: readonly string[]
  readonly isBack?: boolean
  /** Only devices in progress are in its way: it goes as soon as these are done. */
  readonly isNext: boolean
  /** When it last asked; who no longer asks is no longer waited for. */
  readonly askedAt: number
}

/** What came of a device, as far as a run's waves and limits count it. */
export type WaveResult = 'passed' | 'failed' | 'unmet' | 'unreachable' | 'deferred'

/** A wave, as far as it has come. */
export interface WaveTally {
  /** Devices in it. */
  readonly size: number
  readonly results: Readonly<Record<WaveResult, number>>
  /** When its last device was done. */
  readonly doneAt?: number
  /** Somebody looked at it and let the run go on: its failures until then no longer count. */
  readonly released?: { readonly by: string; readonly at: number; readonly forgiven: number }
}

/** A run as admission sees it. */
export interface RunFacts {
  readonly run: string
  /** One holds all devices where the policy has no waves. */
  readonly waves: readonly WaveTally[]
  readonly isOnTerminal: boolean
  readonly paused?: { readonly by: string; readonly why: string }
  readonly aborted?: { readonly by: string; readonly why: string }
  /** Of this run. */
  readonly rollbacks: { readonly failed: number }
}

/** How it is known who somebody is: the server has signed them in, or a key of theirs has signed. */
export type Identification = { readonly kind: 'server' } | { readonly kind: 'ssh'; readonly key: string }

/** An approval that a run waits for. */
export interface ApprovalState {
  readonly id: string
  readonly run: string
  /** Absent: the run as a whole. */
  readonly wave?: number
  readonly askedBy: string
  readonly askedAt: number
  /** It must be given, and used, by then. */
  readonly expiresAt: number
  readonly people: number
  readonly fourEyes: boolean
  /** Only those count of whom it is known who they are. */
  readonly signed?: true
  readonly given: readonly {
    readonly by: string
    readonly at: number
    readonly why: string
    readonly proof?: Identification
  }[]
  readonly refused?: { readonly by: string; readonly at: number; readonly why: string }
  /** When what waited for it began; only one does. */
  readonly usedAt?: number
}

/** What people have said about a run, by itself or in a wave. */
export interface RunControl {
  readonly approvals: readonly ApprovalState[]
  /** Waves behind which it goes on, by their number from 0. */
  readonly released: Readonly<Record<string, NonNullable<WaveTally['released']>>>
  /** It is over, whatever is left of it. */
  readonly aborted?: { readonly by: string; readonly at: number; readonly why: string }
  /** Nothing new begins in it until somebody lets it go on. */
  readonly paused?: { readonly by: string; readonly at: number; readonly why: string }
}

export interface BreakerState {
  /** Devices that failed lately, over all runs. */
  readonly failures: readonly { readonly device: string; readonly run: string; readonly at: number }[]
  readonly opened?: { readonly at: number; readonly why: string }
  /** Who closed it last, and why. */
  readonly closed?: { readonly at: number; readonly by: string; readonly why: string }
}

/** What is in progress and who waits, over all runs of a fleet. */
export interface AdmissionContent {
  readonly places: readonly Place[]
  readonly waiters: readonly Waiter[]
  readonly breaker: BreakerState
  /** Stores and devices that somebody asked not to touch; those that are over, too. */
  readonly holds: readonly Hold[]
  /** By the id of the run; nothing was said about others. */
  readonly runs?: Readonly<Record<string, RunControl>>
}

/** Who says something, as it goes on record. */
export interface Saying {
  readonly by: string
  readonly why?: string
  readonly proof?: Identification
}

/** What is in progress, and which of those that have a place, or wait for one, are there still. */
export interface HeldContent extends AdmissionContent {
  /** Whether a living run has the lease of a device. */
  isHeld(run: string, device: string): boolean
  isLiving(run: string): boolean
}

/**
 * What is made of what is in progress, and what comes of it for the one who asks. `saying`: by whose word something is no longer there,
 * or a wave is released.
 */
export type AdmissionWork<T> = (content: HeldContent) => {
  readonly result: T
  readonly content: AdmissionContent
  readonly saying?: Saying
}

/** Where admission keeps what all runs share. */
export interface AdmissionStore {
  /** What is there now. */
  read(fleet: FleetKey): Promise<AdmissionContent>
  /** With who has it in hand, at one instant. */
  readHeld(fleet: FleetKey): Promise<HeldContent>
  /** Who holds which run of any fleet, by its id. */
  paused(): Promise<ReadonlyMap<string, NonNullable<RunControl['paused']>>>
  /**
   * Reads what is there, and puts what `work` makes of it in its place, in one transaction over all processes.
   * `work` may run twice, and must not wait. Of places of which `isOurs` says that the caller itself works on them, no lease is
   * looked up. What did not change since the last time is the same objects.
   */
  transact<T>(fleet: FleetKey, work: AdmissionWork<T>, isOurs?: (run: string, device: string) => boolean): Promise<T>
}
