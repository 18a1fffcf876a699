import type { Asked, Objection, Rule, Situation } from '../rule.ts'
import { shownLength, shownTime } from '../shown-time.ts'

/** A change begins in a window, and only if it is likely to be done, and proven, before the window ends. */
export const window: Rule = {
  name: 'window',
  judge(asked, situation) {
    if (asked.isMending) return undefined
    const { now } = situation
    const timetable = timetableOf(asked)
    const needMs = asked.question.expected.changeMs + asked.question.expected.proofMs
    // Within a freeze, the rule of freezes speaks.
    if (timetable.freezeAt(now) !== undefined && timetable.at(now) === undefined) return undefined
    const next = timetable.next(now, needMs)
    return next === now ? undefined : objection(asked, situation, { next, needMs })
  },
}

function timetableOf({ policy, device, question }: Asked) {
  return policy.timetable(device, question.purpose === 'rollback' ? 'rollout' : question.purpose)
}

function objection(
  asked: Asked,
  { now }: Situation,
  { next, needMs }: { readonly next: number | undefined; readonly needMs: number },
): Objection {
  const timetable = timetableOf(asked)
  const zone = asked.policy.world.stores.get(asked.device.store)?.time_zone ?? 'UTC'
  const inside = timetable.at(now)
  const { basis } = asked.question.expected
  const guess = basis.kind === 'guess' ? 'by the guess of the policy' : `as 95 % of ${basis.of} like it did`
  const why = inside
    ? `The change takes ${shownLength(needMs)} ${guess}, and the window ends at ${shownTime(inside.to ?? now, zone)}.`
    : 'The device is outside of its windows.'
  const when = next === undefined ? 'No window is long enough in the next 70 days.' : `Next: ${shownTime(next, zone)}.`
  const by =
    timetable.windows.length === 0 ? `policy ${asked.policy.policy.name}` : `window ${timetable.windows.join(', ')}`
  const until = next === undefined ? {} : { until: next }
  return { kind: 'wait', code: 'WINDOW_CLOSED', message: `${why} ${when}`, by, ...until, isGlass: true }
}
