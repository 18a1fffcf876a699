import type { Guard, GuardSeen } from '../../../core/guard.ts'
import type { Asked, Objection, Rule, Situation } from '../rule.ts'

/** Nothing on the device speaks against it just now. A guard that did not say so holds it back, as does one that was not asked. */
export const guards: Rule = {
  name: 'guards',
  judge(asked, situation) {
    const { question, policy } = asked
    if (question.moment !== 'change') return undefined
    const purpose = question.purpose === 'rollback' ? 'rollout' : question.purpose
    for (const guard of policy.guardsOf(question.device, purpose)) {
      const seen = question.guards?.find((one) => one.guard === guard.name)
      if (seen?.says !== 'free') return closed(guard, seen, asked, situation)
    }
    return undefined
  },
}

function closed(guard: Guard, seen: GuardSeen | undefined, { question }: Asked, { now }: Situation): Objection {
  const by = `guard ${guard.name}`
  const until = now + guard.lookAgainMs
  if (seen?.says === 'busy') {
    const more = seen.detail === undefined ? '' : ` (${seen.detail})`
    const message = `"${question.device}" is in use: ${guard.says}${more}. So says the guard "${guard.name}".`
    return {
      kind: 'wait',
      code: 'GUARD_CLOSED',
      message,
      by,
      until,
      ...(seen.detail !== undefined && { whom: seen.detail }),
    }
  }
  const why = seen?.detail ?? 'it was not asked'
  const message = `Whether ${guard.says} on "${question.device}" could not be told by the guard "${guard.name}": ${why}.`
  return { kind: 'wait', code: 'GUARD_UNKNOWN', message, by, until }
}
