import { plainText } from '../reporters/plain-text.ts'

/** What the server tells people, a line each on stderr with its time. What strangers bring about is told once in a while. */
export class ServerLog {
  readonly #quietUntil = new Map<string, { until: number; left: number }>()

  say(text: string): void {
    process.stderr.write(`${new Date().toISOString()} ${plainText(text)}\n`)
  }

  /** The first of its kind at once, the number of those behind it with the next one after ten seconds. */
  sayOf(kind: string, text: string): void {
    const now = performance.now()
    const before = this.#quietUntil.get(kind)
    if (before && now < before.until) {
      before.left += 1
      return
    }
    const more = before && before.left > 0 ? ` (and ${before.left} more like it since the last line)` : ''
    // Those that were said last stand last; kinds hold addresses, of which strangers have as many as they like.
    this.#quietUntil.delete(kind)
    this.#quietUntil.set(kind, { until: now + QUIET_MS, left: 0 })
    const [oldest] = this.#quietUntil.keys()
    if (this.#quietUntil.size > MOST_KINDS && oldest !== undefined) this.#quietUntil.delete(oldest)
    this.say(`${text}${more}`)
  }
}

const QUIET_MS = 10_000
const MOST_KINDS = 1_000
