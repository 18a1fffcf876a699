import Database from 'libsql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const HOUR = 3_600_000
const at = (time: string): number => Date.parse(`2026-${time}:00Z`)

const contracts = (penalty: number): string => `state: state.db
availability:
  maintenance:
    - { name: update, why: firmware, from: "2026-10-05 10:00", to: "2026-10-05 12:00" }
contracts:
  kas:
    partner: Serwis Kas
    kinds: [fiscal-printer]
    hours: always
    threshold: 99.5
    penalties: [{ below: 99, amount: 2000 }, { below: 99.5, amount: ${penalty} }]
    pauses: [{ name: flood, why: the street was closed, from: "2026-10-12", to: "2026-10-13" }]
    currency: PLN
  dzien:
    of: selling
    hours: { week: { mon-fri: 08:00-18:00, sat-sun: closed } }
    bound: possible
    per: store
    threshold: 99
  lacze: { kinds: [router], hours: always, bound: possible, unknown: down, threshold: 99 }
  prog: { kinds: [router], hours: always, threshold: 99.9, penalties: [{ below: 99.9, amount: 100 }] }
`

const project = new TestProject({
  'tillwright.yaml': contracts(500),
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}}
profiles:
  till: {kind: till, os: {family: linux}, transport: {type: local}}
  line: {kind: router, os: {family: none}, transport: {type: none}}
  fiscal: {kind: fiscal-printer, os: {family: none}, transport: {type: none}, vars: {fiscal: {vendor: posnet, model: Thermal XL2}}}
stores:
  S1:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    hours: {week: {mon-sun: 06:00-22:00}}
    devices:
      pos1: {profile: till}
      fiscal1: {profile: fiscal, attached_to: pos1}
      line1: {profile: line, address: 192.0.2.1}
`,
})

const well = { state: 'in-sync', answered: true } as const
const paper = { fault: 'sale-blocked', cause: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
const blocked = { state: 'unmet', classification: paper } as const
/** First bad look, and first good one behind it. */
const OUTAGES = [
  // Clocks are put back in the night to Sunday: it lasts from 02:00 in summer to 04:00 in winter, three hours.
  ['10-25T00:00', '10-25T03:00'],
  // In the pause.
  ['10-12T10:00', '10-12T15:00'],
  // A Tuesday, from 10:00 to 12:00 of Warsaw.
  ['10-20T08:00', '10-20T10:00'],
] as const

beforeAll(async () => {
  const store = await openSqliteStore(project.path('state.db'))
  let index = 0
  // An hourly look, from the day before October to the day behind it.
  for (let time = at('09-30T00:00'); time <= at('11-02T00:00'); time += HOUR) {
    index += 1
    const isOut = OUTAGES.some(([from, to]) => at(from) <= time && time < at(to))
    const devices = [
      { device: 'S1/pos1', ...well },
      { device: 'S1/fiscal1', ...(isOut ? blocked : well) },
    ]
    await store.append(recordRun(devices, { run: `run${index}`, at: new Date(time).toISOString() }))
  }
  // Hourly on the 30th and the 31st, and at the end of the month by the clocks of Warsaw.
  const hourly = Array.from({ length: 47 }, (_, hour) => at('10-30T00:00') + hour * HOUR)
  const others = ['10-30T10:01', '10-31T22:55', '10-31T23:10', '11-01T00:10'].map(at)
  const bad = [at('10-30T10:00'), at('10-31T23:10')]
  for (const time of [...hourly, ...others].sort((a, b) => a - b)) {
    index += 1
    const devices = [{ device: 'S1/line1', ...(bad.includes(time) ? blocked : well) }]
    await store.append(recordRun(devices, { run: `line${index}`, at: new Date(time).toISOString() }))
  }
  await store.close()
})
afterAll(() => project.remove())

interface Line {
  readonly contract: string
  readonly unit: string | null
  readonly availability: number
  readonly penalty: number
  readonly version: number | null
  readonly hash: string | null
}

async function lines(...flags: string[]): Promise<readonly Line[]> {
  const { code, stdout, stderr } = await project.till('report', 'sla', '--json', ...flags)
  expect([code, stderr]).toEqual([0, ''])
  const document = JSON.parse(stdout) as { readonly lines: readonly Line[] }
  expect(errorsOf('report-sla', document)).toEqual([])
  return document.lines
}

test('a month with a pause, maintenance and a night on which clocks are put back, as computed by hand', async () => {
  const [kas, all, store] = await lines('--period', '2026-10')
  // 31 days and an hour are 745 hours; 48 of them paused and 2 of maintenance leave 695; 3 + 2 of them were down.
  expect(kas).toMatchObject({
    ...{ contract: 'kas', partner: 'Serwis Kas', unit: null, hours_s: 745 * 3600, paused_s: 48 * 3600 },
    ...{ maintenance_s: 2 * 3600, down_s: 5 * 3600, unknown_s: 0, breaches: 1, penalty: 500, version: null },
    availability: expect.closeTo(690 / 695, 6),
  })
  // 22 week days of 10 hours, 2 of them in maintenance. The sales blocked on Monday the 12th, from 12:00 to 17:00 of Warsaw
  // and possibly from 11:00 on, are no pause of this contract; nor are those of the 20th, from 9:00 at the earliest.
  const down = 6 + 3
  for (const line of [all, store]) {
    expect(line).toMatchObject({
      ...{ contract: 'dzien', hours_s: 220 * 3600, maintenance_s: 2 * 3600, down_s: down * 3600, penalty: 0 },
      availability: expect.closeTo((218 - down) / 218, 6),
    })
  }
  expect([all?.unit, store?.unit]).toEqual([null, 'S1'])
})

test('each outage that counts leads to the run that found it', async () => {
  const { stdout } = await project.till('report', 'sla', 'kas', '--period', '2026-10', '--outages', '--json')
  const document = JSON.parse(stdout) as { readonly outages: readonly Record<string, unknown>[] }
  expect(errorsOf('report-sla-outages', document)).toEqual([])
  expect(document.outages).toMatchObject([
    { name: 'S1/fiscal1', counted_s: 2 * 3600, cause: 'sale-blocked', run: 'run489' },
    { name: 'S1/fiscal1', counted_s: 3 * 3600, cause: 'sale-blocked', run: 'run601' },
  ])
})

test('what an outage comes to does not hang on where a period ends', async () => {
  const down = async (since: string, until: string): Promise<unknown> => {
    const [line] = (await lines('lacze', '--since', since, '--until', until)) as readonly { down_s?: number }[]
    return line?.down_s
  }
  const border = '2026-11-01 00:00'
  // From 23:55 at the earliest to 01:10.
  expect(await down('2026-10-31 12:00', '2026-11-01 02:00')).toBe(75 * 60)
  expect([await down('2026-10-31 12:00', border), await down(border, '2026-11-01 02:00')]).toEqual([5 * 60, 70 * 60])
})

test('where time of which nothing is known is billed, each minute of it has its line', async () => {
  // The last look holds until 03:10.
  const when = ['--since', '2026-11-01 00:00', '--until', '2026-11-01 12:00', '--json']
  const [line] = (await lines('lacze', ...when.slice(0, 4))) as readonly { down_s?: number; unknown_s?: number }[]
  const { stdout } = await project.till('report', 'sla', 'lacze', '--outages', ...when)
  const { outages } = JSON.parse(stdout)
  expect(errorsOf('report-sla-outages', JSON.parse(stdout))).toEqual([])
  expect(outages).toMatchObject([
    { counted_s: 70 * 60, cause: 'sale-blocked' },
    { counted_s: 530 * 60, cause: 'not-looked-at', run: null },
  ])
  expect(line).toMatchObject({ down_s: 600 * 60, unknown_s: 0 })
})

test('exactly what was promised is kept', async () => {
  // A minute of a thousand.
  const [line] = await lines('prog', '--since', '2026-10-30 04:00', '--until', '2026-10-30 20:40')
  expect(line).toMatchObject({ availability: 0.999, threshold: 0.999, breaches: 0, penalty: 0 })
})

test('a closed month does not change; a correction is another version with a reason', {
  timeout: 240_000,
}, async () => {
  const first = await project.till('report', 'sla', 'kas', '--close', '2026-10', '--json')
  expect([first.code, first.stderr]).toEqual([0, ''])
  const again = await project.till('report', 'sla', 'kas', '--close', '2026-10')
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('closed like this already, as version 1')])
  project.write('tillwright.yaml', contracts(700))
  const [closed] = await lines('kas', '--period', '2026-10')
  expect(closed).toMatchObject({ penalty: 500, version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect((await lines('kas', '--period', '2026-10', '--anew'))[0]).toMatchObject({ penalty: 700, version: null })
  const silent = await project.till('report', 'sla', 'kas', '--close', '2026-10')
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining('Say why with --because')])
  const said = await project.till('report', 'sla', 'kas', '--close', '2026-10', '--because', 'the annex of September')
  expect([said.code, said.stderr]).toEqual([0, expect.stringContaining('version 2, because: the annex of September')])
  expect((await lines('kas', '--period', '2026-10'))[0]).toMatchObject({ penalty: 700, version: 2 })
  const store = await openSqliteStore(project.path('state.db'))
  const kinds = (await store.audit.rows()).map(({ entry }) => entry.kind)
  await store.close()
  expect(kinds).toEqual(['sla.closed', 'sla.closed'])
  const early = await project.till('report', 'sla', '--close', new Date().toISOString().slice(0, 7))
  expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('is not over')])
})

test('a closed month that somebody has changed is told', async () => {
  const database = new Database(project.path('state.db'))
  const change = `UPDATE availability_months SET json = replace(json, '"penalty":500', '"penalty":5') WHERE version = 1`
  expect(() => database.exec(change)).toThrow('a closed month does not change')
  database.exec('DROP TRIGGER availability_months_update')
  database.exec(change)
  database.close()
  const { code, stderr } = await project.till('report', 'sla', 'kas', '--period', '2026-10')
  expect([code, stderr]).toEqual([2, expect.stringContaining('is not what it was when it was closed')])
})

test('what a device was out of order that has another name by now is told, and no month is closed over it in silence', async () => {
  const inventory = project.read('inventory/fleet.yaml')
  project.write('tillwright.yaml', contracts(500))
  project.write('inventory/fleet.yaml', inventory.replace('fiscal1:', 'fiscal2:'))
  const close = ['report', 'sla', 'dzien', '--close', '2026-09']
  // It was well in September.
  expect((await project.till(...close)).code).toBe(0)
  const told = await project.till('report', 'sla', 'dzien', '--period', '2026-10', '--anew', '--json')
  expect(JSON.parse(told.stdout).notes.at(-1)).toMatch(
    /^Not counted: 1 device .* for 10\.0 h of this time: S1\/fiscal1\.$/,
  )
  const all = await project.till('report', 'availability', '--period', '2026-10', '--json')
  expect(JSON.parse(all.stdout).notes.at(-1)).toContain('S1/fiscal1')
  const silent = await project.till('report', 'sla', 'prog', '--close', '2026-10')
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining('2026-10 lacks outages')])
  const said = await project.till('report', 'sla', 'prog', '--close', '2026-10', '--because', 'it is no router')
  expect([said.code, said.stderr]).toEqual([0, expect.stringContaining('version 1, because: it is no router')])
  project.write('inventory/fleet.yaml', inventory)
})

test('an outage of which the run is kept no longer says so', async () => {
  const notes = async (): Promise<readonly string[]> =>
    JSON.parse(
      (await project.till('report', 'sla', 'kas', '--period', '2026-10', '--anew', '--outages', '--json')).stdout,
    ).notes
  expect((await notes()).join()).not.toContain('kept no longer')
  const store = await openSqliteStore(project.path('state.db'))
  await store.append(recordRun([{ device: 'S1/pos1', ...well }], { run: 'today', at: new Date().toISOString() }))
  await store.availability.takeIn(2 * HOUR)
  for (let round = 0; round < 5; round += 1) await store.forget('today', { days: 30, megabytes: 1_000 })
  await store.close()
  expect((await notes()).at(-1)).toMatch(/^Of 2 outages the run that found them is kept no longer/)
})

test('contracts that cannot be are told at their place', async () => {
  const wrong = `contracts:
  kas: { threshold: 99.5, where: "device.knd == 'till'", hours: { week: { mon-fri: 08:00-18:00 } } }
  gry: { threshold: 101 }
`
  project.write('wrong/tillwright.yaml', wrong)
  const { code, stderr } = await project.till('report', 'sla', '--project', project.path('wrong'))
  expect([code, stderr]).toEqual([2, expect.stringContaining('tillwright.yaml:3:')])
  project.write('wrong/tillwright.yaml', wrong.replace('101', '99'))
  const inside = await project.till('report', 'sla', '--project', project.path('wrong'))
  expect(inside.stderr).toContain('The week has no hours for sat, sun')
  const unknown = await project.till('report', 'sla', 'kass')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('There is no contract "kass"')])
})
