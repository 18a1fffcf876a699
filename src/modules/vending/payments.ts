import type { Audit } from '../../devices/evadts/audit.ts'
import type { AuditEvent } from '../../devices/evadts/events.ts'
import { activeSince, happenedAt, meaningOf, pastOfEvent, timesOf } from './events.ts'
import { type Known, roseAt, sinceRestart, valueAt } from './known.ts'
import type { Meaning } from './params.ts'

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

/**
 * What counts up when an acceptor works, and the name under which it is noted. Of coins it is what came into box and tubes (CA306,
 * CA307), or all but the notes (CA305); sales for cash (CA202) are paid with notes, too, and stand for coins only where a machine counts no money.
 */
export function takenBy({ cash, cashless, cashIn }: Audit, kind: AcceptorKind): Taken {
  if (kind === 'notes') return { what: 'bills', count: cashIn.total.notes }
  if (kind === 'card') return { what: 'cashless', count: cashless.total.count }
  const { all = 0, box = 0, tubes = 0, notes = 0 } = cashIn.total
  if (all + box + tubes === 0) return { what: 'cash', count: cash.total.count }
  return { what: 'coins', count: box + tubes || all - notes }
}

interface Taken {
  readonly what: 'cash' | 'coins' | 'bills' | 'cashless'
  readonly count: number | undefined
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
    const since = before[was + 1]?.at ?? known.now
    const isGone = was >= 0 && !tookSince(audit, kind, { known, at: since })
    if (isGone) return { state: 'off', since, event: null }
    if (was < 0 && !hasTaken(audit, kind, known)) return { state: 'absent', since: null, event: null }
  }
  if (serial === undefined && isNeverUsed(audit, kind)) return { state: 'absent', since: null, event: null }
  const troubles = audit.events.flatMap((event) => troubleOf(event, audit, { kind, known, events }))
  const worst = troubles.sort((a, b) => (b.since ?? 0) - (a.since ?? 0))[0]
  return worst ?? { state: hasTaken(audit, kind, known) ? 'ok' : 'quiet', since: null, event: null }
}

/**
 * The machine names no such device and never took anything by it, but sells: machines that take cards alone tell for ever that their
 * coin mechanism is off (`EA2*EAR*0*53**1`).
 */
function isNeverUsed(audit: Audit, kind: AcceptorKind): boolean {
  return takenBy(audit, kind).count === 0 && (audit.vends.total.count ?? 0) > 0
}

function hasTaken(audit: Audit, kind: AcceptorKind, known: Known): boolean {
  const { what, count } = takenBy(audit, kind)
  return count !== undefined && known.past(what).some(({ value }) => value < count)
}

function troubleOf(
  event: AuditEvent,
  audit: Audit,
  {
    kind,
    known,
    events,
  }: { readonly kind: AcceptorKind; readonly known: Known; readonly events: Readonly<Record<string, Meaning>> },
): Acceptor[] {
  const meaning = meaningOf(event.id, events)
  if (!meaning?.startsWith(`${kind}-`) || event.isActive === false) return []
  const state = meaning.slice(kind.length + 1) as 'jammed' | 'full' | 'off'
  if (event.isActive) return [{ state, since: activeSince(event, known), event: event.id }]
  const times = timesOf(event)
  if (times === undefined || times.count === 0) return []
  const past = pastOfEvent(times, known)
  const since = happenedAt(past, times.count, known.now)
  if (tookSince(audit, kind, { known, at: since ?? past[0]?.at ?? known.now })) return []
  // Before the first look: it may have been mended long ago.
  if (since === undefined) return [{ state: 'unknown', since: null, event: event.id }]
  return [{ state, since, event: event.id }]
}

/** Whether it has taken something since the look at that time. */
function tookSince(
  audit: Audit,
  kind: AcceptorKind,
  { known, at }: { readonly known: Known; readonly at: number },
): boolean {
  const { what, count: taken } = takenBy(audit, kind)
  if (taken === undefined || at >= known.now) return false
  const past = known.past(what)
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
  const { count } = takenBy(audit, 'card')
  const past = known.past('cashless')
  if (count === undefined) return { count: null, last_seen_at: null, not_before: null }
  const at = roseAt(past, count, known.now) ?? null
  const before = at === null ? undefined : past.findLast((point) => point.value < count)?.at
  return { count, last_seen_at: at, not_before: before ?? null }
}

/** How often the machine lost its power since the look before (EA7). */
export function newOutages(audit: Audit, known: Known): number {
  const { total } = audit.powerOutages
  const last = known.past('power').at(-1)?.value
  if (total === undefined || last === undefined) return 0
  // A counter that was put back began anew from 0.
  return total >= last ? total - last : total
}
