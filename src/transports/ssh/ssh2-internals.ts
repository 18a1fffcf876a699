import type { KeyPairKeyObjectResult } from 'node:crypto'
import type { Client, ClientChannel, ParsedKey } from 'ssh2'

/**
 * The private parts of ssh2 1.17 that Tillwright reaches for, and nothing else does: they save round trips and a third
 * of the CPU of a login, and tell a server that lives from one that does not. The version is pinned and a test holds these shapes. Where one is missing, the library simply
 * works in its own way.
 */
export interface Ssh2Client extends Client {
  readonly _protocol?: Partial<Ssh2Protocol>
  /** Begins to count anew how often the server did not say that it lives; there from `connect` on. */
  readonly _resetKA?: () => void
  readonly _chanMgr?: { add(opened: OpenedListener): number }
}

export interface Ssh2Protocol {
  readonly _handlers: Ssh2Handlers
  /** The key exchange under way; ssh2 sets it when the server has said what it can do. */
  _kex: KeyExchange | undefined
  /** What the server calls itself. */
  readonly _remoteIdentRaw: Buffer | undefined
  service(name: string): void
  authPK(user: string, key: ParsedKey, algorithm: string | undefined, sign?: SignCallback): void
  session(channel: number, window: number, packetBytes: number): void
  exec(channel: number, command: string, wantReply: boolean): void
  channelData(channel: number, data: Buffer): void
}

/** Called by ssh2 for each message of the server; ours stand in front of them. */
export interface Ssh2Handlers {
  GLOBAL_REQUEST?: (protocol: unknown, name: string, ...rest: unknown[]) => void
  SERVICE_ACCEPT?: (protocol: unknown, name: string) => void
  CHANNEL_WINDOW_ADJUST?: (protocol: unknown, channel: number, bytes: number) => void
}

/** One key exchange of ssh2; `type` tells which (`25519`, `ecdh`, `group`, `groupex`). */
export interface KeyExchange {
  readonly type: string
  /** Those of `generateKeys`. */
  readonly _keys: KeyPairKeyObjectResult
  /** Makes the keys of this exchange, unless there are some. */
  generateKeys(): void
  getPublicKey(): Buffer
  computeSecret(theirs: Buffer): Buffer | Error
}

/** What a channel of ssh2 keeps to itself. */
export interface Ssh2Channel extends ClientChannel {
  readonly _callbacks: ((refused: unknown) => void)[]
  readonly outgoing: { readonly id: number; window: number }
}

export type SignCallback = (data: Buffer, signed: (signature: Buffer) => void) => void

export interface OpenedListener {
  (error: Error | undefined, channel: Ssh2Channel): void
  type?: string
}
