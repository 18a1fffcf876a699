import { chmodSync, renameSync } from 'node:fs'
import type { Socket } from 'node:net'
import ssh2 from 'ssh2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { type FaultyServer, startFaulty } from '../peers/faulty-server.ts'

const DEVICES = 40
const host = ssh2.utils.generateKeyPairSync('ed25519')

interface Result {
  readonly device: string
  readonly state: string
  readonly failure?: { readonly code: string; readonly message: string }
}

describe.each([0, 2])('a password that devices refuse, with %i worker threads', (workers) => {
  let servers: readonly FaultyServer[]
  let project: TestProject
  let accepted: string
  /** All devices are of one store: how many of it may be out is no matter here. */
  const freely = 'policies: {default: {caps: [], rollout: {waves: false}}}\n'
  let refused: number
  let onRefused: () => void

  beforeEach(async () => {
    accepted = 'the-right-one'
    refused = 0
    onRefused = () => undefined
    const behave = (socket: Socket): void => {
      const ssh = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
        client.on('error', () => undefined)
        client.on('authentication', (context) => {
          if (context.method === 'password' && context.password === accepted) return context.accept()
          if (context.method === 'password') {
            refused += 1
            onRefused()
          }
          context.reject(['password'])
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
      'tillwright.yaml': `run: {workers: ${workers}}\n${freely}`,
      'inventory/fleet.yaml': inventoryWith(
        devices.join(''),
        `  transport: {user: till, password: {secret: 'file:password'}, host_keys: ['${host.public.split(' ').slice(0, 2).join(' ')}']}\n`,
      ),
    })
    write('the-wrong-one')
  })
  afterEach(async () => {
    project.remove()
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
  const codes = (devices: readonly Result[]): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { state, failure } of devices) counts[failure?.code ?? state] = (counts[failure?.code ?? state] ?? 0) + 1
    return counts
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

  it('is tried everywhere where the repository says so', async () => {
    project.write('tillwright.yaml', `run: {workers: ${workers}, refusals: 0}\n${freely}`)
    expect(codes(await results())).toEqual({ AUTHENTICATE_REFUSED: DEVICES })
  })
})
