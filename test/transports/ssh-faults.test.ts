import { type Socket, connect as tcp } from 'node:net'
import ssh2 from 'ssh2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Failure, Result } from '../../src/core/failure.ts'
import type { Target } from '../../src/core/transport.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { sshTransport } from '../../src/transports/ssh/ssh-transport.ts'
import { type FaultyServer, startFaulty, trickle } from '../peers/faulty-server.ts'
import { type ClientKeys, freePort, keyOf, makeClientKeys } from '../peers/ssh-servers.ts'
import { DEADLINES } from '../peers/targets.ts'

const ADDRESS = '127.0.7.9'
const never = new AbortController().signal
const transport = sshTransport(createHandshakeGate(16))
const host = ssh2.utils.generateKeyPairSync('ed25519')
const HOST_KEY = host.public.split(' ').slice(0, 2).join(' ')

const bugs: unknown[] = []
const note = (error: unknown): void => void bugs.push(error)

let keys: ClientKeys
beforeAll(() => {
  keys = makeClientKeys()
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(() => {
  keys.remove()
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  expect(bugs).toEqual([])
})

const servers: FaultyServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function faulty(behave: (socket: Socket, nth: number) => void): Promise<FaultyServer> {
  const server = await startFaulty(ADDRESS, behave)
  servers.push(server)
  return server
}

function target(place: { address: string; port: number }, more: Partial<Target> = {}): Target {
  return {
    device: 'TEST/faulty',
    type: 'ssh',
    address: place.address,
    port: place.port,
    user: 'till',
    keys: [keyOf(keys.ed25519)],
    hostKeys: [HOST_KEY],
    deadlines: { ...DEADLINES, resolve: 400, connect: 400, identify: 400, authenticate: 400, open: 400 },
    keepAliveMs: 15_000,
    maxOutputBytes: 1024 * 1024,
    ...more,
  }
}

function failureOf(result: Result<unknown>): Failure {
  if (result.ok) throw new Error('It connected.')
  return result.failure
}

async function failing(place: { address: string; port: number }, more?: Partial<Target>) {
  const began = performance.now()
  const { code, phase } = failureOf(await transport.connect(target(place, more), never))
  expect(performance.now() - began).toBeLessThan(4_000)
  return { code, phase }
}

/** A real SSH server that goes wrong at a later phase. */
async function sshServer(
  onClient: (client: ssh2.Connection) => void,
  config: Partial<ssh2.ServerConfig> = {},
): Promise<FaultyServer> {
  return faulty((socket) => {
    const server = new ssh2.Server({ hostKeys: [host.private], ...config }, (client) => {
      client.on('error', () => undefined)
      onClient(client)
    })
    server.injectSocket(socket)
  })
}

describe('a device that cannot be reached', () => {
  test('has no name', async () => {
    const place = { address: 'no-such-till.invalid', port: 22 }
    const failure = failureOf(await transport.connect(target(place, { deadlines: DEADLINES }), never))
    expect([failure.code, failure.phase]).toEqual(['RESOLVE_FAILED', 'resolve'])
  })

  test('refuses', async () => {
    const port = await freePort(ADDRESS)
    expect(await failing({ address: ADDRESS, port })).toEqual({ code: 'CONNECT_REFUSED', phase: 'connect' })
  })

  test('has no route', async () => {
    expect(await failing({ address: '127.255.255.255', port: 22 })).toEqual({
      code: 'CONNECT_UNREACHABLE',
      phase: 'connect',
    })
  })

  test('is a black hole', async () => {
    // A listener whose queue is full answers no further connection: what a firewall that drops packets looks like.
    const { createServer } = await import('node:net')
    const full = createServer()
    await new Promise<void>((resolve) => full.listen({ host: ADDRESS, port: 0, backlog: 1 }, () => resolve()))
    const bound = full.address()
    const port = typeof bound === 'object' && bound ? bound.port : 0
    const { spawn } = await import('node:child_process')
    full.close()
    const hole = spawn('/usr/bin/python3', ['-c', BLACK_HOLE, ADDRESS, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise((resolve) => hole.stdout.once('data', resolve))
    const fill: Socket[] = []
    for (let n = 0; n < 8; n += 1) fill.push(tcp({ host: ADDRESS, port }).on('error', () => undefined))
    try {
      await expect
        .poll(() => failing({ address: ADDRESS, port }), { timeout: 20_000 })
        .toEqual({
          code: 'CONNECT_TIMEOUT',
          phase: 'connect',
        })
    } finally {
      for (const socket of fill) socket.destroy()
      hole.kill('SIGKILL')
    }
  })
})

const BLACK_HOLE = `
import socket, sys, time
s = socket.socket(); s.bind((sys.argv[1], int(sys.argv[2]))); s.listen(0)
print("ready", flush=True); time.sleep(60)
`

describe('a device that fails to say who it is', () => {
  test('hangs up at once: it is tried again, with back-off, within the deadline', async () => {
    const server = await faulty((socket) => socket.resetAndDestroy())
    const failure = failureOf(
      await transport.connect(target(server, { deadlines: { ...DEADLINES, connect: 10_000 } }), never),
    )
    expect([failure.code, failure.phase, server.accepted()]).toEqual(['CONNECT_RESET', 'connect', 4])
  })

  test('says that it is full, then lets us in', async () => {
    const server = await faulty((socket, nth) => {
      if (nth < 3) socket.end('Exceeded MaxStartups\r\n')
      else socket.end('220 mail ready\r\n')
    })
    const failure = failureOf(
      await transport.connect(target(server, { deadlines: { ...DEADLINES, connect: 10_000 } }), never),
    )
    expect([failure.code, failure.evidence, server.accepted()]).toEqual([
      'IDENTIFY_PROTOCOL_INVALID',
      { answer: '220 mail ready' },
      3,
    ])
  })

  test.each([
    ['says nothing', (socket: Socket) => void socket.resume(), 'IDENTIFY_TIMEOUT'],
    ['trickles lines before a banner', (socket: Socket) => trickle(socket, () => 'x\n'), 'IDENTIFY_TIMEOUT'],
    ['trickles one line for ever', (socket: Socket) => trickle(socket, () => 'S'), 'IDENTIFY_TIMEOUT'],
    [
      'sends a banner and then nothing',
      (socket: Socket) => void socket.write('SSH-2.0-tarpit\r\n'),
      'IDENTIFY_TIMEOUT',
    ],
    [
      'floods with lines',
      (socket: Socket) => trickle(socket, () => Buffer.alloc(100_000, 'garbage\n'), 1),
      'IDENTIFY_PROTOCOL_INVALID',
    ],
    [
      'speaks another protocol',
      (socket: Socket) => socket.end('HTTP/1.1 400 Bad\r\n\r\n'),
      'IDENTIFY_PROTOCOL_INVALID',
    ],
    ['speaks SSH 1', (socket: Socket) => void socket.write('SSH-1.5-old\r\n'), 'IDENTIFY_PROTOCOL_INVALID'],
    [
      'sends garbage after its banner',
      (socket: Socket) => void socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(2000, 0xfe)])),
      'IDENTIFY_PROTOCOL_INVALID',
    ],
    [
      'hangs up after its banner',
      (socket: Socket) => {
        socket.write('SSH-2.0-x\r\n')
        socket.once('data', () => socket.resetAndDestroy())
      },
      'SESSION_LOST',
    ],
  ])('%s', async (_what, behave, code) => {
    const server = await faulty(behave)
    expect(await failing(server)).toEqual({ code, phase: 'identify' })
    await server.idle()
  })

  test('has no algorithm in common', async () => {
    const server = await sshServer(() => undefined, { algorithms: { kex: ['diffie-hellman-group1-sha1'] } })
    expect(await failing(server)).toEqual({ code: 'IDENTIFY_ALGORITHM_NONE', phase: 'identify' })
  })

  test('has another host key', async () => {
    const server = await sshServer(() => undefined)
    const other = ssh2.utils.generateKeyPairSync('ed25519').public.split(' ').slice(0, 2).join(' ')
    const failure = failureOf(await transport.connect(target(server, { hostKeys: [other] }), never))
    expect([failure.code, failure.phase]).toEqual(['HOST_KEY_MISMATCH', 'identify'])
    expect(failure.message.match(/SHA256:/g)?.length).toBe(2)
  })

  test('has no host key of the recorded type', async () => {
    const server = await sshServer(() => undefined)
    const rsa = ssh2.utils.generateKeyPairSync('rsa', { bits: 2048 }).public.split(' ').slice(0, 2).join(' ')
    expect(await failing(server, { hostKeys: [rsa] })).toEqual({ code: 'HOST_KEY_MISMATCH', phase: 'identify' })
  })

  test('has a host key that nobody has recorded', async () => {
    const server = await sshServer(() => undefined)
    expect(await failing(server, { hostKeys: [] })).toEqual({ code: 'HOST_KEY_UNKNOWN', phase: 'identify' })
  })
})

interface SendingServer {
  readonly _protocol: {
    readonly _packetRW: {
      readonly write: { readonly allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer }
    }
    readonly _cipher: { encrypt(packet: Buffer): void }
  }
}

/** SSH_MSG_DISCONNECT with code 2 and a description, and nothing behind it. */
function disconnectWithoutLanguage(client: unknown, description: string): void {
  const { _packetRW, _cipher } = (client as SendingServer)._protocol
  const start = _packetRW.write.allocStart
  const packet = _packetRW.write.alloc(9 + description.length)
  packet.writeUInt8(1, start)
  packet.writeUInt32BE(2, start + 1)
  packet.writeUInt32BE(description.length, start + 5)
  packet.write(description, start + 9)
  _cipher.encrypt(_packetRW.write.finalize(packet))
}

describe('a device that does not let us in', () => {
  test('never answers the login', async () => {
    const server = await sshServer((client) => client.on('authentication', () => undefined))
    expect(await failing(server)).toEqual({ code: 'AUTHENTICATE_TIMEOUT', phase: 'authenticate' })
    await server.idle()
  })

  test('refuses the login', async () => {
    const server = await sshServer((client) => client.on('authentication', (context) => context.reject(['publickey'])))
    const failure = failureOf(await transport.connect(target(server), never))
    expect([failure.code, failure.phase]).toEqual(['AUTHENTICATE_REFUSED', 'authenticate'])
    expect(failure.evidence).toEqual({ user: 'till', tried: `key "${keys.ed25519}"`, accepts: 'publickey' })
  })

  test('breaks off during the login', async () => {
    const server = await faulty((socket) => {
      const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
        client.on('error', () => undefined)
        client.on('authentication', () => socket.resetAndDestroy())
      })
      ssh.injectSocket(socket)
    })
    expect(await failing(server)).toEqual({ code: 'SESSION_LOST', phase: 'authenticate' })
  })

  // OpenSSH 9.2 with UsePAM does so once the right key is proved: with these words where the account has expired (pam_unix), with those
  // of /run/nologin while the system starts (pam_nologin), and with none where pam_access or sssd says no.
  test.each([
    [
      'Your account has expired; please contact your system administrator.\r\n',
      /; its last word: "Your account has ex.*r\."\.$/,
    ],
    [undefined, /hung up while "till" was logging in\.$/],
  ])('hangs up during the login: %s', async (banner, words) => {
    const server = await sshServer(
      (client) => client.on('authentication', () => client.end()),
      banner === undefined ? {} : { banner },
    )
    const failure = failureOf(await transport.connect(target(server), never))
    expect(failure).toMatchObject({ code: 'AUTHENTICATE_CLOSED', phase: 'authenticate' })
    expect(failure.message).toMatch(words)
  })

  test('takes the key, and wants a password besides', async () => {
    const server = await sshServer((client) =>
      client.on('authentication', (context) => context.reject(['password', 'keyboard-interactive'], true)),
    )
    const failure = failureOf(await transport.connect(target(server), never))
    expect(failure.code).toBe('AUTHENTICATE_REFUSED')
    expect(failure.message).toContain(
      `it took key "${keys.ed25519}", and wants besides: password or keyboard-interactive.`,
    )
  })

  test('takes no more tries than one', async () => {
    const server = await sshServer((client) =>
      client.on('authentication', () => disconnectWithoutLanguage(client, 'Too many authentication failures')),
    )
    const failure = failureOf(
      await transport.connect(target(server, { keys: [keyOf(keys.ed25519), keyOf(keys.ecdsa)] }), never),
    )
    expect(failure.code).toBe('AUTHENTICATE_REFUSED')
    expect(failure.message).toContain(`it takes no more tries than 1: key "${keys.ed25519}".`)
  })

  // The package @microsoft/dev-tunnels-ssh 3.12.42 does so, which knows no ed25519: SSH_MSG_DISCONNECT without the language tag of
  // RFC 4253, 11.1. OpenSSH's client does not read it; ssh2 said "Malformed DISCONNECT packet" and no reason.
  test('says why it hangs up, and no language', async () => {
    const server = await sshServer((client) =>
      client.on('authentication', () => disconnectWithoutLanguage(client, 'Algorithm not found: ssh-ed25519')),
    )
    const failure = failureOf(await transport.connect(target(server), never))
    expect(failure.message).toBe(
      `The connection to "${ADDRESS}:${server.port}" broke: Algorithm not found: ssh-ed25519.`,
    )
  })

  test('is not bothered with a key that cannot be read', async () => {
    const locked = { ...keyOf(keys.locked, 'wrong'), origin: 'id_locked' }
    expect(await failing({ address: ADDRESS, port: 1 }, { keys: [locked] })).toEqual({
      code: 'AUTHENTICATE_KEY_INVALID',
      phase: 'authenticate',
    })
  })
})

describe('a device that lets us in', () => {
  async function connected(onSession: (session: ssh2.Session) => void, accept = true) {
    const server = await sshServer((client) => {
      client.on('authentication', (context) => context.accept())
      client.on('session', (yes, no) => (accept ? onSession(yes()) : no()))
    })
    const result = await transport.connect(target(server), never)
    if (!result.ok) throw new Error(result.failure.message)
    return { connection: result.value, server }
  }

  test('does not answer when a program is to be started', async () => {
    const { connection } = await connected((session) => session.on('exec', () => undefined))
    const failure = failureOf(await connection.exec('sh'))
    expect([failure.code, failure.phase]).toEqual(['OPEN_TIMEOUT', 'open'])
    await connection.close()
  })

  test('refuses to start a program', async () => {
    const one = await connected((session) => session.on('exec', (_accept, reject) => reject()))
    expect(failureOf(await one.connection.exec('sh')).code).toBe('OPEN_REFUSED')
    await one.connection.close()
    const two = await connected(() => undefined, false)
    expect(failureOf(await two.connection.exec('sh')).code).toBe('OPEN_REFUSED')
    await two.connection.close()
  })

  test('goes away: programs end, and the connection says why', async () => {
    const { connection, server } = await connected((session) => session.on('exec', (accept) => void accept()))
    const stream = await connection.exec('sh')
    if (!stream.ok) throw new Error(stream.failure.message)
    const exit = new Promise((resolve) => stream.value.onExit(resolve))
    await server.stop()
    expect(await exit).toEqual({})
    expect((await connection.closed)?.code).toBe('SESSION_LOST')
    stream.value.write('late')
    stream.value.end()
    stream.value.destroy()
    expect(failureOf(await connection.exec('sh')).code).toBe('SESSION_LOST')
    await connection.close()
  })

  test('falls silent: keep-alive notices', async () => {
    const silent: Socket[] = []
    const server = await faulty((socket) => {
      silent.push(socket)
      const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
        client.on('error', () => undefined)
        client.on('authentication', (context) => context.accept())
        client.once('ready', () => socket.pause().removeAllListeners('data'))
      })
      ssh.injectSocket(socket)
    })
    const result = await transport.connect(target(server, { keepAliveMs: 50 }), never)
    if (!result.ok) throw new Error(result.failure.message)
    const failure = await result.value.closed
    expect([failure?.code, failure?.message.includes('Keepalive')]).toEqual(['SESSION_LOST', true])
  })

  test('is left at once when the run is stopped, in whichever phase', async () => {
    for (const behave of [
      (socket: Socket) => void socket.resume(),
      (socket: Socket) => void socket.resetAndDestroy(),
    ]) {
      const server = await faulty(behave)
      const stop = new AbortController()
      const pending = transport.connect(target(server, { deadlines: DEADLINES }), stop.signal)
      await expect.poll(() => server.accepted()).toBeGreaterThan(0)
      stop.abort()
      expect(failureOf(await pending).code).toBe('RUN_CANCELLED')
      await server.idle()
    }
  })
})

describe('the gate for handshakes', () => {
  // Of a machine that has time: on a busy one there are fewer places.
  const gateOf = (places: number) => createHandshakeGate(places, () => 1)

  test('lets so many through, in order, and does not wait for the slow', async () => {
    const gate = gateOf(2)
    const began = performance.now()
    const [first] = await Promise.all([gate.enter(never), gate.enter(never)])
    let third = false
    const waiting = gate.enter(never).then((release) => {
      third = true
      return release
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(third).toBe(false)
    first?.release()
    first?.release()
    await waiting
    // Nobody gives back: a second later the next ones are let through all the same.
    await gate.enter(never)
    expect(performance.now() - began).toBeGreaterThan(900)
  })

  test('becomes smaller when those who are in have left, and larger at once', async () => {
    const gate = gateOf(2)
    const [first, second] = await Promise.all([gate.enter(never), gate.enter(never)])
    let smaller = false
    const resized = gate.resize(1).then(() => {
      smaller = true
    })
    let third = false
    const waiting = gate.enter(never).then(() => {
      third = true
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([smaller, third]).toEqual([false, false])
    first?.release()
    await resized
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(third).toBe(false)
    await gate.resize(2)
    await waiting
    second?.release()
  })

  test('keeps the place of a device that is there until it has answered', async () => {
    const gate = gateOf(1)
    const first = await gate.enter(never)
    first?.extend()
    let second = false
    const waiting = gate.enter(never).then(() => {
      second = true
    })
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect(second).toBe(false)
    first?.release()
    await waiting
  })
})
