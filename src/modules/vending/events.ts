import { HOUR_MS } from '../../core/duration.ts'
import type { Audit } from '../../devices/evadts/audit.ts'
import { type AuditEvent, LISTED_ERROR } from '../../devices/evadts/events.ts'
import { instantOf } from './age.ts'
import { type Known, type Past, roseAt, sinceRestart } from './known.ts'
import { KNOWN_EVENTS, type Meaning } from './params.ts'

/** What a machine tells more of when an event comes, and the name under which it is noted. */
export interface Times {
  readonly what: string
  readonly count: number
  /** Where it is the time of the last one: as the machine says it. */
  readonly lastAt?: string
}

/**
 * How often an event was: since the machine was set up where it counts that, else since the last reading. Where a machine names times
 * alone (EA1), that of the last one stands for it, in seconds.
 */
export function timesOf({ id, total, sinceReset, lastAt }: AuditEvent): Times | undefined {
  const count = total ?? sinceReset
  if (count !== undefined) return { what: `event.${id}`, count }
  if (lastAt === undefined) return undefined
  return { what: `event.${id}.at`, count: Date.parse(`${lastAt}Z`) / 1000, lastAt }
}

/** Whether an event lasts, as a number that is noted. */
export function activity({ id, isActive }: AuditEvent): Times | undefined {
  return isActive === undefined ? undefined : { what: `event.${id}.active`, count: Number(isActive) }
}

/**
 * What earlier looks saw of an event. Many machines list only those that were: one that no look found had not come; a time from before
 * the last look had.
 */
export function pastOfEvent({ what, count, lastAt }: Times, known: Known): Past {
  const { lastLook, zone } = known
  const past = known.past(what)
  if (past.length > 0 || lastLook === undefined) return past
  return [{ at: lastLook, value: lastAt !== undefined && instantOf(lastAt, zone) <= lastLook ? count : 0 }]
}

/** The look that found the last one of an event; undefined: it was before the first look. */
export function happenedAt(past: Past, times: number, now: number): number | undefined {
  const risen = roseAt(past, times, now)
  if (risen !== undefined) return risen
  const kept = sinceRestart(past, times)
  // Since its counter began anew.
  return kept.length < past.length ? (kept[0]?.at ?? now) : undefined
}

/** Of what is listed only while it lasts nobody notes that it is over: so long without a note, and it was. Notes are made every 6 h. */
const MOST_BETWEEN_MS = 12 * HOUR_MS

/** The first look of those that saw it last, this one among them. */
export function activeSince(event: AuditEvent, known: Known): number {
  const past = known.past(activity(event)?.what ?? '')
  const isListed = event.id.startsWith(LISTED_ERROR)
  const over = past.findLastIndex(
    ({ at, value }, index) => value === 0 || (isListed && (past[index + 1]?.at ?? known.now) - at > MOST_BETWEEN_MS),
  )
  return past[over + 1]?.at ?? known.now
}

/**
 * What stands behind the code of an event: which canister, column or door (`EJL_12`; `EJB38` of a Crane Merchant; `ERROR CJ05`).
 */
const PART = /^(?:(E[A-Z0-9]{1,3})_.*|(E[A-Z]{2}|ERROR [A-Z]+)\d+)$/

/** Codes of this machine with what they mean; its own words go first, and those for one part before those for all. */
export function meaningOf(id: string, own: Readonly<Record<string, Meaning>>): Meaning | undefined {
  const all = id.replace(PART, '$1$2')
  return own[id] ?? own[all] ?? KNOWN_EVENTS[all]
}

/** Events of one meaning. */
export interface NewEvents {
  /** How many came since the look before. */
  readonly count: number
  /** Codes of those that came, and of those that last. */
  readonly codes: readonly string[]
  /** Whether one of them lasts. */
  readonly isActive: boolean
}

/** Events of a meaning that came since the look before, and those that last. */
export function newEvents(
  audit: Audit,
  meaning: Meaning,
  { known, events }: { readonly known: Known; readonly events: Readonly<Record<string, Meaning>> },
): NewEvents {
  const found = audit.events
    .filter(({ id }) => meaningOf(id, events) === meaning)
    .map((event) => ({ id: event.id, isActive: event.isActive === true, more: moreOf(event, known) }))
  const told = found.filter(({ more, isActive }) => more > 0 || isActive)
  return {
    count: told.reduce((sum, { more }) => sum + more, 0),
    codes: told.map(({ id }) => id),
    isActive: told.some(({ isActive }) => isActive),
  }
}

function moreOf(event: AuditEvent, known: Known): number {
  const times = timesOf(event)
  if (times === undefined) return 0
  const last = pastOfEvent(times, known).at(-1)?.value
  if (last === undefined || last === times.count) return 0
  // Of times nobody knows how many there were between; a counter that was put back began anew from 0.
  if (times.lastAt !== undefined) return 1
  return times.count > last ? times.count - last : times.count
}
