import { MOST_AHEAD_MS } from './clock-ahead.ts'
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
  /**
   * When it was last gone through; and as what run, with which exit code. `retry_at`: when the first of the devices that
   * safety has put off may be changed.
   */
  readonly last?: LastPass
  readonly suspended?: Suspension
  /** Mends that came about, by device. */
  readonly mends?: Readonly<Record<string, Mends>>
  /** Since when it has meant no device, where it meant some before and nobody has said that it is to be so. */
  readonly empty_since?: string
}

/** When an assignment was gone through, and by what. */
export interface LastPass {
  readonly at: string
  readonly run: string
  readonly exit_code: number
  readonly retry_at?: string
  readonly devices?: number
  /** The commit that was in force, where something is followed. */
  readonly revision?: string
  /** Digest of what was wanted of all its devices, where it has a cadence. */
  readonly wanted?: string
  /** The same of a later pass that only looked, whatever its mode: that was not brought about. */
  readonly looked?: Pick<LastPass, 'revision' | 'wanted'>
}

/** How often a step has mended something, one mend within a week of the one before; and when last. */
interface Mended {
  readonly count: number
  readonly last_at: string
}

/** How often a device was mended in the same respect. */
export interface Mends {
  /** What it was mended to: digest of runbook, parameters, and all that these look at. */
  readonly wanted: string
  readonly steps: Readonly<Record<string, Mended>>
  /**
   * What else it was mended to within a week, by digest: how often each step did so, in turns with something else. Two that want
   * different things so come to light.
   */
  readonly turns?: Readonly<Record<string, Readonly<Record<string, Mended>>>>
  /** Since when it is told and no longer mended. */
  readonly contested_at?: string
  /** When it was last seen to differ since then. */
  readonly seen_at?: string
}

/** Of the cadence: so much later some assignments come than others, so that not all stores are asked at once. */
const JITTER = 0.1
/** Of wanted digests that took turns, so many are kept: two quarrel. */
const MOST_TURNS = 4
/** Mends, after which drift that comes back is told and no longer fought; and turns, after which nobody takes another one. */
const MOST_MENDS = 2
/** A mend that held for so long was no quarrel. */
const HELD_MS = 7 * DAY_MS

/**
 * When an assignment is next due, in milliseconds since 1970. What was missed, because nothing ran, is caught up once: it
 * is due now, and then a whole cadence later. Its place in the cadence is always the same, by its name. What safety has put
 * off is caught up as soon as it may be.
 */
export function nextDue(
  name: string,
  everyMs: number | undefined,
  memory: AssignmentMemory | undefined,
  now: number,
): number {
  const last = memory?.last === undefined ? undefined : Date.parse(memory.last.at)
  if (last === undefined || everyMs === undefined) return now
  // A clock that was set back must not put it off until it has come there again.
  if (last > now + MOST_AHEAD_MS) return now
  const due = last + everyMs * (1 + JITTER * fraction(name))
  const retry = memory?.last?.retry_at === undefined ? due : Date.parse(memory.last.retry_at)
  return Math.max(Math.min(due, retry), now)
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

/**
 * Steps whose next mend would be one too many: they have mended twice what did not hold. What is told since then is left
 * as it is until it has not been seen to differ for a week, or something else is wanted. What was mended to in turns with something
 * else is no longer after two turns.
 */
export function wornSteps(mends: Mends | undefined, wanted: string, now: number): ReadonlySet<string> {
  if (mends === undefined) return new Set()
  const { contested_at: since, seen_at: seen = since } = mends
  const isFought = isContested(mends, now)
  const steps = mends.wanted === wanted ? mends.steps : (mends.turns?.[wanted] ?? {})
  const worn = Object.entries(steps).filter(
    ([, { count, last_at: at }]) => count >= MOST_MENDS && (isFought || isRecent(at, now)),
  )
  return new Set(seen !== undefined && !isFought ? [] : worn.map(([step]) => step))
}

/** Whether a device is told and left: it was seen to differ again within the last week. */
export function isContested({ contested_at: since, seen_at: seen = since }: Mends, now: number): boolean {
  return seen !== undefined && isRecent(seen, now)
}

/** After steps have mended a device. */
export function mended(mends: Mends | undefined, wanted: string, steps: Iterable<string>, at: Date): Mends {
  const before = mends?.wanted === wanted ? mends.steps : {}
  const now = [...steps].map((step) => [step, oneMore(before[step], at)] as const)
  const turns = mends && (mends.wanted === wanted ? mends.turns : turnsUntil(mends, at))
  return { wanted, steps: { ...before, ...Object.fromEntries(now) }, ...(turns && { turns }) }
}

/** What a device was mended to before something else is wanted of it. */
function turnsUntil({ wanted, steps, turns = {} }: Mends, at: Date): NonNullable<Mends['turns']> {
  const recent = Object.entries(steps).filter(([, { last_at: last }]) => isRecent(last, at.getTime()))
  const over = recent.map(
    ([step, { last_at: last }]) => [step, oneMore(turns[wanted]?.[step], new Date(last))] as const,
  )
  const others = Object.entries(turns).filter(
    ([digest, of]) => digest !== wanted && Object.values(of).some(({ last_at: last }) => isRecent(last, at.getTime())),
  )
  return Object.fromEntries([...others, [wanted, Object.fromEntries(over)] as const].slice(-MOST_TURNS))
}

function oneMore(was: Mended | undefined, at: Date): Mended {
  const count = was !== undefined && isRecent(was.last_at, at.getTime()) ? was.count + 1 : 1
  return { count, last_at: at.toISOString() }
}

function isRecent(at: string, now: number): boolean {
  return Date.parse(at) > now - HELD_MS
}
