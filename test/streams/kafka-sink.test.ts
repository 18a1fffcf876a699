import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KafkaSink, type Rdkafka } from '../../src/streams/kafka-sink.ts'
import { drain } from '../../src/streams/send.ts'
import { OutboxWorld, someEvents, someSink } from './outbox-world.ts'

/** `BUILD_LIBRDKAFKA=0 npm install --prefix .peers/rdkafka node-rdkafka@3.6.1`, with librdkafka-dev. It has to be compiled. */
const PEERS = process.env['TILL_RDKAFKA'] ?? join(import.meta.dirname, '../../.peers/rdkafka')
const PLACE = join(PEERS, 'node_modules/node-rdkafka')
const library = existsSync(join(PLACE, 'build')) ? (createRequire(import.meta.url)(PLACE) as Rdkafka) : undefined
const hasKcat = spawnSync('kcat', ['-V']).error === undefined
if (!library || !hasKcat) console.warn('Skipped: tests of Kafka; they need kcat, and node-rdkafka in .peers/rdkafka')

const never = new AbortController().signal

describe.skipIf(!library || !hasKcat)('A Kafka sink, with the mock broker of librdkafka', () => {
  let world: OutboxWorld
  let broker: ChildProcess
  let heard: string[]
  let address: string

  beforeEach(async () => {
    world = await new OutboxWorld().open()
    await world.outbox.register(['one'])
    heard = []
    const mock = ['-X', 'test.mock.num.brokers=1', '-b', '127.0.0.1:1', '-C', '-t', 'till', '-o', 'beginning', '-u']
    broker = spawn('stdbuf', ['-oL', 'kcat', ...mock, '-f', '%k %h\n'], { stdio: ['ignore', 'pipe', 'ignore'] })
    let rest = ''
    broker.stdout?.on('data', (chunk: Buffer) => {
      const lines = `${rest}${chunk.toString()}`.split('\n')
      rest = lines.pop() ?? ''
      heard.push(...lines)
    })
    await expect.poll(() => listening(broker.pid), { timeout: 10_000 }).toBeGreaterThan(0)
    address = `127.0.0.1:${listening(broker.pid)}`
  })
  afterEach(async () => {
    broker.kill('SIGKILL')
    await world.close()
  })

  const target = (timeoutMs = 5_000) =>
    ({ kind: 'kafka', brokers: [address], tls: false, mechanism: 'PLAIN', timeoutMs }) as const
  const send = (timeoutMs?: number) => {
    const sink = new KafkaSink(library as Rdkafka, target(timeoutMs), { origin: world.outbox.id })
    return drain(world.sending(someSink(target(timeoutMs), { topic: 'till' }), sink), never)
  }

  it('brings every event, in order for each key', async () => {
    await world.store.append(someEvents('r', 2_000))
    expect(await send()).toEqual({ sent: 2_000 })
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBe(2_000)
    for (let device = 0; device < 5; device += 1) {
      const seqs = heard
        .filter((line) => line.startsWith(`PL-0001/pos${device} `))
        .map((line) => Number(/ce_id=r\/(\d+)/.exec(line)?.[1]))
      expect(seqs).toEqual(Array.from({ length: 400 }, (_, index) => index * 5 + device + 1))
    }
  })

  it('keeps what a broker that is gone does not confirm', async () => {
    await world.store.append(someEvents('r', 10))
    broker.kill('SIGKILL')
    const end = await send(2_000)
    expect([end.sent, end.trouble !== undefined]).toEqual([0, true])
    expect((await world.outbox.positions())[0]).toMatchObject({ pending: 10, sent: 0 })
  })
})

/** The port on which a process listens; 0 while it does not. */
function listening(pid: number | undefined): number {
  const { stdout } = spawnSync('ss', ['-ltnp'], { encoding: 'utf8' })
  const line = stdout.split('\n').find((each) => each.includes(`pid=${pid},`))
  return Number(/:(\d+)\s/.exec(line ?? '')?.[1] ?? 0)
}
