import type { Decision, Question, Reason } from '../../core/admission.ts'
import { countedOnFrom, recordAfter, type Warning, type WarningRecord, type WarningSeen } from '../../core/warning.ts'
import type { Refusal, Wait } from './admission.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { decide } from './decide.ts'
import type { Rule, Situation } from './rule.ts'
import { caps } from './rules/caps.ts'
import { freeze } from './rules/freeze.ts'
import { RULES } from './rules/index.ts'
import { lastWorking } from './rules/last-working.ts'
import { told } from './rules/told.ts'
import { dueWarnings, turnOf, warnings } from './rules/warnings.ts'
import { window } from './rules/window.ts'
import { shownTime } from './shown-time.ts'

/** What people at the devices of a run were told, and said. */
export class WarnedDevices {
  readonly #records = new Map<string, readonly WarningRecord[]>()
  /** Devices that are not done yet. */
  readonly #open = new Set<string>()

  of(device: string): readonly WarningRecord[] {
    return this.#records.get(device) ?? []
  }

  /** People at it were told of a change, and it is not done. */
  isOpen(device: string): boolean {
    return this.#open.has(device)
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

/** Rules that may close by the time alone. Holds have begun when they are there, and an approval was used with the place of the device. */
const CLOSING = [freeze, window, lastWorking, caps]

/**
 * The decision of a policy that has people warned. Nobody is warned of a change that would be held back once the waiting is over,
 * as far as that can be told by the time. After people were told (`isTold`), the device is looked at again in any case.
 */
export function decideWarned(
  policy: CompiledPolicy,
  situation: Situation,
  question: Question,
  { isTold = false, rules = RULES }: { readonly isTold?: boolean; readonly rules?: readonly Rule[] } = {},
): Decision {
  const decision = decide(policy, situation, question, rules)
  if (decision.kind === 'begin') return isTold ? lookedAtAgain(situation.now) : decision
  const about = { policy, question, now: situation.now }
  if (warningsNow(decision, about).length === 0) return decision
  const turn = turnOf(about, situation.now)
  const later = decide(policy, { ...situation, now: turn }, question, CLOSING)
  return later.kind === 'begin' ? decision : notWarned(later, turn, about)
}

/** The same where people who are yet to be warned are taken to agree: nothing but them is in the way. */
export function decideAgreed(policy: CompiledPolicy, situation: Situation, question: Question): Decision {
  const decision = decideWarned(policy, situation, question)
  const due = warningsNow(decision, { policy, question, now: situation.now })
  return due.length === 0 ? decision : { kind: 'begin', takes: policy.takesOf(question.device), despite: [] }
}

/** What is to be said to people now; none where something else is in the way. */
export function warningsNow(decision: Decision, { policy, question, now }: About): readonly Warning[] {
  if (question.moment !== 'change' || decision.kind !== 'wait' || !isForWarningsAlone(decision)) return []
  return decision.reasons.some(({ rule }) => rule === told.name) ? [] : dueWarnings({ policy, question }, now)
}

interface About {
  readonly policy: CompiledPolicy
  readonly question: Question
  readonly now: number
}

function notWarned<Later extends Exclude<Decision, { kind: 'begin' }>>(
  later: Later,
  turn: number,
  { policy, question }: About,
): Later {
  const { store = '' } = policy.world.devices.get(question.device) ?? {}
  const zone = policy.world.stores.get(store)?.time_zone ?? 'UTC'
  const why = `Nobody is warned, as the change could not begin behind the waiting, at ${shownTime(turn, zone)}`
  return { ...later, reasons: later.reasons.map((reason) => ({ ...reason, message: `${why}: ${reason.message}` })) }
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
export function asWarned(answer: Wait | Refusal, decision: Decision, about: About): Wait | Refusal {
  if (answer.kind !== 'wait' || decision.kind !== 'wait') return answer
  const due = warningsNow(decision, about)
  if (due.length > 0) return { ...answer, warn: due }
  const isAlone = isForWarningsAlone(decision)
  const isBehind = decision.reasons.some(({ rule }) => rule === told.name)
  // Others in progress do not make it wait any less for people.
  const isWaiting = isAlone || (decision.awaitsLooks === true && decision.reasons.some(isOfWarnings))
  return isWaiting ? { ...answer, isPassing: isBehind || !isAlone, isWarned: true } : answer
}
