import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LazySession } from '../../src/app/reach/device-session.ts'
import { success } from '../../src/core/failure.ts'
import type { Target } from '../../src/core/transport.ts'
import { createHandshakeGate, openTransports } from '../../src/transports/index.ts'
import { device } from '../engine/bench.ts'
import { DEADLINES } from '../peers/targets.ts'

/** Accepts connections and says nothing. */
let silent: Server
const sockets: Socket[] = []

beforeEach(async () => {
  silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((listening) => silent.listen(0, '127.0.9.1', listening))
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  silent.close()
})

it('closes at once, while it connects and while it waits for its turn to', async () => {
  const { port } = silent.address() as { port: number }
  const target: Target = {
    device: 'PL-0001/pos1',
    type: 'ssh',
    address: '127.0.9.1',
    port,
    user: 'till',
    keys: [],
    hostKeys: [],
    deadlines: DEADLINES,
    keepAliveMs: 15_000,
    maxOutputBytes: 1024,
  }
  const transports = openTransports(createHandshakeGate(1))
  const signal = new AbortController().signal
  const sessions = ['PL-0001/pos1', 'PL-0001/pos2'].map((name) => {
    const resolver = { resolve: async () => success({ ...target, device: name }) }
    const watch = { connecting: () => undefined, connected: () => undefined }
    const dependencies = { resolver, transports, neighboursOf: () => ({}), signal, watch }
    return new LazySession(device(name, { transport: { type: 'ssh' } }), dependencies)
  })
  const answers = sessions.map((session) => session.shell.ask({ script: ':' }).catch((error) => error.failure.code))
  await expect.poll(() => sockets.length).toBe(1)
  const began = performance.now()
  await Promise.all(sessions.map((session) => session.close()))
  expect(await Promise.all(answers)).toEqual(['RUN_CANCELLED', 'RUN_CANCELLED'])
  // Its deadline to identify itself is 20 s.
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(sockets).toHaveLength(1)
})
