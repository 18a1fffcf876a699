import { wasWithin } from '../../../core/clock-ahead.ts'
import type { GroupBucket } from '../compile-policy.ts'
import { isOutAlready } from '../needs.ts'
import { type Asked, hardest, type Objection, type Rule, type Situation } from '../rule.ts'
import { shownNames, shownTime } from '../shown-time.ts'

/**
 * While a store trades, enough devices that stand in for each other go on working; who was not seen is not counted. A
 * device may be looked at all the same, unless another one is in progress: it may well have nothing to change.
 */
export const lastWorking: Rule = {
  name: 'last-working',
  judge(asked, situation) {
    const groups = new Set(asked.takes.flatMap((device) => asked.policy.groupsOf(device)))
    const found = [...groups].flatMap((group) => judgeGroup(group, asked, situation) ?? [])
    return asked.question.moment === 'place' ? found.find(({ isPassing }) => isPassing) : hardest(found)
  },
}

function judgeGroup(bucket: GroupBucket, asked: Asked, situation: Situation): Objection | undefined {
  const lost = asked.takes.filter(
    (device) => bucket.members.includes(device) && !isOutAlready(device, asked, situation),
  )
  if (lost.length === 0) return undefined
  const others = bucket.members.filter((device) => !asked.takes.includes(device))
  const working = workingIn(bucket, asked.takes, situation)
  if (working.length >= bucket.keep) return undefined
  const { changeMs, proofMs, rollbackMs } = asked.question.expected
  const next = asked.policy.closedTimes(bucket.store).next(situation.now, changeMs + proofMs + rollbackMs)
  if (next === situation.now) return undefined
  return objection(bucket, asked, { others, working, next, situation })
}

/** The devices of a group that work, but for some. */
export function workingIn(bucket: GroupBucket, without: readonly string[], situation: Situation): readonly string[] {
  return bucket.members.filter((device) => !without.includes(device) && isWorking(device, bucket, situation))
}

function isWorking(device: string, { group }: GroupBucket, { ledger, seen, now }: Situation): boolean {
  if (ledger.isOut(device)) return false
  const last = seen(device)
  return last?.working === true && wasWithin(group.seenWithinMs, { at: last.at, now })
}

function objection(
  bucket: GroupBucket,
  asked: Asked,
  found: {
    readonly others: readonly string[]
    readonly working: readonly string[]
    readonly next: number | undefined
    readonly situation: Situation
  },
): Objection {
  const { ledger } = found.situation
  const busy = found.others.filter((device) => ledger.isOut(device) && !ledger.isLeftOut(device))
  const unseen = found.others.filter((device) => !found.working.includes(device) && !busy.includes(device))
  const zone = asked.policy.world.stores.get(bucket.store)?.time_zone ?? 'UTC'
  const closes =
    found.next === undefined
      ? 'It never closes for long enough.'
      : `It is closed for long enough at ${shownTime(found.next, zone)}.`
  const missing = unseen.length === 0 ? '' : ` Not seen working lately: ${shownNames(unseen)}.`
  const { wave = 0 } = asked.question
  const toCome = unseen.filter((device) => found.situation.isToCome(device, wave))
  const others = found.working.length === 1 ? '1 other' : `${found.working.length || 'no'} others`
  const message = `At least ${bucket.keep} of group "${bucket.group.name}" must go on working while ${bucket.store} trades, and besides this one ${others} would.${missing} ${closes}`
  const isPassing = found.working.length + busy.length >= bucket.keep
  // Others may come back before it closes, so the closing is an end only where nobody is on the way back.
  const until = found.next === undefined || isPassing ? {} : { until: found.next }
  const awaitsLooks = found.working.length + busy.length + toCome.length >= bucket.keep
  return {
    kind: 'wait',
    code: 'LAST_WORKING',
    message,
    by: `group ${bucket.group.name}`,
    ...until,
    isPassing,
    awaitsLooks,
  }
}
