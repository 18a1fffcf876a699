import { spawn } from 'node:child_process'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

/** This machine is the device; the store is this process's own, since a device keeps a record of changes by its name. */
const STORE = `OU-${process.pid}`
const projects: TestProject[] = []
let project: TestProject

const SETTINGS = `availability: {every: 1h}
policies: {default: {caps: [], rollout: {waves: false}}}
hooks:
  breaker: {episodes: 3, within: 10m}
  rules:
    - {name: drawer, match: "alert.name == 'Drawer'", fault: drawer-stuck, settle: 0s, quiet: 0s}
    - {name: marker, match: "alert.name == 'Marker'", mode: act, runbook: mark, settle: 0s, quiet: 0s, cooldown: 0s}
`

beforeEach(() => {
  project = new TestProject({ 'tillwright.yaml': SETTINGS })
  projects.push(project)
  const devices = [1, 2, 3, 4, 5, 6].map((n) => `      pos${n}: {profile: till, address: 127.0.0.${n}}\n`).join('')
  const inventory = inventoryWith(`${devices}      office: {profile: back, address: 127.0.1.1}\n`)
    .replace('type: ssh}}', 'type: local}}\n  back: {kind: server, os: {family: linux}, transport: {type: local}}')
    .replace('PL-0001', STORE)
    // Where no clock is ever changed.
    .replace('Europe/Warsaw', 'Etc/UTC')
  project.write('inventory/fleet.yaml', inventory)
  const mark = `steps:\n  - command: {run: 'echo made >> "${project.path('made')}"', always: true}\n`
  project.write('runbooks/mark.yaml', `name: mark\n${mark}`)
  project.write('runbooks/look.yaml', 'name: look\nsteps:\n  - assert: {that: true}\n')
})
afterAll(async () => {
  for (const each of projects) await each.remove()
})

type Fired = readonly [name: string, device: string]

interface Times {
  readonly from: string
  readonly until: string
}

let ids = 0
const fire = (...alerts: readonly Fired[]): Promise<Ended> => fireFor('1s', alerts)

/** As long as it says what comes of it is seen to. */
async function fireFor(wait: string, alerts: readonly Fired[]): Promise<Ended> {
  const body = alerts.map(([alertname, device]) => ({
    status: 'firing',
    labels: { alertname, device: `${STORE}/${device}` },
    startsAt: '2026-11-22T01:40:33Z',
    fingerprint: `${++ids}`,
  }))
  const args = [TILL, 'hook', 'fire', '--source', 'alertmanager', '--wait', wait, '--json']
  const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
  const child = spawn(process.execPath, args, { cwd: project.root, env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin?.end(JSON.stringify({ version: '4', alerts: body }))
  return ended(child)
}

async function json(schema: string, ...args: string[]) {
  const { stdout } = await project.till(...args, '--json')
  const answer = JSON.parse(stdout)
  expect(errorsOf(schema, answer)).toEqual([])
  return answer
}
const outages = async (...args: string[]) => (await json('outages', 'outages', 'list', ...args)).outages
const incidents = async () => (await json('incidents', 'incidents', 'list')).incidents
const add = (...args: string[]) => project.till('outages', 'add', ...args)

test('nobody is called about what is known, nothing is repaired there, and no storm comes of it', async () => {
  const added = await add('--kind', 'till', '--until', '2h', '--because', 'works of the provider')
  expect([added.code, added.stdout]).toEqual([0, expect.stringMatching(/^O[0-9a-f]{8} covers 6 devices from /)])
  const [known] = await outages()
  expect(known).toMatchObject({ state: 'current', where: { kinds: ['till'] }, devices: 6, stores: 1, closed: false })
  await fire(...[1, 2, 3, 4, 5].map((n) => ['Drawer', `pos${n}`] as const), ['Marker', 'pos6'])
  expect(await incidents()).toEqual([])
  const { episodes } = await json('episodes', 'episodes', 'list')
  expect(episodes).toHaveLength(6)
  for (const { state, why } of episodes) {
    expect(state).toBe('held')
    expect(why).toMatch(new RegExp(`^Known outage until .*\\(${known.outage}\\), says .*: works of the provider\\.$`))
  }
  expect(() => project.read('made')).toThrow()

  const opened = await json('incident', 'incidents', 'open', 'x', '--fault', 'y', '--device', `${STORE}/pos1`)
  expect(opened.known_outages).toMatchObject([{ outage: known.outage, why: 'works of the provider', closed: false }])
  expect((await project.till('incidents', 'list')).stdout).toContain(`${known.outage} until`)
  const office = await json('incident', 'incidents', 'open', 'x', '--fault', 'y', '--device', `${STORE}/office`)
  expect(office.known_outages).toEqual([])
  const { devices } = await json('status', 'status')
  const named = (id: string) => devices.find(({ device }: { device: string }) => device === `${STORE}/${id}`).outages
  expect([named('pos3'), named('office')]).toMatchObject([[{ outage: known.outage }], []])
  expect((await project.till('status')).stdout).toContain(`[known: works of the provider, ${known.outage}]`)
})

test('what is ended is seen to, and who said and ended what is on record', async () => {
  const [id = ''] = (await add(`${STORE}/office`, '--until', '2h', '--because', 'x')).stdout.split(' ')
  await fire(['Marker', 'office'], ['Drawer', 'pos5'])
  expect(await incidents()).toMatchObject([{ device: `${STORE}/pos5` }])
  expect(await project.till('outages', 'end', id)).toMatchObject({ code: 0, stdout: `${id} is over (x).\n` })
  expect((await project.till('outages', 'end', id)).code).toBe(2)
  const begun = Date.now()
  await fireFor('30s', [['Marker', 'office']])
  expect(project.read('made')).toBe('made\n')
  const { episodes } = await json('episodes', 'episodes', 'list')
  const { episode } = episodes.find(({ device }: { device: string }) => device === `${STORE}/office`)
  const { events } = await json('episode', 'episodes', 'show', episode)
  const times = events.map(({ type, at }: { type: string; at: string }) => [type, Date.parse(at)] as const)
  const at = (wanted: string): number => times.findLast(([type]: readonly [string, number]) => type === wanted)?.[1]
  expect(at('released')).toBeGreaterThanOrEqual(begun)
  expect(at('attempt.started')).toBeGreaterThanOrEqual(at('released') + 10_000)
  expect(await outages()).toEqual([])
  expect(await outages('--all')).toMatchObject([{ outage: id, state: 'over', ended_by: expect.any(String) }])
  const { rows } = await json('audit', 'audit', 'list')
  const kinds = rows.map(({ entry }: { entry: { kind: string } }) => entry.kind)
  expect(kinds.filter((kind: string) => kind.startsWith('outage.'))).toEqual(['outage.added', 'outage.ended'])
})

test('more than the breaker lets through when an outage is over are one storm', async () => {
  project.write('tillwright.yaml', SETTINGS.replace('within: 10m', 'within: 20s'))
  const [id = ''] = (await add('--kind', 'till', '--until', '2h', '--because', 'x')).stdout.split(' ')
  const all = [1, 2, 3, 4, 5].map((n) => ['Drawer', `pos${n}`] as const)
  await fire(...all)
  const { episodes } = await json('episodes', 'episodes', 'list')
  const last = Math.max(...episodes.map(({ opened_at }: { opened_at: string }) => Date.parse(opened_at)))
  // By their beginning they are no longer too many at once.
  await new Promise((resolve) => setTimeout(resolve, last + 21_000 - Date.now()))
  expect((await project.till('outages', 'end', id)).code).toBe(0)
  await fireFor('15s', all)
  expect(await incidents()).toMatchObject([{ fault: 'storm', device: null }])
}, 180_000)

test('the time of a place that is closed is maintenance, and that of an outage is as it was found', async () => {
  const inventory = project.read('inventory/fleet.yaml')
  project.write('inventory/fleet.yaml', inventory.replace('mon-sun: closed', 'mon-sun: 00:00-24:00'))
  expect((await project.till('plan', 'look')).code).toBe(0)
  await add(`${STORE}/pos1`, '--until', '1h', '--because', 'line')
  await add(`${STORE}/pos2`, '--closed', '--until', '1h', '--because', 'refit')
  const maintenance = async () => {
    const report = await json('report-availability', 'report', 'availability', '--by', 'device', '--since', '1h')
    const groups: { group: string; maintenance_s: number }[] = report.groups
    return ['pos1', 'pos2'].map((id) => groups.find(({ group }) => group === `${STORE}/${id}`)?.maintenance_s)
  }
  for (const end = Date.now() + 60_000; ; ) {
    const [open, closed = 0] = await maintenance()
    expect(open).toBe(0)
    if (closed > 0) break
    if (Date.now() > end) throw new Error('no maintenance')
  }
})

test('what makes no sense is refused before anything is on record', async () => {
  const refused = async (...args: string[]) => {
    const { code, stderr } = await add(...args)
    return [code, stderr]
  }
  const why = ['--because', 'x']
  expect(await refused('--until', '1h', ...why)).toEqual([
    2,
    expect.stringContaining('Where the outage is, is not said'),
  ])
  expect(await refused('nowhere', '--until', '1h', ...why)).toEqual([2, expect.stringContaining('no store "nowhere"')])
  expect(await refused(STORE, ...why)).toEqual([2, expect.stringContaining('until')])
  expect(await refused(STORE, '--until', '1h')).toEqual([2, expect.stringContaining('because')])
  expect(await refused(STORE, '--until', 'soon', ...why)).toEqual([2, expect.stringContaining('is no time')])
  expect(await refused(STORE, '--until', '2020-01-01', ...why)).toEqual([2, expect.stringContaining('over already')])
  expect(await refused(STORE, '--until', '200d', ...why)).toEqual([2, expect.stringContaining('92 days')])
  const never = ['22:75', '24:01', '2027-02-30', '2027-01-01 12:60', '2027-13-01']
  for (const time of never)
    for (const flags of [
      ['--until', time],
      ['--until', '1h', '--from', time],
    ])
      expect(await refused(STORE, ...flags, ...why)).toEqual([2, expect.stringContaining(`there is no ${time}`)])
  const early = [...['--from', '2h', '--until', '2020-01-01 12:00'], ...why]
  expect(await refused(STORE, ...early)).toEqual([2, expect.stringContaining('over already')])
  const tomorrow = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10)
  expect(await refused(STORE, '--from', '72h', '--until', tomorrow, ...why)).toEqual([
    2,
    expect.stringContaining('ends before it begins'),
  ])
  expect(await refused('--where', 'device.kind ==', '--until', '1h', ...why)).toEqual([2, expect.any(String)])
  expect(await refused(STORE, '--kind', 'router', '--until', '1h', ...why)).toEqual([
    2,
    expect.stringContaining('covers no device'),
  ])
  expect(await outages('--all')).toEqual([])
  const coming = await add(STORE, '--from', '2h', '--until', '1h', ...why)
  expect([coming.code, await outages()]).toMatchObject([0, [{ state: 'coming' }]])
  await add(STORE, '--from', '23:00', '--until', '05:00', ...why)
  await add(STORE, '--from', '23:00', '--until', '24:00', ...why)
  await add(STORE, '--from', tomorrow, '--until', tomorrow, ...why)
  const lasts = (await outages()).map(({ from, until }: Times) => (Date.parse(until) - Date.parse(from)) / 3_600_000)
  expect(lasts.toSorted((a: number, b: number) => a - b)).toEqual([1, 1, 6, 24])
  await fire(['Drawer', 'pos1'])
  expect(await incidents()).toHaveLength(1)
})

test('what people say by the clocks of a store is told by them, with their name', async () => {
  const inventory = project.read('inventory/fleet.yaml')
  project.write('inventory/fleet.yaml', inventory.replaceAll('Etc/UTC', 'Asia/Tokyo'))
  const shown = '2031-12-01 18:00'
  const until = ['--until', shown, '--because', 'x'] as const
  const later = 'Mon 2031-12-01 18:00 Asia/Tokyo'
  expect((await project.till('hold', STORE, ...until)).stdout).toContain(`until ${later}.`)
  expect((await project.till('hold', 'list')).stdout).toContain(`${STORE}  until ${later}  `)
  expect((await add(STORE, '--from', shown, '--until', '1h', '--because', 'x')).stdout).toContain(
    `from ${later} until `,
  )
  const listed = (await project.till('outages', 'list')).stdout
  expect(listed).toMatch(/2031-12-01 18:00 {2}2031-12-01 19:00 {2}Asia\/Tokyo/)
  expect(await outages()).toMatchObject([{ from: '2031-12-01T09:00:00.000Z' }])
})
