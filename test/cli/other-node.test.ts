import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientKeys, makeClientKeys, type SshServer, startOpenSsh } from '../peers/ssh-servers.ts'
import { type Ended, ended, inventoryOf, TestProject } from './project.ts'

/** Loaded before `till`: a Node.js in which a function of node:crypto refuses what it took so far. */
function nodeWithout(name: string, refuses: string): string {
  return `import crypto, { KeyObject } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
const usual = crypto.${name}
crypto.${name} = (...of) => {
  if (${refuses}) throw Object.assign(new TypeError('Invalid JWK OKP key'), { code: 'ERR_CRYPTO_INVALID_JWK' })
  return usual(...of)
}
syncBuiltinESMExports()
`
}

let keys: ClientKeys
let servers: SshServer[]
let project: TestProject

beforeAll(async () => {
  keys = makeClientKeys()
  servers = await Promise.all(['127.8.9.40', '127.8.9.41'].map((address) => startOpenSsh(keys, address)))
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventoryOf(servers, keys),
    'runbooks/here.yaml': 'name: here\nsteps:\n  - service: {name: here, state: running}\n',
    'no-jwk.mjs': nodeWithout('createPublicKey', "of[0]?.key?.crv === 'X25519'"),
    'no-sign.mjs': nodeWithout('sign', 'of[2] instanceof KeyObject'),
    'no-x25519.mjs': nodeWithout('generateKeyPairSync', "of[0] === 'x25519'"),
  })
})
afterAll(async () => {
  await project.remove()
  await Promise.all(servers.map((server) => server.stop()))
  keys.remove()
})

function tillOn(preload: string, ...args: string[]): Promise<Ended> {
  process.env['NODE_OPTIONS'] = `--import=${project.path(preload)}`
  try {
    return ended(project.start(...args))
  } finally {
    delete process.env['NODE_OPTIONS']
  }
}

describe('on a Node.js that refuses what it took so far', () => {
  it.each([
    ['a public key', 'no-jwk.mjs', 'key exchange', '0'],
    ['a signature', 'no-sign.mjs', 'login', '0'],
    ['a public key, in worker threads', 'no-jwk.mjs', 'key exchange', '2'],
  ])('%s: devices are reached by the way of the library, and it is said once', async (_, preload, way, workers) => {
    const { code, stdout, stderr } = await tillOn(preload, 'exec', '--workers', workers, '--', 'echo', 'here')
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining('here') })
    expect(stderr.match(/SSH_SHORT_WAY_CLOSED: .*/g)).toEqual([
      expect.stringContaining(`the short way of the ${way} does not work on Node.js ${process.version}`),
    ])
  })

  it('what the library needs too: it is our fault, never that of the device', async () => {
    const { code, stdout, stderr } = await tillOn('no-x25519.mjs', 'plan', 'here', '--json')
    expect(stderr).not.toContain('INTERNAL_BUG')
    const { devices } = JSON.parse(stdout) as { devices: unknown[] }
    expect(devices).toHaveLength(2)
    for (const device of devices)
      expect(device).toMatchObject({ state: 'failed', failure: { code: 'SSH_CLIENT_FAULT' } })
    expect(stdout).not.toContain('IDENTIFY_PROTOCOL_INVALID')
    expect(code).toBe(4)
  })
})
