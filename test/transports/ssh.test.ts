import { execFileSync, spawn } from 'node:child_process'
import { type Socket, connect as tcp } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Client } from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Connection, Target } from '../../src/core/transport.ts'
import { openPosixShell } from '../../src/shell/posix-channel.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { takesOneFlight } from '../../src/transports/ssh/one-flight.ts'
import { ShortWays } from '../../src/transports/ssh/short-ways.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { heedAllAnswers, tuneLogin } from '../../src/transports/ssh/tune-login.ts'
import { startFaulty } from '../peers/faulty-server.ts'
import {
  type ClientKeys,
  keyOf,
  makeClientKeys,
  type SshServer,
  sshServers,
  startOpenSsh,
  targetOf,
} from '../peers/ssh-servers.ts'
import { DEADLINES } from '../peers/targets.ts'

const never = new AbortController().signal
const transport = sshTransport(createHandshakeGate(16))

async function connect(target: Target): Promise<Connection> {
  const result = await transport.connect(target, never)
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.message}`)
  return result.value
}

async function codeOf(target: Target): Promise<string> {
  const result = await transport.connect(target, never)
  if (!result.ok) return result.failure.code
  await result.value.close()
  return 'connected'
}

/** Passes every connection on to a server. */
function forwardTo(server: SshServer): (socket: Socket) => void {
  return (socket) => {
    const on = tcp({ host: server.address, port: server.port })
    on.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.once('close', () => on.destroy())
    socket.pipe(on).pipe(socket)
  }
}

let keys: ClientKeys
beforeAll(() => {
  keys = makeClientKeys()
})
afterAll(() => keys.remove())

describe.each(sshServers)('$name', ({ name, start }) => {
  let server: SshServer
  beforeAll(async () => {
    server = await start(keys, '127.0.7.2')
  })
  afterAll(() => server?.stop())

  test('is one interpreter, asked many things, with a hanging one ended and a file uploaded', async () => {
    const connection = await connect(targetOf(server, keys))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    const awkward = `'"\`$\\!*\n ą 😀 -n`
    const [pid, value, hung, next] = await Promise.all([
      shell.ask({ script: 'echo $$' }),
      shell.ask({ script: `printf %s "$v"; echo oops >&2; exit 5`, values: { v: awkward } }),
      shell.ask({ script: 'echo on; sleep 60', timeoutMs: 500 }),
      shell.ask({ script: 'echo $$' }),
    ])
    expect([value.text, value.errorText, value.exitCode]).toEqual([awkward, 'oops\n', 5])
    expect([hung.timedOut, hung.text, next.text]).toEqual([true, 'on\n', pid.text])
    const path = join(keys.folder, `upload ${name}`)
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 13 + (i >> 7)) & 255))
    expect((await shell.upload(path, content)).exitCode).toBe(0)
    const back = await shell.ask({ script: 'cat "$p"; rm "$p"', values: { p: path } })
    expect(Buffer.from(back.stdout).equals(content)).toBe(true)
    shell.close()
    await connection.close()
  })

  test('stays while it answers anything at all, whatever it makes of being asked whether it lives', async () => {
    // ssh2 hangs up at the fourth time that it is not answered in its own words.
    const connection = await connect(targetOf(server, keys, { keepAliveMs: 500 }))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    expect(await shell.ask({ script: 'sleep 3; echo on' })).toMatchObject({ text: 'on\n', exitCode: 0 })
    shell.close()
    await connection.close()
  })

  test('says why an upload ended before its content did', async () => {
    const connection = await connect(targetOf(server, keys))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    const content = Buffer.alloc(20_000_000, 'x')
    const path = join(keys.folder, `there ${name}`)
    expect((await shell.upload(path, Buffer.from('mine'))).exitCode).toBe(0)
    expect(await shell.upload(path, content)).toMatchObject({ exitCode: 73, errorText: `${path}: it exists already\n` })
    if (userInfo().uid === 0) {
      const small = join(keys.folder, `small ${name}`)
      await shell.ask({ script: 'mkdir "$at" && mount -t tmpfs -o size=64k till "$at"', values: { at: small } })
      const full = await shell.upload(join(small, 'file'), content)
      expect(full).toMatchObject({ exitCode: 75, errorText: expect.stringContaining('No space left on device') })
      await shell.ask({ script: 'umount "$at"; rmdir "$at"', values: { at: small } })
    }
    shell.close()
    await connection.close()
  })

  test('is known by each of its host keys, and by no other', async () => {
    for (const key of server.hostKeys)
      expect(await codeOf(targetOf(server, keys, { hostKeys: [key] }))).toBe('connected')
    expect(await codeOf(targetOf(server, keys, { hostKeys: [] }))).toBe('HOST_KEY_UNKNOWN')
  })

  test('shows its host keys to who asks, without a login', async () => {
    const scanned = await transport.scanHostKeys(targetOf(server, keys, { hostKeys: [], keys: [] }), never)
    expect(scanned.ok && [...scanned.value].sort()).toEqual([...server.hostKeys].sort())
  })

  test('refuses who has no key', async () => {
    expect(await codeOf(targetOf(server, keys, { keys: [], password: undefined } as never))).toBe(
      'AUTHENTICATE_REFUSED',
    )
  })
})

describe('logging in to OpenSSH', () => {
  let server: SshServer
  beforeAll(async () => {
    server = await startOpenSsh(keys, '127.0.7.3', 'MaxSessions 1')
  })
  afterAll(() => server?.stop())

  test.each(['ed25519', 'ecdsa', 'rsa'] as const)('works with a key of type %s', async (type) => {
    expect(await codeOf(targetOf(server, keys, { keys: [keyOf(keys[type])] }))).toBe('connected')
  })

  test('works with a key that has a passphrase, and not with a wrong one', async () => {
    const locked = (passphrase?: string): Partial<Target> => ({ keys: [keyOf(keys.locked, passphrase)] })
    expect(await codeOf(targetOf(server, keys, locked('open sesame')))).toBe('connected')
    expect(await codeOf(targetOf(server, keys, locked('wrong')))).toBe('AUTHENTICATE_KEY_INVALID')
    expect(await codeOf(targetOf(server, keys, locked()))).toBe('AUTHENTICATE_KEY_INVALID')
  })

  test('goes on to the next key', async () => {
    const stranger = join(keys.folder, 'stranger')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger])
    expect(await codeOf(targetOf(server, keys, { keys: [keyOf(stranger), keyOf(keys.rsa)] }))).toBe('connected')
    expect(await codeOf(targetOf(server, keys, { keys: [keyOf(stranger)] }))).toBe('AUTHENTICATE_REFUSED')
  })

  test('works by an agent; without one it is refused', async () => {
    const socket = join(keys.folder, 'agent')
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await new Promise((resolve) => agent.stdout.once('data', resolve))
      execFileSync('ssh-add', ['-q', keys.ecdsa], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
      expect(await codeOf(targetOf(server, keys, { keys: [], agent: socket }))).toBe('connected')
    } finally {
      agent.kill('SIGTERM')
    }
    expect(await codeOf(targetOf(server, keys, { keys: [], agent: `${socket}-gone` }))).toBe('AUTHENTICATE_REFUSED')
  })

  test('starts further programs by further connections where a server allows but one on each', async () => {
    const connection = await connect(targetOf(server, keys))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    const [hung, next] = await Promise.all([
      shell.ask({ script: 'sleep 60', timeoutMs: 300 }),
      shell.ask({ script: 'echo next' }),
    ])
    expect([hung.timedOut, next.text]).toEqual([true, 'next\n'])
    await connection.close()
  })
})

describe('through a gateway', () => {
  let gateway: SshServer
  let device: SshServer
  beforeAll(async () => {
    gateway = await startOpenSsh(keys, '127.0.7.4')
    device = await startOpenSsh(keys, '127.0.7.5')
  })
  afterAll(async () => {
    await gateway?.stop()
    await device?.stop()
  })
  const behind = (more: Partial<Target> = {}): Target =>
    targetOf(device, keys, { via: targetOf(gateway, keys), ...more })

  test('many devices share one connection to it, which ends with the last of them', async () => {
    const counted = await startFaulty('127.0.7.6', forwardTo(gateway))
    const via = targetOf(gateway, keys, { address: counted.address, port: counted.port })
    const connections = await Promise.all(Array.from({ length: 5 }, () => connect(behind({ via }))))
    for (const connection of connections) {
      const stream = await connection.exec('echo through')
      if (!stream.ok) throw new Error(stream.failure.message)
      const chunk = new Promise((resolve) => stream.value.onStdout(resolve))
      expect(String(await chunk)).toBe('through\n')
    }
    expect(counted.accepted()).toBe(1)
    await Promise.all(connections.map((connection) => connection.close()))
    await counted.idle()
    await counted.stop()
  })

  test('says what is wrong with the gateway, and what with the device behind it', async () => {
    const closed = targetOf(gateway, keys, { address: '127.0.7.7', port: 1 })
    const broken = await transport.connect(behind({ via: closed }), never)
    expect(!broken.ok && [broken.failure.code, broken.failure.evidence?.['gateway_code']]).toEqual([
      'CONNECT_VIA_FAILED',
      'CONNECT_REFUSED',
    ])
    expect(await codeOf(behind({ port: 1 }))).toBe('CONNECT_REFUSED')
    expect(await codeOf(behind({ hostKeys: [] }))).toBe('HOST_KEY_UNKNOWN')
    const silent = await startFaulty('127.0.7.8', (socket) => void socket.resume())
    const place = { address: silent.address, port: silent.port, deadlines: { ...DEADLINES, identify: 300 } }
    expect(await codeOf(behind(place))).toBe('IDENTIFY_TIMEOUT')
    await silent.stop()
  })

  test('works through two of them', async () => {
    const connection = await connect(behind({ via: targetOf(gateway, keys, { via: targetOf(device, keys) }) }))
    expect((await connection.exec('true')).ok).toBe(true)
    await connection.close()
  })

  test('a device that hangs up is lost at once', async () => {
    const carried: Socket[] = []
    const proxy = await startFaulty('127.0.7.11', (socket) => {
      carried.push(socket)
      // As a server does that is stopped: its end of the connection ends, and nothing more is said.
      const on = tcp({ host: device.address, port: device.port })
      on.on('error', () => undefined)
      socket
        .on('error', () => undefined)
        .pipe(on)
        .pipe(socket)
    })
    const connection = await connect(behind({ address: proxy.address, port: proxy.port }))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    expect((await shell.ask({ script: ':' })).exitCode).toBe(0)
    const hanging = shell.ask({ script: 'sleep 60', timeoutMs: 20_000 })
    for (const socket of carried) socket.unpipe().end()
    await expect(hanging).rejects.toMatchObject({ failure: { code: 'SESSION_LOST' } })
    await connection.close()
    await proxy.stop()
  })

  test('the loss of the gateway is the loss of what is behind it', async () => {
    const proxy = await startFaulty('127.0.7.10', forwardTo(gateway))
    const via = targetOf(gateway, keys, { address: proxy.address, port: proxy.port })
    const connection = await connect(behind({ via }))
    const shell = openPosixShell({ start: (command, input) => connection.exec(command, input), deadlines: DEADLINES })
    expect((await shell.ask({ script: ':' })).exitCode).toBe(0)
    const hanging = shell.ask({ script: 'sleep 30' })
    await proxy.stop()
    await expect(hanging).rejects.toMatchObject({ failure: { code: 'SESSION_LOST' } })
    await connection.close()
  })
})

describe('the private parts of ssh2 that are used', () => {
  test('are where they were when its version was pinned', () => {
    const client = new Client()
    client.on('error', () => undefined)
    client.connect({ host: '127.0.0.1', port: 1, username: 'x', password: 'y' })
    const told: string[] = []
    const ways = new ShortWays((text) => told.push(text))
    tuneLogin(client, [], ways)
    expect(takesOneFlight(client, 'SSH-2.0-OpenSSH_9.2p1', ways)).toBe(true)
    expect(told).toEqual([])
    expect(heedAllAnswers(client, new PassThrough())).toBe(true)
    client.destroy()
  })
})
