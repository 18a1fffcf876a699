import { setTimeout as pause } from 'node:timers/promises'
import type { ContentDesk, ContentSettings } from '../../core/content.ts'
import type { Device, Fleet } from '../../core/fleet.ts'
import type { JsonValue } from '../../core/json.ts'
import { valueAt } from '../../lang/value-path.ts'
import { LineLimits } from './line-limits.ts'

/** Who waits for the copy of another device goes by itself after so long. */
const WAIT_MS = 60_000
/** A process may live for years: what is forgotten is asked of the devices again. */
const MOST_ENTRIES = 50_000

/** A file in a store. */
interface Entry {
  readonly holders: Set<string>
  /** The one that is getting it, and until when others wait for that. */
  getting?: { readonly device: string; readonly done: Promise<void>; readonly end: () => void } | undefined
}

/** What a process knows of files in stores, and how fast it sends them, over all its runs. */
export class ContentTraffic {
  readonly limits: LineLimits
  readonly #waitMs: number
  readonly #entries = new Map<string, Entry>()

  constructor(options: { readonly limits?: LineLimits; readonly waitMs?: number } = {}) {
    this.limits = options.limits ?? new LineLimits()
    this.#waitMs = options.waitMs ?? WAIT_MS
  }

  /** See `ContentDesk.seek`. */
  async seek({ name, store }: Device, sha256: string): Promise<readonly string[]> {
    const entry = this.#entry(store, sha256)
    const over = new AbortController()
    const late = pause(this.#waitMs, 'late' as const, { ref: false, signal: over.signal }).catch(() => 'late' as const)
    let isLate = false
    while (!isLate && entry.holders.size === 0 && entry.getting && entry.getting.device !== name) {
      isLate = (await Promise.race([entry.getting.done, late])) === 'late'
    }
    over.abort()
    // Who waited in vain, and first, is the next to get it.
    if (entry.holders.size === 0) this.#begin(entry, name)
    return [...entry.holders].filter((holder) => holder !== name)
  }

  got({ name, store }: Device, sha256: string, whole: boolean): void {
    const entry = this.#entry(store, sha256)
    if (whole) entry.holders.add(name)
    else entry.holders.delete(name)
    if (entry.getting?.device !== name) return
    entry.getting.end()
    entry.getting = undefined
  }

  #begin(entry: Entry, device: string): void {
    let end = (): void => undefined
    const done = new Promise<void>((resolve) => {
      end = resolve
    })
    entry.getting = { device, done, end }
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
  return {
    settings,
    sideOf: (device) => ({
      isMetered: valueAt(storeOf(device), ['link', 'metered']) === true,
      peers: settings.share ? peersOf(fleet, device) : [],
    }),
    take: ({ store }, bytes) => traffic.limits.take(store, bytes, settings),
    seek: (device, sha256) => traffic.seek(device, sha256),
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
