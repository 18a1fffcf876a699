import { setTimeout as delay } from 'node:timers/promises'
import type { Fleet } from '../../core/fleet.ts'
import type { MonitoringSystem, Silencing } from '../../hooks/systems/system.ts'
import type { DeviceSilences } from './silenced-admission.ts'
import type { Silencer } from './silencers.ts'

/** How long work waits for a silence at the most: monitoring that does not answer holds nothing up. */
const WAIT_MS = 2_000
/** A silence is renewed when a third of its time is over. */
const RENEWALS = 3
/** Ends of a while are told of together. */
const TOLD_AFTER_MS = 5_000

interface Running {
  readonly system: MonitoringSystem['source']
  readonly silencing: Silencing
  readonly id: string
  readonly since: Date
  readonly lastsMs: number
  renewAt: number
  isLost: boolean
}

export interface RunSilencesOptions {
  readonly silencers: readonly Silencer[]
  readonly authority: string
  readonly fleet: Fleet
  readonly run: string
  /** Who, why and which run; nothing secret. */
  readonly comment: (device: string) => string
  readonly warn: (text: string) => void
  /** Called with devices whose silence is over, and since when the first of them lasted. */
  readonly onClosed: (devices: readonly string[], since: Date) => Promise<void>
}

/**
 * The silences of one run: opened and renewed as long as a device is worked on, closed behind it. What monitoring refuses or
 * does not answer is told, and holds no work up.
 */
export class RunSilences implements DeviceSilences {
  readonly #options: RunSilencesOptions
  readonly #open = new Map<string, Promise<readonly Running[]>>()
  readonly #closing = new Set<Promise<void>>()
  readonly #closed = new Map<string, Date>()
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #telling: NodeJS.Timeout | undefined

  constructor(options: RunSilencesOptions) {
    this.#options = options
  }

  async open(device: string): Promise<void> {
    let opening = this.#open.get(device)
    if (!opening) {
      opening = Promise.all(this.#options.silencers.map((silencer) => this.#begin(silencer, device))).then((all) =>
        all.flatMap((one) => one ?? []),
      )
      this.#open.set(device, opening)
      const shortest = Math.min(...this.#options.silencers.map(({ lastsMs }) => lastsMs))
      this.#timer ??= setInterval(() => this.#renewAll(), shortest / (2 * RENEWALS)).unref()
    }
    const waiting = new AbortController()
    await Promise.race([opening, delay(WAIT_MS, undefined, { signal: waiting.signal }).catch(() => undefined)])
    waiting.abort()
  }

  close(device: string): void {
    const opening = this.#open.get(device)
    if (!opening) return
    this.#open.delete(device)
    const closing = this.#end(device, opening).finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** Closes what is open; resolves when monitoring has been told of all ends, and asked what it did not tell meanwhile. */
  async settle(): Promise<void> {
    clearInterval(this.#timer)
    for (const device of this.#open.keys()) this.close(device)
    await Promise.all(this.#closing)
    await this.#renewing
    clearTimeout(this.#telling)
    await this.#tellClosed()
  }

  async #tellClosed(): Promise<void> {
    this.#telling = undefined
    const devices = [...this.#closed.keys()]
    if (devices.length === 0) return
    const since = new Date(Math.min(...[...this.#closed.values()].map((at) => at.getTime())))
    this.#closed.clear()
    await this.#options.onClosed(devices, since)
  }

  async #begin(silencer: Silencer, device: string): Promise<Running | undefined> {
    const { authority, fleet, run, comment } = this.#options
    const { source: system, silencing, lastsMs } = silencer
    const found = fleet.devices.get(device)
    if (!found) return undefined
    const named = silencer.namesOf(found)
    if (!named.ok) return this.#tell(system, device, named.why)
    const mark = { authority, fleet: fleet.name, run, device }
    const since = new Date()
    const until = new Date(since.getTime() + lastsMs)
    const opened = await silencing.open({ mark, ...named, comment: comment(device), until })
    if (!opened.ok) return this.#tell(system, device, opened.why)
    const renewAt = Date.now() + lastsMs / RENEWALS
    return { system, silencing, id: opened.id, since, lastsMs, renewAt, isLost: false }
  }

  #tell(system: string, device: string, why: string): undefined {
    this.#options.warn(`${device} is worked on without a silence: ${system}: ${why}.`)
  }

  #renewAll(): void {
    this.#renewing ??= this.#renewDue().finally(() => {
      this.#renewing = undefined
    })
  }

  async #renewDue(): Promise<void> {
    for (const [device, opening] of [...this.#open]) {
      for (const silence of await opening) {
        if (silence.isLost || silence.renewAt > Date.now() || !this.#open.has(device)) continue
        const until = new Date(Date.now() + silence.lastsMs)
        const renewed = await silence.silencing.renew(silence.id, until)
        // One that cannot be renewed now is tried again at the next turn, until it is over.
        if (renewed.ok) silence.renewAt = Date.now() + silence.lastsMs / RENEWALS
        else this.#options.warn(`The silence of ${device} is not renewed: ${silence.system}: ${renewed.why}.`)
        if (!renewed.ok && renewed.why.startsWith('somebody')) silence.isLost = true
      }
    }
  }

  async #end(device: string, opening: Promise<readonly Running[]>): Promise<void> {
    for (const { silencing, id, system, since } of await opening) {
      const closed = await silencing.close(id)
      if (!closed.ok) this.#options.warn(`The silence of ${device} ends by itself only: ${system}: ${closed.why}.`)
      const known = this.#closed.get(device)
      if (!known || since < known) this.#closed.set(device, since)
    }
    this.#telling ??= setTimeout(() => void this.#tellClosed(), TOLD_AFTER_MS).unref()
  }
}
