import { Client } from 'ssh2'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Connection } from '../../src/core/transport.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import type { Ssh2Client } from '../../src/transports/ssh/ssh2-internals.ts'
import { type ClientKeys, makeClientKeys, type SshServer, startOpenSsh, targetOf } from '../peers/ssh-servers.ts'

/** What ssh2 keeps to itself, made to fail as another version of it or of Node.js might. */
type Spoil = (client: Ssh2Client) => void

let keys: ClientKeys
let server: SshServer
let told: string[]
const connect = Client.prototype.connect

beforeAll(async () => {
  keys = makeClientKeys()
  server = await startOpenSsh(keys, '127.0.7.60')
})
beforeEach(() => {
  told = []
})
afterAll(async () => {
  Client.prototype.connect = connect
  await server.stop()
  keys.remove()
})

/** Connects by an ssh2 that is spoiled as soon as it begins, and starts a program. */
async function tryWith(spoil: Spoil): Promise<string> {
  Client.prototype.connect = function (config) {
    connect.call(this, config)
    spoil(this as Ssh2Client)
    return this
  }
  const transport = sshTransport(createHandshakeGate(4), (text) => told.push(text))
  const ends: string[] = []
  for (const _ of [1, 2]) {
    const connected = await transport.connect(targetOf(server, keys), new AbortController().signal)
    if (connected.ok) {
      ends.push(await run(connected.value))
      await connected.value.close()
    } else ends.push(connected.failure.code)
  }
  return ends.join(' ')
}

async function run(connection: Connection): Promise<string> {
  const started = await connection.exec('cat', 'it works')
  if (!started.ok) return started.failure.code
  started.value.end()
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    started.value.onStdout((chunk) => chunks.push(chunk))
    started.value.onExit(() => resolve(Buffer.concat(chunks).toString()))
  })
}

/** Replaces a method of the protocol by one that throws when our own code calls it, and only then. */
function throwing(name: 'session' | 'exec' | 'channelData'): Spoil {
  return (client) => {
    const protocol = client._protocol as Record<string, unknown>
    const theirs = protocol[name] as (...of: unknown[]) => unknown
    protocol[name] = (...of: unknown[]) => {
      if (new Error('who calls').stack?.includes('startInOneFlight')) throw new TypeError(`${name} has changed`)
      return theirs.apply(protocol, of)
    }
  }
}

test.each<[string, Spoil]>([
  ['the library has no such places', (client) => void Object.assign(client._protocol ?? {}, { authPK: undefined })],
  ['a channel cannot be asked for', throwing('session')],
  ['a program cannot be asked for', throwing('exec')],
])('when %s, the way of ssh2 is gone, and it is said once', async (what, spoil) => {
  const spoiled: Spoil = what.startsWith('the library')
    ? (client) => {
        const { authPK } = client._protocol ?? {}
        spoil(client)
        // It is there again as soon as nobody looks for it any more.
        queueMicrotask(() => Object.assign(client._protocol ?? {}, { authPK }))
      }
    : spoil
  expect(await tryWith(spoiled)).toBe('it works it works')
  expect(told).toEqual([expect.stringMatching(/^warning: SSH_SHORT_WAY_CLOSED: .* Node\.js v\d/)])
})

test('what may have begun is not begun again: it is a fault of ours, and the next one works', async () => {
  expect(await tryWith(throwing('channelData'))).toBe('SSH_CLIENT_FAULT it works')
  expect(told).toEqual([expect.stringContaining('channelData has changed')])
})
