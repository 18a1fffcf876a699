import type { Audit } from '../../devices/evadts/audit.ts'
import { type Past, roseAt, sinceRestart, valueAt } from './known.ts'
import { KNOWN_EVENTS, type Meaning } from './params.ts'

/**
 * How what takes payments is: `ok` when it took something since it was last seen in trouble, `quiet` when nothing says
 * either, `unknown` when trouble is on record from before the first look.
 */
export interface Acceptor {
  readonly state: 'ok' | 'quiet' | 'jammed' | 'full' | 'off' | 'absent' | 'unknown'
  /** The look at which that was first seen: milliseconds since 1970. */
  readonly since: number | null
  /** The code of the machine behind it. */
  readonly event: string | null
}

/** The device for coins, notes or cards, by what it took and by the events that mean something for it. */
export type AcceptorKind = 'coins' | 'notes' | 'card'

/** What is known of earlier looks, by number: `cash`, `notes`, `cashless`, `fitted.notes`, `event.ENA`. */
export interface Known {
  readonly past: (what: string) => Past
  readonly now: number
  /** When anything was noted of the machine last; undefined: this is the first look. */
  readonly lastLook: number | undefined
}

/** How often an event was, as earlier looks saw it. Many machines list only those that were: one that no look found had not come. */
function pastOfEvent(id: string, known: Known): Past {
  const past = known.past(`event.${id}`)
  return past.length > 0 || known.lastLook === undefined ? past : [{ at: known.lastLook, value: 0 }]
}

/** The look that found the last one of an event; undefined: it was before the first look. */
function happenedAt(past: Past, times: number, now: number): number | undefined {
  const risen = roseAt(past, times, now)
  if (risen !== undefined) return risen
  const kept = sinceRestart(past, times)
  // Since its counter began anew.
  return kept.length < past.length ? (kept[0]?.at ?? now) : undefined
}

/** Codes of this machine with what they mean; its own words go first. */
export function meaningOf(id: string, own: Readonly<Record<string, Meaning>>): Meaning | undefined {
  return own[id] ?? KNOWN_EVENTS[id]
}

/** How often an event was: since the machine was set up where it counts that, else since the last reading. */
export function timesOf(event: Audit['events'][number]): number | undefined {
  return event.total ?? event.sinceReset
}

const TAKES = { coins: 'cash', notes: 'notes', card: 'cashless' } as const

/** What counts up when an acceptor works. */
export function takenBy(audit: Audit, kind: AcceptorKind): number | undefined {
  if (kind === 'notes') return audit.cashIn.total.notes
  return kind === 'card' ? audit.cashless.total.count : audit.cash.total.count
}

/** The state of one acceptor. */
export function acceptorOf(
  audit: Audit,
  kind: AcceptorKind,
  { known, events }: { readonly known: Known; readonly events: Readonly<Record<string, Meaning>> },
): Acceptor {
  const serial = audit.fitted[kind]
  const before = known.past(`fitted.${kind}`)
  if (serial === '') {
    const was = before.findLastIndex(({ value }) => value === 1)
    if (was < 0) return { state: 'absent', since: null, event: null }
    return { state: 'off', since: before[was + 1]?.at ?? known.now, event: null }
  }
  const troubles = audit.events.flatMap((event) => troubleOf(event, audit, { kind, known, events }))
  const worst = troubles.sort((a, b) => (b.since ?? 0) - (a.since ?? 0))[0]
  if (worst) return worst
  const taken = takenBy(audit, kind)
  const worked = taken !== undefined && known.past(TAKES[kind]).some(({ value }) => value < taken)
  return { state: worked ? 'ok' : 'quiet', since: null, event: null }
}

function troubleOf(
  event: Audit['events'][number],
  audit: Audit,
  {
    kind,
    known,
    events,
  }: { readonly kind: AcceptorKind; readonly known: Known; readonly events: Readonly<Record<string, Meaning>> },
): Acceptor[] {
  const meaning = meaningOf(event.id, events)
  const times = timesOf(event)
  if (!meaning?.startsWith(`${kind}-`) || times === undefined || times === 0) return []
  const past = pastOfEvent(event.id, known)
  const since = happenedAt(past, times, known.now)
  if (tookSince(audit, kind, { known, at: since ?? past[0]?.at ?? known.now })) return []
  // Before the first look: it may have been mended long ago.
  if (since === undefined) return [{ state: 'unknown', since: null, event: event.id }]
  const state = meaning.slice(kind.length + 1) as 'jammed' | 'full' | 'off'
  return [{ state, since, event: event.id }]
}

/** Whether it has taken something since the look at that time. */
function tookSince(
  audit: Audit,
  kind: AcceptorKind,
  { known, at }: { readonly known: Known; readonly at: number },
): boolean {
  const taken = takenBy(audit, kind)
  if (taken === undefined || at >= known.now) return false
  const past = known.past(TAKES[kind])
  const kept = sinceRestart(past, taken)
  const isAnew = kept.length < past.length && (kept[0]?.at ?? known.now) > at
  const then = isAnew ? 0 : valueAt(past, at)
  return then !== undefined && taken > then
}

/** When the card reader took its last good payment, as far as looks tell: between two of them. */
export interface CardPayments {
  readonly count: number | null
  /** The look that had seen it; null where no look has seen one come. */
  readonly last_seen_at: number | null
  /** The look before, which had not. */
  readonly not_before: number | null
}

/** The last good payment by card. */
export function cardPayments(audit: Audit, known: Known): CardPayments {
  const count = takenBy(audit, 'card')
  const past = known.past('cashless')
  if (count === undefined) return { count: null, last_seen_at: null, not_before: null }
  const at = roseAt(past, count, known.now) ?? null
  const before = at === null ? undefined : past.findLast((point) => point.value < count)?.at
  return { count, last_seen_at: at, not_before: before ?? null }
}

/** Events of a meaning that came since the look before: how often, and their codes. */
export function newEvents(
  audit: Audit,
  meaning: Meaning,
  { known, events }: { readonly known: Known; readonly events: Readonly<Record<string, Meaning>> },
): { readonly count: number; readonly codes: readonly string[] } {
  const risen = audit.events.flatMap((event) => {
    const times = timesOf(event)
    const last = pastOfEvent(event.id, known).at(-1)?.value
    if (meaningOf(event.id, events) !== meaning || times === undefined || last === undefined) return []
    // A counter that was put back began anew from 0.
    const more = times >= last ? times - last : times
    return more > 0 ? [{ id: event.id, more }] : []
  })
  return { count: risen.reduce((sum, { more }) => sum + more, 0), codes: risen.map(({ id }) => id) }
}

/** How often the machine lost its power since the look before (EA7). */
export function newOutages(audit: Audit, known: Known): number {
  const { total } = audit.powerOutages
  const last = known.past('power').at(-1)?.value
  if (total === undefined || last === undefined) return 0
  // A counter that was put back began anew from 0.
  return total >= last ? total - last : total
}
