/** More of them within their time are no monitoring system. */
const MOST = 200_000

/** Signatures that were taken, for as long as their time is accepted: none of them is taken twice. */
export class UsedSignatures {
  readonly #until = new Map<string, number>()

  /** `full`: so many came within their time that no more can be remembered. */
  take(signature: string, { now, until }: { readonly now: number; readonly until: number }): 'new' | 'used' | 'full' {
    this.#forget(now)
    if (this.#until.has(signature)) return 'used'
    if (this.#until.size >= MOST) return 'full'
    this.#until.set(signature, until)
    return 'new'
  }

  /** What was signed with it was not taken in after all. */
  giveBack(signature: string): void {
    this.#until.delete(signature)
  }

  /** The oldest stand first, and none of them is accepted for much longer than the next. */
  #forget(now: number): void {
    for (const [signature, until] of this.#until) {
      if (until > now) return
      this.#until.delete(signature)
    }
  }
}
