import type { Rule } from '../rule.ts'
import { shownTime } from '../shown-time.ts'

/** Nothing changes during a freeze. */
export const freeze: Rule = {
  name: 'freeze',
  judge({ policy, device, question, isMending }, { now }) {
    if (isMending) return undefined
    const purpose = question.purpose === 'rollback' ? 'rollout' : question.purpose
    const timetable = policy.timetable(device, purpose)
    const found = timetable.at(now) === undefined ? timetable.freezeAt(now) : undefined
    if (found === undefined) return undefined
    const zone = policy.world.stores.get(device.store)?.time_zone ?? 'UTC'
    const { name, why } = found.freeze
    const end = found.until === undefined ? ' in the next 70 days' : ` until ${shownTime(found.until, zone)}`
    const next = timetable.next(now, question.expected.changeMs + question.expected.proofMs)
    const until = next === undefined ? {} : { until: next }
    const message = `Nothing is changed${end}: ${why}`
    return { kind: 'wait', code: 'FREEZE_ACTIVE', message, by: `freeze ${name}`, ...until, isGlass: true }
  },
}
