import type { DeviceFinished, RunMode } from './events.ts'
import type { Failure } from './failure.ts'
import { WORKS_STATES } from './outcome.ts'
import type { Period } from './trading-hours.ts'

/**
 * What a look at a device found. Of its way: it answered; nothing answers there (`away`); or what lies before it kept us
 * from asking (`dark`), which is no fault of its. Of its work, by the runbooks that looked: it works (`well`), it cannot
 * (`blocked`, `sale-blocked`), or that was not to be judged (`blind`).
 */
export type Found = 'answered' | 'away' | 'dark' | 'well' | 'blind' | 'blocked' | 'sale-blocked'

/** Of two looks at the same instant on the same track the one that stands further behind counts. */
const MILDEST_FIRST: readonly Found[] = ['answered', 'well', 'dark', 'blind', 'away', 'blocked', 'sale-blocked']

/** The track of whether a device answers, which every look adds to. */
export const REACH = ''

/** The runbooks of a track, each with what it is about. */
export function runbooksOf(track: string): readonly string[] {
  return track === REACH ? [] : (JSON.parse(track) as string[])
}

export interface Look {
  readonly device: string
  /** Milliseconds since 1970, as all times here. */
  readonly at: number
  /** `REACH`, or the label of the runbooks that were run together: each set of them has a word of its own. */
  readonly track: string
  readonly found: Found
  /** The fault, or the code of the failure. */
  readonly cause: string | null
  readonly run: string
}

/** Looks of a track that found the same, one soon enough after the other; in one month of UTC. */
export interface Span {
  readonly track: string
  readonly found: Found
  readonly cause: string | null
  readonly first: number
  readonly last: number
  readonly looks: number
  /** Runs of the first look and of the last one. */
  readonly run: string
  readonly last_run: string
}

/** What is kept of a device: its spans by track and time. */
export interface DeviceSpans {
  readonly device: string
  /** When it was first seen to answer, or to be out of order; null: never. */
  readonly seen_at: number | null
  readonly spans: readonly Span[]
}

/** Severities of `classify` that mean: it does not do its work. */
const BLOCKING: Readonly<Record<string, Found>> = { 'sale-blocked': 'sale-blocked', 'work-blocked': 'blocked' }
/** Faults of a truth table which say that nothing answers there. */
const AWAY_FAULTS: ReadonlySet<string> = new Set(['printer-down', 'link-down'])
/** Ways that broke before the device. */
const BEFORE_IT: ReadonlySet<string> = new Set(['CONNECT_VIA_FAILED', 'CONTROLLER_OVERLOADED'])
const NO_LOOK: ReadonlySet<string> = new Set(['LEASE_HELD', 'LEASE_LOST'])

/** What the end of a run on a device tells of it, at most one look a track. A command of `exec` judges nothing. */
export function looksOf(
  end: DeviceFinished & { readonly at: string },
  of: { readonly run: string; readonly mode: RunMode; readonly label: string },
): readonly Look[] {
  const told = tellingOf(end)
  if (told === undefined) return []
  const cause = end.classification?.fault ?? end.failure?.code ?? null
  const common = { device: end.device, at: Date.parse(end.at), run: of.run }
  const { reach, work } = told
  const way: Look = { ...common, track: REACH, found: reach, cause: reach === 'answered' ? null : cause }
  if (work === undefined || of.mode === 'exec') return [way]
  return [way, { ...common, track: of.label, found: work, cause: work === 'well' ? null : cause }]
}

/** What a look found: of the way, and of the work where somebody judged it. */
export interface Telling {
  readonly reach: Found
  readonly work?: Found
}

/** How a device ended, as far as it tells of its availability. */
export type Ended = Pick<DeviceFinished, 'state' | 'classification' | 'answered'> & {
  readonly failure?: { readonly code: string; readonly phase?: Failure['phase'] }
}

/** `works`: whether a device does its work. `sells`: whether a sale is possible with it, which goes on behind a dead line. */
export type View = 'works' | 'sells'

/** Whether what was found keeps a device from its work, or from selling. */
export function isOut(found: Found, view: View): boolean {
  return found === 'sale-blocked' || (view === 'works' && (found === 'away' || found === 'blocked'))
}

/** Whether what was found of its work, and is not out, tells that it works. */
export function saysWell(found: Found): boolean {
  return found !== 'blind'
}

/** What the end of a run on a device tells; undefined: nobody looked. */
export function tellingOf(end: Ended): Telling | undefined {
  const { state, classification, failure, answered = false } = end
  if (NOT_LOOKED.has(state) || NO_LOOK.has(failure?.code ?? '')) return undefined
  const { fault = '', severity = '' } = classification ?? {}
  const isAway = !answered && AWAY_FAULTS.has(fault)
  const blocking = BLOCKING[severity]
  if (blocking) return { reach: isAway ? 'away' : 'answered', work: blocking }
  if (isAway) return { reach: 'away' }
  // Without a row of `classify` nobody has said whether it works in spite of what is unmet.
  const isJudged = state === 'unmet' ? classification !== undefined : WORKS_STATES.has(state)
  if (isJudged) return { reach: 'answered', work: severity === 'unknown' ? 'blind' : 'well' }
  return answered || state === 'unmet' ? { reach: 'answered', work: 'blind' } : { reach: wayOf(end) }
}

/** Whether an end is a word on what is wrong; what could not look, or not judge, leaves what was found before. */
export function isVerdict(end: Ended): boolean {
  const told = tellingOf(end)
  if (told === undefined) return false
  return end.classification !== undefined || (told.work !== undefined && JUDGING.has(end.state))
}

const JUDGING: ReadonlySet<string> = new Set(['in-sync', 'changed', 'drifted', 'unmet'])
const NOT_LOOKED: ReadonlySet<string> = new Set(['cancelled', 'deferred'])

/** A fault of ours is never blamed on a device: only that nothing took the connection is its. */
function wayOf({ state, failure }: Ended): Found {
  return state === 'unreachable' && failure?.phase === 'connect' && !BEFORE_IT.has(failure.code) ? 'away' : 'dark'
}

/** Looks of one track in the order in which they count: by time, one an instant. */
export function inOrder(looks: readonly Look[]): readonly Look[] {
  const rank = ({ found }: Look): number => MILDEST_FIRST.indexOf(found)
  const sorted = [...looks].sort((a, b) => a.at - b.at || rank(a) - rank(b) || (a.run < b.run ? -1 : 1))
  return sorted.filter((look, index) => sorted[index + 1]?.at !== look.at)
}

/** `202611` for an instant in November 2026 of UTC. */
export function monthOf(at: number): number {
  const date = new Date(at)
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1
}

/** A span with the next look of its track in it; undefined where that begins one of its own. */
export function extended(span: Span, look: Look, holdMs: number): Span | undefined {
  const { at, run } = look
  if (span.found !== look.found || span.cause !== look.cause) return undefined
  if (at - span.last > holdMs || monthOf(span.first) !== monthOf(at)) return undefined
  return { ...span, last: at, looks: span.looks + 1, last_run: run }
}

/** A span of one look. */
export function spanOf({ track, found, cause, at, run }: Look): Span {
  return { track, found, cause, first: at, last: at, looks: 1, run, last_run: run }
}

/** A month of a contract as it was closed; never changed, only followed by another version with a reason. */
export interface ClosedMonth {
  readonly contract: string
  /** `2026-11` */
  readonly month: string
  /** From 1. */
  readonly version: number
  readonly closed_at: string
  readonly by: string
  /** Why there is another version; null for the first. */
  readonly why: string | null
  /** The result as JSON, and the sha256 in hexadecimal of what stands before it in the record. */
  readonly json: string
  readonly hash: string
}

/** What is kept of availability beyond the events of runs. */
export interface AvailabilityStore {
  /**
   * Takes in what runs have found since, of those in progress or dead too. `holdMs`: how long a look holds; looks that lie
   * further apart are not one span. Where that is another than the last time, what is still told by events is folded anew.
   */
  takeIn(holdMs: number): Promise<void>
  /** Folds everything anew that events still tell. */
  refold(holdMs: number): Promise<void>
  /** Spans that say something of a period, by device; those of one device are told together, each track in the order of time. */
  spans(within: Period): AsyncIterable<DeviceSpans>
  /** Times of holds, of those that are over too, as far as the audit log goes back. */
  held(): Promise<readonly (Period & { readonly on: string; readonly why: string; readonly by: string })[]>
  /** Keeps a closed month; false where that version is there already. */
  close(month: ClosedMonth): Promise<boolean>
  /** All versions, by contract, month and version. */
  closed(): Promise<readonly ClosedMonth[]>
}
