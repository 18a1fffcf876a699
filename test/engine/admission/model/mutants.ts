import type { CompiledPolicy } from '../../../../src/engine/admission/compile-policy.ts'
import { decide } from '../../../../src/engine/admission/decide.ts'
import type { Ledger } from '../../../../src/engine/admission/ledger.ts'
import type { Asked, Rule, Situation } from '../../../../src/engine/admission/rule.ts'
import { RULES } from '../../../../src/engine/admission/rules/index.ts'
import type { Admission } from './schedule.ts'
import * as right from './subject.ts'

const HOUR = 3_600_000

/** Admission with one thing wrong in it. */
export interface Mutant {
  readonly name: string
  readonly admission: Admission
}

function ruled(name: string, change: (rule: Rule) => Rule | undefined): Mutant {
  const of = name.split(':')[0]
  const rules = RULES.flatMap((rule) => (rule.name === of ? (change(rule) ?? []) : [rule]))
  return { name, admission: { ...right, decide: (...asked) => decide(asked[0], asked[1], asked[2], rules) } }
}

/** A rule that does not speak. */
const without = (name: string): Mutant => ruled(`${name}: is not asked`, () => undefined)

/** A rule that sees something else than there is. */
function seeing(name: string, as: (asked: Asked, situation: Situation) => readonly [Asked, Situation]): Mutant {
  return ruled(name, (rule) => ({ name: rule.name, judge: (asked, situation) => rule.judge(...as(asked, situation)) }))
}

const at = (name: string, shift: number): Mutant =>
  seeing(name, (asked, situation) => [asked, { ...situation, now: situation.now + shift }])

/** A policy that says something else. */
function saying(name: string, change: (policy: CompiledPolicy) => CompiledPolicy): Mutant {
  return seeing(name, (asked, situation) => {
    const policy = change(asked.policy)
    const purpose = asked.question.purpose === 'repair' ? 'repair' : 'rollout'
    return [{ ...asked, policy, rules: policy.policy[purpose] }, situation]
  })
}

function tuned(name: string, change: (policy: CompiledPolicy['policy']) => CompiledPolicy['policy']): Mutant {
  return saying(name, (policy) => ({ ...policy, policy: change(policy.policy) }))
}

/** A ledger that answers one thing wrongly. */
function ledgerWith(name: string, wrong: (ledger: Ledger) => Partial<Record<keyof Ledger, unknown>>): Mutant {
  return seeing(name, (asked, situation) => {
    const answers = wrong(situation.ledger)
    const ledger = new Proxy(situation.ledger, {
      get(target, key) {
        if (key in answers) return answers[key as keyof Ledger]
        const value = Reflect.get(target, key) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return [asked, { ...situation, ledger }]
  })
}

const other = (name: string, more: Partial<Admission>): Mutant => ({ name, admission: { ...right, ...more } })

/** Whoever reads this list sees what the model is trusted to find. */
export const MUTANTS: readonly Mutant[] = [
  ...['glass', 'size', 'run-state', 'breaker', 'approval', 'rollback', 'lease', 'waves', 'max-failures', 'back'].map(
    without,
  ),
  ...['holds', 'freeze', 'window', 'crossing', 'last-working', 'caps', 'queue'].map(without),
  at('holds: end an hour early', HOUR),
  at('window: by a clock that is an hour slow', -HOUR),
  at('freeze: by a clock that is a day slow', -24 * HOUR),
  seeing('holds: of the device alone', (asked, situation) => [{ ...asked, takes: [asked.device.name] }, situation]),
  seeing('crossing: with the device alone', (asked, situation) => [
    { ...asked, takes: [asked.device.name] },
    situation,
  ]),
  seeing('caps: for the device alone', (asked, situation) => [{ ...asked, takes: [asked.device.name] }, situation]),
  seeing('last-working: of the device alone', (asked, situation) => [
    { ...asked, takes: [asked.device.name] },
    situation,
  ]),
  seeing('window: a change takes no time', (asked, situation) => {
    const expected = { ...asked.question.expected, changeMs: 0, proofMs: 0 }
    return [{ ...asked, question: { ...asked.question, expected } }, situation]
  }),
  seeing('last-working: who was not seen works', (asked, situation) => {
    return [asked, { ...situation, seen: () => ({ working: true, at: situation.now }) }]
  }),
  seeing('last-working: who was seen long ago works', (asked, situation) => {
    const seen = (device: string) => {
      const last = situation.seen(device)
      return last && { ...last, at: situation.now }
    }
    return [asked, { ...situation, seen }]
  }),
  seeing('run-state: a repair may', (asked, situation) => [
    { ...asked, isMending: asked.isMending || asked.question.purpose === 'repair' },
    situation,
  ]),
  at('approval: is never too late', -1_000 * HOUR),
  saying('caps: one more', (policy) => ({
    ...policy,
    bucketsOf: (device) => policy.bucketsOf(device).map((bucket) => ({ ...bucket, limit: bucket.limit + 1 })),
  })),
  saying('last-working: one less', (policy) => ({
    ...policy,
    groupsOf: (device) => policy.groupsOf(device).map((group) => ({ ...group, keep: group.keep - 1 })),
  })),
  saying('last-working: at any time', (policy) => ({
    ...policy,
    closedTimes: (store) => ({ ...policy.closedTimes(store), next: (now) => now }),
  })),
  tuned('rollback: one more that failed', (policy) => ({
    ...policy,
    rollback: { ...policy.rollback, stopAfter: policy.rollback.stopAfter + 1 },
  })),
  tuned('back: one more', (policy) => ({ ...policy, backAtOnce: policy.backAtOnce + 1 })),
  ledgerWith('waves: what is in flight does not count', () => ({ inProgress: () => 0 })),
  ledgerWith('max-failures: what is in flight does not count', () => ({ inProgress: () => 0 })),
  ledgerWith('last-working: what is out works', () => ({ isOut: () => false })),
  ledgerWith('lease: of another run is not seen', () => ({ place: () => undefined })),
  other('failures never open the breaker', { afterFailure: (state) => state }),
  other('a device takes nothing with it', {
    compilePolicy: (policy, world) => ({ ...right.compilePolicy(policy, world), takesOf: (device) => [device] }),
  }),
]
