import type { ContentDesk, ContentSettings } from '../../core/content.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import { valueAt } from '../../lang/value-path.ts'
import { LineLimits, type PaceClock, type Rates, SYSTEM } from './line-limits.ts'

/** Who waits for the copy of another device waits no longer once that one has not gone on for so long. */
const WAIT_MS = 60_000
/** A process may live for years: what is forgotten is asked of the devices again. */
const MOST_ENTRIES = 50_000

/** The one that is getting a file. */
interface Getting {
  readonly device: string
  readonly done: Promise<void>
  readonly end: () => void
  /** When it last went on, and whether it waits for its turn on the line now. */
  wentOn: number
  held: number
}

/** A file in a store. */
interface Entry {
  readonly holders: Set<string>
  getting?: Getting | undefined
}

/** What a process knows of files in stores, and how fast it sends them, over all its runs. */
export class ContentTraffic {
  readonly #limits: LineLimits
  readonly #clock: PaceClock
  readonly #waitMs: number
  readonly #entries = new Map<string, Entry>()
  /** By the names of the devices. */
  readonly #getting = new Map<string, Getting>()

  constructor(options: { readonly clock?: PaceClock; readonly waitMs?: number } = {}) {
    this.#clock = options.clock ?? SYSTEM
    this.#limits = new LineLimits(this.#clock)
    this.#waitMs = options.waitMs ?? WAIT_MS
  }

  /** See `ContentDesk.take`. */
  async take({ name, store }: Device, bytes: number, rates: Rates): Promise<void> {
    const getting = this.#getting.get(name)
    if (!getting) return this.#limits.take(store, bytes, rates)
    getting.held += 1
    try {
      await this.#limits.take(store, bytes, rates)
    } finally {
      getting.held -= 1
      getting.wentOn = this.#clock.now()
    }
  }

  /** See `ContentDesk.seek`. */
  async seek({ name, store }: Device, sha256: string): Promise<readonly string[]> {
    const entry = this.#entry(store, sha256)
    while (entry.holders.size === 0 && entry.getting && entry.getting.device !== name) {
      const { getting } = entry
      const leftMs = getting.held > 0 ? this.#waitMs : getting.wentOn + this.#waitMs - this.#clock.now()
      if (leftMs <= 0) break
      const over = new AbortController()
      await Promise.race([getting.done, this.#clock.sleep(leftMs, over.signal)])
      over.abort()
    }
    // Who is here first is the next to get it; those behind it wait for that one.
    if (entry.holders.size === 0) this.#begin(entry, name)
    return [...entry.holders].filter((holder) => holder !== name)
  }

  got({ name, store }: Device, sha256: string, whole: boolean): void {
    const entry = this.#entry(store, sha256)
    if (whole) entry.holders.add(name)
    else entry.holders.delete(name)
    const { getting } = entry
    // One that was given up, and has it after all, has it for those who wait for another.
    if (!getting || (!whole && getting.device !== name)) return
    this.#end(entry, getting)
  }

  #begin(entry: Entry, device: string): void {
    if (entry.getting) this.#end(entry, entry.getting)
    let end = (): void => undefined
    const done = new Promise<void>((resolve) => {
      end = resolve
    })
    entry.getting = { device, done, end, wentOn: this.#clock.now(), held: 0 }
    this.#getting.set(device, entry.getting)
  }

  #end(entry: Entry, getting: Getting): void {
    getting.end()
    entry.getting = undefined
    if (this.#getting.get(getting.device) === getting) this.#getting.delete(getting.device)
  }

  #entry(store: string, sha256: string): Entry {
    const key = `${store} ${sha256}`
    const entry = this.#entries.get(key) ?? { holders: new Set<string>() }
    this.#entries.set(key, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MOST_ENTRIES && oldest !== undefined) this.#entries.delete(oldest)
    return entry
  }
}

/** The desk of a run. */
export function contentDesk(
  traffic: ContentTraffic,
  run: {
    readonly settings: ContentSettings
    readonly fleet: Pick<Fleet, 'devices' | 'stores'>
    /** What expressions see of a device's store. */
    readonly storeOf: (device: Device) => JsonValue
  },
): ContentDesk {
  const { settings, fleet, storeOf } = run
  const foreseen = new Map<string, string>()
  return {
    settings,
    sideOf: (device) => ({
      isMetered: valueAt(storeOf(device), ['link', 'metered']) === true,
      peers: settings.share ? peersOf(fleet, device) : [],
    }),
    take: (device, bytes) => traffic.take(device, bytes, settings),
    seek: (device, sha256) => traffic.seek(device, sha256),
    foresee: async (device, sha256, { has, mayGet }) => {
      const key = `${device.store} ${sha256}`
      const giver = foreseen.get(key)
      if ((has || (giver === undefined && mayGet)) && canGive(device)) foreseen.set(key, device.name)
      return giver
    },
    got: async (device, sha256, whole) => traffic.got(device, sha256, whole),
  }
}

/** Servers are seldom busy, and often have a file first. */
function peersOf(fleet: Pick<Fleet, 'devices' | 'stores'>, device: Device): readonly Device[] {
  const all: Iterable<Device> = fleet.stores.get(device.store)?.devices ?? fleet.devices.values()
  const peers = [...all].filter((other) => other.store === device.store && other.name !== device.name && canGive(other))
  return [...peers.filter(({ kind }) => kind === 'server'), ...peers.filter(({ kind }) => kind !== 'server')]
}

function canGive({ os, transport }: Device): boolean {
  return os.family === 'linux' && (transport.type === 'ssh' || transport.type === 'openssh')
}
