import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventIntake } from '../../src/streams/intake/intake.ts'
import { KafkaReader, type RdkafkaConsumers } from '../../src/streams/intake/kafka-reader.ts'
import { KafkaMock, rdkafka } from '../peers/kafka-mock.ts'

const MESSAGES = Array.from({ length: 1500 }, (_, index) => String(index))

describe.skipIf(!rdkafka)('A source of Kafka, with the mock broker of librdkafka', () => {
  const broker = new KafkaMock()
  /** Offsets as the state store would keep them, beside what came. */
  const places = new Map<string, string>()
  const taken: string[] = []
  const warnings: string[] = []

  beforeEach(() => broker.start('other'))
  afterEach(() => broker.kill())

  function openReader(): KafkaReader {
    const intake = {
      settings: { name: 'tills', maxBytes: 1_000 },
      store: { place: async (_source: string, part: string) => places.get(part) ?? null },
      async take(part: string, events: readonly { text: string }[], { to }: { to: string }) {
        places.set(part, to)
        taken.push(...events.map(({ text }) => text))
        return { state: 'taken' }
      },
    } as unknown as EventIntake
    const origin = {
      ...({ kind: 'kafka', brokers: [broker.address], topics: ['events'], tls: false } as const),
      ...({ mechanism: 'PLAIN', group: 'till', timeoutMs: 5_000 } as const),
    }
    return new KafkaReader(rdkafka as RdkafkaConsumers, origin, {
      intake,
      password: undefined,
      warn: (text) => warnings.push(text),
    })
  }

  const comeTo = (many: number): Promise<void> =>
    expect.poll(() => taken.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(many)

  /** Reads until so many messages are there in all, and leaves. */
  async function readUntil(many: number): Promise<void> {
    const leave = new AbortController()
    const reading = openReader().run(leave.signal, () => undefined)
    await comeTo(many)
    leave.abort()
    await reading
  }

  it('goes on where the state store says, each message once, whatever the group remembers', async () => {
    broker.produce('events', MESSAGES.slice(0, 1_000))
    await readUntil(1_000)
    broker.produce('events', MESSAGES.slice(1_000))
    await readUntil(1_500)
    expect([...taken].sort()).toEqual([...MESSAGES].sort())
    // A state store that was restored from a backup knows an older place: from there it comes again.
    const [part] = places.keys()
    places.set(part as string, String(Number(places.get(part as string)) - 10))
    await readUntil(1_510)
    expect(taken).toHaveLength(1_510)
    expect(warnings).toEqual([])
    // The topic was deleted and made anew.
    broker.kill()
    await broker.start('other')
    broker.produce('events', ['a', 'b', 'c'])
    await readUntil(1_513)
    // Of several partitions.
    expect(taken.slice(-3).sort()).toEqual(['a', 'b', 'c'])
    expect(warnings.length).toBeGreaterThan(0)
    for (const text of warnings) expect(text).toMatch(/events\/\d was read up to \d+ and ends at \d: it was made anew/)
  })

  it('says that its broker is gone, and does not seem to wait for messages', async () => {
    const before = taken.length
    broker.produce('events', ['last words'])
    places.clear()
    const reading = openReader().run(new AbortController().signal, () => undefined)
    const end = reading.then(
      () => 'no reason',
      (error: Error) => error.message,
    )
    await comeTo(before + 1)
    const { address } = broker
    broker.kill()
    expect(await end).toContain(address)
  })
})
