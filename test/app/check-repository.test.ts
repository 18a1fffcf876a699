import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openProject } from '../../src/app/project.ts'
import { checkRepository, type RepositoryCheck } from '../../src/app/revision/check-repository.ts'

const folder = mkdtempSync(join(tmpdir(), 'till-repository-'))
afterAll(() => rmSync(folder, { recursive: true }))

const INVENTORY = `fleet: { name: sample }
profiles:
  till-linux: { kind: till, os: { family: linux }, transport: { type: ssh, user: till } }
regions:
  mazowieckie: { name: Mazowieckie }
stores:
  PL-0001:
    name: Warszawa
    region: mazowieckie
    address: { street: Polna 1, postcode: 00-001, city: Warszawa }
    time_zone: Europe/Warsaw
    hours: { week: { mon-sun: 06:00-22:00 } }
    link: { type: fibre }
    owner: { name: Jan }
    devices:
      pos1: { profile: till-linux, address: 10.0.0.1 }
`
const HEALTH = `params:
  limit: { type: integer, default: 5 }
steps:
  - facts:
`

async function check(files: Readonly<Record<string, string>>): Promise<RepositoryCheck> {
  const root = mkdtempSync(join(folder, 'case-'))
  for (const [name, text] of Object.entries({
    'inventory/all.yaml': INVENTORY,
    'runbooks/health.yaml': HEALTH,
    ...files,
  })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  const project = await openProject(root)
  try {
    return await checkRepository(project)
  } finally {
    await project.close()
  }
}

function told({ diagnostics }: RepositoryCheck): readonly string[] {
  return diagnostics.map(({ code, severity, source, summary }) => {
    const file = source?.file.split('/').at(-1)
    return `${severity} ${code} ${file}:${source?.line}:${source?.column} ${summary}`
  })
}

describe('the check of a repository', () => {
  test('finds nothing where nothing is wrong, and says how much it looked at', async () => {
    const result = await check({ 'tillwright.yaml': 'assignments: [{ runbook: health, params: { limit: 7 } }]\n' })
    expect(result).toEqual({
      diagnostics: [],
      checked: { stores: 1, devices: 1, modules: 0, runbooks: 1, assignments: 1 },
    })
  })

  test('tells the problems of all files at once', async () => {
    const result = await check({
      'tillwright.yaml': 'assignments:\n  - runbook: health\n',
      'inventory/all.yaml': INVENTORY.replace('profile: till-linux', 'profile: till-linx'),
      'runbooks/one.yaml': 'steps:\n  - fatcs:\n',
      'runbooks/two.yml': 'steps:\n  - facts:\n    when: device.knd == "till"\n',
    })
    expect(told(result)).toEqual([
      'error INV_PROFILE_UNKNOWN all.yaml:16:24 Unknown profile "till-linx"',
      'error RUNBOOK_MODULE_UNKNOWN one.yaml:2:5 There is no module "fatcs"',
      'error EXPRESSION_INVALID two.yml:3:18 device has no "knd"',
    ])
  })

  test('shows at the assignment what only the assignment can be blamed for', async () => {
    const result = await check({
      'tillwright.yaml': `assignments:
  - runbook: helth
  - { runbook: health, params: { limit: many } }
  - { runbook: health, params: { limt: 5 } }
  - { runbook: health, where: device.kind == "router" }
`,
    })
    expect(told(result)).toEqual([
      'error RUNBOOK_UNKNOWN tillwright.yaml:2:14 There is no runbook "helth"',
      'error RUNBOOK_PARAM_INVALID tillwright.yaml:3:16 The parameter "limit" must be a whole number, not "many"',
      'error RUNBOOK_PARAM_INVALID tillwright.yaml:4:16 The runbook has no parameter "limt"',
      'warning SELECTOR_EMPTY tillwright.yaml:5:16 No device of the inventory is assigned "health" here',
    ])
  })

  test('tells a mistake in a runbook once, however often it is assigned', async () => {
    const result = await check({
      'tillwright.yaml': 'assignments:\n  - runbook: health\n  - runbook: health\n',
      'runbooks/health.yaml': 'steps:\n  - fatcs:\n',
    })
    expect(told(result)).toEqual(['error RUNBOOK_MODULE_UNKNOWN health.yaml:2:5 There is no module "fatcs"'])
  })
})
