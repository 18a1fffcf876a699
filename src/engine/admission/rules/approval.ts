import type { ApprovalState } from '../../../core/admission.ts'
import { approvedBy, isOver } from '../approvals.ts'
import { havePassedBefore } from '../judge-wave.ts'
import type { Asked, Objection, Rule } from '../rule.ts'

/** Policy wants people to agree, to the run or to each of its waves. */
export const approval: Rule = {
  name: 'approval',
  judge(asked, { approvals, run, now }) {
    const { waves, approval: wanted } = asked.rules
    if (wanted.people === 0 || asked.question.purpose === 'rollback') return undefined
    const wave = wanted.each === 'wave' ? asked.question.wave : undefined
    // Nobody can say yes to a wave before it is seen how those before it went: until then these are what it waits for.
    if (wave !== undefined && waves && !havePassedBefore(wave, waves, { run, now })) return undefined
    const state = approvals.find((one) => one.wave === wave)
    return state === undefined ? missing(asked, wanted.people) : judgeState(asked, state, now)
  },
}

function missing({ policy }: Asked, people: number): Objection {
  const message = `The policy wants ${people === 1 ? 'somebody' : `${people} people`} to approve, and nobody was asked yet.`
  return { kind: 'wait', code: 'APPROVAL_MISSING', message, by: `policy ${policy.policy.name}` }
}

function judgeState({ rules }: Asked, state: ApprovalState, now: number): Objection | undefined {
  const by = `approval ${state.id}`
  if (state.refused) {
    const { by: whom, why } = state.refused
    return { kind: 'refuse', code: 'APPROVAL_EXPIRED', message: `${whom} has refused it: ${why}`, by, whom }
  }
  if (isOver(state, now)) {
    return { kind: 'refuse', code: 'APPROVAL_EXPIRED', message: `Approval ${state.id} was not used in time.`, by }
  }
  const people = Math.max(rules.approval.people, state.people)
  const fourEyes = rules.approval.fourEyes || state.fourEyes
  const signed = rules.approval.signed ?? state.signed
  const given = approvedBy({ ...state, fourEyes, ...(signed && { signed }) }).length
  if (given >= people) return undefined
  const how = signed ? ' It has to be signed: till approve --sign KEY.' : ''
  const message = `${given} of ${people} have approved.${how}${fourEyes ? ` It cannot be ${state.askedBy}, who asked.` : ''}`
  return { kind: 'wait', code: 'APPROVAL_MISSING', message, by }
}
