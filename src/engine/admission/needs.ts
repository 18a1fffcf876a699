import { DAY_MS } from '../../core/duration.ts'
import type { Bucket } from './compile-policy.ts'
import type { Asked, Situation } from './rule.ts'

/** Of the question that is being decided: several rules want to know. */
const known = new WeakMap<Asked, ReadonlyMap<Bucket, readonly string[]>>()

/** What a question takes from each bucket: devices that are not out on their own account already. */
export function needsOf(asked: Asked, situation: Situation): ReadonlyMap<Bucket, readonly string[]> {
  const needs = known.get(asked) ?? findNeeds(asked, situation)
  known.set(asked, needs)
  return needs
}

function findNeeds(asked: Asked, situation: Situation): ReadonlyMap<Bucket, readonly string[]> {
  const needs = new Map<Bucket, string[]>()
  for (const device of asked.takes) {
    if (isOutAlready(device, asked, situation)) continue
    for (const bucket of asked.policy.bucketsOf(device)) {
      const devices = needs.get(bucket)
      if (devices) devices.push(device)
      else needs.set(bucket, [device])
    }
  }
  return needs
}

/**
 * Whether a device stays out if nothing is begun: it was left out by a change, or is known to be broken. One that is only
 * out with what it depends on is back as soon as that is, so it does not count here.
 */
export function isOutAlready(device: string, asked: Asked, { ledger, seen, now }: Situation): boolean {
  const own = ledger.place(asked.question.device)
  if (isLeft(ledger.place(device)) || (isLeft(own) && own?.takes.includes(device))) return true
  if (asked.question.purpose !== 'repair' || device !== asked.question.device) return false
  const last = seen(device)
  return last !== undefined && !last.working && now - last.at < brokenWithin(asked.policy.policy.groups)
}

function isLeft(place: { readonly phase: string; readonly wasOut?: boolean } | undefined): boolean {
  return place !== undefined && (place.phase === 'out' || place.wasOut === true)
}

/** How long a device that was seen broken is taken to be so. */
function brokenWithin(groups: readonly { readonly seenWithinMs: number }[]): number {
  return groups.length === 0 ? DAY_MS : Math.min(...groups.map(({ seenWithinMs }) => seenWithinMs))
}
