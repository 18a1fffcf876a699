import type { Client } from 'ssh2'
import type { Identity } from './identity.ts'
import { quickenKeyExchange } from './key-exchange.ts'
import type { SignCallback, Ssh2Client } from './ssh2-internals.ts'

/** A server that does not wait either (Nagle) before it sends its next answer, so that asking ahead saves a round trip. */
const PROMPT = /^SSH-2\.0-dropbear/

/**
 * Makes a login cost one or two round trips and a third of the CPU less. Call it right after `client.connect()`. Returns
 * whether every hook was found.
 */
export function tuneLogin(client: Client, identities: readonly Identity[]): boolean {
  const hooks = [
    ignoreOtherHostKeys(client),
    signAtOnce(client, identities),
    authenticateAhead(client, identities),
    quickenKeyExchange(client),
  ]
  return hooks.every(Boolean)
}

/** OpenSSH offers its other host keys after each login; the library would have every one of them proven and verify it. */
function ignoreOtherHostKeys(client: Ssh2Client): boolean {
  const handlers = client._protocol?._handlers
  const passOn = handlers?.GLOBAL_REQUEST
  if (!handlers || !passOn) return false
  handlers.GLOBAL_REQUEST = (self, name, ...rest) => {
    if (name !== 'hostkeys-00@openssh.com') passOn(self, name, ...rest)
  }
  return true
}

/** Without a signature a public key is only asked about, which costs a round trip. */
function signAtOnce(client: Ssh2Client, identities: readonly Identity[]): boolean {
  const protocol = client._protocol
  const authenticate = protocol?.authPK
  if (!protocol || !authenticate) return false
  protocol.authPK = (user, key, algorithm, sign) => {
    const identity = sign ? undefined : identities.find((candidate) => candidate.key === key)
    const byUs: SignCallback | undefined = identity && ((data, signed) => signed(identity.sign(data, algorithm)))
    authenticate.call(protocol, user, key, algorithm, sign ?? byUs)
  }
  return true
}

/**
 * Sends the login along with the request to be allowed one (RFC 4253, 10), which is never refused to a client. Not for RSA
 * keys: the server may still be about to say which signatures it takes (RFC 8308).
 */
function authenticateAhead(client: Ssh2Client, [first]: readonly Identity[]): boolean {
  const protocol = client._protocol
  const handlers = protocol?._handlers
  const request = protocol?.service
  const goOn = handlers?.SERVICE_ACCEPT
  if (!protocol || !handlers || !request || !goOn) return false
  protocol.service = (name) => {
    request.call(protocol, name)
    const ahead = first && first.key.type !== 'ssh-rsa' && PROMPT.test(String(protocol._remoteIdentRaw))
    if (name !== 'ssh-userauth' || !ahead) return
    handlers.SERVICE_ACCEPT = () => {
      handlers.SERVICE_ACCEPT = goOn
    }
    goOn(protocol, name)
  }
  return true
}
