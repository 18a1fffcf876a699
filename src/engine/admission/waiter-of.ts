import type { Decision, Question, Waiter } from '../../core/admission.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { type Ledger, rankOf } from './ledger.ts'
import { isItsTurn } from './rules/warnings.ts'

/** What is kept of a question that was told to wait, so that it gets its turn; the first time that it asked stays. */
export function waiterOf(
  question: Question,
  decision: Extract<Decision, { kind: 'wait' }>,
  at: { readonly policy: CompiledPolicy; readonly ledger: Ledger; readonly now: number },
): Waiter {
  const { run, device, cost, isBack } = question
  // Where people count on it, it comes before all who asked after they were told.
  const told = isItsTurn({ policy: at.policy, question }, at.now) ? question.warned?.[0]?.at : undefined
  const since = at.ledger.waiter(run, device)?.since ?? told ?? at.ledger.timeInQueue(at.now)
  const takes = at.policy.takesOf(device)
  const { isNext } = decision
  return { run, device, since, rank: rankOf(since, cost), takes, isNext, askedAt: at.now, ...(isBack && { isBack }) }
}
