import { HOUR_MS } from '../core/duration.ts'
import { bootClockMs, isSameClock, type RememberedProcess, type Whereabouts, whereabouts } from './process-identity.ts'
import type { StateTables } from './schema.ts'

export type ControllerRow = StateTables['controllers']

/** Tells whether others are still there. */
export interface Witness {
  /** Where a process is that is remembered in the store. */
  whereabouts(remembered: RememberedProcess): Whereabouts
  /** `now`: by the clock that leases go by. */
  isThere(holder: ControllerRow, now: number): boolean
}

/** How long this process has seen nothing new of controllers whose clock is not its own. */
export class Onlooker {
  readonly #seen = new Map<string, { readonly beats: number; readonly since: number }>()

  /** Milliseconds for which no heartbeat was seen, none of them before `from`; both by the clock that counts sleep. */
  silenceMs({ id, beats }: ControllerRow, from = 0): number {
    const now = bootClockMs()
    const seen = this.#seen.get(id)
    if (seen?.beats === beats) return now - Math.max(seen.since, from)
    this.#seen.set(id, { beats, since: now })
    return 0
  }
}

/** One whose clock is another was heard of so long ago by the time of day that it is gone, whatever the two clocks differ by. */
const LONG_SILENT_MS = HOUR_MS

/** Of controllers with a store on one machine, in whatever container or under whatever name of it. */
export class MachineWitness implements Witness {
  readonly #onlooker = new Onlooker()
  readonly whereabouts = whereabouts

  isThere(holder: ControllerRow, now: number): boolean {
    const where = whereabouts(holder)
    if (where === 'dead') return false
    // Longer than its leases last from now on is a time of before the machine was booted.
    if (isSameClock(holder)) return holder.until > now && holder.until <= now + 2 * holder.ttl
    const isLongSilent = holder.heard_at !== null && Date.now() - holder.heard_at > LONG_SILENT_MS
    return this.#onlooker.silenceMs(holder) < holder.ttl && !isLongSilent
  }
}
