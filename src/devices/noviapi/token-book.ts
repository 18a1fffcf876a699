import { HOUR_MS } from '../../core/duration.ts'
import type { Sample } from '../../core/sample.ts'

/** A token, and until when it holds (milliseconds since 1970). */
interface Held {
  readonly token: string
  readonly until: number
}
/** Of the ten tokens an hour that a printer gives, to the till and to us together; one more and the till's own is gone. */
export const OURS_PER_HOUR = 4
/** A token is valid for twenty minutes, unless it says otherwise. */
const VALID_MS = 20 * 60_000
/** Where a printer does not say when it may be asked again. */
const PAUSE_MS = HOUR_MS

/** The series in which runs note how many tokens they took: monitoring is a new process every few minutes. */
export const TOKENS_SERIES = 'noviapi_tokens'

/** How many were taken within the hour before `now`, in milliseconds since 1970, by what runs noted. */
export function tokensNoted(samples: readonly Sample[], now: number): number {
  const recent = samples.filter(({ at }) => Date.parse(at) > now - HOUR_MS)
  return recent.reduce((sum, { value }) => sum + value, 0)
}

/**
 * The tokens of this process, in memory only: one a device, kept while it is valid, so that a run asks for one at most
 * once. A device that said "too many" is not asked before the time that it named.
 */
export class TokenBook {
  readonly #held = new Map<string, Held>()
  readonly #asked = new Map<string, number[]>()
  readonly #closedUntil = new Map<string, number>()

  /** The token of a device, with how long it is still valid. */
  held(device: string, now: number): { readonly token: string; readonly leftMs: number } | undefined {
    const held = this.#held.get(device)
    return held && held.until > now ? { token: held.token, leftMs: held.until - now } : undefined
  }

  /**
   * Why no token may be asked for now; undefined when one may.
   * @param noted how many were taken within the hour by all processes, as far as they noted it
   */
  refusal(device: string, now: number, noted: number): string | undefined {
    const closed = this.#closedUntil.get(device) ?? 0
    if (closed > now) return `the printer gives no tokens before ${new Date(closed).toISOString()}`
    // What this process took may be noted already, or not yet.
    const recent = Math.max(noted, this.#recent(device, now).length)
    return recent < OURS_PER_HOUR
      ? undefined
      : `we took ${recent} of its ten an hour, which are the till's too; it tells its state again within the hour`
  }

  /** Before a token is asked for: what is lost on the way counts too. */
  asking(device: string, now: number): void {
    this.#asked.set(device, [...this.#recent(device, now), now])
  }

  keep(device: string, token: string, validUntil: number | undefined, now: number): void {
    const latest = now + VALID_MS
    // Its clock may be wrong: more than twenty minutes are not believed.
    const until = validUntil !== undefined && validUntil > now ? Math.min(validUntil, latest) : latest
    this.#held.set(device, { token, until })
  }

  drop(device: string): void {
    this.#held.delete(device)
  }

  /** The printer refused with 429, which also took the token that was valid. */
  closed(device: string, until: number | undefined, now: number): void {
    this.drop(device)
    this.#closedUntil.set(device, until !== undefined && until > now ? until : now + PAUSE_MS)
  }

  #recent(device: string, now: number): number[] {
    return (this.#asked.get(device) ?? []).filter((time) => time > now - HOUR_MS)
  }
}
