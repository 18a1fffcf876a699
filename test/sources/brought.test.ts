import { expect, it } from 'vitest'
import { eventsOfBody, takeEvents } from '../../src/app/streams/brought-events.ts'
import { EventMapper } from '../../src/streams/intake/map-event.ts'
import { settingsOf } from './some-source.ts'

const ids = (settings: Parameters<typeof settingsOf>[0], body: string): readonly (string | undefined)[] => {
  const mapper = new EventMapper(settingsOf(settings), (name) => ({ name, timeZone: 'UTC' }))
  return (eventsOfBody(body) ?? []).map((raw) => mapper.map(raw, Date.now()).id)
}

it('A body is a list, one event over several lines, or an event a line', () => {
  const events = [{ till: 'a' }, { till: 'b', more: { lines: [1, 2] } }]
  const lines = events.map((one) => JSON.stringify(one))
  const texts = (body: string) => eventsOfBody(body)?.map(({ text }) => JSON.parse(text) as unknown)
  expect(texts(lines.join('\r\n'))).toEqual(events)
  expect(texts(`\n${JSON.stringify(events, null, 2)}\n`)).toEqual(events)
  expect(texts(JSON.stringify(events[1], null, 2))).toEqual([events[1]])
  expect(eventsOfBody('{"till": \nplain text\n')?.map(({ text }) => text)).toEqual(['{"till": ', 'plain text'])
})

it('Ids that are long numbers are told apart where reading them rounds them, and known when they come again', () => {
  const event = (id: string) => `{"till": "PL-0001/pos1", "id": ${id}, "type": "CLOSED"}`
  const numbers = ['1834567890123456789', '1834567890123456790', '1834567890123456800', '1834567890123456789']
  for (const id of ['event.id', 'string(event.id)']) {
    const settings = `    push: true\n    device: event.till\n    id: ${id}\n    rules: []\n`
    for (const body of [numbers.map(event).join('\n'), `[${numbers.map(event).join(',\n')}]`]) {
      const [one, other, third, again] = ids(settings, body)
      expect(new Set([one, other, third]).size).toBe(3)
      expect(again).toBe(one)
    }
  }
  // Written as a text it is what it says, whatever is sent along.
  const settings = `    push: true\n    device: event.till\n    id: event.id\n    rules: []\n`
  const [first, second] = ids(
    settings,
    `{"till":"a","id":"1834567890123456789","n":1}\n{"till":"a","id":"1834567890123456789","n":2}`,
  )
  expect(second).toBe(first)
})

it('Who brings many is not told that it takes too long while part after part is kept', async () => {
  const parts: number[] = []
  const intake = {
    take: async (_: string, events: readonly unknown[]) => {
      parts.push(events.length)
      return { state: 'taken', taken: events.length, repeated: 0 }
    },
  } as unknown as Parameters<typeof takeEvents>[0]
  let told = 0
  const events = Array.from({ length: 1_201 }, (_, n) => ({ text: String(n), topic: '' }))
  expect(await takeEvents(intake, events, () => told++)).toEqual({ taken: 1_201, repeated: 0 })
  expect(parts).toEqual([500, 500, 201])
  expect(told).toBe(3)
})
