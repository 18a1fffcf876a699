import { generateKeyPairSync } from 'node:crypto'
import ssh2, { type Connection as ServerConnection } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { type ClientKeys, makeClientKeys, sshServers, targetOf } from '../peers/ssh-servers.ts'

const never = new AbortController().signal
const transport = sshTransport(createHandshakeGate(8))

let keys: ClientKeys
beforeAll(() => {
  keys = makeClientKeys()
})
afterAll(() => keys.remove())

/** A server that takes everybody in, calls itself OpenSSH, and tells what it is sent, message by message. */
async function startTelling(serve: (client: ServerConnection, nth: number) => void) {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  const parsed = ssh2.utils.parseKey(privateKey)
  if (parsed instanceof Error) throw parsed
  const heard: string[] = []
  const waiting = new Map<RegExp, () => void>()
  const clients = new Set<ServerConnection>()
  const server = new ssh2.Server({
    hostKeys: [privateKey],
    ident: 'OpenSSH_9.2p1',
    debug: (line: string) => {
      heard.push(line)
      for (const [pattern, found] of waiting) if (pattern.test(line)) found()
    },
  })
  server.on('connection', (client) => {
    clients.add(client)
    client.on('error', () => undefined).on('close', () => clients.delete(client))
    client.on('authentication', (context) => context.accept())
    serve(client, clients.size)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.7.40', resolve))
  return {
    address: '127.0.7.40',
    port: (server.address() as { port: number }).port,
    hostKey: `ssh-rsa ${parsed.getPublicSSH().toString('base64')}`,
    /** Resolves when a message was heard of. */
    hears: (pattern: RegExp) =>
      new Promise<void>((resolve) => {
        if (heard.some((line) => pattern.test(line))) resolve()
        else waiting.set(pattern, resolve)
      }),
    async stop() {
      for (const client of clients) client.end()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function target(server: { address: string; port: number; hostKey: string }) {
  const { address, port, hostKey } = server
  return targetOf({ name: '', address, port, hostKeys: [hostKey], stop: async () => undefined }, keys)
}

describe('the first program of a connection', () => {
  test('is on its way with its input before the server has said a word about the channel', async () => {
    // The session is never accepted: what is heard after it was asked for was sent without waiting.
    const server = await startTelling((client) => client.on('session', () => undefined))
    const connection = await transport.connect(target(server), never)
    if (!connection.ok) throw new Error(connection.failure.message)
    const started = connection.value.exec('sh', 'echo hello\n')
    await server.hears(/CHANNEL_REQUEST \(r:0, exec: sh\)/)
    await server.hears(/CHANNEL_DATA \(r:0, 11\)/)
    await connection.value.close()
    expect((await started).ok).toBe(false)
    await server.stop()
  })

  test('is started on a new connection when the server numbers channels in a way of its own', async () => {
    let programs = 0
    const server = await startTelling((client) => {
      client.on('ready', () => {
        // A number of the server's is used up, so that its first channel is not 0.
        ;(client as unknown as { _chanMgr: { add(): number } })._chanMgr.add()
      })
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec) => {
          programs += 1
          const channel = acceptExec()
          channel.on('data', (data: Buffer) => {
            channel.write(data)
            channel.exit(0)
            channel.end()
          })
        })
      })
    })
    const connection = await transport.connect(target(server), never)
    if (!connection.ok) throw new Error(connection.failure.message)
    const started = await connection.value.exec('cat', 'hello')
    if (!started.ok) throw new Error(started.failure.message)
    const heard = await new Promise<string>((resolve) => started.value.onStdout((data) => resolve(String(data))))
    expect([heard, programs]).toEqual(['hello', 1])
    await connection.value.close()
    await server.stop()
  })
})

describe.each(sshServers.filter(({ name }) => name === 'OpenSSH'))('$name that starts no programs', ({ start }) => {
  test('says so, although it hangs up on what was sent ahead', async () => {
    const server = await start(keys, '127.0.7.41', 'MaxSessions 0')
    const connection = await transport.connect(targetOf(server, keys), never)
    if (!connection.ok) throw new Error(connection.failure.message)
    const started = await connection.value.exec('sh', 'echo hello\n')
    expect(!started.ok && started.failure.code).toBe('OPEN_REFUSED')
    await connection.value.close()
    await server.stop()
  })
})
