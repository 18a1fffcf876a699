import { type EventIntake, MOST_AT_ONCE } from '../../streams/intake/intake.ts'
import type { RawEvent } from '../../streams/intake/map-event.ts'

/** Events of one request. */
const MOST_EVENTS = 10_000

/** The events of a body: a JSON list of them, or one a line. Undefined: there are more than one request may bring. */
export function eventsOfBody(body: string): readonly RawEvent[] | undefined {
  const listed = body.trimStart().startsWith('[') ? listOf(body) : undefined
  const texts = listed ?? body.split(/\r?\n/).filter((line) => line.trim() !== '')
  return texts.length > MOST_EVENTS ? undefined : texts.map((text) => ({ text, topic: '' }))
}

function listOf(body: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return Array.isArray(value) ? value.map((each) => JSON.stringify(each)) : undefined
  } catch {
    return undefined
  }
}

/** Takes them in, some at a time; what was taken when one part fails is known again when all come again. */
export async function takeEvents(
  intake: EventIntake,
  events: readonly RawEvent[],
): Promise<{ readonly taken: number; readonly repeated: number }> {
  const sum = { taken: 0, repeated: 0 }
  for (let at = 0; at < events.length; at += MOST_AT_ONCE) {
    const answer = await intake.take('push', events.slice(at, at + MOST_AT_ONCE))
    if (answer.state !== 'taken') continue
    sum.taken += answer.taken
    sum.repeated += answer.repeated
  }
  return sum
}
