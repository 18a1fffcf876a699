import { PROVIDER_MARK } from '../../core/sign-in-provider.ts'
import type { KnownAccount } from './open-accounts.ts'
import type { KnownProvider } from './open-provider.ts'

/** Everybody who may come in: accounts of ours, and people of a provider. */
export class KnownAccounts {
  readonly provider: KnownProvider | undefined
  readonly #own: ReadonlyMap<string, KnownAccount>

  constructor(own: ReadonlyMap<string, KnownAccount>, provider: KnownProvider | undefined) {
    this.#own = own
    this.provider = provider
  }

  get isEmpty(): boolean {
    return this.#own.size === 0 && this.provider === undefined
  }

  /** Somebody can sign in by a password. */
  get hasPasswords(): boolean {
    return this.all().some(({ hash }) => hash !== undefined)
  }

  /** There is somebody for whom only some devices exist. */
  get someSeePart(): boolean {
    return this.all().some(({ account }) => account.devices !== undefined) || this.provider?.someSeePart === true
  }

  /** Accounts of ours. */
  all(): readonly KnownAccount[] {
    return [...this.#own.values()]
  }

  /** The account of ours of that name. */
  named(name: string): KnownAccount | undefined {
    return this.#own.get(name)
  }

  /**
   * Whom a session is of; undefined where that one is gone, has another password by now, or came in by a provider of which
   * tillwright.yaml says something else by now.
   */
  ofSession({ account, proof }: { readonly account: string; readonly proof: string }): KnownAccount | undefined {
    if (account.startsWith(PROVIDER_MARK)) return this.provider?.ofProof(account, proof)
    const known = this.#own.get(account)
    return known?.hash !== undefined && known.proof === proof ? known : undefined
  }
}
