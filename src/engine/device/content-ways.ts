import { type Change, presentable } from '../../core/change.ts'
import { SessionLost } from '../../core/failure.ts'
import type { StepOutcome } from '../../core/outcome.ts'
import type { Due, Seen } from './plan-chain.ts'

/** What differs, and by which way the files would come that the change sends. */
export async function drifted({ observation, channel }: Seen, changes: readonly Change[]): Promise<StepOutcome> {
  const ways = await Promise.all(
    (observation.sends?.(changes) ?? []).map((file) => channel.foresee(file).catch(unlessBug)),
  )
  const content = ways.filter((way) => way !== undefined)
  return { state: 'drifted', changes: changes.map(presentable), ...(content.length > 0 && { content }) }
}

/** How the files of a change came. */
export function broughtBy({ look: { channel } }: Due): Pick<StepOutcome, 'content'> {
  return channel.came.length > 0 ? { content: channel.came } : {}
}

/** The next question finds out by itself that the session is lost. */
function unlessBug(error: unknown): undefined {
  if (!(error instanceof SessionLost)) throw error
}
