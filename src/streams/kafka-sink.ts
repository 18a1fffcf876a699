import { hostname } from 'node:os'
import type { SinkTarget } from '../core/sink.ts'
import type { RdkafkaConsumers } from './intake/kafka-reader.ts'
import { connectionSettings } from './kafka-connection.ts'
import type { Message } from './message.ts'
import { held, type SendResult, type Sink } from './sink.ts'

type Target = Extract<SinkTarget, { kind: 'kafka' }>

/** As much of node-rdkafka as is used: it is not installed with this program. */
export interface Rdkafka extends RdkafkaConsumers {
  readonly Producer: new (
    settings: Readonly<Record<string, unknown>>,
    topic: Readonly<Record<string, unknown>>,
  ) => Producer
}

interface Producer {
  connect(options: object, done: (error: Error | null) => void): void
  disconnect(timeoutMs: number, done: () => void): void
  produce(
    topic: string,
    partition: null,
    value: Buffer,
    key: string,
    time: number,
    opaque: unknown,
    headers: unknown,
  ): void
  setPollInterval(ms: number): void
  on(event: 'delivery-report', heard: (error: Error | null, report: { readonly opaque?: number }) => void): void
  on(event: 'event.error', heard: (error: Error) => void): void
}

const BATCH = 1_000
const POLL_MS = 5
/** For which a broker would say the same again: MSG_SIZE_TOO_LARGE, INVALID_MSG, TOPIC_EXCEPTION, INVALID_RECORD. */
const REFUSALS: ReadonlySet<number> = new Set([10, 2, 17, 87])

/** Kafka by librdkafka: idempotent, all replicas, a report for each message. Order within a partition is kept. */
export class KafkaSink implements Sink {
  readonly batch = BATCH
  readonly #library: Rdkafka
  readonly #target: Target
  readonly #settings: Readonly<Record<string, unknown>>
  #producer: Producer | undefined
  #said: string | undefined
  #reports = new Map<number, (error: Error | null) => void>()
  #next = 0

  /** `password` in clear. */
  constructor(library: Rdkafka, target: Target, more: { readonly origin: string; readonly password?: string }) {
    this.#library = library
    this.#target = target
    this.#settings = {
      ...connectionSettings(target, more.password),
      'client.id': `till-${hostname()}-${more.origin.slice(0, 8)}`,
      'enable.idempotence': true,
      'message.timeout.ms': target.timeoutMs,
      'queue.buffering.max.ms': 5,
      dr_cb: true,
    }
  }

  async send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult> {
    let producer: Producer
    try {
      producer = await this.#connected()
    } catch (error) {
      await this.close()
      return held(`${this.#target.brokers.join(', ')}: ${(error as Error).message}`)
    }
    const ends = await Promise.all(messages.map((message) => this.#produce(producer, message)))
    const isRefusal = (error: Error | null): boolean => REFUSALS.has((error as { code?: number } | null)?.code ?? 0)
    const stopped = ends.findIndex((error) => error !== null && !isRefusal(error))
    const settled = stopped < 0 ? messages.length : stopped
    const refused = ends
      .slice(0, settled)
      .flatMap((error, index) => (error === null ? [] : [{ index, why: `The broker refused it: ${error.message}.` }]))
    if (stopped < 0) return { settled, refused }
    await this.close()
    const why = signal.aborted ? 'stopped' : (ends[stopped]?.message ?? this.#said ?? 'unknown reason')
    return { settled, refused, trouble: `${this.#target.brokers.join(', ')}: ${why}` }
  }

  close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (!producer) return Promise.resolve()
    return new Promise((resolve) => producer.disconnect(1_000, () => resolve()))
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer
    const producer = new this.#library.Producer(this.#settings, { acks: -1 })
    producer.on('event.error', (error) => {
      this.#said = error.message
    })
    producer.on('delivery-report', (error, { opaque = -1 }) => this.#reports.get(opaque)?.(error))
    await new Promise<void>((resolve, reject) => {
      producer.connect({ timeout: this.#target.timeoutMs }, (error) =>
        error ? reject(new Error(this.#said ?? error.message)) : resolve(),
      )
    })
    producer.setPollInterval(POLL_MS)
    this.#producer = producer
    return producer
  }

  /** Null once it is taken. The library itself gives up at its deadline, so each one is reported. */
  #produce(producer: Producer, { topic, key, id, body, entry }: Message): Promise<Error | null> {
    const number = this.#next
    this.#next += 1
    return new Promise((resolve) => {
      const end = (error: Error | null): void => {
        clearTimeout(late)
        this.#reports.delete(number)
        resolve(error)
      }
      const late = setTimeout(() => end(new Error('no report in time')), 2 * this.#target.timeoutMs)
      this.#reports.set(number, end)
      const headers = [{ ce_id: id }, { 'content-type': 'application/cloudevents+json; charset=utf-8' }]
      try {
        producer.produce(topic, null, Buffer.from(body), key, Date.parse(entry.event.at), number, headers)
      } catch (error) {
        end(error as Error)
      }
    })
  }
}
