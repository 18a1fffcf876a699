import { type EventIntake, MOST_AT_ONCE } from '../../streams/intake/intake.ts'
import { JsonObjects } from '../../streams/intake/json-objects.ts'
import { hasLongNumber } from '../../streams/intake/long-numbers.ts'
import type { RawEvent } from '../../streams/intake/map-event.ts'

/** Events of one request. */
const MOST_EVENTS = 10_000

/** The events of a body: a JSON list of them, one alone over several lines, or one a line. Undefined: there are more than one request may bring. */
export function eventsOfBody(body: string): readonly RawEvent[] | undefined {
  const texts = /^\s*[[{]/.test(body) ? jsonOf(body) : undefined
  const events = texts ?? body.split(/\r?\n/).filter((line) => line.trim() !== '')
  return events.length > MOST_EVENTS ? undefined : events.map((text) => ({ text, topic: '' }))
}

/** Undefined: it is not JSON as a whole. */
function jsonOf(body: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(body)
    if (!Array.isArray(value)) return [body.trim()]
    const isOfObjects = value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
    if (!isOfObjects || !hasLongNumber(body)) return value.map((each) => JSON.stringify(each))
    // As they came: written again, long numbers would be others.
    return new JsonObjects(body.length * 4).push(Buffer.from(body)).map(({ text }) => text)
  } catch {
    return undefined
  }
}

/** Takes them in, some at a time, and tells of each part; what was taken when one part fails is known again when all come again. */
export async function takeEvents(
  intake: EventIntake,
  events: readonly RawEvent[],
  tookPart: () => void,
): Promise<{ readonly taken: number; readonly repeated: number }> {
  const sum = { taken: 0, repeated: 0 }
  for (let at = 0; at < events.length; at += MOST_AT_ONCE) {
    const answer = await intake.take('push', events.slice(at, at + MOST_AT_ONCE))
    tookPart()
    if (answer.state !== 'taken') continue
    sum.taken += answer.taken
    sum.repeated += answer.repeated
  }
  return sum
}
