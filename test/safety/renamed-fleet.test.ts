import { existsSync, rmSync } from 'node:fs'
import { sql } from 'kysely'
import { afterEach, expect, it } from 'vitest'
import type { FleetKey, NamedFleet } from '../../src/core/fleet-key.ts'
import { fleetKeys } from '../../src/stores/fleet-keys.ts'
import { tables } from '../../src/stores/schema.ts'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { SqliteSession } from '../../src/stores/sqlite-session.ts'
import { chainOf } from '../cli/chain.ts'
import { ended, TestProject, until } from '../cli/project.ts'

let project: TestProject | undefined
afterEach(() => project?.remove())

function fleetOf(name: string, ...stores: readonly string[]): NamedFleet {
  return { name, stores: new Map(stores.map((id) => [id, {}])), devices: new Map() } as unknown as NamedFleet
}

async function opened() {
  project ??= new TestProject({})
  return openSqliteStore(project.path('state.db'))
}

const NOW = Date.now()
const OUTAGE = { outage: 'O1', scope: {}, why: 'works', by: 'anna', from: NOW, until: NOW + 3_600_000, closed: false }

it('keeps outages, holds, reports and what is in force of a fleet that is renamed, forth and back', async () => {
  project = undefined
  const store = await opened()
  const key = await store.fleets.keyOf(fleetOf('Chain', 'S-1', 'S-2'))
  await store.outages.add(key, OUTAGE)
  const next = { commit: 'c1', at: '2026-01-01T00:00:00.000Z', on: 'one' }
  await store.revisions.putInForce({ fleet: key, branch: 'main' }, { before: undefined, next })
  await store.close()
  const later = await opened()
  // One store was opened and one closed meanwhile.
  const renamed = await later.fleets.keyOf(fleetOf('Chain 2', 'S-2', 'S-3'))
  expect(await later.outages.list(renamed)).toMatchObject([{ outage: 'O1' }])
  expect(await later.revisions.allInForce(renamed)).toMatchObject([{ branch: 'main', commit: 'c1' }])
  // Who holds something by the new name holds it for those who still work by the old one, and after it is given back.
  await later.outages.add(renamed, { ...OUTAGE, outage: 'O2' })
  const back = await later.fleets.keyOf(fleetOf('Chain', 'S-3'))
  expect((await later.outages.list(back)).map(({ outage }) => outage)).toEqual(['O1', 'O2'])
  expect((await later.audit.rows({ kind: 'fleet.renamed' })).map(({ entry }) => entry.about)).toEqual([
    { from: 'Chain', to: 'Chain 2' },
  ])
  await later.close()
})

it('knows a fleet again that only an earlier release has met, and takes another chain for another one', async () => {
  project = undefined
  const store = await opened()
  const hold = { on: 'S-1', why: 'w', by: 'anna', from: NOW, until: NOW + 3_600_000 }
  await store.admission.transact('Old' as FleetKey, (content) => ({
    result: undefined,
    content: { ...content, holds: [hold] },
  }))
  expect(await store.fleets.keyOf(fleetOf('Other chain', 'X-1'))).toBe('Other chain')
  expect(await store.fleets.keyOf(fleetOf('New', 'S-1'))).toBe('Old')
  await store.close()
})

it('is known again where nothing can be written, and noted as soon as it can', async () => {
  project = undefined
  const store = await opened()
  await store.fleets.keyOf(fleetOf('Chain', 'S-1'))
  await store.close()
  const session = SqliteSession.open((project as unknown as TestProject).path('state.db'))
  const fleets = fleetKeys(session)
  const noted = () => session.all(sql`SELECT name FROM state_facts WHERE name = 'fleet Chain 2'`.compile(tables))
  session.all(sql`PRAGMA query_only = ON`.compile(tables))
  const both = [fleets.keyOf(fleetOf('Chain 2', 'S-1')), fleets.keyOf(fleetOf('Chain 2', 'S-1'))]
  expect(await Promise.all(both)).toEqual(['Chain', 'Chain'])
  expect(await fleets.keyOf(fleetOf('Another', 'X-1'))).toBe('Another')
  expect(noted()).toEqual([])
  session.all(sql`PRAGMA query_only = OFF`.compile(tables))
  expect(await fleets.keyOf(fleetOf('Chain 2', 'S-1'))).toBe('Chain')
  expect(noted()).toEqual([{ name: 'fleet Chain 2' }])
  await session.close()
})

const SETTINGS = `policies: {default: {keep: [], rollout: {waves: false}}}
reports: {daily: {report: availability, every: day, at: "00:00", time_zone: Europe/Warsaw, folder: out}}
`

it('is renamed between two commands: nothing is forgotten, nothing done twice', async () => {
  const till = chainOf(['RF-1', 'RF-2'], { policy: SETTINGS, hours: 'closed' })
  project = till
  const { root } = till
  const steps = [`echo first >> ${root}/log`, `touch ${root}/begun; while [ -e ${root}/wait ]; do sleep 0.1; done`]
  const does = steps.map((run) => `  - command: {run: '${run}', always: true}\n`)
  till.write('runbooks/mark.yaml', `name: mark\nsteps:\n${does.join('')}`)
  till.write('wait', '')
  const json = async (...args: readonly string[]) => JSON.parse((await till.till(...args, '--json')).stdout)
  const child = till.start('apply', 'mark', '--device', 'RF-1/pos1', '--yes')
  const end = ended(child)
  await until(child, () => existsSync(till.path('begun')))
  const because = ['--until', '2h', '--because', 'works']
  expect(await till.till('hold', 'RF-2/pos1', ...because)).toMatchObject({ code: 0 })
  expect(await till.till('outages', 'add', 'RF-2', ...because)).toMatchObject({ code: 0 })
  const store = await openSqliteStore(till.path('.till/state.db'))
  const nominal = new Date().toISOString()
  for (const at of ['2026-01-01T00:00:00.000Z', nominal])
    await store.reportDeliveries.claim('Chain' as FleetKey, 'daily → folder out', { nominal: at, now: new Date() })
  await store.reportDeliveries.record('Chain' as FleetKey, 'daily → folder out', {
    why: null,
    retryAt: null,
    now: new Date(),
  })
  await store.close()

  till.write('inventory/fleet.yaml', till.read('inventory/fleet.yaml').replace('name: Chain', 'name: Chain 2'))
  const codesOf = async (device: string) =>
    (await json('why', device)).reasons.map(({ code }: { code: string }) => code)
  expect(await codesOf('RF-1/pos1')).toEqual(['LEASE_HELD'])
  expect(await codesOf('RF-1/pos2')).toEqual(['CAP_REACHED'])
  expect(await codesOf('RF-2/pos1')).toEqual(['HOLD_ACTIVE'])
  expect((await json('hold', 'list')).holds).toMatchObject([{ on: 'RF-2/pos1', why: 'works' }])
  expect((await json('outages', 'list')).outages).toMatchObject([{ why: 'works' }])
  expect((await json('report', 'scheduled')).reports).toMatchObject([{ state: 'sent', sent_for: nominal }])
  const [run] = (await json('runs', 'list')).runs
  const others = await till.till('apply', 'mark', '--store', 'RF-1', '--yes', '--json')
  expect(JSON.parse(others.stdout).devices.map(({ state }: { state: string }) => state)).toEqual([
    'deferred',
    'deferred',
  ])

  child.kill('SIGKILL')
  await end
  rmSync(till.path('wait'))
  const resumed = await json('resume', run.run, '--yes')
  expect(resumed.devices).toMatchObject([{ device: 'RF-1/pos1' }])
  expect(till.read('log')).toBe('first\n')
}, 60_000)
