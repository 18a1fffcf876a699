import pLimit from 'p-limit'
import type { KnownAccount } from './open-accounts.ts'
import { isPassword, LONGEST_PASSWORD, NOBODY } from './password-hash.ts'

/** Each takes 32 MiB and a quarter of a second of a processor. */
const AT_ONCE = 2
const MOST_WAITING = 16

/** Judges passwords, a few at a time. */
export class PasswordCheck {
  readonly #limit = pLimit(AT_ONCE)

  /** Whether it is the password of the account; `busy` where too many are being judged. What is not known takes as long. */
  async isRight(known: KnownAccount | undefined, password: string): Promise<boolean | 'busy'> {
    if (this.#limit.pendingCount >= MOST_WAITING) return 'busy'
    const text = password.slice(0, LONGEST_PASSWORD * 2)
    const isRight = await this.#limit(() => isPassword(text, known?.hash ?? NOBODY))
    return isRight && known?.hash !== undefined && text === password
  }
}
