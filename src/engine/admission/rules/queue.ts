import type { Waiter } from '../../../core/admission.ts'
import type { Bucket } from '../compile-policy.ts'
import { isBefore, rankOf } from '../ledger.ts'
import { needsOf } from '../needs.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'

/** Who waits only for devices in progress keeps room where it will go, so that everyone gets a turn. */
export const queue: Rule = {
  name: 'queue',
  judge(asked, situation) {
    if (asked.isPlaced || asked.isMending) return undefined
    const { run, device, cost } = asked.question
    const me = { device, rank: situation.ledger.waiter(run, device)?.rank ?? rankOf(situation.now, cost) }
    for (const taken of asked.takes) {
      const first = firstBefore(situation.ledger.queueOf(taken), me, situation)
      if (first) return behind(first, taken)
    }
    for (const [bucket, needed] of needsOf(asked, situation)) {
      const first = firstBefore(situation.ledger.queueOf(bucket), me, situation)
      if (first && !fitsBeside({ bucket, needed, first }, asked, situation)) return behind(first, bucket.key)
    }
    return undefined
  },
}

function behind(first: Waiter, where: string): Objection {
  const message = `${first.device} waits for ${where} and comes first.`
  return { kind: 'wait', code: 'QUEUE_BEHIND', message, by: `queue of ${where}`, whom: first.device, isPassing: true }
}

function firstBefore(
  waiters: readonly Waiter[],
  me: { readonly rank: number; readonly device: string },
  { isAsking }: Situation,
): Waiter | undefined {
  for (const waiter of waiters) {
    if (!isBefore(waiter, me)) return undefined
    if (waiter.device !== me.device && isAsking(waiter.run)) return waiter
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
