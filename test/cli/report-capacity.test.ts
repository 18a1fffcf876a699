import { afterAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { recordRun } from '../../src/testing/recorded-runs.ts'
import { inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

const DAY = 86_400_000
const project = new TestProject({
  'tillwright.yaml': 'state: state.db\nhistory: {days: 30, megabytes: 100}\n',
  'inventory/fleet.yaml': inventoryWith(
    '      pos1: {profile: till, address: 127.0.0.1}\n      pos2: {profile: till, address: 127.0.0.1}\n',
  ).replace('type: ssh', 'type: local'),
})
afterAll(() => project.remove())

interface Told {
  readonly notes: readonly string[]
  readonly lines: readonly {
    readonly key: string
    readonly value: number
    readonly source: string
    readonly flag: string | null
  }[]
}

async function capacity(...flags: string[]): Promise<Told> {
  const { code, stdout, stderr } = await project.till('report', 'capacity', '--json', ...flags)
  expect([code, stderr]).toEqual([0, ''])
  const told = JSON.parse(stdout)
  expect(errorsOf('report-capacity', told)).toEqual([])
  return told
}

const numberOf = ({ lines }: Told, key: string) => lines.find((line) => line.key === key)?.value
const sourceOf = ({ lines }: Told, key: string) => lines.find((line) => line.key === key)?.source

test('reckons the events of receipts as the chain does: 5.4 GB a day of 1,000 tills', async () => {
  const told = await capacity('--tills', '1000')
  const keys = ['gb-a-day', 'gb-a-day-with-reserve', 'broker-disk', 'broker-disk-on-peaks', 'messages-a-second']
  expect(keys.map((key) => numberOf(told, key))).toEqual([5.4, 7.02, 21.06, 63.18, 208.3])
  const light = await capacity('--tills', '1000', '--message-bytes', '300', '--reserve', '0', '--broker-days', '1')
  expect(['gb-a-day', 'broker-disk'].map((key) => numberOf(light, key))).toEqual([2.7, 2.7])
})

test('assumes where there is no history, and says so of each number; every one is set by its flag', async () => {
  const told = await capacity()
  expect([sourceOf(told, 'devices'), sourceOf(told, 'days'), sourceOf(told, 'looks')]).toEqual([
    'inventory',
    'settings',
    'assumed',
  ])
  expect(numberOf(told, 'rows-a-day')).toBe(2 * 96 * 5)
  const { lines: before } = told
  const flags = before.flatMap(({ flag }) => (flag === null ? [] : [flag]))
  expect(flags.length).toBeGreaterThan(15)
  for (const flag of ['looks', 'peak', 'servers', 'items'] as const) {
    const { lines } = await capacity(`--${flag}`, '7')
    expect(lines.find(({ key }) => key === flag)).toMatchObject({ value: 7, source: 'given' })
    const moved = lines.filter(({ value, source }, index) => source === 'computed' && value !== before[index]?.value)
    expect([flag, moved.length > 0]).toEqual([flag, true])
  }
})

test('measures looks, events and bytes in the history, and says that history.megabytes is too small', async () => {
  const store = await openSqliteStore(project.path('state.db'))
  const begin = Date.now() - 10 * DAY
  for (let look = 0; look < 40; look += 1) {
    const devices = ['pos1', 'pos2'].map((name) => ({ device: `PL-0001/${name}`, state: 'in-sync' as const }))
    const at = new Date(begin + look * (DAY / 4)).toISOString()
    await store.append(recordRun(devices, { run: `look-${look}`, mode: 'plan', at }))
  }
  const { bytes } = await store.facts()
  await store.close()
  const told = await capacity('--days', '3650', '--devices', '17500')
  expect(numberOf(told, 'looks')).toBeCloseTo(80 / 10 / 2, 1)
  expect(['looks', 'events-per-look'].map((key) => sourceOf(told, key))).toEqual(['measured', 'measured'])
  // Too few events to say how large one is.
  expect(sourceOf(told, 'event-bytes')).toBe('assumed')
  expect(told.notes.join('\n')).toContain('`history.megabytes` of tillwright.yaml is 100')
  expect(bytes).toBeGreaterThan(0)
  // What is chosen of the fleet changes how many devices there are, not how often one is looked at.
  const chosen = await capacity('--device', 'PL-0001/pos1')
  expect(['devices', 'looks'].map((key) => numberOf(chosen, key))).toEqual([1, numberOf(told, 'looks')])
  // The first five days: 21 looks at two devices, and none of what came after.
  const begun = await capacity('--until', '5d')
  expect(numberOf(begun, 'looks')).toBeCloseTo(42 / 5 / 2, 1)
  expect(begun.notes[0]).toMatch(/^Measured by 21 runs /)
  // A day that is not over says nothing of a day.
  const now = await capacity('--since', '2h')
  expect(sourceOf(now, 'looks')).toBe('assumed')
})

test('refuses what is no number', async () => {
  for (const wrong of [
    ['--looks', 'many'],
    ['--tills', '1e99'],
    ['--open-hours', '0'],
    ['--stores', '5'],
  ]) {
    const { code, stdout } = await project.till('report', 'capacity', ...wrong)
    expect([wrong, code, stdout]).toEqual([wrong, 2, ''])
  }
})
