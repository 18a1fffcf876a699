import { DAY_MS } from './duration.ts'

/** What an assignment does about drift: only say it, say it and wait for a person, or mend it. */
export const ASSIGNMENT_MODES = ['report', 'ask', 'mend'] as const
export type AssignmentMode = (typeof ASSIGNMENT_MODES)[number]

/** Who stopped an assignment, and why. */
export interface Suspension {
  readonly by: string
  readonly reason: string
  readonly at: string
}

/** What is remembered of an assignment between passes. */
export interface AssignmentMemory {
  /** When it was last gone through; and as what run, with which exit code. */
  readonly last?: { readonly at: string; readonly run: string; readonly exit_code: number }
  readonly suspended?: Suspension
  /** Mends that came about, by device. */
  readonly mends?: Readonly<Record<string, Mends>>
}

/** How often a device was mended in the same respect. */
export interface Mends {
  /** What it was mended to: digest of runbook and parameters. */
  readonly runbook: string
  readonly count: number
  readonly last_at: string
  /** Since when it is told and no longer mended. */
  readonly contested_at?: string
}

/** Of the cadence: so much later some assignments come than others, so that not all stores are asked at once. */
const JITTER = 0.1
/** Mends, after which drift that comes back is told and no longer fought. */
const MOST_MENDS = 2
/** A mend that held for so long was no quarrel. */
const HELD_MS = 7 * DAY_MS

/**
 * When an assignment is next due, in milliseconds since 1970. What was missed, because nothing ran, is caught up once: it
 * is due now, and then a whole cadence later. Its place in the cadence is always the same, by its name.
 */
export function nextDue(
  name: string,
  everyMs: number | undefined,
  memory: AssignmentMemory | undefined,
  now: number,
): number {
  const last = memory?.last === undefined ? undefined : Date.parse(memory.last.at)
  if (last === undefined || everyMs === undefined) return now
  // A clock that was set back must not put it off for longer than a cadence.
  const due = Math.min(last, now) + everyMs * (1 + JITTER * fraction(name))
  return Math.max(due, now)
}

/** Whether it is to be gone through now. */
export function isDue(
  name: string,
  everyMs: number | undefined,
  memory: AssignmentMemory | undefined,
  now: number,
): boolean {
  return memory?.suspended === undefined && nextDue(name, everyMs, memory, now) <= now
}

/** From 0 to 1, the same for the same name. FNV-1a. */
function fraction(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return (hash >>> 0) / 0xffffffff
}

/** Whether a device is left as it is, since something else changes it back. Another runbook begins anew. */
export function isContested(mends: Mends | undefined, runbook: string): boolean {
  return mends?.runbook === runbook && mends.contested_at !== undefined
}

/** Whether the next mend would be one too many: it was mended twice, and did not hold. */
export function wouldContest(mends: Mends | undefined, runbook: string, now: number): boolean {
  if (mends?.runbook !== runbook || mends.count < MOST_MENDS) return false
  return Date.parse(mends.last_at) > now - HELD_MS
}

/** After a mend. */
export function mended(mends: Mends | undefined, runbook: string, at: Date): Mends {
  const isSame = mends?.runbook === runbook && Date.parse(mends.last_at) > at.getTime() - HELD_MS
  return { runbook, count: isSame ? mends.count + 1 : 1, last_at: at.toISOString() }
}
