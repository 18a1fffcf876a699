// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sign of expressions
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryWith, TestProject } from './project.ts'

/** Devices that nobody has to answer for: what is wrong shows before the first packet. */
const DEVICES = `      pos1: {profile: till, address: 127.8.9.1, transport: {user: till, password: {secret: env:TILL_TEST_NOT_SET}}}
      lamp: {profile: lamp, address: 127.8.9.2}
      mute: {profile: till, address: 127.8.9.3, transport: {type: none}}
`

let project: TestProject

beforeAll(() => {
  const inventory = inventoryWith(DEVICES).replace(
    'profiles:\n',
    'profiles:\n  lamp: {kind: vending, os: {family: none}, transport: {type: none}}\n',
  )
  project = new TestProject({
    'tillwright.yaml': '',
    'inventory/fleet.yaml': inventory,
    'runbooks/disk.yaml': 'name: disk\nsteps:\n  - service: {name: x, state: running}\n',
    'runbooks/value.yaml':
      'name: value\nsteps:\n  - id: a\n    assert: {that: true, message: no}\n  - assert: {that: "${{ steps.a.value.b == 1 }}", message: no}\n',
  })
})
afterAll(() => project.remove())

describe('a device ends with', () => {
  it.each([
    ['SECRET_UNREADABLE', 'unreachable', 'disk', 'pos1'],
    ['TRANSPORT_NONE', 'unreachable', 'disk', 'mute'],
    ['MODULE_SYSTEM_UNSUPPORTED', 'failed', 'disk', 'lamp'],
    ['EXPRESSION_FAILED', 'failed', 'value', 'pos1'],
  ])('%s', async (code, state, runbook, device) => {
    const ended = await project.till('plan', runbook, '--device', `PL-0001/${device}`, '--json')
    expect(JSON.parse(ended.stdout).devices).toMatchObject([{ state, failure: { code } }])
    expect(ended.code).toBe(state === 'failed' ? 4 : 5)
  })
})

describe('a command ends with', () => {
  it('PROJECT_UNKNOWN outside of a repository', async () => {
    const nowhere = new TestProject({})
    const { code, stderr } = await nowhere.till('status')
    await nowhere.remove()
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('PROJECT_UNKNOWN') })
  })

  it('SECRET_SHORT, as a warning, for a secret that cannot be masked inside of other text', async () => {
    process.env['TILL_TEST_NOT_SET'] = 'abc'
    const { stdout } = await project.till('validate', '--json')
    delete process.env['TILL_TEST_NOT_SET']
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; severity: string }[] }
    expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'SECRET_SHORT', severity: 'warning' }))
  })

  it('SANDBOX_MISSING and SANDBOX_RUNNING', async ({ skip }) => {
    await project.till('sandbox', 'down')
    const missing = await project.till('sandbox', 'fault', 'slow=20ms')
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('SANDBOX_MISSING') })
    const small = new TestProject({ 'tillwright.yaml': '' })
    await small.till('inventory', 'generate', '--stores', '1', '--output', 'inventory')
    const up = (): ReturnType<TestProject['till']> => small.till('sandbox', 'up', '--stores', '1', '--detach')
    const first = await up()
    try {
      if (first.stderr.includes('SANDBOX_UNAVAILABLE') && !process.env['CI']) skip('no sandbox on this machine')
      expect(first).toMatchObject({ code: 0 })
      expect(await up()).toMatchObject({ code: 2, stderr: expect.stringContaining('SANDBOX_RUNNING') })
    } finally {
      await small.till('sandbox', 'down')
      await small.remove()
    }
  })
})
