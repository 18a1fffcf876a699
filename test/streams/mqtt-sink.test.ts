import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MqttReader } from '../../src/streams/intake/mqtt-reader.ts'
import { MqttSink } from '../../src/streams/mqtt-sink.ts'
import { drain, keepSending, sendSome } from '../../src/streams/send.ts'
import { hasMosquitto, Mosquitto } from '../peers/mosquitto.ts'
import { OutboxWorld, someEvents, someSink } from './outbox-world.ts'

const never = new AbortController().signal
let world: OutboxWorld
let broker: Mosquitto

beforeEach(async () => {
  world = await new OutboxWorld().open()
  await world.outbox.register(['one'])
  broker = new Mosquitto()
})
afterEach(async () => {
  await broker.close()
  await world.close()
})

const target = (port: number) => ({ kind: 'mqtt', url: `mqtt://127.0.0.1:${port}`, timeoutMs: 5_000 }) as const
const sinkTo = (port: number) => new MqttSink('one', target(port), { origin: world.outbox.id })
const send = (port: number, more: Parameters<typeof someSink>[1] = {}) =>
  drain(world.sending(someSink(target(port), more), sinkTo(port)), never)
const idsHeard = () =>
  broker.heard
    .filter(({ topic }) => !topic.startsWith('till/sinks/'))
    .map(({ payload }) => (JSON.parse(payload) as { id: string }).id)
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `r/${from + index}`)

describe.skipIf(!hasMosquitto)('An MQTT sink, with mosquitto', () => {
  it('brings every event in order, on topics of their own, and says who it is', async () => {
    await broker.start()
    await broker.listen()
    await world.store.append(someEvents('r', 500))
    expect(await send(broker.port)).toEqual({ sent: 500 })
    await expect.poll(() => idsHeard().length, { timeout: 30_000 }).toBe(500)
    expect(idsHeard()).toEqual(ids(1, 500))
    expect(broker.heard.find(({ payload }) => payload.includes('"r/1"'))?.topic).toBe('till/PL-0001/device.started')
    const own = () => broker.heard.filter(({ topic }) => topic.startsWith('till/sinks/'))
    // Also who ends as it should is gone.
    await expect
      .poll(() => own().map(({ payload }) => JSON.parse(payload)))
      .toEqual([
        { sink: 'one', state: 'here' },
        { sink: 'one', state: 'gone' },
      ])
  })

  it('keeps events while the broker is away, and goes on with it', async () => {
    await broker.start()
    await broker.listen()
    await world.store.append(someEvents('r', 50))
    await broker.stopBroker()
    expect((await send(broker.port)).trouble).toMatch(/ECONNREFUSED/)
    await broker.start()
    await world.store.append(someEvents('r', 50))
    expect(await send(broker.port)).toEqual({ sent: 100 })
    await expect.poll(() => idsHeard().length, { timeout: 30_000 }).toBe(100)
    expect(idsHeard()).toEqual(ids(1, 100))
  })

  it('refuses what the broker says is too large, and brings the rest', async () => {
    await broker.start(['max_packet_size 3000'])
    await broker.listen()
    const [event] = someEvents('r', 1)
    await world.store.append([
      ...someEvents('r', 3),
      { ...event, store: 'x'.repeat(5000) } as never,
      ...someEvents('r', 3),
    ])
    expect(await send(broker.port)).toEqual({ sent: 6 })
    await expect.poll(() => idsHeard().length, { timeout: 20_000 }).toBe(6)
    expect((await world.outbox.refused('one', 10)).map(({ seq, why }) => [seq, why.replace(/^\d+/, 'N')])).toEqual([
      [4, 'N bytes are more than the broker takes (3000).'],
    ])
  })

  it('ends soon when it is stopped while the broker answers nothing', async () => {
    await broker.start()
    const sink = sinkTo(broker.port)
    const stopping = new AbortController()
    const sending = keepSending(world.sending(someSink(target(broker.port)), sink), stopping.signal)
    await world.store.append(someEvents('r', 3))
    await expect.poll(async () => (await world.outbox.positions())[0]?.sent, { timeout: 30_000 }).toBe(3)
    broker.pause()
    await world.store.append(someEvents('r', 500))
    // It has taken them by then, and waits.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const began = performance.now()
    stopping.abort()
    await sending
    expect(performance.now() - began).toBeLessThan(10_000)
    expect((await world.outbox.positions())[0]).toMatchObject({ pending: 500, sent: 3 })
  })

  it('sends nothing again and again that is behind what the broker refuses for now', async () => {
    const rules = join(broker.folder, 'acl')
    writeFileSync(rules, 'topic deny till/PL-0001/device.waiting\ntopic readwrite till/#\n')
    await broker.start([`acl_file ${rules}`])
    await broker.listen()
    const events = someEvents('r', 40).map((event, index) =>
      index === 4 ? { ...event, type: 'device.waiting' } : event,
    )
    await world.store.append(events as never)
    const sending = world.sending(someSink(target(broker.port)), sinkTo(broker.port))
    await world.outbox.claim('one', 600_000)
    const turns = [await sendSome(sending, never), await sendSome(sending, never), await sendSome(sending, never)]
    expect(turns.map(({ sent, trouble }) => [sent, /not authori[sz]ed/i.test(trouble ?? '')])).toEqual([
      [4, true],
      [0, true],
      [0, true],
    ])
    const behind = ids(1, 40).filter((id) => id !== 'r/5')
    await expect.poll(() => idsHeard().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(39)
    expect(idsHeard().toSorted()).toEqual(behind.toSorted())
    await broker.stopBroker()
    await broker.start()
    expect(await drain(sending, never)).toEqual({ sent: 36 })
    await expect.poll(() => idsHeard().includes('r/5'), { timeout: 20_000 }).toBe(true)
  })

  it('holds back where the broker lets nobody in', async () => {
    await broker.start(['allow_anonymous false'])
    await world.store.append(someEvents('r', 3))
    const end = await send(broker.port)
    expect([end.sent, /not authori[sz]ed/i.test(end.trouble ?? '')]).toEqual([0, true])
  })
})

describe('An MQTT sink', () => {
  let server: Server
  const sockets = new Set<Socket>()
  const listen = async (answer: (socket: Socket, data: Buffer) => void): Promise<number> => {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (data) => answer(socket, data))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it('waits for no broker that says nothing, or nonsense', async () => {
    await world.store.append(someEvents('r', 3))
    const silent = await listen(() => undefined)
    expect((await send(silent)).trouble).toMatch(/no answer in time|connack timeout/)
    server.close()
    const rude = await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect((await send(rude)).trouble).toBeDefined()
  })

  it('gives up on one that confirms nothing, and keeps all of it', async () => {
    await world.store.append(someEvents('r', 3))
    // CONNACK of version 5 without properties, and nothing after it.
    const deaf = await listen((socket, data) => {
      if (data[0] === 0x10) socket.write(Buffer.from([0x20, 0x03, 0x00, 0x00, 0x00]))
    })
    expect(await send(deaf)).toEqual({
      sent: 0,
      trouble: expect.stringContaining('no answer to a message within 5000 ms'),
    })
    expect((await world.outbox.positions())[0]).toMatchObject({ pending: 3, sent: 0 })
  })

  // aedes 1.2.0 (npm) speaks 3.1.1 at most, and answers a CONNECT of version 5 in its
  // words: 3.1.1, 3.2.2.3. A source took these for TLS that is too old, on a plain line, too.
  it('says of a broker that is too old what it lacks, and so does a source', async () => {
    await world.store.append(someEvents('r', 3))
    const old = await listen((socket) => socket.end(Buffer.from([0x20, 0x02, 0x00, 0x01])))
    const lack = 'does not speak MQTT 5 (Connection refused: Unacceptable protocol version)'
    expect((await send(old)).trouble).toContain(lack)
    const origin = { ...target(old), topics: ['#'], client: 'till-1' }
    const reader = new MqttReader(origin, { take: () => Promise.resolve([]) } as never, undefined)
    await expect(reader.run(never, () => undefined)).rejects.toThrow(lack)
  })
})
