import { chmodSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { KNOWN_NODES } from '../../src/app/doctor/known-nodes.ts'
import { inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const KEY = inventoryWith('      pos1: {profile: till, address: 10.0.0.1}\n', '  transport: {keys: [keys/till]}\n')
const project = new TestProject({ 'tillwright.yaml': '', 'inventory/fleet.yaml': KEY, 'keys/till': 'x' })
const nowhere = new TestProject({})
afterAll(async () => {
  await project.remove()
  await nowhere.remove()
})

async function findings(
  of: TestProject,
): Promise<{ readonly code: number | null; readonly by: Record<string, { state: string; advice?: string }> }> {
  const { code, stdout } = await of.till('doctor', '--json')
  const document = JSON.parse(stdout) as { findings: { name: string; state: string }[] }
  expect(errorsOf('doctor-machine', document)).toEqual([])
  return { code, by: Object.fromEntries(document.findings.map((one) => [one.name, one])) }
}

describe('till doctor', () => {
  it('knows the versions of Node.js on which the tests have passed, and says so of another', async () => {
    project.write('other.mjs', "Object.defineProperty(process.versions, 'node', { value: '20.99.0' })")
    process.env['NODE_OPTIONS'] = `--import=${project.path('other.mjs')}`
    const other = await findings(nowhere)
    delete process.env['NODE_OPTIONS']
    expect(other.by['node']).toMatchObject({
      state: 'ok',
      advice: expect.stringMatching(/20\.20\.2, .*not on 20\.99\.0/),
    })
    if (KNOWN_NODES.includes(process.versions.node))
      expect((await findings(nowhere)).by['node']).not.toHaveProperty('advice')
  })

  it('is content with a key that nobody else may read, and not with another', async () => {
    chmodSync(project.path('keys/till'), 0o600)
    const before = await findings(project)
    expect(before).toMatchObject({ code: 0, by: { 'key keys/till': { state: 'ok' }, node: { state: 'ok' } } })
    chmodSync(project.path('keys/till'), 0o644)
    const { code, by } = await findings(project)
    expect({ code, by }).toMatchObject({
      code: 4,
      by: { 'key keys/till': { state: 'failed', advice: 'chmod 600 keys/till' } },
    })
    expect(await project.till('doctor')).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('FAILED   key keys/till'),
    })
  })

  it('says that the host keys are still missing, and how to get them', async () => {
    expect((await findings(project)).by['known-hosts']).toMatchObject({
      state: 'missing',
      advice: expect.stringContaining('till trust'),
    })
    project.write('inventory/known_hosts', 'a ssh-ed25519 AAAA\n')
    chmodSync(project.path('inventory/known_hosts'), 0o666)
    expect((await findings(project)).by['known-hosts']).toMatchObject({ state: 'failed' })
  })

  it('works without a repository, and in one that is broken', async () => {
    expect(await findings(nowhere)).toMatchObject({ code: 0, by: { repository: { state: 'missing' } } })
    project.write('inventory/broken.yaml', 'nonsense: 1\n')
    expect(await findings(project)).toMatchObject({ code: 4, by: { repository: { state: 'failed' } } })
  })
})
