import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const HOUR = 3_600_000
const now = Date.now()
/** The last full hour, less ten days: looks go from there to now. */
const BEGIN = now - (now % HOUR) - 240 * HOUR

const project = new TestProject({
  'tillwright.yaml': `state: state.db
contracts:
  tills: { kinds: [till], threshold: 99, hours: always }
`,
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}}
profiles:
  till: {kind: till, os: {family: linux, distribution: debian, version: "12"}, transport: {type: local}}
  fiscal: {kind: fiscal-printer, os: {family: none}, transport: {type: none}, vars: {fiscal: {vendor: posnet, model: Thermal XL2}}}
stores:
  S1:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    vars: {sales: {per_hour: [0,0,0,0,0,0,0,0,100,100,100,100,100,100,100,100,100,100,100,100,0,0,0,0]}}
    devices:
      pos1: {profile: till}
      fiscal1: {profile: fiscal, attached_to: pos1}
  S2:
    name: Second
    region: north
    address: {street: Nowa 2, postcode: "00-002", city: Gdańsk}
    devices:
      pos1: {profile: till}
`,
})

const well = { state: 'in-sync', answered: true } as const
const paper = { fault: 'sale-blocked', cause: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
const due = [
  {
    ...{ condition: 'certificate-expiring', evidence: 'x', due_at: '2027-01-05', days_left: 30, within_days: 30 },
    ...{ blocks: true, severity: 'attention', owner: 'fiscal-service', remedy: 'Have it renewed.' },
  },
]

beforeAll(async () => {
  const store = await openSqliteStore(project.path('state.db'))
  for (let hour = 0; hour <= 240; hour += 1) {
    // Out of paper for an hour a day; nobody looks at S2 on the fifth day.
    const isOut = hour % 24 === 12
    const asked: RecordedDevice[] = [
      { device: 'S1/pos1', ...well },
      { device: 'S1/fiscal1', ...(isOut ? { state: 'unmet', classification: paper } : well) } as RecordedDevice,
      ...(hour >= 96 && hour < 120 ? [] : [{ device: 'S2/pos1', ...well }]),
    ]
    await store.append(recordRun(asked, { run: `run${hour}`, at: new Date(BEGIN + hour * HOUR).toISOString() }))
  }
  const steps = [{ step: 'fiscal', state: 'ok' as const, value: { due } }]
  const facts = (version: string) => [
    { step: 'facts', state: 'ok' as const, value: { os: { id: 'debian', version }, kernel: '6.1' } },
  ]
  const told: RecordedDevice[] = [
    { device: 'S1/fiscal1', state: 'unmet', classification: paper, steps },
    { device: 'S1/pos1', ...well, steps: facts('12.7') },
    { device: 'S2/pos1', ...well, steps: facts('11') },
  ]
  const events = recordRun(told, { run: 'told', at: new Date(now).toISOString() })
  await store.append(events.map((event) => (event.type === 'step.finished' ? { ...event, module: event.step } : event)))
  await store.close()
})
afterAll(() => project.remove())

async function rows(name: string, key: string, ...flags: string[]): Promise<readonly Record<string, unknown>[]> {
  const { code, stdout, stderr } = await project.till('report', name, '--json', ...flags)
  expect([code, stderr]).toEqual([0, ''])
  const document = JSON.parse(stdout) as Record<string, readonly Record<string, unknown>[]>
  expect(errorsOf(`report-${name}`, document)).toEqual([])
  return document[key] ?? []
}

test('what fails again and again is counted with its cause', async () => {
  expect(await rows('recurring', 'faults', '--since', '12d')).toEqual([
    expect.objectContaining({ group: 'S1/fiscal1', cause: 'sale-blocked', times: 11, devices: 1, of_devices: 1 }),
  ])
  expect(await rows('recurring', 'faults', '--since', '12d', '--by', 'model', '--least', '12')).toEqual([])
})

test('the board has 13 weeks, with what was not sold, and the contracts', async () => {
  const weeks = await rows('board', 'weeks')
  expect(weeks.length).toBe(13)
  const sum = (key: string): number => weeks.reduce((all, week) => all + Number(week[key] ?? 0), 0)
  // Ten times for an hour, and since just now.
  expect(sum('down_s')).toBeGreaterThanOrEqual(10 * 3600)
  expect(sum('down_s')).toBeLessThan(10 * 3600 + 600)
  const page = await project.till('report', 'board', '--html')
  expect(page.stdout.match(/<svg /g)?.length).toBe(5)
  expect(page.stdout).toContain('aria-label="Minutes in which they could not sell, the worst stores"')
  expect(page.stdout).toMatch(/tills in \d{4}-\d\d: /)
})

test('gaps are told by day and store', async () => {
  const days = await rows('completeness', 'days', '--since', new Date(BEGIN + 24 * HOUR).toISOString().slice(0, 10))
  const gaps = days.filter(({ known }) => known !== 1)
  expect(new Set(gaps.map(({ store }) => store))).toEqual(new Set(['S2']))
  // From the last look, which holds for two hours, to the next one.
  expect(gaps.reduce((all, { missing_s: missing }) => all + Number(missing), 0)).toBe(23 * 3600)
  const whole = await rows('completeness', 'days', '--since', '5d', '--whole')
  expect(whole.length).toBeGreaterThanOrEqual(10)
})

test('what is due, and who has to go where for it', async () => {
  expect(await rows('horizon', 'items')).toEqual([
    expect.objectContaining({
      device: 'S1/fiscal1',
      condition: 'certificate-expiring',
      due: '2027-01-05',
      run: 'told',
    }),
  ])
  expect(await rows('visits', 'visits')).toMatchObject([
    { store: 'S1', city: 'Łódź', owner: 'store', severity: 'sale-blocked', what: 'fiscal1: paper-out' },
    { store: 'S1', owner: 'fiscal-service', due: '2027-01-05', what: 'fiscal1: certificate-expiring' },
  ])
})

test('systems stand beside what the inventory says', async () => {
  expect(await rows('versions', 'versions')).toMatchObject([
    { profile: 'fiscal', system: null, devices: 1, as_expected: 'unknown' },
    { profile: 'till', expected: 'debian 12', version: '12.7', devices: 1, as_expected: 'yes' },
    { profile: 'till', expected: 'debian 12', version: '11', devices: 1, as_expected: 'no' },
  ])
})
