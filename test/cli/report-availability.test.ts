import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { isThere } from '../peers/debian.ts'
import { TestProject } from './project.ts'
import { errorsOf } from './published.ts'

/** A Tuesday in Warsaw, where it is an hour later than in UTC. S1 is open from 06:00 to 22:00 of its clocks. */
const DAY = '2026-11-03'
const at = (clock: string): string => `${DAY}T${clock}:00.000Z`

const project = new TestProject({
  'tillwright.yaml': `state: state.db
availability:
  every: 15m
  holds: 2
  maintenance:
    - { name: refit, why: new shelves, from: "${DAY} 20:00", to: "${DAY} 21:00", where: "store.id == 'S2'" }
`,
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: Europe/Warsaw}
regions: {north: {name: North}, south: {name: South}}
profiles:
  till: {kind: till, os: {family: linux}, transport: {type: local}}
  fiscal: {kind: fiscal-printer, os: {family: none}, transport: {type: none}, vars: {fiscal: {vendor: posnet, model: Thermal XL2}}}
stores:
  S1:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    hours: {week: {mon-sun: 06:00-22:00}}
    owner: {vendor: "=HYPERLINK(\\"http://evil\\")"}
    vars: {sales: {per_hour: 600}}
    devices:
      pos1: {profile: till}
      pos2: {profile: till}
      fiscal1: {profile: fiscal, attached_to: pos1}
      fiscal2: {profile: fiscal, attached_to: pos2}
  S2:
    name: Second
    region: south
    address: {street: Nowa 2, postcode: "00-002", city: Gdańsk}
    hours: {week: {mon-sun: 06:00-22:00}}
    owner: {vendor: Serwis Kas}
    devices:
      pos1: {profile: till}
`,
})

const well = { state: 'in-sync', answered: true } as const
const paper = { fault: 'sale-blocked', cause: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
const blocked = { state: 'unmet', classification: paper } as const
const gone = { state: 'unreachable', failure: { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'No.' } } as const

beforeAll(async () => {
  const store = await openSqliteStore(project.path('state.db'))
  let index = 0
  const look = async (time: string, devices: Readonly<Record<string, object>>): Promise<void> => {
    const ended = Object.entries(devices).map(([device, end]) => ({ device, ...end }) as RecordedDevice)
    index += 1
    // The ends of devices come some milliseconds after the beginning of the run.
    await store.append(recordRun(ended, { run: `run${index}`, at: new Date(Date.parse(time)).toISOString() }))
  }
  // From 05:00 to 21:00 of UTC, so all of the hours of S1, every 15 minutes.
  for (let minute = 300; minute <= 1260; minute += 15) {
    const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    const first = minute >= 600 && minute < 660 ? blocked : well
    const second = minute >= 630 && minute < 720 ? gone : well
    const other = minute >= 900 && minute < 960 ? blocked : well
    await look(at(clock), {
      'S1/pos1': well,
      'S1/pos2': second,
      'S1/fiscal1': first,
      'S1/fiscal2': minute >= 630 && minute < 645 ? blocked : well,
      ...(minute < 780 && { 'S2/pos1': well }),
      ...(minute >= 1200 && { 'S2/pos1': other }),
    })
  }
  await store.close()
})
afterAll(() => project.remove())

interface Document {
  readonly groups: readonly Readonly<Record<string, number | string | null>>[]
  readonly total: Readonly<Record<string, number | string | null>> | null
}

async function report(...more: string[]): Promise<Document> {
  const { code, stdout, stderr } = await project.till('report', 'availability', '--period', DAY, '--json', ...more)
  expect([code, stderr]).toEqual([0, ''])
  const document = JSON.parse(stdout) as Document
  expect(errorsOf('report-availability', document)).toEqual([])
  return document
}

test('tells devices by what is asked for, and what is not known apart', async () => {
  const { groups, total } = await report('--by', 'device')
  const of = (device: string): object => {
    const { availability, known, down_s, outages, unknown_s, maintenance_s, possible_s, certain_s } =
      groups.find(({ group }) => group === device) ?? {}
    return { availability, known, down_s, outages, unknown_s, maintenance_s, possible_s, certain_s }
  }
  // Out of paper from 11:00 to 12:00 of Warsaw: looks at 10:00, 10:15, 10:30 and 10:45 of UTC.
  expect(of('S1/fiscal1')).toEqual({
    availability: expect.closeTo(900 / 960, 6),
    known: 1,
    down_s: 3600,
    outages: 1,
    unknown_s: 0,
    maintenance_s: 0,
    possible_s: 4500,
    certain_s: 2700,
  })
  expect(of('S1/pos2')).toMatchObject({ down_s: 5400, outages: 1 })
  // Looked at until 13:45 of Warsaw, which holds for half an hour, and from 21:00 on; the refit is none of its time.
  expect(of('S2/pos1')).toMatchObject({ availability: 1, down_s: 0, maintenance_s: 3600, unknown_s: 5.75 * 3600 })
  expect(groups[0]?.['group']).toBe('S1/pos2')
  expect(total).toMatchObject({ group: 'all', count: 5, down_s: 3600 + 5400 + 900 })
})

test('a store sells as long as one till does with its printer, and what it did not sell has its price', async () => {
  const { groups } = await report('--of', 'selling', '--by', 'store')
  const [first, second] = groups
  // From 10:30 to 10:45 of UTC both printers are out of paper; after that nobody knows whether pos2, which does not answer, sells.
  expect(first).toMatchObject({ group: 'S1', down_s: 900, outages: 1, lost: 150, unknown_s: 900 })
  expect(second).toMatchObject({ group: 'S2', down_s: 0, lost: null })
  const byKind = await project.till('report', 'availability', '--of', 'selling', '--by', 'kind')
  expect([byKind.code, byKind.stderr]).toEqual([2, expect.stringContaining('--by kind: a store has no kind')])
})

test('a list for Excel in Polish is read as one', async () => {
  const file = project.path('lista.csv')
  const made = await project.till(
    ...['report', 'availability', '--period', DAY, '--by', 'partner', '--csv', '--locale', 'pl', '-o', file],
  )
  expect([made.code, made.stderr]).toEqual([0, ''])
  expect(project.read('lista.csv').charCodeAt(0)).toBe(0xfeff)
  const script = `import csv, json
rows = list(csv.reader(open(${JSON.stringify(file)}, encoding='utf-8-sig', newline=''), delimiter=';'))
print(json.dumps(rows))`
  const read = spawnSync('/usr/bin/python3', ['-c', script], { encoding: 'utf8' })
  const [head = [], first = []] = JSON.parse(read.stdout) as string[][]
  expect(head.slice(0, 5)).toEqual(['Group', 'Count', 'Availability [%]', 'Known [%]', 'Down [min]'])
  expect(first.slice(0, 5)).toEqual([`'=HYPERLINK("http://evil")`, '4', '95,7031', '100,0000', '165'])
})

const hasReader = isThere({
  what: 'XLSX by a foreign reader',
  debian: 'python3-openpyxl',
  isHere: spawnSync('/usr/bin/python3', ['-c', 'import openpyxl']).status === 0,
})

test.skipIf(!hasReader)('a workbook has numbers that are numbers', async () => {
  const file = project.path('book.xlsx')
  const made = await project.till(
    ...['report', 'availability', '--period', DAY, '--by', 'partner', '--xlsx', '-o', file],
  )
  expect([made.code, made.stderr]).toEqual([0, ''])
  const script = `import json, openpyxl
page = openpyxl.load_workbook(${JSON.stringify(file)}).active
print(json.dumps([[c.value, c.data_type, c.number_format] for c in page[2]][:5]))`
  const read = spawnSync('/usr/bin/python3', ['-c', script], { encoding: 'utf8' })
  expect(JSON.parse(read.stdout)).toEqual([
    ['=HYPERLINK("http://evil")', 's', '@'],
    [4, 'n', '#,##0'],
    [expect.closeTo(0.957, 3), 'n', '0.00%'],
    [1, 'n', '0.00%'],
    [165, 'n', 'General'],
  ])
})

test('a page stands alone, with its chart', async () => {
  const { code, stdout } = await project.till('report', 'availability', '--period', DAY, '--by', 'partner', '--html')
  expect(code).toBe(0)
  writeFileSync(project.path('page.html'), stdout)
  expect(stdout).toContain('<svg role="img" aria-label="Availability, worst first"')
  expect(stdout).toContain('=HYPERLINK(&quot;http://evil&quot;)')
  expect(stdout.match(/<script|https?:\/\/(?!evil)|src=|@import/g)).toBeNull()
})

test('what makes no sense is said before anything is read', async () => {
  const said = async (...flags: string[]): Promise<unknown> => {
    const { code, stderr } = await project.till('report', 'availability', ...flags)
    return [code, stderr.split('\n')[0]]
  }
  expect(await said('--period', '2026-13')).toEqual([2, 'error --period: "2026-13" is no period USAGE_INVALID'])
  expect(await said('--since', '2026-02-30')).toEqual([2, 'error --since: "2026-02-30" is no time USAGE_INVALID'])
  expect(await said('--since', '1d', '--until', '2d')).toEqual([2, expect.stringContaining('ends before it begins')])
  expect(await said('--kind', 'vending')).toEqual([2, 'error No device matches the selection SELECTOR_EMPTY'])
  project.write('bad/tillwright.yaml', 'availability: {every: 0s, maintenance: [{name: a, why: b}]}\n')
  const bad = await project.till('report', 'availability', '--project', project.path('bad'))
  expect(bad.code).toBe(2)
  expect(bad.stderr).toContain('tillwright.yaml:1:')
  expect(bad.stderr).toContain('"a" does not say when')
  expect(bad.stderr).toContain('A look is held for no time at all')
})
