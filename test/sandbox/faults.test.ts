import { createConnection, type Socket } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/index.ts'
import { canIsolate, device, sandboxFor, until } from './sandboxes.ts'
import { connectTo, execOn, runOn } from './ssh-client.ts'

const NAME = 'PL-0001/pos1'
const HEALTHY = 'PL-0001/pos2'

describe.skipIf(!canIsolate)('a fault', () => {
  let sandbox: Sandbox

  beforeAll(async () => {
    sandbox = await sandboxFor({ devices: [device(NAME), device(HEALTHY), device('PL-0002/pos1', 'alpine')] })
  })

  const fault = (text: string): Promise<void> => sandbox.setFault('none=all', `${text}=${NAME}`)

  /** A bare connection: what comes, and how it ends within `ms`. */
  function knock(send = '', ms = 700): Promise<{ said: Buffer; end: string }> {
    const { address, port } = sandbox.overlay.devices[NAME] ?? { address: '', port: 0 }
    const socket: Socket = createConnection(port, address)
    const chunks: Buffer[] = []
    return new Promise((resolve) => {
      const done = (end: string): void => {
        socket.destroy()
        resolve({ said: Buffer.concat(chunks), end })
      }
      socket.on('connect', () => socket.write(send))
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
      socket.on('end', () => done('end'))
      setTimeout(() => done(socket.connecting ? 'connecting' : 'open'), ms)
    })
  }

  test('refused: nothing listens', async () => {
    await fault('refused')
    expect((await knock()).end).toBe('ECONNREFUSED')
  })

  test('blackhole: the handshake never completes, and no reset comes', async () => {
    await fault('blackhole')
    for (let tries = 0; tries < 3; tries += 1)
      expect(await knock('', 1500)).toEqual({ said: Buffer.alloc(0), end: 'connecting' })
    expect((await runOn(sandbox.overlay, HEALTHY, 'echo well')).stdout).toBe('well\n')
    await sandbox.setFault('none=all')
    expect((await runOn(sandbox.overlay, NAME, 'echo well')).stdout).toBe('well\n')
  })

  test('reset-connect: the connection is reset before the banner', async () => {
    await fault('reset-connect')
    expect(await knock()).toEqual({ said: Buffer.alloc(0), end: 'ECONNRESET' })
  })

  test('tarpit-banner: it accepts and says nothing', async () => {
    await fault('tarpit-banner')
    expect(await knock('SSH-2.0-x\r\n')).toEqual({ said: Buffer.alloc(0), end: 'open' })
  })

  test('garbage-banner: it says something else', async () => {
    await fault('garbage-banner')
    const { said, end } = await knock()
    expect(said.toString('latin1')).toContain('HTTP/1.1 400')
    expect(end).toBe('open')
  })

  test('tarpit-kex: it says who it is, and no more', async () => {
    await fault('tarpit-kex')
    const { said, end } = await knock('SSH-2.0-x\r\n')
    expect(said.toString()).toBe('SSH-2.0-TillwrightSandbox\r\n')
    expect(end).toBe('open')
  })

  test('tarpit-auth: keys are exchanged, the login is never answered', async () => {
    await fault('tarpit-auth')
    await expect(connectTo(sandbox.overlay, NAME, 1500)).rejects.toThrow(/Timed out/)
  })

  test('auth-refused: no key will do', async () => {
    await fault('auth-refused')
    await expect(connectTo(sandbox.overlay, NAME)).rejects.toThrow(/authentication methods failed/)
  })

  test('wrong-host-key: it is not the recorded one, and always the same other one', async () => {
    await fault('wrong-host-key')
    await expect(connectTo(sandbox.overlay, NAME)).rejects.toThrow(/Host denied/)
  })

  test.each(['tarpit-open', 'tarpit-exec'])('%s: one can log in, and nothing ever starts', async (name) => {
    await fault(name)
    const client = await connectTo(sandbox.overlay, NAME)
    const answer = await Promise.race([
      execOn(client, 'echo well').catch(() => 'lost'),
      new Promise((resolve) => setTimeout(() => resolve('nothing'), 800)),
    ])
    expect(answer).toBe('nothing')
    client.end()
  })

  test('wrong-shell: no POSIX command is known', async () => {
    await fault('wrong-shell')
    const { stdout, code } = await runOn(sandbox.overlay, NAME, 'sh', 'echo well\n')
    expect(stdout).toBe('PRO-POS Service Console v3.1\n% Unknown command: sh\n')
    expect(code).toBe(1)
  })

  test('garbage-output: the output is there, with noise before it', async () => {
    await fault('garbage-output')
    const { stdout, code } = await runOn(sandbox.overlay, NAME, 'echo well')
    expect(stdout.endsWith('\nwell\n')).toBe(true)
    expect(stdout.length).toBeGreaterThan(60)
    expect(code).toBe(0)
  })

  test('endless-output: it goes on for as long as one reads', async () => {
    await fault('endless-output')
    const client = await connectTo(sandbox.overlay, NAME)
    const bytes = await new Promise<number>((resolve, reject) => {
      client.exec('echo well', (error, channel) => {
        if (error) return reject(error)
        let seen = 0
        channel.on('data', (chunk: Buffer) => {
          seen += chunk.length
          if (seen > 20_000_000) resolve(seen)
        })
        channel.on('close', () => reject(new Error('it ended')))
      })
    })
    expect(bytes).toBeGreaterThan(20_000_000)
    client.end()
    await until(async () => (await sandbox.status()).connections === 0, 'the flood ends with its connection')
  })

  test('reset-step: half an answer, then a reset', async () => {
    await fault('reset-step')
    const client = await connectTo(sandbox.overlay, NAME)
    let seen = 0
    const ended = new Promise<string>((resolve) => {
      client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
    client.exec('printf "%01000d"', (_error, channel) => {
      channel.on('data', (chunk: Buffer) => {
        seen += chunk.length
      })
    })
    expect(await ended).toBe('ECONNRESET')
    expect(seen).toBe(500)
  })

  test('crash-after-change: the change is made, its answer never comes', async () => {
    await fault('crash-after-change')
    expect((await runOn(sandbox.overlay, NAME, 'cat /etc/hostname; echo x > /tmp/x')).stdout).toBe('pl-0001-pos1\n')
    await expect(runOn(sandbox.overlay, NAME, 'echo changed > /etc/mark; echo done')).rejects.toThrow(
      /ECONNRESET|closed/,
    )
    expect((await runOn(sandbox.overlay, NAME, 'cat /etc/mark')).stdout).toBe('changed\n')
  })

  test('hang: the named program hangs, everything else goes on', async () => {
    await fault('hang:dpkg-query')
    const { stdout } = await runOn(sandbox.overlay, NAME, 'timeout 1 dpkg-query -W; echo $?; systemctl is-active ssh')
    expect(stdout).toBe('124\nactive\n')
    await fault('hang')
    expect((await runOn(sandbox.overlay, NAME, 'timeout 1 systemctl is-active ssh; echo $?')).stdout).toBe('124\n')
  })

  test('disk-full: writing fails with ENOSPC, reading goes on', async () => {
    await fault('disk-full')
    const { stdout, stderr } = await runOn(
      sandbox.overlay,
      NAME,
      'cat /etc/hostname; head -c 9000 /dev/zero > /etc/big || echo failed; cp /etc/passwd /tmp/copy; df -Pk / | tail -n 1',
    )
    const [hostname, failed, disk = ''] = stdout.trim().split('\n')
    expect([hostname, failed]).toEqual(['pl-0001-pos1', 'failed'])
    expect(stderr.match(/No space left on device/g)?.length).toBeGreaterThanOrEqual(2)
    expect(disk.split(/\s+/)[3]).toBe('0')
    await sandbox.setFault('none=all')
    expect((await runOn(sandbox.overlay, NAME, 'ls /etc/big 2>/dev/null | wc -l')).stdout.trim()).toBe('0')
  })

  test('slow: each answer takes the round trip, alone or with another fault', async () => {
    await fault('slow:300ms')
    const client = await connectTo(sandbox.overlay, NAME)
    const begun = performance.now()
    expect((await execOn(client, 'echo well')).stdout).toBe('well\n')
    // Opening the channel, starting the program and its output: at least two round trips.
    expect(performance.now() - begun).toBeGreaterThan(590)
    client.end()
    const text = 'x'.repeat(700_000)
    expect((await runOn(sandbox.overlay, NAME, 'cat', text)).stdout.length).toBe(text.length)
    await sandbox.setFault('none=all', `slow:100ms=${NAME}`, `auth-refused=${NAME}`)
    await expect(connectTo(sandbox.overlay, NAME)).rejects.toThrow(/authentication methods failed/)
  })

  test('hits nobody else, and is gone when it is taken away', async () => {
    await sandbox.setFault(`refused=${NAME}`)
    expect((await sandbox.status()).faults).toEqual({ refused: 1 })
    expect((await runOn(sandbox.overlay, HEALTHY, 'echo well')).stdout).toBe('well\n')
    await sandbox.setFault('none=all')
    expect((await sandbox.status()).faults).toEqual({})
    expect((await runOn(sandbox.overlay, NAME, 'echo well')).stdout).toBe('well\n')
  })

  test('is refused when there is no such fault or device, and nothing changes', async () => {
    await expect(sandbox.setFault('explode=all')).rejects.toThrow(/no fault/)
    await expect(sandbox.setFault('refused=PL-9999/pos1')).rejects.toThrow(/no device "PL-9999\/pos1"/)
    expect((await sandbox.status()).faults).toEqual({})
  })
})
