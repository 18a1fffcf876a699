import pLimit from 'p-limit'
import type { Fleet } from '../../core/fleet.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { MonitoringSystem, SilenceAsk, Silencing } from '../../hooks/systems/system.ts'
import type { SilencedDevices } from './catch-up.ts'
import { AT_ONCE, isDoneInTime } from './patience.ts'
import type { DeviceSilences } from './silenced-admission.ts'
import type { Silencer } from './silencers.ts'

/** A silence is renewed when a third of its time is over. */
const RENEWALS = 3
/** Ends of a while are told of together. */
const TOLD_AFTER_MS = 5_000

interface Running {
  readonly system: MonitoringSystem['source']
  readonly silencing: Silencing
  readonly ask: Omit<SilenceAsk, 'until'>
  readonly since: Date
  readonly lastsMs: number
  id: string
  renewAt: number
  renewal?: Promise<void> | undefined
  /** Its work is, or somebody has ended it: it is not renewed any more. */
  isOver: boolean
}

export interface RunSilencesOptions {
  readonly silencers: readonly Silencer[]
  readonly authority: string
  readonly fleet: Fleet
  readonly fleetKey: FleetKey
  readonly run: string
  /** Who, why and which run; nothing secret. */
  readonly comment: (device: string) => string
  readonly warn: (text: string) => void
  /** Silences are opened once it has resolved; it does not reject. Absent: at once. */
  readonly after?: Promise<unknown> | undefined
  /** Called with those whose silence is over. It does not reject. */
  readonly onClosed: (devices: SilencedDevices) => Promise<void>
}

/**
 * The silences of one run: opened and renewed as long as a device is worked on, closed behind it. What monitoring refuses or
 * does not answer is told, and holds no work up.
 */
export class RunSilences implements DeviceSilences {
  readonly #options: RunSilencesOptions
  readonly #open = new Map<string, Promise<readonly Running[]>>()
  readonly #closing = new Set<Promise<void>>()
  readonly #limit = pLimit(AT_ONCE)
  #closed = new Map<string, Date>()
  #timer: NodeJS.Timeout | undefined
  #tellingSoon: NodeJS.Timeout | undefined
  #telling: Promise<void> = Promise.resolve()

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
    await isDoneInTime(opening)
  }

  close(device: string): void {
    const opening = this.#open.get(device)
    if (!opening) return
    this.#open.delete(device)
    const closing = this.#end(device, opening).finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }

  /** Closes what is open; resolves when monitoring has been told of all ends, and asked what it did not tell meanwhile. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    for (const device of this.#open.keys()) this.close(device)
    await Promise.all(this.#closing)
    clearTimeout(this.#tellingSoon)
    await this.#tellClosed()
  }

  /** One after another: what has been begun is waited for, too. */
  #tellClosed(): Promise<void> {
    this.#tellingSoon = undefined
    const closed = this.#closed
    this.#closed = new Map()
    if (closed.size > 0) this.#telling = this.#telling.then(() => this.#options.onClosed(closed))
    return this.#telling
  }

  async #begin(silencer: Silencer, device: string): Promise<Running | undefined> {
    const { authority, fleet, fleetKey, run, comment } = this.#options
    const { source: system, silencing, lastsMs } = silencer
    const found = fleet.devices.get(device)
    if (!found) return undefined
    const named = silencer.namesOf(found)
    if (!named.ok) return this.#tell(system, device, named.why)
    const mark = { authority, fleet: fleetKey, run, device }
    await this.#options.after
    const since = new Date()
    const until = new Date(since.getTime() + lastsMs)
    const ask = { mark, ...named, comment: comment(device) }
    const opened = await silencing.open({ ...ask, until })
    if (!opened.ok) return this.#tell(system, device, opened.why)
    const renewAt = Date.now() + lastsMs / RENEWALS
    return { system, silencing, ask, id: opened.id, since, lastsMs, renewAt, isOver: false }
  }

  #tell(system: string, device: string, why: string): undefined {
    this.#options.warn(`${device} is worked on without a silence: ${system}: ${why}.`)
  }

  #renewAll(): void {
    for (const opening of this.#open.values()) {
      void opening.then((silences) => {
        for (const silence of silences) {
          if (silence.isOver || silence.renewal || silence.renewAt > Date.now()) continue
          silence.renewal = this.#limit(() => this.#renew(silence)).finally(() => {
            silence.renewal = undefined
          })
        }
      })
    }
  }

  async #renew(silence: Running): Promise<void> {
    const { system, silencing, ask, lastsMs } = silence
    const until = (): Date => new Date(Date.now() + lastsMs)
    if (silence.isOver) return
    let renewed = await silencing.renew(silence.id, until())
    if ('over' in renewed && renewed.over === 'by itself' && !silence.isOver)
      renewed = await silencing.open({ ...ask, until: until() })
    if (renewed.ok) {
      silence.id = renewed.id
      silence.renewAt = Date.now() + lastsMs / RENEWALS
      return
    }
    // One that cannot be renewed now is tried again at the next turn.
    if ('over' in renewed && renewed.over === 'by hand') silence.isOver = true
    this.#options.warn(`The silence of ${ask.mark.device} is not renewed: ${system}: ${renewed.why}.`)
  }

  async #end(device: string, opening: Promise<readonly Running[]>): Promise<void> {
    const ending = (await opening).map(async (silence) => {
      silence.isOver = true
      // It may change the id, or open a silence anew.
      await silence.renewal
      const { silencing, id, system, since } = silence
      const closed = await silencing.close(id)
      if (!closed.ok) this.#options.warn(`The silence of ${device} ends by itself only: ${system}: ${closed.why}.`)
      const known = this.#closed.get(device)
      if (!known || since < known) this.#closed.set(device, since)
    })
    await Promise.all(ending)
    this.#tellingSoon ??= setTimeout(() => void this.#tellClosed(), TOLD_AFTER_MS).unref()
  }
}
