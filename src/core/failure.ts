import type { ErrorCode } from './error-catalog.ts'

/** The parts of a device's run, in order. A failure names the one it happened in. */
export const PHASES = [
  'resolve',
  'connect',
  'identify',
  'authenticate',
  'open',
  'observe',
  'converge',
  'verify',
] as const
export type Phase = (typeof PHASES)[number]

/** Nothing was asked of a device, and nothing begun there, while it was in one of these. */
export const PHASES_BEFORE_ANY_STEP: ReadonlySet<Phase> = new Set([
  'resolve',
  'connect',
  'identify',
  'authenticate',
  'open',
])

/** This machine had too little of something for a device: nothing is known of that one, and there may be enough the next time. */
export const WANTS_HERE: ReadonlySet<string> = new Set(['CONTROLLER_OVERLOADED', 'CONTROLLER_EXHAUSTED'])

/** What failed on this side says nothing of whether a device can be reached. */
export const OWN_FAULTS: ReadonlySet<string> = new Set([...WANTS_HERE, 'SSH_CLIENT_FAULT', 'INTERNAL_BUG'])

/** An expected failure: a value, not an exception. */
export interface Failure {
  readonly code: ErrorCode
  readonly phase: Phase
  /** What happened, with the values in quotes; one or two sentences. */
  readonly message: string
  /** What to do about it, where the catalogue's advice is not specific enough. */
  readonly hint?: string
  /** Raw facts: exit code, the end of stderr, what answered. */
  readonly evidence?: Readonly<Record<string, string | number | boolean | null>>
}

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure }

/** What was asked for. See `Result`. */
export function success<T>(value: T): Result<T> {
  return { ok: true, value }
}

/** Why it could not be had. See `Result`. */
export function fail(failure: Failure): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure }
}

/**
 * The session to a device ended under whoever was using it: lost, past its deadline, cancelled.
 * Thrown by channels, since no module can do anything about it; the engine alone turns it into an outcome.
 */
export class SessionLost extends Error {
  readonly failure: Failure
  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options)
    this.name = 'SessionLost'
    this.failure = failure
  }
}
