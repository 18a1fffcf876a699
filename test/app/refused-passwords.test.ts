import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, renameSync } from 'node:fs'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { listening } from '../peers/dial.ts'
import { type FaultyServer, startFaulty } from '../peers/faulty-server.ts'
import { fingerprintOf } from '../peers/winrm-peer.ts'

const DEVICES = 40
const host = ssh2.utils.generateKeyPairSync('ed25519')
const key = ssh2.utils.generateKeyPairSync('ed25519')
/** All devices are of one store: how many of it may be out is no matter here. */
const FREELY = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'

const codes = (devices: readonly Result[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { state, failure } of devices) counts[failure?.code ?? state] = (counts[failure?.code ?? state] ?? 0) + 1
  return counts
}

interface Result {
  readonly device: string
  readonly state: string
  readonly failure?: { readonly code: string; readonly message: string }
}

describe.each([0, 2])('a password that devices refuse, with %i worker threads', (workers) => {
  let servers: readonly FaultyServer[]
  let project: TestProject
  let accepted: string
  let refused: number
  let onRefused: () => void
  /** Of those devices that let in by a key, too. */
  let takesKey: (address: string) => boolean

  beforeEach(async () => {
    accepted = 'the-right-one'
    refused = 0
    onRefused = () => undefined
    takesKey = () => false
    const behave = (socket: Socket): void => {
      const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
        client.on('error', () => undefined)
        client.on('authentication', (context) => {
          if (context.method === 'password' && context.password === accepted) return context.accept()
          if (context.method === 'password') {
            refused += 1
            onRefused()
          }
          if (context.method === 'publickey' && takesKey(socket.localAddress ?? '')) return context.accept()
          context.reject(['publickey', 'password'])
        })
        // It lets in, and then starts nothing.
        client.on('session', (accept) => accept().on('exec', (_accept, reject) => reject()))
      })
      ssh.injectSocket(socket)
    }
    const starting = Array.from({ length: DEVICES }, (_, index) => startFaulty(`127.0.7.${100 + index}`, behave))
    servers = await Promise.all(starting)
    const devices = servers.map(
      ({ address, port }, index) =>
        `      pos${index + 1}: {profile: till, address: ${address}, transport: {port: ${port}}}\n`,
    )
    project = new TestProject({
      'tillwright.yaml': `run: {workers: ${workers}}\n${FREELY}`,
      'inventory/fleet.yaml': inventoryWith(
        devices.join(''),
        `  transport: {user: till, password: {secret: 'file:password'}, host_keys: ['${host.public.split(' ').slice(0, 2).join(' ')}']}\n`,
      ),
    })
    write('the-wrong-one')
  })
  afterEach(async () => {
    await project.remove()
    await Promise.all(servers.map((server) => server.stop()))
  })

  function write(password: string): void {
    project.write('password.new', password)
    chmodSync(project.path('password.new'), 0o600)
    renameSync(project.path('password.new'), project.path('password'))
  }

  async function results(): Promise<readonly Result[]> {
    const { code, stdout, stderr } = await project.till('exec', '--json', '--', 'true')
    expect([code, stderr, stdout]).toEqual([5, '', expect.stringContaining('"devices"')])
    return (JSON.parse(stdout) as { devices: readonly Result[] }).devices
  }
  it('is not tried on the others', async () => {
    const devices = await results()
    expect(codes(devices)).toEqual({ AUTHENTICATE_REFUSED: refused, CREDENTIAL_STOPPED: DEVICES - refused })
    // Two at a time, so that one more may be under way when the fifth is refused.
    expect(refused).toBeLessThanOrEqual(6)
    const stopped = devices.find(({ failure }) => failure?.code === 'CREDENTIAL_STOPPED')
    expect(stopped).toMatchObject({ state: 'unreachable', failure: { phase: 'authenticate' } })
    expect(stopped?.failure?.message).toMatch(/file:password of "till" was refused by [56] devices in a row/)
  })

  it('is read again, and tried once more where it is another one by now', async () => {
    onRefused = () => write(accepted)
    expect(codes(await results())).toEqual({ OPEN_REFUSED: DEVICES })
    expect(refused).toBeLessThanOrEqual(2)
  })

  it('is not taken for accepted where a key let in', async () => {
    takesKey = (address) => Number(address.split('.').at(-1)) % 2 === 0
    project.write('key', key.private)
    chmodSync(project.path('key'), 0o600)
    const path = project.path('inventory/fleet.yaml')
    project.write(
      'inventory/fleet.yaml',
      readFileSync(path, 'utf8').replace('{user: till,', '{user: till, keys: [key],'),
    )
    const ends = codes(await results())
    expect(ends['AUTHENTICATE_REFUSED']).toBe(refused)
    expect(refused).toBeLessThan(15)
    expect(ends['CREDENTIAL_STOPPED']).toBeGreaterThan(0)
  })

  it('is tried everywhere where the repository says so', async () => {
    project.write('tillwright.yaml', `run: {workers: ${workers}, refusals: 0}\n${FREELY}`)
    expect(codes(await results())).toEqual({ AUTHENTICATE_REFUSED: DEVICES })
  })
})

it('a password that is refused over TLS, where WinRM says so at the first message, is not tried on the others', async () => {
  const project = new TestProject({ 'tillwright.yaml': FREELY })
  const [certFile, keyFile] = [project.path('cert.pem'), project.path('key.pem')]
  const subject = ['-subj', '/CN=till', '-keyout', keyFile, '-out', certFile]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' })
  const cert = readFileSync(certFile, 'utf8')
  let refused = 0
  const server = createServer({ cert, key: readFileSync(keyFile) }, (request, response) => {
    if (request.headers.authorization !== undefined) refused += 1
    request.resume()
    response.writeHead(401, { 'www-authenticate': 'Basic realm="WSMAN"', 'content-length': '0' }).end()
  })
  const port = await listening(server, { host: '0.0.0.0', port: 0 })
  const names = Array.from({ length: DEVICES }, (_, n) => n + 1)
  const devices = names.map((n) => `      pos${n}: {profile: windows, address: 127.0.7.${100 + n}}\n`)
  const transport =
    `{type: winrm, port: ${port}, https: true, auth: basic, user: 'DOM\\svc', password: {secret: 'file:password'}, ` +
    `fingerprints: ['${fingerprintOf(cert)}']}`
  const inventory = inventoryWith(devices.join('')).replace(
    'profiles:\n',
    `profiles:\n  windows: {kind: till, os: {family: windows}, transport: ${transport}}\n`,
  )
  project.write('inventory/fleet.yaml', inventory)
  project.write('password', 'the-wrong-one')
  chmodSync(project.path('password'), 0o600)
  const { stdout, stderr } = await project.till('exec', '--json', '--', 'true')
  expect([stderr, stdout]).toEqual(['', expect.stringContaining('"devices"')])
  const found = (JSON.parse(stdout) as { devices: readonly Result[] }).devices
  expect(codes(found)).toEqual({ AUTHENTICATE_REFUSED: refused, CREDENTIAL_STOPPED: DEVICES - refused })
  // A place is given on where a handshake takes longer than a second.
  expect(refused).toBeLessThan(20)
  server.close()
  await project.remove()
})
