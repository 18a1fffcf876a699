import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KafkaSink, type Rdkafka } from '../../src/streams/kafka-sink.ts'
import { drain } from '../../src/streams/send.ts'
import { KafkaMock, rdkafka } from '../peers/kafka-mock.ts'
import { OutboxWorld, someEvents, someSink } from './outbox-world.ts'

const never = new AbortController().signal

describe.skipIf(!rdkafka)('A Kafka sink, with the mock broker of librdkafka', () => {
  let world: OutboxWorld
  let broker: KafkaMock

  beforeEach(async () => {
    world = await new OutboxWorld().open()
    await world.outbox.register(['one'])
    broker = new KafkaMock()
    await broker.start('till')
  })
  afterEach(async () => {
    broker.kill()
    await world.close()
  })

  const target = (timeoutMs = 5_000) =>
    ({ kind: 'kafka', brokers: [broker.address], tls: false, mechanism: 'PLAIN', timeoutMs }) as const
  const send = (timeoutMs?: number) => {
    const sink = new KafkaSink(rdkafka as Rdkafka, target(timeoutMs), { origin: world.outbox.id })
    return drain(world.sending(someSink(target(timeoutMs), { topic: 'till' }), sink), never)
  }

  it('brings every event, in order for each key', async () => {
    await world.store.append(someEvents('r', 2_000))
    expect(await send()).toEqual({ sent: 2_000 })
    await expect.poll(() => broker.heard.length, { timeout: 15_000 }).toBe(2_000)
    for (let device = 0; device < 5; device += 1) {
      const seqs = broker.heard
        .filter((line) => line.startsWith(`PL-0001/pos${device} `))
        .map((line) => Number(/ce_id=r\/(\d+)/.exec(line)?.[1]))
      expect(seqs).toEqual(Array.from({ length: 400 }, (_, index) => index * 5 + device + 1))
    }
  })

  it('keeps what a broker that is gone does not confirm', async () => {
    await world.store.append(someEvents('r', 10))
    broker.kill()
    const end = await send(2_000)
    expect([end.sent, end.trouble !== undefined]).toEqual([0, true])
    expect((await world.outbox.positions())[0]).toMatchObject({ pending: 10, sent: 0 })
  })
})
