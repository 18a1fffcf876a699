import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connectTcp } from '../../../src/devices/line/connect-tcp.ts'
import { listening } from '../../peers/dial.ts'
import { blackHole } from '../probe/servers.ts'

const never = new AbortController().signal
const at = (address: string): { address: string; family: number } => ({ address, family: 4 })

describe('a name with several addresses', () => {
  test('is reached at one that answers late, whatever the others say meanwhile', async () => {
    const slow = await blackHole('127.0.7.31')
    // Nothing listens at the others, which refuse long before: a lost SYN comes again after a second.
    const connecting = connectTcp([at('127.0.7.31'), at('127.0.7.32'), at('127.0.7.33')], {
      port: slow.port,
      signal: never,
    })
    await new Promise((resolve) => setTimeout(resolve, 600))
    slow.open()
    const socket = await connecting
    expect(socket.remoteAddress).toBe('127.0.7.31')
    socket.destroy()
    await slow.close()
  })

  test('is reached at the next one where the first is silent', async () => {
    const hole = await blackHole('127.0.7.34')
    const server = createServer()
    await listening(server, { host: '127.0.7.35', port: hole.port })
    const socket = await connectTcp([at('127.0.7.34'), at('127.0.7.35')], { port: hole.port, signal: never })
    expect(socket.remoteAddress).toBe('127.0.7.35')
    socket.destroy()
    server.close()
    await hole.close()
  })

  test('fails with what each of them said, and at once when nobody waits any longer', async () => {
    const hole = await blackHole('127.0.7.36')
    const closed = connectTcp([at('127.0.7.37'), at('127.0.7.38')], { port: hole.port, signal: never })
    await expect(closed).rejects.toMatchObject({ errors: [{ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED' }] })
    const leaving = new AbortController()
    const waiting = connectTcp([at('127.0.7.36')], { port: hole.port, signal: leaving.signal })
    leaving.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await hole.close()
  })
})
