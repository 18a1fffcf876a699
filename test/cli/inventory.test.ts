import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestProject } from './project.ts'

let project: TestProject

beforeAll(async () => {
  project = new TestProject({ 'tillwright.yaml': 'inventory: inventory/\n' })
  const { code } = await project.till('inventory', 'generate', '--stores', '30', '--output', 'inventory')
  expect(code).toBe(0)
})
afterAll(() => project.remove())

describe('till inventory', () => {
  test('generate leaves a folder alone that holds anything, unless forced; then nothing of the earlier fleet is left', async () => {
    const args = ['inventory', 'generate', '--output', 'other']
    project.write('other/notes.txt', 'mine')
    const refused = await project.till(...args, '--stores', '30')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toMatch(/not empty.*--force/s)
    expect(readdirSync(project.path('other'))).toEqual(['notes.txt'])
    expect((await project.till(...args, '--stores', '30', '--force')).code).toBe(0)
    expect((await project.till(...args, '--stores', '2', '--force')).code).toBe(0)
    expect(project.read('other/notes.txt')).toBe('mine')
    expect((await project.till('inventory', 'validate', 'other')).stdout).toMatch(/^2 stores /)
  })

  test('validate counts what is there, with and without the cache', async () => {
    const first = await project.till('inventory', 'validate', '--json')
    expect(first.code).toBe(0)
    expect(JSON.parse(first.stdout)).toMatchObject({ schema: 'till.inventory.check/1', valid: true, stores: 30 })
    expect(existsSync(project.path('.till/cache/inventory.pack'))).toBe(true)
    expect((await project.till('inventory', 'validate', '--json')).stdout).toBe(first.stdout)
  })

  test('a link to a folder is followed, and one that leads nowhere or in a circle is told', async () => {
    project.copy(project.path('inventory'), 'shared/stores')
    mkdirSync(project.path('linked'))
    symlinkSync('../shared/stores', project.path('linked/slaskie'))
    const count = async (folder: string) =>
      JSON.parse((await project.till('inventory', 'validate', folder, '--json')).stdout)
    const linked = await count('linked')
    expect(linked).toMatchObject({ stores: 30, valid: true })
    expect(linked).toEqual(await count('inventory'))
    symlinkSync('..', project.path('shared/stores/round'))
    symlinkSync('away', project.path('linked/submodule'))
    const { code, stderr } = await project.till('inventory', 'validate', 'linked')
    expect(code).toBe(2)
    expect(stderr).toContain('"linked/submodule" cannot be read FILE_UNREADABLE')
    expect(stderr).toMatch(/"linked\/slaskie\/round\/stores" cannot be read FILE_UNREADABLE[\s\S]*lead in a circle/)
  })

  test('validate shows every mistake and ends with 2', async () => {
    project.write(
      'broken/x.yaml',
      'region: nort\nregions: {north: {}}\nfleet: {time_zone: UTC}\nstores: {S1: {nme: a}}\n',
    )
    const { code, stderr } = await project.till('inventory', 'validate', 'broken')
    expect(code).toBe(2)
    expect(stderr).toMatchInlineSnapshot(`
      "broken/x.yaml:1:9
      error There is no region "nort" INV_REFERENCE_UNKNOWN
      > 1 | region: nort
          |         ^^^^
        2 | regions: {north: {}}
        There are: north.
        did you mean "north"?

      broken/x.yaml:4:15
      error Unknown key "nme" in "stores.S1" SCHEMA_KEY_UNKNOWN
        2 | regions: {north: {}}
        3 | fleet: {time_zone: UTC}
      > 4 | stores: {S1: {nme: a}}
          |               ^^^
        5 |
        Known here: name, region, address, location, time_zone, hours, link, gateway, owner, tags, vars, transport, devices.
        did you mean "name"?

      2 errors.
      "
    `)
    const json = await project.till('inventory', 'validate', 'broken', '--json')
    expect(json.code).toBe(2)
    expect(JSON.parse(json.stdout).diagnostics).toHaveLength(2)
  })

  test('list gives the same devices as a table, as a document and as lines', async () => {
    const flags = ['--where', "device.kind == 'till' && device.os.family == 'linux'", '--limit', '5']
    const table = await project.till('inventory', 'list', ...flags)
    const document = JSON.parse((await project.till('inventory', 'list', ...flags, '--json')).stdout)
    const lines = (await project.till('inventory', 'list', ...flags, '--ndjson')).stdout.trim().split('\n')
    const names = lines.map((line) => JSON.parse(line).name)
    expect(names).toHaveLength(5)
    expect(document).toMatchObject({ schema: 'till.inventory/1', count: 5 })
    expect(document.devices.map((device: { name: string }) => device.name)).toEqual(names)
    expect(
      table.stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(names)
    expect(table.stderr).toMatch(/^5 of \d+ devices in \d stores?\n$/)
    expect(document.devices[0].source.file).toMatch(/^inventory\//)
  })

  test('list of nothing is an empty document', async () => {
    const { code, stdout } = await project.till('inventory', 'list', '--where', 'false', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ count: 0, devices: [] })
  })

  test('show says where each value was written', async () => {
    const { stdout } = await project.till('inventory', 'show', 'PL-0007/pos1', '--json')
    const shown = JSON.parse(stdout)
    expect(shown.schema).toBe('till.inventory.explained/1')
    const value = (path: string): unknown => shown.values.find((entry: { path: string }) => entry.path === path)
    expect(value('vars.agent.hostname')).toMatchObject({ value: 'pl-0007-pos1', level: 'device PL-0007/pos1' })
    expect(value('vars.agent.server')).toMatchObject({
      level: expect.stringMatching(/^region /),
      source: { file: 'inventory/fleet.yaml' },
    })
    expect((await project.till('inventory', 'show', 'PL-0007')).stdout).toMatch(
      /^name .* store PL-0007 .*inventory\/\S+:\d+$/m,
    )
  })

  test('show of a name that does not exist suggests one that does', async () => {
    const { code, stderr } = await project.till('inventory', 'show', 'PL-0007/pos11')
    expect(code).toBe(2)
    expect(stderr).toMatch(/did you mean "PL-0007\/pos1"\?/)
  })
})
