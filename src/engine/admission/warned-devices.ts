import type { Decision, Question } from '../../core/admission.ts'
import { recordAfter, type Warning, type WarningRecord, type WarningSeen } from '../../core/warning.ts'
import type { Refusal, Wait } from './admission.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import type { Situation } from './rule.ts'
import { freeze } from './rules/freeze.ts'
import { dueWarnings, warnings } from './rules/warnings.ts'
import { window } from './rules/window.ts'

/** What people at the devices of a run were told, and said. */
export class WarnedDevices {
  readonly #records = new Map<string, readonly WarningRecord[]>()

  of(device: string): readonly WarningRecord[] {
    return this.#records.get(device) ?? []
  }

  add(device: string, seen: readonly WarningSeen[], about: { readonly all: readonly Warning[]; readonly at: number }) {
    for (const one of seen) {
      const known = this.of(device)
      const before = known.find(({ warning }) => warning === one.warning)
      const warning = about.all.find(({ name }) => name === one.warning)
      const record = recordAfter(before, one, { warning, at: about.at })
      this.#records.set(device, [...known.filter((other) => other !== before), record])
    }
  }
}

/**
 * The decision of a policy that has people warned. Nobody is warned of a change for which there would be no time behind the waiting; and
 * once people were told (`isTold`), the device is looked at again in any case.
 */
export function decideWarned(
  policy: CompiledPolicy,
  situation: Situation,
  question: Question,
  { isTold }: { readonly isTold: boolean },
): Decision {
  const decision = decide(policy, situation, question)
  if (decision.kind === 'begin') return isTold ? lookedAtAgain(situation.now) : decision
  if (question.moment !== 'change' || !isForWarningsAlone(decision)) return decision
  const due = dueWarnings({ policy, question }, situation.now)
  if (due.length === 0) return decision
  const behind = situation.now + Math.max(...due.map(({ waitMs }) => waitMs))
  const later = decide(policy, { ...situation, now: behind }, question, [freeze, window])
  return later.kind === 'begin' ? decision : later
}

function lookedAtAgain(now: number): Decision {
  const message = 'People at the device were told that it is changed now; it is looked at once more before that.'
  const reason = { rule: warnings.name, code: 'WARNING_WAITING', message, by: warnings.name, until: now } as const
  return { kind: 'wait', reasons: [reason], until: now, isNext: false }
}

function isForWarningsAlone(decision: Decision): boolean {
  return decision.kind === 'wait' && decision.reasons.every(({ rule }) => rule === warnings.name)
}

/** What whoever asked gets where only people at the device are in the way: to warn them, or to wait for as long as they were told. */
export function asWarned(
  answer: Wait | Refusal,
  decision: Decision,
  about: { readonly policy: CompiledPolicy; readonly question: Question; readonly now: number },
): Wait | Refusal {
  if (answer.kind !== 'wait' || !isForWarningsAlone(decision)) return answer
  const due = about.question.moment === 'change' ? dueWarnings(about, about.now) : []
  return due.length > 0 ? { ...answer, warn: due } : { ...answer, isWarned: true }
}
