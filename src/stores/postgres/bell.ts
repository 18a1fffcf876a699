import type pg from 'pg'
import type { Bell } from '../../core/handed-work.ts'
import type { DatabaseAddress } from './address.ts'
import { Wire } from './wire.ts'

/** The same topic is not rung more often than that. */
const QUIET_MS = 20
/** How long until a connection that was lost is made anew. */
const AGAIN_MS = 2_000

/**
 * NOTIFY and LISTEN, on a connection of their own. A pooler that gives connections to transactions swallows what is notified: then
 * listeners find out by looking, and nothing else is lost.
 */
export class PostgresBell implements Bell {
  readonly #channel: string
  readonly #wire: Wire
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #waiting = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(address: DatabaseAddress) {
    this.#channel = `till_${address.schema}`
    this.#wire = new Wire(address)
    void this.#listen()
  }

  ring(topic: string): void {
    this.#waiting.add(topic)
    this.#timer ??= setTimeout(() => void this.#send(), QUIET_MS).unref()
  }

  on(topic: string, listener: () => void): () => void {
    const known = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0) this.#listeners.delete(topic)
    }
  }

  async close(): Promise<void> {
    if (this.#timer) await this.#send()
    this.#isClosed = true
    clearTimeout(this.#again)
    await this.#wire.close()
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const topics = [...this.#waiting]
    this.#waiting.clear()
    try {
      const client = await this.#wire.client()
      await client.query('SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic', [this.#channel, topics])
    } catch {
      // Whoever listens looks by itself a second later.
      this.#lost()
    }
  }

  async #listen(): Promise<void> {
    try {
      const client = await this.#wire.client()
      client.on('notification', ({ payload = '' }: pg.Notification) => this.#rung(payload))
      client.on('end', () => this.#lost())
      await client.query(`LISTEN ${this.#channel}`)
    } catch {
      this.#lost()
    }
  }

  #rung(topic: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener()
  }

  #lost(): void {
    this.#wire.lose()
    if (this.#isClosed || this.#again) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      void this.#listen()
    }, AGAIN_MS).unref()
  }
}
