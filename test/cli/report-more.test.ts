import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { TILL } from '../peers/till.ts'
import { ended, TestProject, until } from './project.ts'
import { errorsOf } from './published.ts'

const TALK = join(import.meta.dirname, '../peers/pty-talk.py')
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

test('what fails more than it did stands beside what it did', async () => {
  const [first, ...others] = await rows('trends', 'trends', '--since', '8d', '--by', 'device')
  expect(others).toEqual([])
  expect(first).toMatchObject({ group: 'S1/fiscal1', cause: 'sale-blocked', devices: 1 })
  // Once a day, and just now.
  expect([3, 4]).toContain(first?.['before'])
  expect([4, 5, 6]).toContain(first?.['after'])
  expect(first?.['change']).toBe(Number(first?.['after']) - Number(first?.['before']))
})

test('a run is a page for a ticket', async () => {
  const [first, ...others] = await rows('run', 'devices', 'told')
  expect(first).toMatchObject({ device: 'S1/fiscal1', state: 'unmet', fault: 'paper-out' })
  expect(others.map(({ device, state }) => [device, state])).toEqual([
    ['S1/pos1', 'in-sync'],
    ['S2/pos1', 'in-sync'],
  ])
  const { code, stdout } = await project.till('report', 'run', 'latest', '--format', 'html')
  expect([code, stdout.match(/<svg /g)?.length]).toEqual([0, 2])
  expect(stdout).not.toMatch(/<script|https?:/)
  expect(stdout).toContain('Run told')
  expect(await project.till('report', 'run', 'none')).toMatchObject({ code: 2 })
})

test('incidents are told with what their clocks came to', async () => {
  await project.till('incidents', 'open', 'No paper', '--fault', 'paper-out', '--device', 'S1/fiscal1')
  const told = await rows('incidents', 'incidents', '--since', '1h')
  expect(told).toMatchObject([{ fault: 'paper-out', device: 'S1/fiscal1', state: 'open', late: null, closed_at: null }])
})

test('a wide terminal has the last day of each device in `till status`', async () => {
  const wide = async (columns: number): Promise<string> => {
    const line = `stty cols ${columns}; exec "${process.execPath}" "${TILL}" status --no-pager`
    const child = spawn('/usr/bin/python3', [TALK, '[]', 'sh', '-c', line], {
      cwd: project.root,
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return (await ended(child)).stdout
  }
  const shown = await wide(180)
  expect(shown).toMatch(/^S1\/pos1 +in-sync +█{24} /m)
  expect(shown).toMatch(/^S1\/fiscal1 +unmet +█+▁{1,2}█+▁? /m)
  expect(await wide(149)).not.toContain('LAST 24 HOURS')
})

test('`till watch` tells what is wrong, and each change as runs find it', async () => {
  const once = await project.till('watch', '--once')
  expect(once.stdout).toMatch(
    /Not as it should be: 1 device in 1 store\. Cannot sell: 1 store\.\n\nS1 First {2}cannot sell\n {2}fiscal1 {2}unmet/,
  )
  const child = spawn(process.execPath, [TILL, 'watch', '--json'], {
    cwd: project.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = ended(child)
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  await until(child, () => out.includes('\n'))
  const store = await openSqliteStore(project.path('state.db'))
  await store.append(recordRun([{ device: 'S1/fiscal1', ...well }], { run: 'mended', at: new Date().toISOString() }))
  await store.close()
  await until(child, () => out.split('\n').length > 2)
  child.kill('SIGTERM')
  expect((await end).code).toBe(0)
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const line of lines) expect(errorsOf('watch', line)).toEqual([])
  expect(lines).toMatchObject([
    { change: 'wrong', device: 'S1/fiscal1', state: 'unmet', run: 'told' },
    { change: 'well', device: 'S1/fiscal1', state: null },
  ])
})

test('on a terminal it has the screen, goes by keys, and puts the terminal back', async () => {
  const talk = JSON.stringify([['All is well', 'q']])
  const child = spawn('/usr/bin/python3', [TALK, talk, process.execPath, TILL, 'watch'], {
    cwd: project.root,
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, stdout } = await ended(child)
  expect([code, stdout.startsWith('\u001b[?1049h'), stdout.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')]).toEqual([
    0,
    true,
    true,
  ])
})
