import { afterAll, describe, expect, it } from 'vitest'
import { junitCounts, skipWithoutJunitparser } from '../peers/junitparser.ts'
import { isSarif } from '../reporters/sarif-schema.ts'
import { inventoryWith, TestProject } from './project.ts'

const GOOD = inventoryWith('      pos1: {profile: till, address: 10.0.0.1}\n')
const projects = {
  good: new TestProject({ 'tillwright.yaml': '', 'inventory/fleet.yaml': GOOD }),
  bad: new TestProject({
    'tillwright.yaml': 'inventory: "x y/"\nassignments: [{runbook: nothing}]\n',
    'x y/fleet.yaml': GOOD.replace('kind: till', 'kind: tlil'),
  }),
  nothing: new TestProject({}),
}
afterAll(async () => {
  for (const project of Object.values(projects)) await project.remove()
})

describe('till validate --format sarif', () => {
  it.each([
    ['good', 0, 0],
    ['bad', 2, 2],
    ['nothing', 2, 1],
  ] as const)('is SARIF 2.1.0 by its schema: a repository with %s', async (name, exit, count) => {
    const { code, stdout, stderr } = await projects[name].till('validate', '--format', 'sarif')
    const log = JSON.parse(stdout)
    expect(isSarif(log) || isSarif.errors).toBe(true)
    expect({ code, stderr, results: log.runs[0].results.length }).toEqual({ code: exit, stderr: '', results: count })
    for (const { ruleId, ruleIndex } of log.runs[0].results) {
      expect(log.runs[0].tool.driver.rules[ruleIndex].id).toBe(ruleId)
    }
  })

  it('names files from the root, wherever it is called', async () => {
    const elsewhere = await projects.nothing.till('validate', '--project', projects.bad.root, '-f', 'sarif')
    const places = JSON.parse(elsewhere.stdout).runs[0].results.map(
      (one: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }) =>
        one.locations[0]?.physicalLocation.artifactLocation.uri,
    )
    expect(places.sort()).toEqual(['tillwright.yaml', 'x%20y/fleet.yaml'])
  })

  it('is refused by the schema when it is something else', () => {
    expect(isSarif({ version: '2.1.0', runs: [{}] })).toBe(false)
  })
})

describe('till validate --format junit', () => {
  it.each([
    ['good', 0, 0],
    ['bad', 2, 2],
  ] as const)('is read by others: a repository with %s', async (name, exit, failures) => {
    const { code, stdout } = await projects[name].till('validate', '--format', 'junit')
    expect(code).toBe(exit)
    expect(stdout).toMatch(/^<\?xml/)
    skipWithoutJunitparser(() => undefined)
    expect(junitCounts(stdout)).toMatchObject({ failures, errors: 0, tests: Math.max(1, failures) })
  })
})

it('--format json is what --json is', async () => {
  const [short, long] = [
    await projects.bad.till('validate', '--json'),
    await projects.bad.till('validate', '-f', 'json'),
  ]
  expect(long).toEqual(short)
  expect(JSON.parse(long.stdout)).toMatchObject({ schema: 'till.diagnostics/1', valid: false })
})
