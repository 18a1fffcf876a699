import type { ByteStream } from '../../core/channel.ts'
import type { Result } from '../../core/failure.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/**
 * Opens a stream to a port, whoever carries it: this machine, a gateway, the till that a printer hangs on. A failure says
 * how far it came; its code is one of the CONNECT family, or RESOLVE_FAILED.
 */
export type Dial = (to: Endpoint, timeoutMs: number) => Promise<Result<ByteStream>>
