import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'

const PROTOCOLS = ['posnet', 'novitus', 'noviapi', 'shtrih', 'atol', 'thermal'] as const
const DUE = 'fiscal-service'

/** What is wrong, what it is called, whose it is, and which devices can tell. */
const FAULTS: readonly (readonly [string, string | undefined, string | undefined, readonly string[]])[] = [
  ['healthy', undefined, undefined, PROTOCOLS],
  // One that sells is no fault.
  ['receipt-open', undefined, undefined, ['posnet', 'novitus', 'noviapi', 'shtrih']],
  ['day-not-closed', 'day-not-closed', 'store', ['posnet', 'shtrih', 'atol']],
  ['cover-open', 'cover-open', 'store', ['posnet', 'shtrih', 'atol']],
  ['printer-silent', 'printer-down', 'store', ['posnet', 'novitus', 'noviapi', 'atol']],
  ['wrong-identity', 'other-printer', 'till-support', ['posnet', 'noviapi']],
  ['inspection-due', 'inspection-due', DUE, ['posnet']],
  ['licence-expired', 'licence-expired', DUE, ['posnet']],
  ['certificate-expired', 'certificate-expired', DUE, ['posnet']],
  ['certificate-expiring', 'certificate-expiring', DUE, ['posnet']],
  ['documents-unsent', 'documents-unsent', DUE, ['posnet', 'novitus', 'shtrih', 'atol']],
  ['transmission-failing', 'transmission-failing', DUE, ['posnet']],
  ['fiscal-memory-low', 'fiscal-memory-low', DUE, ['novitus', 'noviapi']],
  ['fiscal-memory-full', 'fiscal-memory-full', DUE, ['posnet', 'novitus', 'noviapi']],
  ['protected-memory-full', 'protected-memory-full', DUE, ['posnet', 'novitus', 'noviapi']],
  ['clock-wrong', 'clock-skewed', DUE, ['posnet', 'shtrih', 'atol']],
]
const CASES = FAULTS.flatMap(([fault, says, owner, protocols]) =>
  protocols.map((protocol) => ({ id: `${protocol}-${fault}`, fault, says, owner, protocol })),
)

const profiles = PROTOCOLS.map(
  (name) => `  ${name}: {kind: fiscal-printer, os: {family: none}, vars: {fiscal: {vendor: v, protocol: ${name}}}}\n`,
).join('')
const devices = CASES.map(
  ({ id, protocol }, index) =>
    `      ${id}: {profile: ${protocol}, address: 10.0.0.${index + 1}, vars: {fiscal: {unique_number: ABC 1}}}\n`,
).join('')

interface Looked {
  readonly device: string
  readonly state: string
  readonly classification?: { readonly fault: string; readonly owner: string; readonly remedy: string }
  readonly steps: readonly {
    readonly value: {
      readonly readiness: { readonly can_issue: string; readonly until: string | null; readonly cause: string | null }
      readonly due: readonly { readonly condition: string }[]
      readonly guards: { readonly safe: string }
    }
  }[]
}

describe('fiscal-readiness', () => {
  const project = new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'inventory/fleet.yaml': inventoryWith(devices).replace('profiles:\n', `profiles:\n${profiles}`),
    'runbooks/fiscal-readiness.yaml': readFileSync('runbooks/fiscal-readiness.yaml', 'utf8'),
  })
  let found: readonly Looked[] = []

  async function look(...more: string[]): Promise<readonly Looked[]> {
    const { stdout } = await project.till('plan', 'fiscal-readiness', '--sandbox', '--json', ...more)
    return (JSON.parse(stdout) as { devices: Looked[] }).devices
  }

  const shownBy = (id: string) => found.find(({ device }) => device === `PL-0001/${id}`)?.steps[0]?.value

  beforeAll(async () => {
    const faults = CASES.filter(({ fault }) => fault !== 'healthy')
    const flags = faults.flatMap(({ id, fault }) => ['--fault', `${fault}=PL-0001/${id}`])
    const up = await project.till('sandbox', 'up', '--detach', '--drift', '0', ...flags)
    expect(up.code, up.stderr).toBe(0)
    found = await look()
  })
  afterAll(async () => {
    await project.till('sandbox', 'down')
    await project.remove()
  })

  test.each(CASES)('$id: $says, of $owner', ({ id, says, owner }) => {
    const { classification } = found.find(({ device }) => device === `PL-0001/${id}`) ?? {}
    expect({ says: classification?.fault, owner: classification?.owner }).toEqual({ says, owner })
  })

  test('a healthy one says until when it sells, and what ends it', () => {
    expect(shownBy('posnet-healthy')).toMatchObject({
      readiness: { can_issue: 'yes', cause: 'certificate-expired', until: expect.stringMatching(/^20\d\d-\d\d-\d\d$/) },
      due: [],
      guards: { safe: 'yes' },
    })
    const past = { until: null, days_left: 0 }
    const [blocked, sells] = ['posnet-cover-open', 'posnet-fiscal-memory-full'].map((id) => shownBy(id)?.readiness)
    expect(blocked).toEqual({ ...past, can_issue: 'no', cause: 'cover-open' })
    expect(sells).toEqual({ ...past, can_issue: 'yes', cause: 'fiscal-memory-full' })
  })

  test('one that sells is not safe to disturb', () => {
    for (const name of ['posnet', 'novitus', 'noviapi', 'shtrih'])
      expect({ name, guards: shownBy(`${name}-receipt-open`)?.guards }).toMatchObject({ guards: { safe: 'no' } })
  })

  test('a horizon that ends before it does not list it, and nonsense is refused', async () => {
    expect(shownBy('posnet-inspection-due')?.due).toMatchObject([{ condition: 'inspection-due' }])
    const device = ['--device', 'PL-0001/posnet-inspection-due']
    expect((await look(...device, '--param', 'horizon=9d'))[0]?.steps[0]?.value.due).toEqual([])
    const refused = await project.till('plan', 'fiscal-readiness', '--sandbox', ...device, '--param', 'horizon=soon')
    expect(refused.code).not.toBe(0)
    expect(refused.stdout + refused.stderr).toContain('horizon')
  })
})
