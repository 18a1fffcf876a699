import { createRequire } from 'node:module'
import type ssh2 from 'ssh2'

const require = createRequire(import.meta.url)

const DISCONNECT = 1

let library: typeof ssh2 | undefined

/** ssh2, which takes 3 % of a short command to load: from the first login or key on, not where no device is spoken to by it. */
export function ssh2Library(): typeof ssh2 {
  if (library === undefined) {
    library = require('ssh2') as typeof ssh2
    heedDisconnectsWithoutLanguage()
  }
  return library
}

/**
 * Some servers leave the language tag out of SSH_MSG_DISCONNECT (RFC 4253, 11.1), and OpenSSH's client does not read it. ssh2 calls
 * such a message malformed and forgets why the server hung up, so it gets the empty tag that it lacks. Where this version of
 * ssh2 has no such table, it goes its own way.
 */
function heedDisconnectsWithoutLanguage(): void {
  const handlers = require('ssh2/lib/protocol/handlers.js') as ((protocol: unknown, payload: Buffer) => unknown)[]
  const passOn = handlers[DISCONNECT]
  if (!passOn) return
  handlers[DISCONNECT] = (protocol, payload) => {
    const endsBehindReason = payload.length >= 9 && payload.length === 9 + payload.readUInt32BE(5)
    return passOn(protocol, endsBehindReason ? Buffer.concat([payload, Buffer.alloc(4)]) : payload)
  }
}
