import type { Bucket, CompiledPolicy } from '../compile-policy.ts'
import { needsOf } from '../needs.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownNames } from '../shown-time.ts'
import { dueWarnings } from './warnings.ts'

/** A device that may go is asked for again after so long at the latest, where those before it are late. */
const LOOK_AGAIN_MS = 15_000

/**
 * No more people of a cap are told at once that their device is changed than the cap lets be changed: others go on selling, and know of
 * nothing. Whoever was told is in nobody's queue here, so that no two wait for each other; a device without a warning goes by its caps alone.
 */
export const told: Rule = {
  name: 'told',
  judge(asked, situation) {
    const others = situation.told ?? []
    if (others.length === 0 || asked.question.isTouched === true) return undefined
    if (dueWarnings(asked, situation.now).length === 0) return undefined
    const byBucket = devicesOf(others, asked.policy)
    for (const [bucket, needed] of needsOf(asked, situation)) {
      const waiting = byBucket.get(bucket)
      if (waiting === undefined) continue
      const out = new Set([...situation.ledger.outOf(bucket), ...waiting])
      for (const device of asked.takes) out.delete(device)
      if (out.size > 0 && out.size + needed.length > bucket.limit) return behind(asked, situation, { bucket, waiting })
    }
    return undefined
  },
}

function devicesOf(others: NonNullable<Situation['told']>, policy: CompiledPolicy): ReadonlyMap<Bucket, Set<string>> {
  const found = new Map<Bucket, Set<string>>()
  for (const taken of others.flatMap(({ device }) => policy.takesOf(device))) {
    for (const bucket of policy.bucketsOf(taken)) found.set(bucket, (found.get(bucket) ?? new Set()).add(taken))
  }
  return found
}

function behind(
  { question }: Asked,
  { told: others = [], now }: Situation,
  { bucket, waiting }: { readonly bucket: Bucket; readonly waiting: ReadonlySet<string> },
): Objection {
  const names = shownNames([...waiting])
  const message = `People at "${question.device}" are warned later: those at ${names} were told first, and at most ${bucket.limit} of ${bucket.key} may be out at once.`
  const untils = others.flatMap(({ device, until }) => (waiting.has(device) ? [until] : []))
  const until = Math.max(Math.min(...untils, now + LOOK_AGAIN_MS * 4), now + LOOK_AGAIN_MS)
  const common = { kind: 'wait', code: 'WARNING_WAITING', by: `cap ${bucket.cap.name}`, whom: names } as const
  return { ...common, message, until, awaitsLooks: true }
}
