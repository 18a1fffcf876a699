import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** The noon of four days ago, and looks each hour since. */
const FISCAL = Math.floor(Date.now() / DAY) * DAY - 4 * DAY + 12 * HOUR

const project = new TestProject({
  'tillwright.yaml': 'state: state.db\n',
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: UTC}
regions: {north: {name: North}}
profiles: {till: {kind: till, os: {family: linux}, transport: {type: local}}}
stores:
  S1:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    devices: {pos1: {profile: till}, pos2: {profile: till}, pos3: {profile: till}, pos4: {profile: till}}
`,
})

const well = { state: 'in-sync', answered: true } as const
const failure = { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'No.' } as const
const blocked = {
  state: 'unmet',
  answered: true,
  classification: { fault: 'stopped', severity: 'sale-blocked' },
} as const
const due = [
  { condition: 'certificate-expiring', due_at: '2027-01-05', days_left: 30, severity: 'attention', owner: 'service' },
]

beforeAll(async () => {
  const store = await openSqliteStore(project.path('state.db'))
  const run = async (at: number, name: string, devices: Readonly<Record<string, object>>): Promise<void> => {
    const runbooks = [{ name, digest: 'ab'.repeat(32), params: {} }]
    const ends = Object.entries(devices).map(([device, end]) => ({ device: `S1/${device}`, ...end }) as RecordedDevice)
    await store.append(recordRun(ends, { run: `${name}-${at}`, at: new Date(at).toISOString(), started: { runbooks } }))
  }
  const steps = [{ step: 'fiscal', state: 'ok' as const, value: { due } }]
  await run(FISCAL, 'fiscal', { pos1: { ...well, steps } })
  await run(FISCAL + HOUR, 'drift', { pos1: blocked, pos2: blocked, pos3: blocked, pos4: blocked })
  const after = {
    pos1: { state: 'unreachable', failure },
    pos2: { state: 'cancelled', failure: { ...failure, code: 'RUN_CANCELLED' } },
    pos3: { state: 'failed', answered: true, failure: { ...failure, code: 'EXEC_FAILED', phase: 'observe' } },
    pos4: well,
  }
  for (let hour = 2; hour < 47; hour += 1) await run(FISCAL + hour * HOUR, 'drift', after)
  for (let hour = 47; hour < 62; hour += 1) await run(FISCAL + hour * HOUR, 'other', { pos1: well })
  await store.close()
})
afterAll(() => project.remove())

async function report(name: string, ...flags: string[]) {
  const { code, stdout, stderr } = await project.till('report', name, '--json', ...flags)
  expect([code, stderr]).toEqual([0, ''])
  const document = JSON.parse(stdout)
  expect(errorsOf(`report-${name}`, document)).toEqual([])
  return document
}

test('what runs often does not hide what is due, and a day that is past has its own runs', async () => {
  const day = new Date(FISCAL).toISOString().slice(0, 10)
  for (const flags of [[], ['--period', day], ['--runs', '1']]) {
    const { items, notes } = await report('horizon', ...flags)
    expect(items, flags.join(' ')).toMatchObject([{ device: 'S1/pos1', condition: 'certificate-expiring' }])
    expect(notes).toEqual([expect.stringContaining('1 of 4 devices were told of')])
  }
  const before = new Date(FISCAL - DAY).toISOString().slice(0, 10)
  expect((await report('horizon', '--period', before)).items).toEqual([])
})

test('a fault is to be visited until a look has judged again', async () => {
  const { visits } = await report('visits')
  const [wrong] = visits.filter(({ severity }: { severity: string }) => severity === 'sale-blocked')
  expect(wrong).toMatchObject({
    devices: 3,
    what: 'pos1: stopped; pos2: stopped; pos3: stopped',
  })
  expect(Date.parse(wrong.seen_at) - FISCAL).toBeGreaterThanOrEqual(HOUR)
  expect(Date.parse(wrong.seen_at) - FISCAL).toBeLessThan(HOUR + 1000)
  // The line has been down for longer than the runs that are looked through go back.
  const { visits: later } = await report('visits', '--runs', '5')
  expect(later[0]).toMatchObject({ severity: 'sale-blocked', what: 'pos2: stopped; pos3: stopped' })
})

test('what fails more is told of time in which somebody looked, and of nothing else', async () => {
  // Of ten days the first five have no look, whatever the hour is.
  const { trends, notes } = await report('trends', '--since', '10d', '--by', 'device')
  expect(trends.length).toBeGreaterThan(0)
  for (const row of trends) expect(row).toMatchObject({ before: 0, change: null })
  expect(notes[0]).toMatch(
    /earlier half of it \([\d.]+ % known\) 0 outages began, in the later half \([\d.]+ % known\)/,
  )
  const noon = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
  const when = ['--since', noon(FISCAL), '--until', noon(FISCAL + DAY / 2)]
  const { trends: known } = await report('trends', ...when, '--by', 'device')
  expect(known.find(({ group }: { group: string }) => group === 'S1/pos1')).toMatchObject({
    before: 1,
    after: 0,
    change: -1,
  })
})
