import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestProject } from '../cli/project.ts'
import { canIsolate } from './sandboxes.ts'

/** Fault of the machine at the second look: fault, cause and owner that are told, and the state of its device. */
const TABLE = [
  ['none', 'none', null, null, 'in-sync'],
  ['column-out', 'columns-out', '10', 'refill', 'unmet'],
  ['coins-jammed', 'acceptor', 'coins-jammed', 'vending-service', 'unmet'],
  ['notes-full', 'acceptor', 'notes-full', 'cash-collection', 'unmet'],
  ['notes-off', 'acceptor', 'notes-off', 'vending-service', 'unmet'],
  ['not-dispensed', 'paid-not-dispensed', 'ELA', 'vending-service', 'unmet'],
  ['fahrenheit', 'temperature-unit', null, 'monitoring', 'unmet'],
  ['column-out+coins-jammed', 'acceptor', 'coins-jammed', 'vending-service', 'unmet'],
  ['audit-cut', 'not-known', null, 'vending-service', 'unknown'],
  ['audit-damaged', 'not-known', null, 'vending-service', 'unknown'],
  ['audit-stale', 'not-known', null, 'vending-service', 'unknown'],
  ['printer-garbage', 'OBSERVE_FAILED', null, null, 'failed'],
  ['refused', 'OBSERVE_FAILED', null, null, 'failed'],
] as const

const FAHRENHEIT = TABLE.findIndex(([fault]) => fault === 'fahrenheit')

const vars = `{vending: {audit: {path: /audit, port: 8080}, refill: reset, temperature: {max: 8},
        planogram: {'10': {product: water}, '11': {product: cola}, '12': {product: juice}}}}`

const inventory = `fleet: {name: Test, time_zone: Europe/Warsaw}
profiles:
  machine: {kind: vending, os: {family: none}, transport: {type: none}, vars: ${vars}}
regions: {north: {name: North}}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 00:00-24:00}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${TABLE.map((_, at) => `      v${at}: {profile: machine, address: 10.0.0.${at + 1}}`).join('\n')}
`

interface Result {
  readonly devices: readonly {
    readonly device: string
    readonly state: string
    readonly unknown?: boolean
    readonly classification?: { readonly fault: string; readonly cause?: string; readonly owner?: string }
    readonly steps: readonly {
      readonly failure?: { readonly code: string }
      readonly value?: { readonly cause: string | null }
    }[]
  }[]
}

describe.skipIf(!canIsolate)('vending machines of the sandbox', () => {
  let project: TestProject
  let before: Result
  let after: Result
  let later: Result
  const check = async (): Promise<Result> => {
    const { stdout, stderr } = await project.till('plan', 'vending-check', '--sandbox', '--json')
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as Result
  }

  beforeAll(async () => {
    project = new TestProject({
      'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
      'inventory/fleet.yaml': inventory,
      'runbooks/vending-check.yaml': readFileSync('runbooks/vending-check.yaml', 'utf8'),
    })
    // A machine that has always told Fahrenheit; one that was cold before has only become warm.
    await project.till('sandbox', 'up', '--detach', '--fault', `fahrenheit=PL-0001/v${FAHRENHEIT}`)
    before = await check()
    const faults = TABLE.flatMap(([fault], at) => (fault === 'none' ? [] : [`${fault}=PL-0001/v${at}`]))
    const set = await project.till('sandbox', 'fault', ...faults)
    expect(set.stderr).not.toContain('error')
    after = await check()
    // Until coins were taken again, which some sales are paid with.
    later = after
    const isUnknown = () => later.devices.find(({ device }) => device === 'PL-0001/v0')?.unknown === true
    for (const end = Date.now() + 30_000; isUnknown() && Date.now() < end; ) later = await check()
  }, 60_000)
  afterAll(async () => {
    await project?.till('sandbox', 'down')
    await project?.remove()
  })

  test('are not called well at the first look, since events are on record from before it', () => {
    expect(before.devices.map(({ state }) => state)).toEqual(
      TABLE.map((_, at) => (at === FAHRENHEIT ? 'unmet' : 'unknown')),
    )
  })

  test.each(TABLE.map((row, at) => ({ at, row, faults: row[0] })))('with $faults', ({ at, row }) => {
    const [, fault, cause, owner, state] = row
    const device = (row[0] === 'none' ? later : after).devices.find((one) => one.device === `PL-0001/v${at}`)
    const [step] = device?.steps ?? []
    const isUnknown = device?.unknown === true || device?.state === 'unknown'
    expect([device?.state === 'in-sync' && isUnknown ? 'unknown' : device?.state]).toEqual([state])
    if (state === 'failed') return expect(step?.failure?.code).toBe(fault)
    if (fault === 'none') return expect(device?.classification).toBeUndefined()
    expect([device?.classification?.fault, step?.value?.cause, device?.classification?.owner]).toEqual([
      fault,
      cause,
      owner,
    ])
  })
})
