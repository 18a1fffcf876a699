import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { testTransport } from '../../src/testing/transport-contract.ts'
import { localTransport } from '../../src/transports/local.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, targetOf } from '../peers/ssh-servers.ts'
import { localTarget } from '../peers/targets.ts'

const runner = { test, before: beforeAll, after: afterAll }

let echo: Server
const echoPort = (): number => {
  const bound = echo.address()
  return typeof bound === 'object' && bound ? bound.port : 0
}
beforeAll(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
})
afterAll(() => void echo.close())

describe('the local transport', () => {
  testTransport(runner, { transport: () => localTransport, target: localTarget, echoPort })
})

describe.each(sshServers)('ssh to $name', ({ name, start }) => {
  let keys: ClientKeys
  let server: SshServer
  const transport = sshTransport(createHandshakeGate(8))
  beforeAll(async () => {
    keys = makeClientKeys()
    server = await start(keys, '127.0.7.1')
  })
  afterAll(async () => {
    await server?.stop()
    keys.remove()
  })
  testTransport(runner, {
    transport: () => transport,
    target: () => targetOf(server, keys),
    // tinysshd forwards nothing.
    ...(name !== 'tinysshd' && { echoPort }),
  })
})
