import type { LocalAccount, SessionLimits } from './account.ts'
import type { Expression } from './runbook.ts'
import type { SignInProvider } from './sign-in-provider.ts'
import type { SourceRange } from './source.ts'

/** How somebody proves who is sending. Secrets are references: `env:NAME`, `file:PATH`, `command:…`, `age:…`. */
export type SenderProof =
  | { readonly kind: 'token'; readonly secret: string }
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string }
  | {
      readonly kind: 'hmac'
      readonly secret: string
      /** Names of headers, in lower case: the signature, and the time that is signed with the body. */
      readonly header: string
      readonly timeHeader: string
      readonly withinMs: number
    }
  | { readonly kind: 'certificate'; readonly name: string }

/** Somebody who may tell of faults. */
export interface Sender {
  readonly name: string
  readonly proof: SenderProof
  /** Sources that it may send as; empty: all. */
  readonly sources: readonly string[]
  /** Channels of which it may say that a message was heard; whoever names some tells no alerts unless it names sources. */
  readonly acknowledges: readonly string[]
  /** Devices that it may tell of; absent: all. What lies outside does not exist for it. */
  readonly devices?: Expression
  /** Requests a second, on average. */
  readonly perSecond: number
  readonly source: SourceRange
}

/** What `till serve` listens by. Paths are as written, relative to the project file. */
export interface ServerSettings {
  readonly listen?: string
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientCa?: string }
  readonly senders: readonly Sender[]
  readonly accounts: readonly LocalAccount[]
  /** Addresses and networks of proxies before the server, which say from whom a request comes. */
  readonly proxies: readonly string[]
  /** The origin that browsers know the server by, such as `https://till.example`. */
  readonly publicUrl?: string
  /** Another way to sign in, beside accounts. */
  readonly provider?: SignInProvider
  readonly sessions: SessionLimits
  readonly source?: SourceRange
}
