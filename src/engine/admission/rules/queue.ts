import type { Waiter } from '../../../core/admission.ts'
import type { Bucket } from '../compile-policy.ts'
import { BACK, isBefore, type QueueKey, rankOf } from '../ledger.ts'
import { needsOf } from '../needs.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { backInProgress } from './back.ts'
import { workingIn } from './last-working.ts'
import { isItsTurn } from './warnings.ts'

/** Who waits only for devices in progress keeps room where it will go, so that everyone gets a turn. */
export const queue: Rule = {
  name: 'queue',
  judge(asked, situation) {
    if (asked.isPlaced || asked.isMending) return undefined
    // People count on it by now.
    if (isItsTurn(asked, situation.now)) return undefined
    const { run, device, cost } = asked.question
    const { ledger, now } = situation
    const rank = ledger.waiter(run, device)?.rank ?? rankOf(ledger.timeInQueue(now), cost)
    const me = { run, device, rank }
    const first = (key: QueueKey): Waiter | undefined => firstBefore(ledger.queueOf(key), me, situation)
    return (
      behindForDevices(asked, first) ??
      behindForBack(asked, situation, first) ??
      behindForGroups(asked, situation, first) ??
      behindForBuckets(asked, situation, first)
    )
  },
}

type First = (key: QueueKey) => Waiter | undefined

function behindForDevices({ takes }: Asked, first: First): Objection | undefined {
  for (const taken of takes) {
    const waiter = first(taken)
    if (waiter) return behind(waiter, taken)
  }
  return undefined
}

function behindForBack({ question, policy }: Asked, { ledger }: Situation, first: First): Objection | undefined {
  const waiter = question.isBack ? first(BACK) : undefined
  const hasRoom = waiter === undefined || backInProgress(ledger) + 2 <= policy.policy.backAtOnce
  return hasRoom ? undefined : behind(waiter, 'devices that were away')
}

function behindForGroups({ takes, policy }: Asked, situation: Situation, first: First): Objection | undefined {
  for (const group of new Set(takes.flatMap((device) => policy.groupsOf(device)))) {
    const waiter = first(group)
    if (waiter && workingIn(group, [...takes, ...waiter.takes], situation).length < group.keep) {
      return behind(waiter, `${group.group.name} of ${group.store}`)
    }
  }
  return undefined
}

function behindForBuckets(asked: Asked, situation: Situation, first: First): Objection | undefined {
  for (const [bucket, needed] of needsOf(asked, situation)) {
    const waiter = first(bucket)
    if (waiter && !fitsBeside({ bucket, needed, first: waiter }, asked, situation)) return behind(waiter, bucket.key)
  }
  return undefined
}

function behind(first: Waiter, where: string): Objection {
  const who = first.device === where ? `Run ${first.run}` : first.device
  const message = `${who} waits for ${where} and comes first.`
  return { kind: 'wait', code: 'QUEUE_BEHIND', message, by: `queue of ${where}`, whom: first.device, isPassing: true }
}

function firstBefore(
  waiters: readonly Waiter[],
  me: Pick<Waiter, 'rank' | 'device' | 'run'>,
  { isAsking }: Situation,
): Waiter | undefined {
  for (const waiter of waiters) {
    if (!isBefore(waiter, me)) return undefined
    if (isAsking(waiter.run)) return waiter
  }
  return undefined
}

function fitsBeside(
  { bucket, needed, first }: { readonly bucket: Bucket; readonly needed: readonly string[]; readonly first: Waiter },
  asked: Asked,
  situation: Situation,
): boolean {
  const wanted = first.takes.filter((device) => asked.policy.bucketsOf(device).includes(bucket))
  const together = new Set([...situation.ledger.outOf(bucket), ...needed, ...wanted])
  return wanted.length <= bucket.limit && together.size <= bucket.limit
}
