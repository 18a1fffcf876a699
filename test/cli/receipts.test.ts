import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curveOf } from '../../src/devices/sales/profile.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { TestProject } from './project.ts'

const HOUR = 3_600_000
const now = Date.now()
/** A zone in which it is about noon now, so that no hour of the test run is at the edge of a day. Its stores never close. */
const ahead = 12 - new Date(now).getUTCHours()
const ZONE = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
const MIDNIGHT = now - ((now + ahead * HOUR) % (24 * HOUR))

const project = new TestProject({
  'tillwright.yaml': 'state: state.db\n',
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: ${ZONE}}
regions: {north: {name: North}}
profiles:
  till: {kind: till, os: {family: linux}, transport: {type: local}}
stores:
  S1:
    name: First
    region: north
    address: {street: "=cmd|'/c calc'!A1", postcode: "00-001", city: Łódź}
    devices:
      pos1: {profile: till, vars: {log: busy.log, pos_id: 4711}}
      pos2: {profile: till, vars: {log: silent.log}}
  S2:
    name: Second
    region: north
    address: {street: ul. Nowa 2, postcode: "00-002", city: Gdańsk}
    devices:
      pos1: {profile: till, vars: {log: none.log}}
`,
})

function logOf(until: number): string {
  const lines: string[] = []
  for (let time = MIDNIGHT; time < until; time += HOUR / 40) lines.push(`${new Date(time).toISOString()} RECEIPT\n`)
  return lines.join('')
}

beforeAll(async () => {
  project.write('busy.log', logOf(now))
  project.write('silent.log', logOf(now - 2 * HOUR))
  project.write(
    'runbooks/sales.yaml',
    `name: sales
steps:
  - receipts: { log: { path: "${project.root}/\${{ vars.log }}", pattern: '^([0-9T:.-]+Z) RECEIPT' } }
`,
  )
  project.write('runbooks/what.yaml', 'name: what\nsteps:\n  - facts: {}\n')
  // What half-hourly looks on the same weekday noted in the weeks before.
  const store = await openSqliteStore(project.path('state.db'))
  for (const week of [1, 2, 3, 4]) {
    const begin = MIDNIGHT - week * 7 * 24 * HOUR
    const samples = Array.from({ length: 30 }, (_, i) => ({
      series: 'receipts.log',
      at: new Date(begin + ((i + 1) * HOUR) / 2).toISOString(),
      value: (i + 1) * 20,
    }))
    expect(curveOf(begin, samples).length).toBe(31)
    const steps = [{ step: 'receipts', state: 'ok' as const, samples }]
    const devices = ['S1/pos1', 'S1/pos2'].map((device) => ({ device, state: 'in-sync' as const, steps }))
    await store.append(recordRun(devices, { run: `week${week}`, at: new Date(begin + 20 * HOUR).toISOString() }))
  }
  await store.close()
})
afterAll(() => project.remove())

interface Result {
  readonly devices: readonly {
    readonly device: string
    readonly state: string
    readonly failure?: { readonly code: string; readonly message: string }
    readonly unknown?: boolean
    readonly steps: readonly { readonly value: Record<string, unknown>; readonly marks?: Record<string, string> }[]
  }[]
}

describe.each(['0', '1'])('receipts, with %s worker threads', (workers) => {
  test('a plan knows what is usual by what earlier runs noted', async () => {
    const { stdout, code, stderr } = await project.till('plan', 'sales', '--json', '--workers', workers)
    expect(code, stderr).toBe(4)
    const { devices } = JSON.parse(stdout) as Result
    const [busy, silent, none] = ['S1/pos1', 'S1/pos2', 'S2/pos1'].map((name) =>
      devices.find(({ device }) => device === name),
    )
    expect(busy).toMatchObject({ state: 'in-sync', steps: [{ value: { class: 'ok', weeks: 4 } }] })
    expect(busy?.steps[0]?.value['expected']).toBeCloseTo(busy?.steps[0]?.value['count'] as number, -1)
    expect(silent?.failure?.code).toBe('CHECK_UNMET')
    expect(silent?.failure?.message).toMatch(
      /none-since: None for (119|12\d) min of trading; (79|8\d) are usual in that time/,
    )
    expect(none?.failure?.message).toMatch(/there is no such file/)
  })
})

test('the checklist tells who has sold, as every format', async () => {
  const json = await project.till('report', 'checklist', '--json')
  const { devices } = JSON.parse(json.stdout) as {
    devices: { device: string; id: string; last_receipt_at: string | null; seen_at: string | null }[]
  }
  expect(devices.map(({ device, id, last_receipt_at }) => [device, id, last_receipt_at !== null])).toEqual([
    ['S1/pos1', '4711', true],
    ['S1/pos2', null, true],
    ['S2/pos1', null, false],
  ])
  expect(devices.every(({ seen_at }) => seen_at !== null)).toBe(true)
  const table = await project.till('report', 'checklist', '--store', 'S2')
  expect(table.stdout.split('\n')[0]).toMatch(/^CITY +ADDRESS +TILL +ID +LAST SEEN +IP +LAST RECEIPT$/)
  expect(table.stdout.split('\n')[1]).toMatch(/^Gdańsk +ul\. Nowa 2 +S2\/pos1 +- +\d{4}-\d\d-\d\d \d\d:\d\d +- +-$/)
  const csv = await project.till('report', 'checklist', '--csv')
  expect(csv.stdout).toContain(`Łódź,'=cmd|'/c calc'!A1,S1/pos1,4711,`)
  const polish = await project.till('report', 'checklist', '--csv', '--locale', 'pl')
  expect([polish.code, polish.stdout.startsWith('\ufeffCity;Address;')]).toEqual([0, true])
  const html = await project.till('report', 'checklist', '--html')
  expect(html.stdout).toContain('<td>=cmd|&#39;/c calc&#39;!A1</td>')
  const xlsx = await project.till('report', 'checklist', '--xlsx', '--output', 'out/list.xlsx')
  expect([xlsx.code, xlsx.stdout]).toEqual([0, ''])
  expect(project.read('out/list.xlsx').slice(0, 2)).toBe('PK')
  const both = await project.till('report', 'checklist', '--format', 'xlsx', '--json')
  expect([both.code, both.stdout]).toEqual([2, expect.stringContaining('do not go together')])
  const nowhere = await project.till('report', 'checklist', '--format', 'xlsx')
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('--output')])
})

test('two tills on one machine have one identity, which is told with the evidence', async () => {
  const before = await project.till('inventory', 'duplicates')
  expect([before.code, before.stdout]).toEqual([0, ''])
  await project.till('plan', 'what')
  const after = await project.till('inventory', 'duplicates', '--json')
  expect(after.code).toBe(3)
  const { duplicates } = JSON.parse(after.stdout) as {
    duplicates: { what: string; claims: { device: string; by: string }[] }[]
  }
  expect(duplicates.map(({ what }) => what)).toEqual(['machine_id'])
  expect(duplicates[0]?.claims.map(({ device, by }) => `${device} ${by}`)).toEqual([
    'S1/pos1 seen',
    'S1/pos2 seen',
    'S2/pos1 seen',
  ])
  const one = await project.till('inventory', 'duplicates', '--device', 'S1/pos1')
  expect(one.code).toBe(0)
})
