import { type CarriedSteps, noteEnd, type StepEnd } from '../../../core/carried.ts'
import type { RunEvent } from '../../../core/events.ts'
import { readUnfinished } from '../../../core/unfinished-run.ts'

/** What a run has come to on one device. */
export interface DeviceStanding {
  /** Of the last attempt; 0: none has begun. */
  readonly attempt: number
  /** That attempt has its end, or was put off. */
  readonly isOver: boolean
  /** What attempts have begun or done. */
  readonly carried: CarriedSteps | undefined
}

/**
 * Reads it from the events of the device. That it waits for its turn is told before an attempt begins, and under the number of that attempt:
 * nothing was done in it.
 */
export async function standingOf(told: readonly RunEvent[]): Promise<DeviceStanding> {
  const events = ofAttempts(told)
  const attempt = Math.max(0, ...events.map((event) => ('device' in event ? (event.attempt ?? 1) : 0)))
  const [first] = events
  if (!first || !('device' in first)) return { attempt: 0, isOver: false, carried: undefined }
  const isOver = events.some(
    (event) =>
      (event.type === 'device.finished' || event.type === 'device.waiting') && (event.attempt ?? 1) === attempt,
  )
  const carried = (await readUnfinished(events)).carriedOf(first.device)
  return { attempt, isOver, carried: Object.keys(carried).length > 0 ? carried : undefined }
}

/** Without that a device waits for its turn. */
function ofAttempts(events: readonly RunEvent[]): readonly RunEvent[] {
  const begun = new Set<number>()
  return events.filter((event) => {
    if (event.type === 'device.started') begun.add(event.attempt ?? 1)
    return event.type !== 'device.waiting' || begun.has(event.attempt ?? 1)
  })
}

/** How the steps of an attempt have ended, as its events tell it. */
export class ChangedSteps {
  readonly #ends: StepEnd[] = []

  add(event: RunEvent): void {
    if (event.type !== 'step.finished') return
    const { runbook, step, state, changes, failure } = event
    this.#ends.push({ runbook, step, state, ...(changes && { changes }), ...(failure && { failure }) })
  }

  /** With what was carried into it; undefined where that is nothing. */
  with(before: CarriedSteps | undefined): CarriedSteps | undefined {
    const steps = new Map(Object.entries(before ?? {}))
    for (const end of this.#ends) noteEnd(steps, end)
    return before || steps.size > 0 ? Object.fromEntries(steps) : undefined
  }
}
