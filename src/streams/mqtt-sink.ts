import { setMaxListeners } from 'node:events'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { MqttClient } from 'mqtt'
import type { SinkTarget } from '../core/sink.ts'
import type { Message } from './message.ts'
import { connectionOptions, said } from './mqtt-connection.ts'
import { held, type SendResult, type Sink } from './sink.ts'

type Target = Extract<SinkTarget, { kind: 'mqtt' }>

const BATCH = 1_000
const LOOK_EVERY_MS = 250
/** For a connection to end in good order. */
const END_MS = 2_000
/** What MQTT writes around a message, generously (5.0, 3.3). */
const HEAD_BYTES = 512
/** Reasons for which a broker would say the same again: the message, not the broker, is wrong (5.0, 2.4). */
const REFUSALS: ReadonlySet<number> = new Set([0x90, 0x95, 0x99])

/**
 * MQTT 5, at least once, in order. Version 3.1.1 confirms what a broker drops, so it is not spoken. A broker that confirms
 * nothing for so long ends the connection, since this library would send again without end. The name of the client has
 * the host and the store in it: two of one name would push each other out.
 */
export class MqttSink implements Sink {
  readonly #name: string
  readonly #target: Target
  readonly #password: string | undefined
  readonly #clientId: string
  #client: MqttClient | undefined
  #mostBytes = Number.POSITIVE_INFINITY
  #lost: string | undefined
  #batch = BATCH
  /** When the broker said something last, of messages or of the connection. */
  #heardAt = 0

  /** `password` in clear; `origin` is the store's. */
  constructor(name: string, target: Target, more: { readonly password?: string; readonly origin: string }) {
    this.#name = name
    this.#target = target
    this.#password = more.password
    this.#clientId = `till-${hostname()}-${more.origin.slice(0, 8)}-${name}`
  }

  /**
   * After trouble one, and twice as many whenever all were taken: where a broker refuses one topic, what is behind it would be taken
   * again with each try.
   */
  get batch(): number {
    return this.#batch
  }

  async send(messages: readonly Message[], signal: AbortSignal): Promise<SendResult> {
    let client: MqttClient
    try {
      client = await this.#connected()
    } catch (error) {
      await this.close()
      return held(`${this.#target.url}: ${said(error)}`)
    }
    // Each message listens to both.
    setMaxListeners(0, signal)
    client.setMaxListeners(0)
    this.#heardAt = performance.now()
    const ends = await Promise.all(messages.map((message) => this.#publish(client, message, signal)))
    const stopped = ends.findIndex((end) => end.trouble !== undefined)
    const settled = stopped < 0 ? messages.length : stopped
    const refused = ends
      .slice(0, settled)
      .flatMap(({ refused: why }, index) => (why === undefined ? [] : [{ index, why }]))
    this.#batch = stopped < 0 ? Math.min(BATCH, this.#batch * 2) : 1
    if (stopped < 0) return { settled, refused }
    // What is behind it may have been taken: it comes again, so that order per key holds for what comes first.
    await this.close()
    return { settled, refused, trouble: `${this.#target.url}: ${ends[stopped]?.trouble}` }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (!client) return
    // It waits for what the other end confirms, also where that is not there any more. 4: the broker is to tell the will all the same (5.0, 3.14.2.1).
    const end = client.endAsync(this.#lost !== undefined, { reasonCode: 0x04 }).catch(() => undefined)
    await Promise.race([end, delay(END_MS, undefined, { ref: false })])
    client.stream.destroy()
  }

  async #connected(): Promise<MqttClient> {
    if (this.#client?.connected && this.#lost === undefined) return this.#client
    await this.close()
    const { default: mqtt } = await import('mqtt')
    const options = connectionOptions(this.#target, this.#password)
    this.#lost = undefined
    const client = mqtt.connect(this.#target.url, {
      ...options,
      clean: true,
      clientId: this.#clientId,
      will: {
        topic: `till/sinks/${this.#clientId}`,
        payload: Buffer.from(JSON.stringify({ sink: this.#name, state: 'gone' })),
        qos: 1,
        retain: true,
      },
    })
    this.#client = client
    // Without a listener an error would end the process.
    client.on('error', (error) => {
      this.#lost = said(error)
    })
    client.on('close', () => {
      this.#lost ??= 'the connection was closed'
    })
    await this.#connack(client)
    const alive = JSON.stringify({ sink: this.#name, state: 'here' })
    client.publish(`till/sinks/${this.#clientId}`, alive, { qos: 0, retain: true })
    return client
  }

  #connack(client: MqttClient): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no answer in time')), this.#target.timeoutMs)
      client.once('connect', ({ properties }) => {
        clearTimeout(late)
        this.#mostBytes = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY
        resolve()
      })
      const failed = (error?: Error): void => {
        clearTimeout(late)
        reject(error ?? new Error(this.#lost ?? 'the connection was closed'))
      }
      client.once('error', failed)
      client.once('close', failed)
    })
  }

  /** Taken where neither is told. */
  #publish(
    client: MqttClient,
    { topic, key, id, body }: Message,
    signal: AbortSignal,
  ): Promise<{ readonly refused?: string; readonly trouble?: string }> {
    const size = Buffer.byteLength(body) + Buffer.byteLength(topic) + HEAD_BYTES
    if (size > this.#mostBytes) {
      return Promise.resolve({ refused: `${size} bytes are more than the broker takes (${this.#mostBytes}).` })
    }
    const properties = {
      contentType: 'application/cloudevents+json; charset=utf-8',
      userProperties: { id, key },
    }
    return new Promise((resolve) => {
      const end = (result: { readonly refused?: string; readonly trouble?: string }): void => {
        clearInterval(late)
        signal.removeEventListener('abort', stop)
        client.removeListener('close', gone)
        resolve(result)
      }
      const stop = (): void => {
        this.#lost ??= 'stopped'
        end({ trouble: 'stopped' })
      }
      const gone = (): void => end({ trouble: this.#lost ?? 'the connection was closed' })
      // A batch takes as long as it takes, while others of it are confirmed.
      const late = setInterval(() => {
        if (performance.now() - this.#heardAt < this.#target.timeoutMs) return
        this.#lost = `no answer to a message within ${this.#target.timeoutMs} ms`
        end({ trouble: this.#lost })
      }, LOOK_EVERY_MS)
      signal.addEventListener('abort', stop, { once: true })
      client.once('close', gone)
      client.publish(topic, body, { qos: 1, properties }, (error, packet) => {
        this.#heardAt = performance.now()
        end(endOf(error, packet as { reasonCode?: number } | undefined))
      })
    })
  }
}

function endOf(
  error: Error | null | undefined,
  packet: { readonly reasonCode?: number } | undefined,
): { readonly refused?: string; readonly trouble?: string } {
  const code = (error as { code?: unknown } | null | undefined)?.code ?? packet?.reasonCode
  if (typeof code === 'number' && REFUSALS.has(code))
    return { refused: `The broker refused it: ${said(error)} (${code}).` }
  return error ? { trouble: said(error) } : {}
}
