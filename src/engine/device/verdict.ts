import { type Change, presentable } from '../../core/change.ts'
import type { Failure } from '../../core/failure.ts'
import type { JsonValue } from '../../core/json.ts'
import type { Observation } from '../../core/module.ts'
import type { StepOutcome } from '../../core/outcome.ts'

/** Failures that no change on the device could make go away. */
export const REGARDLESS_OF_CHANGES: ReadonlySet<string> = new Set([
  'MODULE_SYSTEM_UNSUPPORTED',
  'SECRET_UNREADABLE',
  'SECRET_COMMAND_FAILED',
  'SECRET_SEALED',
  'INTERNAL_BUG',
])

/** What of an observation goes into the outcome of its step, however that is judged. */
export function seenIn({ value, samples, marks }: Observation): Pick<StepOutcome, 'value' | 'samples' | 'marks'> {
  return { value, ...(samples && { samples }), ...(marks && { marks }) }
}

/** What a failure says when it is no failure of ours: what was looked at does not hold. */
const OF_THE_DEVICE: ReadonlySet<string> = new Set(['CHECK_UNMET', 'ASSERT_FALSE'])

/** Whether what was looked at does not hold, rather than that it could not be looked at. */
export function isUnmet({ code }: Failure): boolean {
  return OF_THE_DEVICE.has(code)
}

/** How a step ended that could not be brought to its end. */
export function failedBy(failure: Failure): Pick<StepOutcome, 'state' | 'failure'> {
  return { state: isUnmet(failure) ? 'unmet' : 'failed', failure }
}

/** What a check that only looks has against what it saw. */
export function unmet(changes: readonly Change[], seen: Observation): Failure {
  const found = changes.map(presentable).map((c) => `${c.path} is ${inWords(c.before)}; required: ${inWords(c.after)}.`)
  return { code: 'CHECK_UNMET', phase: 'observe', message: seen.explain?.(changes) ?? found.join(' ') }
}

/** A bound ("at least 30") is read as it is; what could be taken for one of our words stands in quotes. */
function inWords(value: JsonValue): string {
  if (value === null) return 'not there'
  return typeof value === 'string' && /^(at least|at most|not) /.test(value) ? value : JSON.stringify(value)
}

/** How a step ended whose changes were made without error, by what was seen of it afterwards. */
export function verified(changes: readonly Change[], after: Observation): StepOutcome {
  const shown = changes.map(presentable)
  const seen = seenIn(after)
  const left = after.compare({ triggered: false })
  if ('unknown' in left) return { state: 'unknown', reason: left.unknown, changes: shown, ...seen }
  const undone = left.changes.filter((change) => !change.once)
  if (undone.length === 0) return { state: 'changed', changes: shown, ...seen }
  const fields = undone.map(presentable).map((change) => `${change.path} is still ${inWords(change.before)}`)
  const message = after.explain?.(undone) ?? `Changed without error, but ${fields.join(', and ')}.`
  return { state: 'failed', failure: { code: 'NOT_CONVERGED', phase: 'verify', message }, changes: shown, ...seen }
}
