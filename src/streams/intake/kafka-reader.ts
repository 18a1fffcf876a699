import { hostname } from 'node:os'
import type { SourceOrigin } from '../../core/event-source.ts'
import { connectionSettings } from '../kafka-connection.ts'
import { type EventIntake, type EventReader, MOST_AT_ONCE } from './intake.ts'
import type { RawEvent } from './map-event.ts'

type Origin = Extract<SourceOrigin, { kind: 'kafka' }>

interface Partition {
  readonly topic: string
  readonly partition: number
  readonly offset?: number
}

interface KafkaMessage extends Partition {
  readonly offset: number
  readonly value: Buffer | null
}

/** As much of node-rdkafka as is used: it is not installed with this program. */
export interface RdkafkaConsumers {
  readonly KafkaConsumer: new (
    settings: Readonly<Record<string, unknown>>,
    topic: Readonly<Record<string, unknown>>,
  ) => Consumer
}

interface Consumer {
  connect(options: object, done: (error: Error | null) => void): void
  disconnect(done: () => void): void
  subscribe(topics: readonly string[]): void
  assign(partitions: readonly Partition[]): void
  unassign(): void
  consume(many: number, done: (error: Error | null, messages: readonly KafkaMessage[]) => void): void
  commit(partitions: readonly Partition[]): void
  queryWatermarkOffsets(
    topic: string,
    partition: number,
    timeoutMs: number,
    done: (error: Error | null, found?: { readonly lowOffset: number; readonly highOffset: number }) => void,
  ): void
  getMetadata(options: { readonly timeout: number }, done: (error: Error | null) => void): void
  setDefaultConsumeTimeout(ms: number): void
  on(event: 'event.error', heard: (error: Error) => void): void
}

const POLL_MS = 200
/** Brokers take 6 s to 30 min. */
const SESSION_MS = 10_000
const REVOKED = -174
const ASSIGNED = -175

/**
 * Topics of Kafka by librdkafka. Which partitions are read here the consumer group decides; from where on, the state store does, in which
 * the offset stands beside what the events before it came to. The group's own offsets are for people to look at.
 */
export class KafkaReader implements EventReader {
  readonly #library: RdkafkaConsumers
  readonly #origin: Origin
  readonly #intake: EventIntake
  readonly #password: string | undefined
  readonly #warn: (text: string) => void
  #said: string | undefined
  /** Each lost connection is told (by its text: its code is -1 whatever it was), one that is there again is not. */
  #isDoubted = false
  #assigning: Promise<void> = Promise.resolve()

  /** `password` in clear; `warn` tells people what is lost, or comes again. */
  constructor(
    library: RdkafkaConsumers,
    origin: Origin,
    of: {
      readonly intake: EventIntake
      readonly password: string | undefined
      readonly warn: (text: string) => void
    },
  ) {
    this.#library = library
    this.#origin = origin
    this.#intake = of.intake
    this.#password = of.password
    this.#warn = of.warn
  }

  async run(signal: AbortSignal, well: () => void): Promise<void> {
    const consumer = await this.#connect()
    try {
      consumer.subscribe(this.#origin.topics)
      well()
      while (!signal.aborted) {
        if (this.#isDoubted) await this.#isThere(consumer)
        const messages = await this.#some(consumer)
        await this.#assigning
        await this.#take(consumer, messages)
      }
    } finally {
      await new Promise<void>((resolve) => {
        consumer.disconnect(() => resolve())
      })
    }
  }

  #connect(): Promise<Consumer> {
    const { brokers, group, timeoutMs } = this.#origin
    const place = brokers.join(', ')
    const consumer: Consumer = new this.#library.KafkaConsumer(
      {
        ...connectionSettings(this.#origin, this.#password),
        'client.id': `till-${hostname()}`,
        'group.id': group,
        'enable.auto.commit': false,
        // A reader that has died holds its partitions for so long; librdkafka's own 45 s are long for an open receipt.
        'session.timeout.ms': SESSION_MS,
        'queued.max.messages.kbytes': 16_384,
        rebalance_cb: (error: { readonly code?: number }, partitions: readonly Partition[]) => {
          if (error.code === REVOKED) consumer.unassign()
          if (error.code !== ASSIGNED) return
          this.#assigning = this.#assign(consumer, partitions)
          // Whoever takes messages waits for it, and throws.
          this.#assigning.catch(() => undefined)
        },
      },
      // A topic that was never read is read from its begin.
      { 'auto.offset.reset': 'earliest' },
    )
    consumer.on('event.error', (error) => {
      this.#said = error.message
      this.#isDoubted = true
    })
    return new Promise((resolve, reject) => {
      consumer.connect({ timeout: timeoutMs }, (error) => {
        if (error) reject(new Error(`${place}: ${this.#said ?? error.message}`))
        else {
          consumer.setDefaultConsumeTimeout(POLL_MS)
          resolve(consumer)
        }
      })
    })
  }

  /** Throws where no broker answers: whoever reads nothing has to be told why. */
  #isThere(consumer: Consumer): Promise<void> {
    this.#isDoubted = false
    const { brokers, timeoutMs } = this.#origin
    return new Promise((resolve, reject) => {
      consumer.getMetadata({ timeout: timeoutMs }, (error) => {
        if (error) reject(new Error(`${brokers.join(', ')}: ${this.#said ?? error.message}`))
        else resolve()
      })
    })
  }

  /** Partitions are read from where the store says that they were read to. */
  async #assign(consumer: Consumer, partitions: readonly Partition[]): Promise<void> {
    const placed = await Promise.all(
      partitions.map(async ({ topic, partition }) => {
        const place = await this.#place(consumer, { topic, partition })
        return { topic, partition, ...(place !== null && { offset: Number(place) }) }
      }),
    )
    consumer.assign(placed)
  }

  /** How far a partition is read; a topic that was made anew begins again, and what was deleted is passed over. */
  async #place(consumer: Consumer, { topic, partition }: Partition): Promise<string | null> {
    const { store, settings } = this.#intake
    const part = partOf({ topic, partition })
    const place = await store.place(settings.name, part)
    const found = place === null ? undefined : await this.#offsets(consumer, { topic, partition })
    if (place === null || !found) return place
    const { lowOffset: low, highOffset: high } = found
    const isAnew = Number(place) > high
    if (!isAnew && Number(place) >= low) return place
    await this.#intake.take(part, [], { from: place, to: String(low) })
    this.#warn(
      isAnew
        ? `The source "${settings.name}": the topic ${part} was read up to ${place} and ends at ${high}: it was made anew, and is read from its begin.`
        : `The source "${settings.name}": ${low - Number(place)} messages of the topic ${part} were deleted before they were read.`,
    )
    return store.place(settings.name, part)
  }

  /** What a partition holds; undefined where that is not told now. */
  #offsets(
    consumer: Consumer,
    { topic, partition }: Partition,
  ): Promise<{ readonly lowOffset: number; readonly highOffset: number } | undefined> {
    return new Promise((resolve) => {
      consumer.queryWatermarkOffsets(topic, partition, this.#origin.timeoutMs, (error, found) =>
        resolve(error ? undefined : found),
      )
    })
  }

  #some(consumer: Consumer): Promise<readonly KafkaMessage[]> {
    return new Promise((resolve, reject) => {
      consumer.consume(MOST_AT_ONCE, (error, messages) => {
        if (error) reject(new Error(`${this.#origin.brokers.join(', ')}: ${error.message}`))
        else resolve(messages)
      })
    })
  }

  /** Each partition by itself: it has a place of its own. */
  async #take(consumer: Consumer, messages: readonly KafkaMessage[]): Promise<void> {
    const { store, settings } = this.#intake
    for (const [part, own] of byPart(messages)) {
      const known = await store.place(settings.name, part)
      const [first] = own
      // Read already by somebody else, or of a topic that was made anew meanwhile.
      const isBefore = first !== undefined && known !== null && first.offset < Number(known)
      const place = isBefore ? await this.#place(consumer, first) : known
      const news = own.filter(({ offset }) => place === null || offset >= Number(place))
      const last = news.at(-1)
      if (!last) continue
      const events = news.map(({ value, topic }) => eventOf(value, topic, settings.maxBytes))
      const next = { topic: last.topic, partition: last.partition, offset: last.offset + 1 }
      const taken = await this.#intake.take(part, events, { from: place, to: String(next.offset) })
      // Where somebody else was quicker, the partition is his by now.
      if (taken.state === 'taken') consumer.commit([next])
    }
  }
}

function byPart(messages: readonly KafkaMessage[]): ReadonlyMap<string, readonly KafkaMessage[]> {
  const parts = new Map<string, KafkaMessage[]>()
  for (const message of messages) {
    const part = parts.get(partOf(message))
    if (part) part.push(message)
    else parts.set(partOf(message), [message])
  }
  return parts
}

function partOf({ topic, partition }: Pick<Partition, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`
}

function eventOf(value: Buffer | null, topic: string, most: number): RawEvent {
  if (value !== null && value.length > most) return { text: '', topic, isTooLong: true }
  return { text: value?.toString('utf8') ?? '', topic }
}
