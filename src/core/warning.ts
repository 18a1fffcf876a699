import type { Scoped } from './scoped.ts'

/** EX_TEMPFAIL of sysexits.h: not now, ask again later. */
export const NOT_NOW_EXIT = 75

/** People at a device are told, by a command of the chain's own, before it is changed. */
export interface Warning extends Scoped {
  readonly name: string
  /** The command, in the language of the device. Ends with 0 where people were told. */
  readonly script: { readonly sh?: string; readonly powershell?: string }
  /** The exit code of somebody who says "not now". */
  readonly notNowExit: number
  /** The exit code of somebody who says that it may begin at once; absent: nobody can. */
  readonly atOnceExit?: number
  /** How long the command may take. */
  readonly timeoutMs: number
  /** Between the warning and the change. */
  readonly waitMs: number
  /** How long after "not now" people are asked again. */
  readonly againMs: number
  /** "Not now" is heeded so many times, and so long after it was said first. */
  readonly times: number
  readonly forMs?: number
  /** What becomes of the device after that. */
  readonly afterLimit: 'defer' | 'change'
  /** What becomes of it where the command failed: nobody knows whether people were told. */
  readonly onFailure: 'defer' | 'change'
  /** A change that has not begun so long after the waiting is warned of anew. */
  readonly holdsMs: number
}

/** What came of a warning. `failed`: the command did; people may not know. */
export interface WarningSeen {
  readonly warning: string
  readonly says: 'warned' | 'at-once' | 'not-now' | 'failed'
  readonly exitCode?: number
  /** The last line that it said, or why it failed. */
  readonly detail?: string
}

/** How a warning stands for one device of a run. Times are milliseconds since 1970. */
export interface WarningRecord extends WarningSeen {
  readonly at: number
  /** How often "not now" was said so far, and when first. */
  readonly notNow: number
  readonly notNowSince?: number
  /** How often people were told and nothing came of it within `holdsMs`. */
  readonly missed?: number
}

/** People are told in vain so many times; then nobody would heed it. */
const MOST_MISSED = 3

/** Where a warning stands at one instant: to be said, waited for until then, done, or the end of the matter. */
export type WarningStanding =
  | { readonly kind: 'due' }
  | { readonly kind: 'wait'; readonly until: number; readonly record: WarningRecord }
  | { readonly kind: 'done' }
  | { readonly kind: 'declined' | 'failed' | 'missed'; readonly record: WarningRecord }

export function standingOf(warning: Warning, record: WarningRecord | undefined, now: number): WarningStanding {
  if (!record) return { kind: 'due' }
  if (isAskedAgain(warning, record)) {
    const until = record.at + warning.againMs
    return now < until ? { kind: 'wait', until, record } : { kind: 'due' }
  }
  if (record.says === 'not-now' && warning.afterLimit === 'defer') return { kind: 'declined', record }
  if (record.says === 'failed' && warning.onFailure === 'defer') return { kind: 'failed', record }
  if (isStale(warning, record, now)) {
    return (record.missed ?? 0) + 1 < MOST_MISSED ? { kind: 'due' } : { kind: 'missed', record }
  }
  const until = beginsAt(warning, record)
  return now < until ? { kind: 'wait', until, record } : { kind: 'done' }
}

/** Until when people at a device wait for a change that they count on; undefined: they do not. */
export function countedOnFrom(warning: Warning, record: WarningRecord, now: number): number | undefined {
  if (isAskedAgain(warning, record)) return undefined
  const { kind } = standingOf(warning, record, now)
  return kind === 'wait' || kind === 'done' ? beginsAt(warning, record) : undefined
}

/** The record after another answer of people at the device. What was said long ago is said again, and counts all the same. */
export function recordAfter(
  before: WarningRecord | undefined,
  seen: WarningSeen,
  { warning, at }: { readonly warning: Warning | undefined; readonly at: number },
): WarningRecord {
  const isNotNow = seen.says === 'not-now'
  const since = before?.notNowSince ?? (isNotNow ? at : undefined)
  const missed = (before?.missed ?? 0) + (before && warning && isStale(warning, before, at) ? 1 : 0)
  return {
    ...seen,
    at,
    notNow: (before?.notNow ?? 0) + (isNotNow ? 1 : 0),
    ...(since !== undefined && { notNowSince: since }),
    ...(missed > 0 && { missed }),
  }
}

function isAskedAgain(warning: Warning, record: WarningRecord): boolean {
  return record.says === 'not-now' && isHeeded(warning, record)
}

function isHeeded({ times, forMs }: Warning, { notNow, notNowSince, at }: WarningRecord): boolean {
  return notNow <= times && (forMs === undefined || at - (notNowSince ?? at) < forMs)
}

function beginsAt({ waitMs }: Warning, { says, at }: WarningRecord): number {
  return says === 'at-once' ? at : at + waitMs
}

/** People were told of a change so long ago that nobody counts on it any more. */
function isStale(warning: Warning, record: WarningRecord, now: number): boolean {
  return !isAskedAgain(warning, record) && now > beginsAt(warning, record) + warning.holdsMs
}
