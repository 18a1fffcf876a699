import type { Report } from '../../core/report.ts'

/** A report so young is given as it is. */
const FRESH_MS = 30_000
/** One so old is given while it is made anew; an older one is waited for. */
const STALE_MS = 10 * 60_000
/** Reports that are kept. */
const MOST = 64

interface Kept {
  readonly made: Promise<Report>
  readonly at: number
  next?: Promise<Report> | undefined
}

/** Keeps reports for a while: a chain's takes seconds, and many people look at the same one. */
export class ReportKeeper {
  readonly #kept = new Map<string, Kept>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** The report of that key, made by `make` where there is none that is young enough; one at a time. */
  async of(key: string, make: () => Promise<Report>): Promise<Report> {
    const kept = this.#kept.get(key)
    const ageMs = kept === undefined ? Number.POSITIVE_INFINITY : this.#now() - kept.at
    if (kept && ageMs < FRESH_MS) return kept.made
    if (!kept || ageMs >= STALE_MS) return this.#begin(key, make)
    if (!kept.next) {
      kept.next = make()
      kept.next.then(
        (report) => this.#keep(key, Promise.resolve(report)),
        // It is tried again with the next question.
        () => {
          kept.next = undefined
        },
      )
    }
    return kept.made
  }

  #begin(key: string, make: () => Promise<Report>): Promise<Report> {
    const made = make()
    this.#keep(key, made)
    made.catch(() => this.#kept.delete(key))
    return made
  }

  #keep(key: string, made: Promise<Report>): void {
    this.#kept.delete(key)
    this.#kept.set(key, { made, at: this.#now() })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MOST && oldest !== undefined) this.#kept.delete(oldest)
  }
}
