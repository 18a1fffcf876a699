import type { Decision, Question, Reason } from '../../core/admission.ts'
import { countedOnFrom, recordAfter, type Warning, type WarningRecord, type WarningSeen } from '../../core/warning.ts'
import type { Refusal, Wait } from './admission.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import type { Situation } from './rule.ts'
import { freeze } from './rules/freeze.ts'
import { told } from './rules/told.ts'
import { dueWarnings, warnings } from './rules/warnings.ts'
import { window } from './rules/window.ts'

/** What people at the devices of a run were told, and said. */
export class WarnedDevices {
  readonly #records = new Map<string, readonly WarningRecord[]>()
  /** Devices that are not done yet. */
  readonly #open = new Set<string>()

  of(device: string): readonly WarningRecord[] {
    return this.#records.get(device) ?? []
  }

  /** Whatever became of it. */
  end(device: string) {
    this.#open.delete(device)
  }

  /** Devices whose people count on a change, and when it is to begin; without `device`. */
  countedOn(
    device: string,
    about: { readonly now: number; warningsOf(device: string): readonly Warning[] },
  ): readonly { readonly device: string; readonly until: number }[] {
    return [...this.#open].flatMap((other) => {
      if (other === device) return []
      const all = about.warningsOf(other)
      const untils = this.of(other).flatMap((record) => {
        const warning = all.find(({ name }) => name === record.warning)
        return (warning && countedOnFrom(warning, record, about.now)) ?? []
      })
      return untils.length === 0 ? [] : [{ device: other, until: Math.max(...untils) }]
    })
  }

  add(device: string, seen: readonly WarningSeen[], about: { readonly all: readonly Warning[]; readonly at: number }) {
    if (seen.length > 0) this.#open.add(device)
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
 * The decision of a policy that has people warned. Nobody is warned of a change that a window or a freeze would stop once the waiting
 * is over. After people were told (`isTold`), the device is looked at again in any case.
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

function isOfWarnings({ rule }: Reason): boolean {
  return rule === warnings.name || rule === told.name
}

function isForWarningsAlone(decision: Decision): boolean {
  return decision.kind === 'wait' && decision.reasons.every(isOfWarnings)
}

/** What whoever asked gets where only people at the device are in the way: to warn them, or to wait for as long as they were told. */
export function asWarned(
  answer: Wait | Refusal,
  decision: Decision,
  about: { readonly policy: CompiledPolicy; readonly question: Question; readonly now: number },
): Wait | Refusal {
  if (answer.kind !== 'wait' || decision.kind !== 'wait') return answer
  const isAlone = isForWarningsAlone(decision)
  const isBehind = decision.reasons.some(({ rule }) => rule === told.name)
  const due = isAlone && !isBehind && about.question.moment === 'change' ? dueWarnings(about, about.now) : []
  if (due.length > 0) return { ...answer, warn: due }
  // Others in progress do not make it wait any less for people.
  const isWaiting = isAlone || (decision.awaitsLooks === true && decision.reasons.some(isOfWarnings))
  return isWaiting ? { ...answer, isPassing: isBehind || !isAlone, isWarned: true } : answer
}
