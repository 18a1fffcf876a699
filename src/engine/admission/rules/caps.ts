import type { Bucket } from '../compile-policy.ts'
import type { Ledger } from '../ledger.ts'
import { needsOf } from '../needs.ts'
import { type Asked, hardest, type Objection, type Rule, type Situation } from '../rule.ts'
import { shownNames } from '../shown-time.ts'

/**
 * At most so many devices out at once, over all runs. What takes more with it than a cap allows, such as a router, goes
 * alone, and while the stores are closed.
 */
export const caps: Rule = {
  name: 'caps',
  judge(asked, situation) {
    const objections = [...needsOf(asked, situation)].flatMap(
      ([bucket, needed]) => judgeBucket(asked, situation, { bucket, needed }) ?? [],
    )
    return hardest(objections)
  },
}

interface Wanted {
  readonly bucket: Bucket
  readonly needed: readonly string[]
}

function judgeBucket(asked: Asked, situation: Situation, { bucket, needed }: Wanted): Objection | undefined {
  const out = situation.ledger.outOf(bucket)
  const added = needed.filter((device) => !out.has(device)).length
  if (out.size + added <= bucket.limit) return undefined
  const others = [...out].filter((device) => !asked.takes.includes(device))
  if (needed.length <= bucket.limit || bucket.limit === 0) return full(situation.ledger, { bucket, needed }, others)
  const opens = closedAt(asked, situation)
  if (opens.length > 0) return tooMany({ bucket, needed }, opens)
  return others.length > 0 ? full(situation.ledger, { bucket, needed }, others) : undefined
}

/** When each store that loses devices is closed for long enough, of those that are not now. */
function closedAt({ takes, policy, question }: Asked, { now }: Situation): readonly (number | undefined)[] {
  const { changeMs, proofMs, rollbackMs } = question.expected
  const stores = new Set(takes.map((device) => policy.world.devices.get(device)?.store ?? ''))
  return [...stores]
    .map((store) => policy.closedTimes(store).next(now, changeMs + proofMs + rollbackMs))
    .filter((next) => next !== now)
}

function tooMany({ bucket, needed }: Wanted, opens: readonly (number | undefined)[]): Objection {
  const known = opens.filter((at) => at !== undefined)
  const message = `It takes ${needed.length} devices of ${bucket.key} with it, more than ${bucket.limit}: only while the store is closed.`
  const until = known.length === opens.length ? { until: Math.max(...known) } : {}
  return { kind: 'wait', code: 'CAP_REACHED', message, by: `cap ${bucket.cap.name}`, ...until }
}

function full(ledger: Ledger, { bucket, needed }: Wanted, out: readonly string[]): Objection {
  const left = out.filter((device) => ledger.isLeftOut(device)).length
  const message = `Out of ${bucket.key}: ${shownNames(out)}. At most ${bucket.limit} may be out at once.`
  const isPassing = bucket.limit > 0 && (left === 0 || left + needed.length <= bucket.limit)
  return { kind: 'wait', code: 'CAP_REACHED', message, by: `cap ${bucket.cap.name}`, whom: shownNames(out), isPassing }
}
