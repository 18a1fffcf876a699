import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openProject } from '../../src/app/project.ts'
import { hostsToRecord, type ShownKeys, scanDevices } from '../../src/app/reach/trust.ts'
import { hostKeyLookup, recordHostKeys } from '../../src/transports/known-hosts.ts'
import { fingerprint } from '../../src/transports/ssh/host-key.ts'
import { sampleFleet } from '../lang/sample-fleet.ts'
import { type ClientKeys, freePort, makeClientKeys, type SshServer, startOpenSsh } from '../peers/ssh-servers.ts'

const STRANGER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl'

describe('trusting host keys', () => {
  let keys: ClientKeys
  let server: SshServer
  let root: string
  let refused: number
  beforeAll(async () => {
    keys = makeClientKeys()
    server = await startOpenSsh(keys, '127.0.7.20')
    root = mkdtempSync(join(tmpdir(), 'till-trust-'))
    writeFileSync(join(root, 'tillwright.yaml'), '{}\n')
    refused = await freePort(server.address)
  })
  afterAll(async () => {
    await server?.stop()
    keys.remove()
    rmSync(root, { recursive: true })
  })

  async function scan(): Promise<ShownKeys[]> {
    const project = await openProject(root)
    const fleet = sampleFleet(1)
    const sample = [...fleet.devices.values()].filter((device) => device.kind === 'till').slice(0, 2)
    const devices = sample.map((device, index) => {
      const transport = { ...device.transport, port: index === 0 ? server.port : refused }
      return { ...device, address: server.address, transport }
    })
    const shown: ShownKeys[] = []
    const { signal } = new AbortController()
    for await (const one of scanDevices(devices, { project, fleet, signal })) shown.push(one)
    return shown
  }
  const record = (hosts: Parameters<typeof recordHostKeys>[1]) =>
    recordHostKeys(join(root, 'inventory/known_hosts'), hosts)
  const states = (shown: ShownKeys[]): string[] => shown.map((one) => `${one.device.name} ${one.state}`)

  test('shows new, then known, then changed; a changed key is taken by its fingerprint only', async () => {
    const first = await scan()
    expect(states(first)).toEqual(['S0001/pos1 new', 'S0001/pos2 failed'])
    expect([...(first[0]?.keys ?? [])].sort()).toEqual([...server.hostKeys].sort())
    expect(hostsToRecord(first, { acceptNew: false, fingerprints: [] })).toEqual([])

    const hosts = hostsToRecord(first, { acceptNew: true, fingerprints: [] })
    await record(hosts)
    expect(states(await scan())).toEqual(['S0001/pos1 known', 'S0001/pos2 failed'])

    const place = { address: server.address, port: server.port }
    await record([{ ...place, keys: [STRANGER] }])
    const changed = await scan()
    expect(states(changed)[0]).toBe('S0001/pos1 changed')
    expect(hostsToRecord(changed, { acceptNew: true, fingerprints: [] })).toEqual([])
    const key = server.hostKeys[0] ?? ''
    const named = hostsToRecord(changed, { acceptNew: true, fingerprints: [fingerprint(key)] })
    expect(named).toEqual([{ ...place, keys: [key] }])
    await record(named)
    expect(hostKeyLookup(join(root, 'inventory/known_hosts'))(server.address, server.port)).toEqual([key])
    expect(states(await scan())[0]).toBe('S0001/pos1 known')
  })
})
