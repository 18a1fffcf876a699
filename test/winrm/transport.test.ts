import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Target, WinRmTarget } from '../../src/core/transport.ts'
import { testTransport } from '../../src/testing/transport-contract.ts'
import { makeClientKeys, sshServers, startOpenSsh, targetOf } from '../peers/ssh-servers.ts'
import { DEADLINES } from '../peers/targets.ts'
import { fingerprintOf, hasWinRmPeer, startWinRmPeer, type WinRmPeer, winrmTarget } from '../peers/winrm-peer.ts'
import { collect, converse, failureOf, never, newTransport, shProgram, value } from './program.ts'

const SOON = { timeout: 10_000 }

const PLAIN = ['--auth', 'ntlm', '--require-encryption', '--exec', 'sh']

/** A program that answers lines until it is told to go, as an interpreter does. */
const ECHO = shProgram('while read -r line; do echo "heard $line"; done', { repeatableInput: true })

describe.runIf(hasWinRmPeer)('WinRM', () => {
  const peers: WinRmPeer[] = []
  afterAll(async () => {
    for (const peer of peers) await peer.stop()
  })
  async function start(options: readonly string[]): Promise<WinRmPeer> {
    const peer = await startWinRmPeer(options)
    peers.push(peer)
    return peer
  }

  const transport = newTransport()

  async function failing(target: Target): Promise<Failure> {
    const connected = await transport.connect(target, never)
    if (!connected.ok) return connected.failure
    const started = await connected.value.exec('true')
    await connected.value.close()
    await transport.drained()
    return failureOf(started)
  }

  describe('keeps what every transport promises', () => {
    let peer: WinRmPeer
    beforeAll(async () => {
      peer = await start(PLAIN)
    })
    testTransport(
      { test, before: beforeAll, after: afterAll },
      { transport: () => transport, target: () => winrmTarget(peer) },
    )
    test('and leaves no shell behind', async () => {
      await transport.drained()
      await expect.poll(async () => (await peer.state()).shells_open, SOON).toBeLessThanOrEqual(1)
      expect((await peer.state()).violations).toBe(0)
    })
  })

  describe.each(['gss', 'impacket'])('with the NTLM of %s', (backend) => {
    const own = ['--ntlm-backend', backend, ...(backend === 'impacket' ? ['--strict-mic'] : [])]
    let plain: WinRmPeer
    let tls: WinRmPeer
    beforeAll(async () => {
      plain = await start([...PLAIN, ...own, '--user', 'posadmin:S3cret!pw', '--user', 'SHOP\\zofia:Zażółć 1'])
      tls = await start(['--tls', '--auth', 'ntlm', '--cbt', 'strict', '--exec', 'sh', ...own])
    })

    test('a sealed conversation takes six round trips, and its result is there after five', async () => {
      await plain.reset()
      const connection = value(await transport.connect(winrmTarget(plain), never))
      const started = await connection.startPowerShell?.(shProgram('echo framed; sleep 5'))
      const stream = value(started ?? failNone())
      await new Promise<void>((resolve) => {
        stream.onStdout(() => {
          stream.pause()
          resolve()
        })
      })
      expect((await plain.state()).http).toBe(5)
      await connection.close()
      await transport.drained()
      const state = await plain.state()
      expect([state.http, state.shells_open, state.violations]).toEqual([6, 0, 0])
    })

    test('another exchange takes one message there and one back', async () => {
      const connection = value(await transport.connect(winrmTarget(plain), never))
      const stream = value((await connection.startPowerShell?.(ECHO)) ?? failNone())
      let heard = ''
      let tell: () => void = () => undefined
      stream.onStdout((chunk) => {
        heard += Buffer.from(chunk).toString()
        stream.pause()
        tell()
      })
      const answered = (): Promise<void> =>
        new Promise((resolve) => {
          tell = resolve
        })
      stream.write('1 one\n')
      await answered()
      const before = (await plain.state()).http
      stream.write('2 two\n')
      stream.resume()
      await answered()
      expect(heard).toBe('heard 1 one\nheard 2 two\n')
      expect((await plain.state()).http).toBe(before + 2)
      await connection.close()
      await transport.drained()
      expect((await plain.state()).shells_open).toBe(0)
    })

    test('over TLS with strict channel binding it takes five', async () => {
      await tls.reset()
      const winrm = { https: true, ca: { origin: 'ca.pem', content: tls.certificate } }
      const connection = value(await transport.connect(winrmTarget(tls, winrm), never))
      const stream = value((await connection.startPowerShell?.(shProgram('echo framed; sleep 5'))) ?? failNone())
      await new Promise<void>((resolve) => {
        stream.onStdout(() => {
          stream.pause()
          resolve()
        })
      })
      expect((await tls.state()).http).toBe(4)
      await connection.close()
      await transport.drained()
      expect((await tls.state()).http).toBe(5)
    })

    test.each([
      ['.\\posadmin', 'S3cret!pw'],
      ['WINPOS01\\posadmin', 'S3cret!pw'],
      ['SHOP\\zofia', 'Zażółć 1'],
    ])('%s may log in', async (user, password) => {
      const target = winrmTarget(plain, {}, { user, password: new Secret(password) })
      expect(await converse(transport, target)).toMatchObject({ end: 'done', times: 1 })
    })

    test('a wrong password is refused, and tried once only', async () => {
      for (const [peer, winrm] of [
        [plain, {}],
        [tls, { https: true, fingerprints: [fingerprintOf(tls.certificate)] }],
      ] as const) {
        await peer.reset()
        const target = winrmTarget(peer, winrm, { password: new Secret('wrong') })
        expect(await failing(target)).toMatchObject({ code: 'AUTHENTICATE_REFUSED', phase: 'authenticate' })
        const tries = (): number => peer.events().filter(({ ev, ntlm_type }) => ev === 'http' && ntlm_type === 3).length
        await expect.poll(tries, SOON).toBe(1)
      }
    })
  })

  describe('over HTTPS', () => {
    let folder: string
    let peer: WinRmPeer
    const openssl = (...options: string[]): void =>
      void execFileSync('openssl', options, { cwd: folder, stdio: 'ignore' })
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'till-winrm-pki-'))
      const subject = ['-subj', '/CN=till-ci', '-days', '2', '-nodes', '-newkey', 'rsa:2048']
      openssl('req', '-x509', ...subject, '-keyout', 'key.pem', '-out', 'cert.pem')
      peer = await start(['--tls', '--auth', 'basic', '--exec', 'sh', '--client-ca', join(folder, 'cert.pem')])
    })
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const target = (winrm: Partial<WinRmTarget>): Target => {
      const pinned = { https: true, auth: 'basic', fingerprints: [fingerprintOf(peer.certificate)] } as const
      return winrmTarget(peer, { ...pinned, ...winrm })
    }

    test('Basic and a client certificate take four round trips', async () => {
      const client = {
        certificate: readFileSync(join(folder, 'cert.pem'), 'utf8'),
        key: new Secret(readFileSync(join(folder, 'key.pem'), 'utf8')),
      }
      for (const winrm of [{}, { auth: 'certificate', client } as const]) {
        await peer.reset()
        const connection = value(await transport.connect(target(winrm), never))
        const stream = value((await connection.startPowerShell?.(shProgram('echo framed; sleep 5'))) ?? failNone())
        await new Promise<void>((resolve) => {
          stream.onStdout(() => {
            stream.pause()
            resolve()
          })
        })
        await connection.close()
        await transport.drained()
        expect(await peer.state()).toMatchObject({ http: 4, shells_open: 0, violations: 0 })
      }
    })

    test('the certificate must be right, and nothing is sent before', async () => {
      await peer.reset()
      const none = { fingerprints: [] }
      const wrong = { fingerprints: ['0'.repeat(64)] }
      const ca = { origin: 'ca.pem', content: peer.certificate }
      expect(await failing(target(none))).toMatchObject({ code: 'CERTIFICATE_UNTRUSTED', phase: 'identify' })
      expect(await failing(target(wrong))).toMatchObject({ code: 'CERTIFICATE_MISMATCH', phase: 'identify' })
      expect(await failing(target({ ...none, ca, serverName: 'other.example' }))).toMatchObject({
        code: 'CERTIFICATE_INVALID',
        phase: 'identify',
      })
      expect((await peer.state()).http).toBe(0)
      expect(await converse(transport, target({ ...none, ca }))).toMatchObject({ end: 'done' })
      expect(await converse(transport, target({ ...none, ca, serverName: 'localhost' }))).toMatchObject({ end: 'done' })
    })

    test('a login that the device does not offer, or that needs more than there is, says so', async () => {
      expect(await failing(target({ auth: 'ntlm' }))).toMatchObject({ code: 'AUTHENTICATE_SCHEME_NONE' })
      const { password: _password, ...without } = target({})
      expect(await failing(without)).toMatchObject({ code: 'AUTHENTICATE_REFUSED', phase: 'authenticate' })
      expect(await failing(target({ auth: 'certificate' }))).toMatchObject({ code: 'AUTHENTICATE_REFUSED' })
      // Without the package it cannot be asked for, with it there is no ticket.
      const kerberos = await failing(target({ auth: 'kerberos' }))
      expect(kerberos).toMatchObject({
        code: expect.stringMatching(/^(KERBEROS_UNAVAILABLE|AUTHENTICATE_REFUSED)$/),
        hint: expect.stringContaining('`kinit`'),
      })
    })

    test('only NTLM goes over plain HTTP, and what speaks no TLS is told', async () => {
      const plain = await start(PLAIN)
      const basic = await failing(winrmTarget(plain, { auth: 'basic' }))
      expect(basic).toMatchObject({ code: 'PLAINTEXT_REFUSED', phase: 'connect' })
      const hurried = winrmTarget(plain, { https: true }, { deadlines: { ...DEADLINES, identify: 300 } })
      expect(await failing(hurried)).toMatchObject({ code: 'IDENTIFY_TIMEOUT' })
      expect((await plain.state()).http).toBe(0)
    })
  })

  test('what is stopped in the middle is killed, within the time for cleaning up', async () => {
    const peer = await start(PLAIN)
    const abort = new AbortController()
    const connection = value(await transport.connect(winrmTarget(peer), abort.signal))
    const stream = value(await connection.exec('echo begun; sleep 60'))
    const end = collect(stream)
    await new Promise<void>((resolve) => stream.onStdout(() => resolve()))
    const began = performance.now()
    abort.abort()
    expect((await end).code).toBeUndefined()
    await connection.close()
    expect(performance.now() - began).toBeLessThan(3_000)
    expect((await peer.state()).shells_open).toBe(0)
    await expect
      .poll(() => peer.events().some(({ ev, killed }) => ev === 'cmd_exit' && killed === true), SOON)
      .toBe(true)
  })

  test('a device without room is waited for', async () => {
    const peer = await start([...PLAIN, '--quota-shells', '1'])
    const patient = newTransport({ quotaPausesMs: [50, 50, 100, 200, 400, 800, 1600] })
    const first = value(await patient.connect(winrmTarget(peer), never))
    await first.exec('sleep 60')
    const second = converse(patient, winrmTarget(peer))
    await expect.poll(async () => (await peer.state()).actions['Create'] ?? 0, SOON).toBeGreaterThan(2)
    await first.close()
    expect(await second).toMatchObject({ end: 'done', times: 1 })
  })

  test('much output comes whole, and in order', async () => {
    const peer = await start(PLAIN)
    const connection = value(await transport.connect(winrmTarget(peer), never))
    const end = await collect(
      value(await connection.exec('i=0; while [ $i -lt 20000 ]; do echo "line $i zażółć"; i=$((i+1)); done')),
    )
    expect(end.stdout).toBe(Array.from({ length: 20_000 }, (_, n) => `line ${n} zażółć\n`).join(''))
    await connection.close()
    await transport.drained()
  })

  test('a command line that cmd.exe would cut is not sent', async () => {
    const peer = await start(PLAIN)
    const connection = value(await transport.connect(winrmTarget(peer), never))
    const failure = failureOf(await connection.exec(`echo ${'x'.repeat(8_000)}`))
    await connection.close()
    expect(failure).toMatchObject({ code: 'OPEN_REFUSED', phase: 'open' })
    expect((await peer.state()).actions['Create'] ?? 0).toBe(0)
  })

  test('a script too large for the environment goes by stdin', async () => {
    const peer = await start(PLAIN)
    const connection = value(await transport.connect(winrmTarget(peer), never))
    const first = value((await connection.startPowerShell?.(shProgram('echo one'))) ?? failNone())
    expect((await collect(first)).stdout).toBe('one\n')
    // The shell is there already, and its environment is that of the first.
    const second = value(
      (await connection.startPowerShell?.(shProgram('echo two; read -r line; echo "$line"'))) ?? failNone(),
    )
    second.write('three\n')
    expect((await collect(second)).stdout).toBe('two\nthree\n')
    await connection.close()
    await transport.drained()
    expect(await peer.state()).toMatchObject({ shells_created: 1, shells_open: 0 })
  })

  test.runIf(sshServers.some(({ name }) => name === 'OpenSSH'))(
    'it goes through a gateway, and cleans up through it',
    async () => {
      const peer = await start(PLAIN)
      const keys = makeClientKeys()
      const gateway = await startOpenSsh(keys, '127.0.8.1')
      try {
        const via = targetOf(gateway, keys)
        expect(await converse(transport, winrmTarget(peer, {}, { via }))).toMatchObject({ end: 'done', times: 1 })
        await peer.reset()
        await peer.fault('drop-after@Command*1')
        expect(await converse(transport, winrmTarget(peer, {}, { via }))).toMatchObject({ end: 'done', times: 1 })
        expect(await peer.state()).toMatchObject({ shells_open: 0 })
      } finally {
        await gateway.stop()
        keys.remove()
      }
    },
  )

  test('two hundred devices at once, and not one shell is left', async () => {
    const many = await start([...PLAIN, '--ports', '200'])
    const ports = (many.events().find(({ ev }) => ev === 'listen')?.['ports'] ?? []) as number[]
    expect(ports).toHaveLength(200)
    const wide = newTransport(undefined, 32)
    const ends = await Promise.all(ports.map((port) => converse(wide, winrmTarget({ port }))))
    expect(ends.filter(({ end, times }) => end !== 'done' || times !== 1)).toEqual([])
    expect(await many.state()).toMatchObject({ shells_created: 200, shells_open: 0, violations: 0, decrypt_errors: 0 })
  })
})

function failNone(): never {
  throw new Error('The connection cannot start PowerShell.')
}
