import { bootClockMs, whereaboutsAmongMachines } from '../process-identity.ts'
import { type ControllerRow, Onlooker, type Witness } from '../witness.ts'

/** Controllers are heard of so often within the time for which their leases last. */
const BEATS = 4

/** Of controllers on any number of machines, by the clock of the server. */
export class ServerWitness implements Witness {
  readonly #onlooker = new Onlooker()
  readonly whereabouts = whereaboutsAmongMachines
  readonly #connection: { readonly backSince: number; readonly upSince: number }

  /** `backSince`: since when the server is there again, as this process has seen it; `upSince`: since when it runs. Of `bootClockMs`. */
  constructor(connection: { readonly backSince: number; readonly upSince: number }) {
    this.#connection = connection
  }

  /**
   * One whose time is over may have been cut off together with the server: it is given up only after a heartbeat's time in which it
   * could have been heard of, and was not. One that is overdue by as long as its leases last had that time, unless the server was away.
   */
  isThere(holder: ControllerRow, now: number): boolean {
    if (this.whereabouts(holder) === 'dead') return false
    const silence = this.#onlooker.silenceMs(holder, this.#connection.backSince)
    if (holder.until > now) return true
    const { backSince, upSince } = this.#connection
    const beatMs = holder.ttl / BEATS
    const wasThere = backSince === 0 && bootClockMs() - upSince >= beatMs
    const isLongOver = wasThere && now > holder.until + holder.ttl
    return !isLongOver && silence < beatMs
  }
}
