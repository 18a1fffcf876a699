import type { Guard } from '../../core/guard.ts'
import { guardQuestion, readGuard } from '../../devices/guard/guard-question.ts'
import type { GuardCheck } from '../../engine/device/guarded-shell.ts'

/** Guards with the questions that devices are asked for them. */
export function guardChecks(guards: readonly Guard[]): readonly GuardCheck[] {
  return guards.map((guard) => ({
    guard,
    question: (dialect) => guardQuestion(guard, dialect),
    read: (answer) => readGuard(guard.name, answer),
  }))
}
