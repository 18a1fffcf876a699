import { afterAll, beforeAll, describe, test } from 'vitest'
import { testTransport } from '../../src/testing/transport-contract.ts'
import { localTransport } from '../../src/transports/local.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { forwardPorts } from '../peers/forward-ports.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, targetOf } from '../peers/ssh-servers.ts'
import { localTarget } from '../peers/targets.ts'

const runner = { test, before: beforeAll, after: afterAll }

const ports = forwardPorts()
beforeAll(() => ports.start())
afterAll(() => ports.stop())

describe('the local transport', () => {
  testTransport(runner, { transport: () => localTransport, target: localTarget, ...ports })
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
    ...(name !== 'tinysshd' && ports),
  })
})
