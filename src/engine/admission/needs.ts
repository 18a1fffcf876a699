import { wasWithin } from '../../core/clock-ahead.ts'
import { DAY_MS } from '../../core/duration.ts'
import type { Bucket } from './compile-policy.ts'
import type { Asked, Situation } from './rule.ts'

type Needs = Iterable<readonly [Bucket, readonly string[]]>

/** Of the question that is being decided: several rules want to know. */
const known = new WeakMap<Asked, Needs>()

/** What a question takes from each bucket: devices that are not out on their own account already. */
export function needsOf(asked: Asked, situation: Situation): Needs {
  const needs = known.get(asked) ?? findNeeds(asked, situation)
  known.set(asked, needs)
  return needs
}

function findNeeds(asked: Asked, situation: Situation): Needs {
  const { policy } = asked
  const devices = asked.takes.filter((device) => !isOutAlready(device, asked, situation))
  const [only] = devices
  // Most take nothing but themselves, and may be in a hundred buckets.
  if (only !== undefined && devices.length === 1)
    return { [Symbol.iterator]: () => alike(policy.bucketsOf(only), devices) }
  const needs = new Map<Bucket, string[]>()
  for (const device of devices) {
    for (const bucket of policy.bucketsOf(device)) {
      const needed = needs.get(bucket)
      if (needed) needed.push(device)
      else needs.set(bucket, [device])
    }
  }
  return needs
}

function* alike(
  buckets: readonly Bucket[],
  devices: readonly string[],
): Generator<readonly [Bucket, readonly string[]]> {
  for (const bucket of buckets) yield [bucket, devices]
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
  return (
    last !== undefined && !last.working && wasWithin(brokenWithin(asked.policy.policy.groups), { at: last.at, now })
  )
}

function isLeft(place: { readonly phase: string; readonly wasOut?: boolean } | undefined): boolean {
  return place !== undefined && (place.phase === 'out' || place.wasOut === true)
}

/** How long a device that was seen broken is taken to be so. */
function brokenWithin(groups: readonly { readonly seenWithinMs: number }[]): number {
  return groups.length === 0 ? DAY_MS : Math.min(...groups.map(({ seenWithinMs }) => seenWithinMs))
}
