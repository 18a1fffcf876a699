import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { ServedProject } from './served-project.ts'
import { Visitor } from './visitor.ts'

const MINUTE = 60_000

const well = { state: 'in-sync', answered: true } as const
const failure = { code: 'CHECK_UNMET', phase: 'observe', message: 'No.' } as const
const found = (severity: string, state: 'unmet' | 'drifted' = 'unmet') =>
  ({ state, failure, answered: true, classification: { fault: 'stopped', severity } }) as const
const blocked = found('sale-blocked')
const failed = { state: 'failed', answered: true, failure: { ...failure, code: 'INTERNAL_BUG' } } as const
const gone = { state: 'unreachable', failure: { ...failure, code: 'CONNECT_TIMEOUT', phase: 'connect' } } as const

type Look = readonly [runbooks: readonly string[], ends: Readonly<Record<string, object>>]

const BOTH = ['blind', 'app']
/** What has been found in a store, the oldest look first, and whether it can sell. */
const STORES: Readonly<Record<string, readonly [sells: string, first: Look, ...more: Look[]]>> = {
  mended: ['yes', [['app'], { pos1: blocked }], [BOTH, { pos1: well }]],
  hidden: ['no', [BOTH, { pos1: blocked }], [['blind'], { pos1: found('attention') }]],
  drifted: ['no', [['app'], { pos1: found('sale-blocked', 'drifted') }]],
  failed: ['no', [['app'], { pos1: blocked }], [['blind'], { pos1: failed }]],
  unreachable: ['no', [['app'], { pos1: blocked }], [['blind'], { pos1: gone }]],
  crosswise: ['no', [['app'], { pos1: well, fiscal1: blocked, pos2: blocked, fiscal2: well }]],
  worked: ['yes', [['app'], { pos1: found('work-blocked') }]],
  away: ['unknown', [['app'], { pos1: well }], [['app'], { pos1: gone }]],
  well: ['yes', [['app'], { pos1: blocked, fiscal1: well, pos2: well, fiscal2: well }]],
}

let served: ServedProject
let viktor: Visitor

beforeAll(async () => {
  served = new ServedProject(`state: state.db
server:
  accounts:
    viktor: {role: viewer, token: "env:T_ALL"}
    tills: {role: viewer, token: "env:T_NORTH", devices: "device.kind == 'till'"}
    first: {role: viewer, token: "env:T_SLOW", devices: "device.id in ['pos1', 'fiscal1']"}
`)
  const devices = (names: readonly string[]): string =>
    names
      .map((name) =>
        name.startsWith('pos')
          ? `      ${name}: {profile: till}\n`
          : `      ${name}: {profile: fiscal, attached_to: ${name.replace('fiscal', 'pos')}}\n`,
      )
      .join('')
  const stores = Object.entries(STORES).map(
    ([id, [, [, ends]]]) => `  ${id}:
    name: ${id}
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    hours: {week: {mon-sun: "00:00-24:00"}}
    owner: {team: ops}
    vars: {sales: {per_hour: 600}}
    devices:
${devices(Object.keys(ends))}`,
  )
  served.write(
    'inventory/fleet.yaml',
    `fleet: {name: Chain, time_zone: UTC}
regions: {north: {name: North}}
profiles:
  till: {kind: till, os: {family: linux}, transport: {type: local}}
  fiscal: {kind: fiscal-printer, os: {family: none}, transport: {type: none}}
stores:
${stores.join('')}`,
  )
  const store = await openSqliteStore(served.path('state.db'))
  const now = Date.now()
  for (const [id, [, ...looks]] of Object.entries(STORES))
    for (const [index, [names, ends]] of looks.entries()) {
      const runbooks = names.map((name) => ({ name, digest: 'ab'.repeat(32), params: {} }))
      const recorded = Object.entries(ends).map(
        ([name, end]) => ({ device: `${id}/${name}`, ...end }) as RecordedDevice,
      )
      const at = new Date(now - (50 - 10 * index) * MINUTE).toISOString()
      await store.append(recordRun(recorded, { run: `${id}-${index}`, at, started: { runbooks } }))
    }
  await store.close()
  await served.serve()
  viktor = new Visitor(served.url, 'token-of-all-0123456789')
})
afterAll(() => served?.remove())

const WORDS = { yes: 'up_s', no: 'down_s', unknown: 'unknown_s' } as const

test('the dashboard, its metrics and the reports mean the same by a store that can sell', async () => {
  const { json } = await viktor.ask('/api/v1/stores?limit=100')
  const sells = Object.fromEntries(json.stores.map((one: { store: string; sells: string }) => [one.store, one.sells]))
  expect(sells).toEqual(Object.fromEntries(Object.entries(STORES).map(([id, [expected]]) => [id, expected])))
  const { text } = await viktor.ask('/metrics')
  for (const [word, count] of [
    ['no', 5],
    ['unknown', 1],
    ['yes', 3],
  ] as const)
    expect(text).toContain(`till_fleet_stores{region="north",sells="${word}"} ${count}\n`)
  const { stdout } = await served.till(
    'report',
    'availability',
    '--of',
    'selling',
    '--by',
    'store',
    '--since',
    '1m',
    '--json',
  )
  const told = JSON.parse(stdout).groups.map((row: Record<string, number | string>) => [
    row['group'],
    (Object.keys(WORDS) as (keyof typeof WORDS)[]).filter((word) => Number(row[WORDS[word]]) > 0),
  ])
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(Object.entries(sells).map(([id, word]) => [id, [word]])))
})

test('who sees a part of what a store sells with is not told whether it sells', async () => {
  const [tills, first] = ['token-of-north-0123456789', 'token-of-slow-0123456789'].map(
    (token) => new Visitor(served.url, token),
  )
  for (const who of [tills, first]) {
    const { json } = await (who as Visitor).ask('/api/v1/stores?limit=100')
    const sells = Object.fromEntries(json.stores.map((one: { store: string; sells: string }) => [one.store, one.sells]))
    expect(sells).toMatchObject({ mended: 'yes', hidden: 'no', crosswise: 'unknown', well: 'unknown' })
    for (const path of ['availability?of=selling&by=store&since=1h', 'board?weeks=1']) {
      const report = (await (who as Visitor).ask(`/api/v1/reports/${path}`)).json
      expect(report.notes.at(-1), path).toMatch(/^2 stores are left out/)
    }
    const { rows } = (await (who as Visitor).ask('/api/v1/reports/availability?of=selling&by=store&since=1h')).json
    expect(rows.map((row: { group: string }) => row.group).sort()).toEqual(
      Object.keys(STORES)
        .filter((id) => id !== 'crosswise' && id !== 'well')
        .sort(),
    )
  }
})

test('what changes between two pages of a list is neither passed over nor told twice', async () => {
  const names = async (after: string): Promise<{ readonly devices: string[]; readonly next: string | null }> => {
    const { json } = await viktor.ask(`/api/v1/devices?state=unmet&order=worst&limit=2${after}`)
    return { devices: json.devices.map(({ device }: { device: string }) => device), next: json.next }
  }
  const all = (await viktor.ask('/api/v1/devices?state=unmet&order=worst')).json.devices.map(
    ({ device }: { device: string }) => device,
  )
  expect(all.length).toBeGreaterThan(4)
  const first = await names('')
  // The first is mended, so that the list is shorter by one.
  const store = await openSqliteStore(served.path('state.db'))
  const mended = recordRun([{ device: first.devices[0] ?? '', ...well }], {
    run: 'later',
    at: new Date().toISOString(),
    started: { runbooks: [...BOTH].map((name) => ({ name, digest: 'ab'.repeat(32), params: {} })) },
  })
  await store.append(mended)
  await store.close()
  while ((await viktor.ask('/api/v1/devices?state=unmet&order=worst')).json.total === all.length)
    await new Promise((resolve) => setTimeout(resolve, 50))
  const read = [...first.devices]
  for (let { next } = first; next !== null; ) {
    const more = await names(`&after=${next}`)
    read.push(...more.devices)
    next = more.next
  }
  expect(read).toEqual(all)
  // Another eye, and another question, get no list that was begun by somebody else.
  const other = new Visitor(served.url, 'token-of-slow-0123456789')
  const { json } = await other.ask(`/api/v1/devices?state=unmet&order=worst&limit=100&after=${first.next}`)
  expect(json.total).not.toBe(all.length)
})
