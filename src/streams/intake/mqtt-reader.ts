import { setTimeout as delay } from 'node:timers/promises'
import type { MqttClient } from 'mqtt'
import type { SourceOrigin } from '../../core/event-source.ts'
import { connectionOptions, said } from '../mqtt-connection.ts'
import { type EventIntake, type EventReader, MOST_AT_ONCE } from './intake.ts'
import type { RawEvent } from './map-event.ts'

type Origin = Extract<SourceOrigin, { kind: 'mqtt' }>

/** For so long a broker keeps messages for a server that is away, in seconds. */
const KEPT_S = 7 * 24 * 3_600
/** Messages that the broker has under way to us at a time. */
const MOST_UNDER_WAY = 2 * MOST_AT_ONCE
/** Messages that came in this time go into one transaction. */
const GATHER_MS = 10
const PART = 'mqtt'

/** Messages without a promise are let go of when so many wait. */
const MOST_WAITING = 20 * MOST_AT_ONCE

interface Waiting {
  readonly event: RawEvent
  readonly id: number | undefined
}

interface Packet {
  readonly cmd: string
  readonly messageId?: number
}

/** As much of the inside of mqtt.js as is reached for; its version is that of this program's bundle. */
interface Inside {
  _sendPacket?: (packet: Packet, done?: (error?: Error) => void, ...more: unknown[]) => void
}

/**
 * Topics of a broker by MQTT 5, at least once: a message is confirmed when it is kept, and the broker keeps for a week what comes while
 * nobody is here. The name of the client is that of the store that counts what comes: whichever server of it reads goes on with what was kept
 * for another one, and two stores have two names, since two clients of one would push each other out without end (5.0, 3.1.4).
 */
export class MqttReader implements EventReader {
  readonly #origin: Origin
  readonly #intake: EventIntake
  readonly #password: string | undefined
  #waiting: Waiting[] = []
  #wake: (() => void) | undefined
  #confirm: (id: number) => void = () => undefined

  /** `password` in clear. */
  constructor(origin: Origin, intake: EventIntake, password: string | undefined) {
    this.#origin = origin
    this.#intake = intake
    this.#password = password
  }

  async run(signal: AbortSignal, well: () => void): Promise<void> {
    const client = await this.#connect()
    let failed: Error | undefined
    const lost = (error?: Error): void => {
      failed ??= error ?? new Error(`${this.#origin.url}: the connection was closed`)
      this.#wake?.()
    }
    client.on('close', () => lost())
    client.on('disconnect', ({ reasonCode }) => lost(new Error(`${this.#origin.url}: ${whyDisconnected(reasonCode)}`)))
    client.on('error', (error) => lost(new Error(`${this.#origin.url}: ${whyLost(error)}`)))
    const stop = (): void => this.#wake?.()
    signal.addEventListener('abort', stop, { once: true })
    try {
      // The answer to it may come behind messages that the broker has kept.
      this.#subscribe(client).then(well, lost)
      while (!signal.aborted && failed === undefined) await this.#turn()
      if (failed !== undefined && !signal.aborted) throw failed
    } finally {
      signal.removeEventListener('abort', stop)
      // What is not confirmed comes again.
      this.#waiting = []
      await client.endAsync(true).catch(() => undefined)
    }
  }

  async #turn(): Promise<void> {
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
      await delay(GATHER_MS)
    }
    const some = this.#waiting.splice(0, MOST_AT_ONCE)
    if (some.length === 0) return
    await this.#intake.take(
      PART,
      some.map(({ event }) => event),
    )
    for (const { id } of some) if (id !== undefined) this.#confirm(id)
  }

  async #connect(): Promise<MqttClient> {
    const { url, timeoutMs, client: name } = this.#origin
    const { default: mqtt } = await import('mqtt')
    const client = mqtt.connect(url, {
      ...connectionOptions(this.#origin, this.#password),
      clean: false,
      clientId: name ?? `till-${this.#intake.store.id.slice(0, 8)}-${this.#intake.settings.name}`,
      properties: { sessionExpiryInterval: KEPT_S, receiveMaximum: MOST_UNDER_WAY },
    })
    this.#confirm = confirmLater(client)
    client.on('message', (topic, payload, packet) => this.#heard({ topic, payload, packet }))
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${url}: no answer in time`)), timeoutMs)
      const end = (error?: Error): void => {
        clearTimeout(late)
        if (error) reject(new Error(`${url}: ${whyLost(error)}`))
        else resolve()
      }
      client.once('connect', () => end())
      client.once('error', end)
      client.once('close', () => end(new Error('the connection was closed')))
    }).catch(async (error) => {
      // Without a listener an error would end the process.
      client.on('error', () => undefined)
      await client.endAsync(true).catch(() => undefined)
      throw error
    })
    return client
  }

  async #subscribe(client: MqttClient): Promise<void> {
    // Retain handling 1: what the broker has kept comes with a new subscription alone, not at each connection (5.0, 3.8.3.1).
    const granted = await client.subscribeAsync([...this.#origin.topics], { qos: 1, rh: 1 })
    const refused = granted.find(({ qos }) => qos > 2)
    if (refused) throw new Error(`${this.#origin.url}: the broker refuses "${refused.topic}" (${refused.qos})`)
  }

  #heard({
    topic,
    payload,
    packet,
  }: {
    readonly topic: string
    readonly payload: Buffer
    readonly packet: {
      readonly qos: number
      readonly retain: boolean
      readonly dup?: boolean
      readonly messageId?: number
    }
  }): void {
    if (packet.qos === 0 && this.#waiting.length >= MOST_WAITING) return
    const isTooLong = payload.length > this.#intake.settings.maxBytes
    const flags = { isAgain: packet.dup === true, isRetained: packet.retain, isTooLong }
    const event = { text: isTooLong ? '' : payload.toString('utf8'), topic, ...flags }
    this.#waiting.push({ event, id: packet.qos === 0 ? undefined : packet.messageId })
    this.#wake?.()
  }
}

/**
 * Has messages confirmed when that is said. The library confirms each before it reads the next one, so that many could not be kept in one
 * transaction.
 */
function confirmLater(client: MqttClient): (id: number) => void {
  const inside = client as unknown as Inside
  const send = inside._sendPacket?.bind(client)
  if (!send) throw new Error('this version of mqtt.js sends packets in another way')
  const held = new Map<number, Packet>()
  inside._sendPacket = (packet, done, ...more) => {
    if (packet.cmd !== 'puback' || packet.messageId === undefined) return send(packet, done, ...more)
    held.set(packet.messageId, packet)
    done?.()
  }
  return (id) => {
    const packet = held.get(id)
    held.delete(id)
    if (packet) send(packet)
  }
}

/** Reasons of DISCONNECT that say what to do (5.0, 3.14.2.1). */
function whyDisconnected(code: number | undefined): string {
  if (code === 0x8e) return 'another client with the same name has taken its place; name one by `client`'
  return `the broker has ended the connection (${code ?? 0})`
}

/** What an error says, and of a broker that is too old what it lacks. */
function whyLost(error: unknown): string {
  const { code } = (error ?? {}) as { code?: string | number }
  const text = said(error)
  // A number is what the broker itself has answered.
  const isOld =
    typeof code !== 'number' &&
    /unsupported protocol|wrong version number|protocol version|EPROTO/i.test(`${text} ${String(code)}`)
  return isOld ? `it speaks no TLS of 1.2 or later (${text})` : text
}
