import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { Identity } from './identity.ts'
import { quickenKeyExchange } from './key-exchange.ts'
import type { ShortWay, ShortWays } from './short-ways.ts'
import type { SignCallback, Ssh2Client } from './ssh2-internals.ts'

/** A server that does not wait either (Nagle) before it sends its next answer, so that asking ahead saves a round trip. */
const PROMPT = /^SSH-2\.0-dropbear/

/**
 * Makes a login cost one or two round trips and a third of the CPU less. Call it right after `client.connect()`. Where a
 * hook is missing or throws, the library goes its own way, and the short one is closed.
 */
export function tuneLogin(client: Client, identities: readonly Identity[], ways: ShortWays): void {
  hook(ways, 'login', () => ignoreOtherHostKeys(client))
  hook(ways, 'login', () => signAtOnce(client, identities, ways))
  hook(ways, 'login', () => authenticateAhead(client, identities, ways))
  hook(ways, 'key exchange', () => quickenKeyExchange(client, ways))
}

/**
 * Takes anything that a server sends for life, as OpenSSH's client does (`server_alive_check` of its clientloop.c). ssh2 counts
 * an answer to its own question alone, which tinysshd gives as SSH_MSG_UNIMPLEMENTED (RFC 4253, 11.4), and which may be
 * late behind much output. Call it once the client has logged in: ssh2 begins to ask then. Returns whether ssh2 has the place.
 */
export function heedAllAnswers(client: Ssh2Client, socket: Duplex): boolean {
  const lives = client._resetKA
  if (lives) socket.on('data', () => lives())
  return lives !== undefined
}

function hook(ways: ShortWays, way: ShortWay, install: () => boolean): void {
  if (!ways.isOpen(way)) return
  try {
    if (!install()) ways.close(way, 'this ssh2 has no such place')
  } catch (error) {
    ways.close(way, error)
  }
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
function signAtOnce(client: Ssh2Client, identities: readonly Identity[], ways: ShortWays): boolean {
  const protocol = client._protocol
  const authenticate = protocol?.authPK
  if (!protocol || !authenticate) return false
  protocol.authPK = (user, key, algorithm, sign) => {
    const identity = sign ? undefined : identities.find((candidate) => candidate.key === key)
    const ask = (by?: SignCallback): void => authenticate.call(protocol, user, key, algorithm, by)
    if (sign || !identity || !ways.isOpen('login')) return ask(sign)
    ask((data, signed) => {
      // Nothing has been sent so far.
      const signature = ways.go<Buffer | undefined>(
        'login',
        () => identity.sign(data, algorithm),
        () => undefined,
      )
      if (signature) signed(signature)
      else ask()
    })
  }
  return true
}

/**
 * Sends the login along with the request to be allowed one (RFC 4253, 10), which is never refused to a client. Not for RSA
 * keys: the server may still be about to say which signatures it takes (RFC 8308).
 */
function authenticateAhead(client: Ssh2Client, [first]: readonly Identity[], ways: ShortWays): boolean {
  const protocol = client._protocol
  const handlers = protocol?._handlers
  const request = protocol?.service
  const goOn = handlers?.SERVICE_ACCEPT
  if (!protocol || !handlers || !request || !goOn) return false
  protocol.service = (name) => {
    request.call(protocol, name)
    const ahead = first && first.key.type !== 'ssh-rsa' && PROMPT.test(String(protocol._remoteIdentRaw))
    if (name !== 'ssh-userauth' || !ahead || !ways.isOpen('login')) return
    handlers.SERVICE_ACCEPT = () => {
      handlers.SERVICE_ACCEPT = goOn
    }
    try {
      goOn(protocol, name)
    } catch (error) {
      handlers.SERVICE_ACCEPT = goOn
      ways.close('login', error)
    }
  }
  return true
}
