// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterEach, expect, it } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

const LOCAL = '      pos1: {profile: till, address: 127.0.0.1, transport: {type: local}}\n'

it('tells a check that does not hold from a failure, in its state, exit code, --fail-on and classify', async () => {
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/stores.yaml': inventoryWith(LOCAL),
    'runbooks/look.yaml': `
name: look
steps:
  - { id: there, facts: {} }
  - id: room
    disk: { path: /, free_min: 900000GiB }
    continue_on_failure: true
  - id: sure
    assert: { that: "\${{ steps.room.state == 'ok' }}", message: 'There is no room.' }
classify:
  - { when: steps.room.state == 'unmet', fault: disk-full, severity: attention }
`,
  })
  const plan = await project.till('plan', 'look', '--json')
  const result = JSON.parse(plan.stdout)
  expect(result.diagnostics).toBe(undefined)
  expect(result.devices[0]).toMatchObject({ state: 'unmet', failure: { code: 'CHECK_UNMET' } })
  expect(result.devices[0].steps.map((step: { state: string }) => step.state)).toEqual(['ok', 'unmet', 'unmet'])
  expect(result.devices[0].classification).toMatchObject({ fault: 'disk-full' })
  expect(result.summary.counts).toMatchObject({ unmet: 1, failed: 0 })
  expect([plan.code, result.exit_code]).toEqual([3, 3])
  expect((await project.till('apply', 'look', '--yes')).code).toBe(3)
  const narrowed = await project.till('plan', 'look', '--fail-on', 'failed,unreachable', '--json')
  expect([narrowed.code, JSON.parse(narrowed.stdout).exit_code]).toEqual([0, 0])
  expect((await project.till('plan', 'look', '--fail-on', 'unmet')).code).toBe(3)
  const nonsense = await project.till('plan', 'look', '--fail-on', 'broken')
  expect(nonsense.code).toBe(2)
  expect(nonsense.stderr).toContain('drifted, unmet, failed')
  const listed = await project.till('status', '--state', 'unmet', '--json')
  expect(JSON.parse(listed.stdout).devices).toMatchObject([{ device: 'PL-0001/pos1', state: 'unmet' }])
})
