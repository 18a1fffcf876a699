import type { Client, ParsedKey } from 'ssh2'
import type { Identity } from './identity.ts'

/**
 * Private parts of ssh2 1.17 that save a round trip and a third of the CPU of a login. The version is pinned, a test
 * holds these shapes, and where they are missing the library simply works in its own, slower way.
 */
interface Internals {
  readonly _protocol?: {
    authPK?: (user: string, key: ParsedKey, algorithm: string | undefined, sign?: SignCallback) => void
    readonly _handlers?: { GLOBAL_REQUEST?: (protocol: unknown, name: string, ...rest: unknown[]) => void }
  }
}

type SignCallback = (data: Buffer, signed: (signature: Buffer) => void) => void

/** Call it right after `client.connect()`. Returns whether both hooks were found. */
export function tuneProtocol(client: Client, identities: readonly Identity[]): boolean {
  const protocol = (client as unknown as Internals)._protocol
  const handlers = protocol?._handlers
  const passOn = handlers?.GLOBAL_REQUEST
  if (handlers && passOn) {
    // OpenSSH offers its other host keys after each login; the library would verify every one of them.
    handlers.GLOBAL_REQUEST = (self, name, ...rest) => {
      if (name !== 'hostkeys-00@openssh.com') passOn(self, name, ...rest)
    }
  }
  const authenticate = protocol?.authPK
  if (protocol && authenticate) {
    // Without a signature a public key is only asked about, which costs a round trip.
    protocol.authPK = (user, key, algorithm, sign) => {
      const identity = sign ? undefined : identities.find((candidate) => candidate.key === key)
      const signAtOnce: SignCallback | undefined =
        identity && ((data, signed) => signed(identity.sign(data, algorithm)))
      authenticate.call(protocol, user, key, algorithm, sign ?? signAtOnce)
    }
  }
  return passOn !== undefined && authenticate !== undefined
}
