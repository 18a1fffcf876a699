import type { AdmissionContent, HeldContent, Place, Waiter } from '../../core/admission.ts'

/** How a visit to a device ended, as its place goes by it. */
export type VisitEnd =
  /** It was seen to work: nothing was to be changed, or what was changed is proven. */
  | 'healthy'
  /** Nothing was changed, and nothing is known of its health. */
  | 'untouched'
  /** It was never reached: leave to change it was given, and nothing was begun. */
  | 'unbegun'
  /** A change failed, was not proven, or contact was lost while it was under way. */
  | 'unproven'

/** What becomes of a place when a visit ends; undefined: it is free. What was left out stays so until it is seen healthy. */
export function freedPlace(place: Place, end: VisitEnd): Place | undefined {
  if (end === 'healthy') return undefined
  const isChanged = end === 'unproven' || (end !== 'unbegun' && place.phase === 'changing')
  const isOut = isChanged || place.phase === 'out' || place.wasOut === true
  if (!isOut) return undefined
  const { wasOut: _was, ...rest } = place
  return { ...rest, phase: 'out' }
}

/** What becomes of a place when its process has died. */
export function placeOfDead(place: Place): Place | undefined {
  return freedPlace(place, 'untouched')
}

/** Left out by a device that the inventory does not have any more: no run could ever see that in order, so it counts for nothing. */
export function isOfNobody({ phase, device }: Place, devices: { has(name: string): boolean }): boolean {
  return phase === 'out' && !devices.has(device)
}

/** The place of a visit that may begin: takes over what the device was left out by. */
export function takePlace(place: Omit<Place, 'phase'>, before: Place | undefined): Place {
  const wasOut = before !== undefined && (before.phase !== 'held' || before.wasOut === true)
  // What a failure had put out with the device stays out with it.
  const takes = wasOut ? [...new Set([...before.takes, ...place.takes])] : place.takes
  return { ...place, takes, phase: 'held', ...(wasOut && { wasOut: true }) }
}

/** Who waits for devices in progress asks every few seconds; who did not for so long waits no more, and neither does who asked by a clock that was ahead. */
const SILENT_MS = 60_000

/** Places of runs that are gone stay only where something may be out by them, and they wait for nothing. Where all live it is the same lists. */
export function withoutTheDead(content: HeldContent, now: number): AdmissionContent {
  const { breaker, holds, runs } = content
  const isThere = (place: Place): boolean => place.phase === 'out' || content.isHeld(place.run, place.device)
  const places = content.places.every(isThere)
    ? content.places
    : content.places.flatMap((place) => (isThere(place) ? [place] : (placeOfDead(place) ?? [])))
  const asks = ({ run, askedAt }: Waiter): boolean => Math.abs(now - askedAt) < SILENT_MS && content.isLiving(run)
  const waiters = content.waiters.every(asks) ? content.waiters : content.waiters.filter(asks)
  return { places, waiters, breaker, holds, ...(runs && { runs }) }
}
