import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'

/** How often it is looked at while somebody waits for something. */
const TICK_MS = 100
/** What a look counts for; the rest is what was known before, so that a moment says little. */
const WEIGHT = 0.2
/** So many programs for each processor, and what answers in time on another day does not. */
const OVERLOADED = 3
/** However much is going on, a deadline ends. */
const MOST = 4
/** So many times later than it is due, whatever this thread does comes too late for others, too. */
const DELAYED = 3
/** This thread was kept from its work: of the time beyond, nobody else could make use either. */
const HELD_BACK_MS = 3 * TICK_MS

/** What this machine has to do besides what it is asked for. */
export interface Shortage {
  /** Programs that want a processor; 0 where the system does not count them. */
  readonly wanted: number
  readonly processors: number
  /** How late this thread does what is due, in milliseconds. */
  readonly late_ms: number
}

/**
 * How much time there is here. Where more programs want the processors than there are, an answer that is on its way, and
 * whoever makes it on this machine, take longer, and that is nobody's fault but ours: such time counts as less. It is looked
 * at while somebody waits, and costs nothing otherwise. Two things are seen: how many programs want a processor (Linux tells it
 * of this moment, macOS of the last minute, Windows not at all), and how late this thread comes to what is due, which is
 * measured everywhere, whatever keeps it.
 */
class MachineLoad {
  readonly processors = availableParallelism()
  #watchers = 0
  #timer: NodeJS.Timeout | undefined
  #at = 0
  #fairMs = 0
  #overloadedMs = 0
  #hopelessMs = 0
  #wanted = 0
  /** How many times as long a tick takes as it should. */
  #delay = 1

  /** Looks from now on, until what it answers with is called. */
  watch(): () => void {
    this.#watchers += 1
    if (this.#watchers === 1) {
      this.#at = performance.now()
      this.#timer = setInterval(() => this.#look(), TICK_MS).unref()
    }
    let watches = true
    return () => {
      if (!watches) return
      watches = false
      this.#watchers -= 1
      if (this.#watchers > 0) return
      clearInterval(this.#timer)
      // What nobody looked at while somebody waited has passed all the same, however short it was.
      this.#fairMs += this.#fair(performance.now() - this.#at)
      this.#at = performance.now()
    }
  }

  /** Milliseconds as they count, from some moment on; only while it is looked at. */
  elapsed(): number {
    return this.#fairMs + this.#fair(performance.now() - this.#at)
  }

  /** 1: there is enough for everybody; 4: everything takes four times as long. */
  get strain(): number {
    const strain = Math.max(
      this.#wanted < OVERLOADED * this.processors ? 1 : this.#wanted / this.processors,
      this.#delay < DELAYED ? 1 : this.#delay,
    )
    return Math.min(strain, MOST)
  }

  /** For how long it was overloaded while it was looked at. */
  get overloadedMs(): number {
    return this.#overloadedMs
  }

  /** For how long there was so much going on that no longer deadline makes up for it, while it was looked at. */
  get hopelessMs(): number {
    return this.#hopelessMs
  }

  get shortage(): Shortage {
    const { processors } = this
    return { wanted: Math.round(this.#wanted), processors, late_ms: Math.round((this.#delay - 1) * TICK_MS) }
  }

  #look(): void {
    const now = performance.now()
    const passed = now - this.#at
    this.#wanted += WEIGHT * (wantedNow() - this.#wanted)
    // One long piece of work is no overload: however long it was, it counts as a bounded one.
    this.#delay += WEIGHT * (Math.min(Math.max(passed / TICK_MS, 1), 2 * DELAYED) - this.#delay)
    this.#fairMs += this.#fair(passed)
    if (this.strain > 1 || passed > HELD_BACK_MS) this.#overloadedMs += passed
    if (this.#wanted / this.processors > MOST || this.#delay > MOST) this.#hopelessMs += passed
    this.#at = now
  }

  #fair(passedMs: number): number {
    return Math.min(passedMs / this.strain, HELD_BACK_MS)
  }
}

/** Programs that run or could; without this one, which is reading it. 0 where the system does not tell. */
function wantedNow(): number {
  if (process.platform !== 'linux') return Math.max(0, (loadavg()[0] ?? 0) - 1)
  try {
    const running = /^\S+ \S+ \S+ (\d+)\//.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1]
    return Math.max(0, Number(running ?? 1) - 1)
  } catch {
    return 0
  }
}

/** Of this thread. */
export const machineLoad = new MachineLoad()
