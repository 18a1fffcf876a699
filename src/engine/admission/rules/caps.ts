import { counted } from '../../../core/counted.ts'
import type { Bucket } from '../compile-policy.ts'
import type { Ledger } from '../ledger.ts'
import { needsOf } from '../needs.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownNames } from '../shown-time.ts'

/**
 * At most so many devices out at once, over all runs. What takes more with it than a cap allows, such as a router, goes
 * alone, and while the stores are closed.
 */
export const caps: Rule = {
  name: 'caps',
  judge(asked, situation) {
    let passing: Found | undefined
    // What is said is put together for one bucket alone: a device may be in a hundred.
    for (const [bucket, needed] of needsOf(asked, situation)) {
      const found = judgeBucket(asked, situation, { bucket, needed })
      if (found !== undefined && !found.isPassing) return found.tell()
      passing ??= found
    }
    return passing?.tell()
  },
}

interface Wanted {
  readonly bucket: Bucket
  readonly needed: readonly string[]
}

interface Found {
  readonly isPassing: boolean
  tell(): Objection
}

function judgeBucket(asked: Asked, situation: Situation, { bucket, needed }: Wanted): Found | undefined {
  const { ledger } = situation
  const out = ledger.outOf(bucket)
  let added = 0
  for (const device of needed) if (!out.has(device)) added += 1
  if (out.size + added <= bucket.limit) return undefined
  if (needed.length <= bucket.limit || bucket.limit === 0) return full(asked, situation, { bucket, needed })
  const opens = closedAt(asked, situation)
  // A look takes nothing out; it goes alone all the same.
  if (opens.length > 0 && asked.question.moment === 'change')
    return { isPassing: false, tell: () => tooMany({ bucket, needed }, opens) }
  return othersIn(out, asked.takes) > 0 ? full(asked, situation, { bucket, needed }) : undefined
}

/** How many devices are out beside those that are asked for. */
function othersIn(out: ReadonlySet<string>, takes: readonly string[]): number {
  let own = 0
  for (const device of takes) if (out.has(device)) own += 1
  return out.size - own
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
  const message = `It takes ${counted(needed.length, 'device')} of ${bucket.key} with it, more than ${bucket.limit}: only while the store is closed.`
  const until = known.length === opens.length ? { until: Math.max(...known) } : {}
  return { kind: 'wait', code: 'CAP_REACHED', message, by: `cap ${bucket.cap.name}`, ...until }
}

/** What is out with something else is named with that: it is what has to be seen to. */
function withCause(device: string, ledger: Ledger): string {
  const by = ledger.outBy(device)
  return by === undefined ? device : `${device} (by ${by})`
}

function full({ takes, question }: Asked, { ledger, isToCome }: Situation, { bucket, needed }: Wanted): Found {
  const out = ledger.outOf(bucket)
  let left = ledger.leftIn(bucket)
  for (const device of takes) if (ledger.isLeftOut(device) && out.has(device)) left -= 1
  // What an earlier process of the run left out is looked at by this one.
  let lookedAt = 0
  for (const device of out) if (ledger.isLeftOut(device) && isToCome(device, question.wave ?? 0)) lookedAt += 1
  const isRoom = (others: number): boolean =>
    bucket.limit > 0 && (others === 0 || others + needed.length <= bucket.limit)
  const isPassing = isRoom(left)
  const awaitsLooks = isRoom(left - lookedAt)
  return {
    isPassing,
    tell() {
      const others = [...out].filter((device) => !takes.includes(device))
      const names = shownNames(others.map((device) => withCause(device, ledger)))
      const message = `Out of ${bucket.key}: ${names}. At most ${bucket.limit} may be out at once.`
      return {
        kind: 'wait',
        code: 'CAP_REACHED',
        message,
        by: `cap ${bucket.cap.name}`,
        whom: names,
        isPassing,
        awaitsLooks,
      }
    },
  }
}
