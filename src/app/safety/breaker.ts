import type { BreakerState } from '../../core/admission.ts'
import { closeBreaker } from '../../engine/admission/breaker-state.ts'
import type { Project } from '../project.ts'
import { accountName } from '../run/account.ts'

/** The breaker of a repository; closed now where somebody says why. */
export async function breakerOf(
  project: Project,
  close: string | undefined,
): Promise<{ readonly before: BreakerState; readonly breaker: BreakerState }> {
  const [fleet, store] = await Promise.all([project.fleet(), project.store()])
  const key = await store.fleets.keyOf(fleet)
  if (close === undefined) {
    const { breaker } = await store.admission.read(key)
    return { before: breaker, breaker }
  }
  return store.admission.transact(key, (content) => {
    // One that is closed forgets nothing: whoever said so each minute would keep it from ever opening, and nothing of that is on record.
    if (!content.breaker.opened) return { result: { before: content.breaker, breaker: content.breaker }, content }
    const breaker = closeBreaker({ at: Date.now(), by: accountName(), why: close })
    return { result: { before: content.breaker, breaker }, content: { ...content, breaker } }
  })
}
