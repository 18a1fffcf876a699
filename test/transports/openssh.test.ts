import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Target } from '../../src/core/transport.ts'
import { noShell } from '../../src/shell/posix-no-shell.ts'
import { testTransport } from '../../src/testing/transport-contract.ts'
import { opensshFailure } from '../../src/transports/openssh/openssh-failure.ts'
import { opensshTransport } from '../../src/transports/openssh/openssh-transport.ts'
import { createHandshakeGate } from '../../src/transports/ssh/handshake-gate.ts'
import { startFaulty } from '../peers/faulty-server.ts'
import { forwardPorts } from '../peers/forward-ports.ts'
import {
  type ClientKeys,
  freePort,
  makeClientKeys,
  type SshServer,
  sshServers,
  startDropbear,
  startOpenSsh,
  targetOf,
} from '../peers/ssh-servers.ts'
import { DEADLINES } from '../peers/targets.ts'

const ADDRESS = '127.0.7.21'
const never = new AbortController().signal
const transport = opensshTransport(createHandshakeGate(8))
const runner = { test, before: beforeAll, after: afterAll }
const servers = sshServers.filter(({ name }) => name !== 'tinysshd' && existsSync('/usr/bin/ssh'))

let keys: ClientKeys
beforeAll(() => {
  keys = makeClientKeys()
})
afterAll(() => keys.remove())

/** By the key file, as `ssh` reads it. */
function target(server: SshServer, more: Partial<Target> = {}): Target {
  const base = targetOf(server, keys, { type: 'openssh' })
  return { ...base, keys: base.keys.map((key) => ({ ...key, path: key.origin })), ...more }
}

async function failing(at: Target, signal = never): Promise<Failure> {
  const result = await transport.connect(at, signal)
  if (!result.ok) return result.failure
  await result.value.close()
  throw new Error('It connected.')
}

const folders = (): string[] =>
  readdirSync(tmpdir()).filter(
    (name) => /^till-ssh-[A-Za-z0-9]{6}$/.test(name) && existsSync(join(tmpdir(), name, 's')),
  )

describe.each(servers)('the ssh of this machine to $name', ({ name }) => {
  let server: SshServer
  const ports = forwardPorts()
  beforeAll(async () => {
    server = await (name === 'OpenSSH' ? startOpenSsh(keys, ADDRESS) : startDropbear(keys, ADDRESS))
    await ports.start()
  })
  afterAll(async () => {
    ports.stop()
    await server.stop()
  })
  testTransport(runner, { transport: () => transport, target: () => target(server), ...ports })
})

describe.runIf(servers.some(({ name }) => name === 'OpenSSH'))('the ssh of this machine', () => {
  let server: SshServer
  beforeAll(async () => {
    server = await startOpenSsh(keys, ADDRESS, 'MaxSessions 1')
  })
  afterAll(() => server.stop())

  test('logs in once, keeps its socket where nobody else comes, and leaves nothing', async () => {
    const connected = await transport.connect(target(server), never)
    if (!connected.ok) throw new Error(connected.failure.message)
    expect(folders().length).toBeGreaterThan(0)
    await connected.value.close()
    await expect.poll(folders).toEqual([])
  })

  test('runs no start-up file of bash, which would say something in the name of the device', async () => {
    const home = mkdtempSync(join(tmpdir(), 'till-bash-home-'))
    vi.stubEnv('HOME', home)
    onTestFinished(() => {
      vi.unstubAllEnvs()
      rmSync(home, { recursive: true })
    })
    writeFileSync(join(home, '.bashrc'), 'echo noise\n')
    const connected = await transport.connect(target(server), never)
    if (!connected.ok) throw new Error(connected.failure.message)
    const started = await connected.value.exec('echo x')
    if (!started.ok) throw new Error(started.failure.message)
    const said: string[] = []
    started.value.onStdout((chunk) => said.push(Buffer.from(chunk).toString()))
    await new Promise((resolve) => started.value.onExit(resolve))
    expect(said.join('')).toBe('x\n')
    await connected.value.close()
  })

  test('goes on by another login where the device allows one session only', async () => {
    const connected = await transport.connect(target(server), never)
    if (!connected.ok) throw new Error(connected.failure.message)
    const ends = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const started = await connected.value.exec(`sleep 0.2; exit ${n}`)
        if (!started.ok) throw new Error(started.failure.message)
        return new Promise((resolve) => started.value.onExit(resolve))
      }),
    )
    expect(ends).toEqual([{ code: 1 }, { code: 2 }, { code: 3 }])
    await connected.value.close()
  })

  test('takes nobody whose key is not recorded', async () => {
    const other = await startOpenSsh(keys, ADDRESS)
    const known = { hostKeys: other.hostKeys }
    expect(await failing(target(server, known))).toMatchObject({ code: 'HOST_KEY_MISMATCH', phase: 'identify' })
    expect(await failing(target(server, { hostKeys: [] }))).toMatchObject({
      code: 'HOST_KEY_UNKNOWN',
      phase: 'identify',
    })
    await other.stop()
  })

  test('says what went wrong, and in which phase', async () => {
    const refused = await freePort(ADDRESS)
    const quick = { ...DEADLINES, connect: 10_000, identify: 700 }
    const mute = await startFaulty(ADDRESS, (socket) => void socket.resume())
    const mail = await startFaulty(ADDRESS, (socket) => void socket.end('220 mail ready\r\n'))
    const hangsUp = await startFaulty(ADDRESS, (socket) => void socket.resetAndDestroy())
    const at = async (more: Partial<Target>): Promise<string> => {
      const { code, phase } = await failing(target(server, { deadlines: quick, ...more }))
      return `${phase} ${code}`
    }
    expect(await at({ address: 'no-such-till.invalid' })).toBe('resolve RESOLVE_FAILED')
    expect(await at({ port: refused })).toBe('connect CONNECT_REFUSED')
    expect(await at({ address: '127.255.255.255' })).toBe('connect CONNECT_UNREACHABLE')
    expect(await at({ port: mute.port })).toBe('identify IDENTIFY_TIMEOUT')
    expect(await at({ port: mail.port })).toBe('identify IDENTIFY_PROTOCOL_INVALID')
    expect(await at({ port: hangsUp.port })).toBe('connect CONNECT_RESET')
    expect(await at({ user: 'nobody-of-this-name' })).toBe('authenticate AUTHENTICATE_REFUSED')
    expect(await at({ password: new Secret('never used') })).toBe('resolve OPENSSH_UNUSABLE')
    for (const peer of [mute, mail, hangsUp]) await peer.stop()
  })

  test('is stopped at once with the run', async () => {
    const mute = await startFaulty(ADDRESS, (socket) => void socket.resume())
    const stop = new AbortController()
    const pending = failing(target(server, { port: mute.port }), stop.signal)
    await expect.poll(() => mute.accepted()).toBeGreaterThan(0)
    stop.abort()
    expect((await pending).code).toBe('RUN_CANCELLED')
    await mute.idle()
    await mute.stop()
  })

  test('takes certificates, by the ssh_config of the user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'till-ca-access-'))
    const ca = join(folder, 'ca')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca])
    const user = join(folder, 'id')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', user])
    const { userInfo } = await import('node:os')
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'till', '-n', userInfo().username, `${user}.pub`])
    const certified = await startOpenSsh(keys, ADDRESS, `TrustedUserCAKeys ${ca}.pub\nAuthorizedKeysFile none`)
    const plain = target(certified)
    expect((await failing(plain)).code).toBe('AUTHENTICATE_REFUSED')
    const connected = await transport.connect(
      { ...plain, keys: [{ origin: user, path: user, content: new Secret('') }] },
      never,
    )
    expect(connected.ok).toBe(true)
    if (connected.ok) await connected.value.close()
    await certified.stop()
    rmSync(folder, { recursive: true, force: true })
  })
})

describe('what ssh says', () => {
  const at = { address: 'pos1', port: 22, hostKeys: [], deadlines: DEADLINES } as unknown as Target
  test.each([
    ['ssh: connect to host 10.0.0.1 port 22: Connection timed out', 'CONNECT_TIMEOUT'],
    [
      'Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: ssh-dss',
      'IDENTIFY_ALGORITHM_NONE',
    ],
    ['Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures', 'AUTHENTICATE_REFUSED'],
    ['/root/.ssh/config: line 3: Bad configuration option: nonsense', 'OPENSSH_UNUSABLE'],
    ['@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @', 'HOST_KEY_MISMATCH'],
    ['Your password has expired.\nPermission denied', 'PASSWORD_EXPIRED'],
  ])('%s', (said, code) => {
    expect(opensshFailure({ target: at, phase: 'connect', said, code: 255 }).code).toBe(code)
  })
  const messageOf = (said: string): string =>
    opensshFailure({ target: at, phase: 'authenticate', said, code: 255 }).message

  // OpenSSH 9.2, both ends, as it says these things.
  test('of an account that PAM lets in no longer', () => {
    const said =
      'Your account has expired; please contact your system administrator.\nConnection closed by 10.0.0.1 port 22\r\n'
    const failure = opensshFailure({ target: at, phase: 'authenticate', said, code: 255 })
    expect(failure).toMatchObject({ code: 'AUTHENTICATE_CLOSED', phase: 'authenticate' })
    expect(failure.message).toContain('; its last word: "Your account has expired; please contact')
    const busy = 'kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.1 port 22'
    expect(opensshFailure({ target: at, phase: 'identify', said: busy, code: 255 }).code).toBe('CONNECT_RESET')
    const broke = 'Connection reset by 10.0.0.1 port 22'
    expect(opensshFailure({ target: at, phase: 'authenticate', said: broke, code: 255 }).code).toBe('SESSION_LOST')
  })

  test('of a device that wants another way to log in besides, or takes no more tries', () => {
    const partial =
      'Authenticated using "publickey" with partial success.\r\ntill@pos1: Permission denied (password).\r'
    expect(messageOf(partial)).toBe('"pos1" refused the login; it took publickey, and wants besides: password.')
    expect(messageOf('Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r')).toBe(
      '"pos1" refused the login; it takes no more tries: offer fewer keys (IdentitiesOnly).',
    )
  })

  test('of a device that opens no session', () => {
    const said = 'mux_client_request_session: session request failed: Session open refused by peer\r\n'
    expect(noShell(255, 'with status 255', said)).toMatchObject({
      code: 'OPEN_REFUSED',
      phase: 'open',
      message: 'The device did not start a program: Session open refused by peer.',
    })
  })

  test('is not there', () => {
    expect(opensshFailure({ target: at, phase: 'resolve', said: '', code: 127 }).code).toBe('OPENSSH_UNUSABLE')
  })
})
