import type { Decision, Question, Reason } from '../../core/admission.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import type { Asked, Objection, Rule, Situation } from './rule.ts'
import { RULES } from './rules/index.ts'

/**
 * Whether a device may be worked on now: begin, wait, or no. Pure: the same question in the same situation has the same
 * answer, and asking changes nothing. Asked before the device takes a place, and again before its first change is sent.
 * Throws RangeError for a device that the fleet does not have.
 */
export function decide(
  policy: CompiledPolicy,
  situation: Situation,
  question: Question,
  rules: readonly Rule[] = RULES,
): Decision {
  const asked = askedOf(policy, situation, question)
  const objections: (Objection & { readonly rule: string })[] = []
  for (const rule of rules) {
    const objection = rule.judge(asked, situation)
    if (objection) objections.push({ ...objection, rule: rule.name })
  }
  const glass = question.breakGlass !== undefined
  const standing = objections.filter(({ isGlass }) => !(glass && isGlass))
  if (standing.length === 0) return { kind: 'begin', takes: asked.takes, despite: objections.map(reasonOf) }
  const reasons = standing.map(reasonOf)
  if (standing.some(({ kind }) => kind === 'refuse')) return { kind: 'refuse', reasons }
  const untils = standing.flatMap(({ until }) => (until === undefined ? [] : [until]))
  return {
    kind: 'wait',
    reasons,
    ...(untils.length > 0 && { until: Math.max(...untils) }),
    isNext: standing.every(({ isPassing }) => isPassing === true),
    ...(standing.every(isForOthers) && { awaitsLooks: true }),
    ...(standing.some(({ isForAll }) => isForAll) && { isForAll: true }),
  }
}

function isForOthers({ isPassing, awaitsLooks }: Objection): boolean {
  return isPassing === true || awaitsLooks === true
}

/** How often the answer is asked for at a later time, before there is said to be none. */
const MOST_LOOKS = 50

/**
 * When a device may begin as far as is known now, as `ask` decides: `now` or later; undefined where that depends on somebody or
 * something.
 */
export function mayBeginAt(
  policy: CompiledPolicy,
  situation: Situation,
  question: Question,
  ask: (policy: CompiledPolicy, situation: Situation, question: Question) => Decision = decide,
): { readonly at?: number; readonly decision: Decision } {
  const decision = ask(policy, situation, question)
  let latest = decision
  let now = situation.now
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    if (latest.kind === 'begin') return { at: now, decision }
    if (latest.kind === 'refuse' || latest.until === undefined || latest.until <= now) break
    now = latest.until
    latest = ask(policy, { ...situation, now }, question)
  }
  return { decision }
}

function askedOf(policy: CompiledPolicy, situation: Situation, question: Question): Asked {
  const device = policy.world.devices.get(question.device)
  if (device === undefined) throw new RangeError(`There is no device "${question.device}".`)
  const place = situation.ledger.place(question.device)
  const isPlaced = place !== undefined && place.run === question.run && place.phase !== 'out'
  const isLeft = place !== undefined && (place.phase !== 'held' || place.wasOut === true)
  const isMending = question.purpose === 'rollback' && isLeft
  const purpose = question.purpose === 'rollback' ? 'rollout' : question.purpose
  const takes = policy.takesOf(device.name)
  return { question, device, policy, rules: policy.policy[purpose], takes, isPlaced, isMending }
}

function reasonOf({
  kind: _kind,
  isPassing: _passing,
  awaitsLooks: _looks,
  isForAll: _all,
  isGlass: _glass,
  ...reason
}: Objection & { rule: string }): Reason {
  return reason
}
