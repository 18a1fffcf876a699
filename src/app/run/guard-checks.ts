import type { Guard } from '../../core/guard.ts'
import type { DeviceHistory } from '../../core/module.ts'
import { guardQuestion, readFactGuard, readGuard } from '../../devices/guard/guard-question.ts'
import type { GuardCheck } from '../../engine/device/guarded-shell.ts'

/** Guards with the questions that devices are asked for them; those that go by events ask the history of the device. */
export function guardChecks(guards: readonly Guard[], history: DeviceHistory): readonly GuardCheck[] {
  return guards.map((guard): GuardCheck => {
    const { test } = guard
    const asked = {
      guard,
      question: (dialect: Parameters<GuardCheck['question']>[0]) => guardQuestion(guard, dialect),
      read: (answer: Parameters<GuardCheck['read']>[0]) => readGuard(guard.name, answer),
    }
    if (test.type !== 'source') return asked
    const here = async () => readFactGuard(guard, { fact: await history.fact(test.fact, test.source), now: Date.now() })
    return { ...asked, here }
  })
}
