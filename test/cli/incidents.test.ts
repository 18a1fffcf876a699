import { spawn } from 'node:child_process'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { TILL } from '../peers/till.ts'
import { type Ended, ended, inventoryWith, TestProject } from './project.ts'
import { errorsOf } from './published.ts'

/** This machine is the device; the store is this process's own, since a device keeps a record of changes by its name. */
const STORE = `IN-${process.pid}`
const projects: TestProject[] = []
let project: TestProject

const RULES = `hooks:
  breaker: {episodes: 3, within: 10m}
  rules:
    - {name: drawer, match: "alert.name == 'Drawer'", fault: drawer-stuck, settle: 0s, quiet: 0s}
    - {name: marker, match: "alert.name == 'Marker'", mode: act, runbook: hopeless, settle: 0s, quiet: 0s, cooldown: 0s}
    - {name: watch, match: "alert.name == 'Watched'", runbook: hopeless, settle: 0s}
`

beforeEach(() => {
  project = new TestProject({ 'tillwright.yaml': RULES })
  projects.push(project)
  const devices = [1, 2, 3, 4, 5, 6].map((n) => `      pos${n}: {profile: till, address: 127.0.0.${n}}\n`).join('')
  const inventory = inventoryWith(devices)
    .replace('mon-sun: closed', 'mon-sun: 06:00-22:00')
    .replace('type: ssh', 'type: local')
    .replace('PL-0001', STORE)
  project.write('inventory/fleet.yaml', inventory)
  project.write(
    'runbooks/hopeless.yaml',
    "name: hopeless\nsteps:\n  - command: {run: 'exit 7', always: true}\nclassify:\n  - {when: 'true', fault: disk-dead, severity: high}\n",
  )
})
afterAll(async () => {
  for (const each of projects) await each.remove()
})

let ids = 0
const alertOf = (name: string, device = 'pos1', { id = ++ids, status = 'firing' } = {}) => ({
  status,
  labels: { alertname: name, device: `${STORE}/${device}` },
  startsAt: '2026-11-22T01:40:33Z',
  fingerprint: `${id}`,
})

async function fire(...alerts: readonly object[]): Promise<Ended> {
  const args = [TILL, 'hook', 'fire', '--source', 'alertmanager', '--wait', '1s', '--json']
  const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1' }
  const child = spawn(process.execPath, args, { cwd: project.root, env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin?.end(JSON.stringify({ version: '4', alerts }))
  return ended(child)
}

async function incidents(...args: string[]) {
  const [verb = '', ...rest] = args
  const { code, stdout, stderr } = await project.till('incidents', verb, ...rest, '--json')
  const answer = JSON.parse(stdout)
  const name = String(answer.schema).replace(/^till\.|\/1$/g, '')
  expect(errorsOf(name, answer)).toEqual([])
  return { code, answer, stderr }
}
const listed = async (...args: string[]) => (await incidents('list', ...args)).answer.incidents
const refused = async (...args: string[]) => {
  const { code, answer } = await incidents(...args)
  return [code, answer.diagnostics?.[0]?.code, answer.diagnostics?.[0]?.summary]
}

test('a fault that needs people is one incident, from its first alert until somebody closes it', async () => {
  const id = ++ids
  await fire(alertOf('Drawer', 'pos1', { id }), alertOf('Watched', 'pos2'))
  const open = await listed()
  const head = { state: 'open', origin: 'episode', fault: 'drawer-stuck', device: `${STORE}/pos1`, region: 'north' }
  expect([open.length, open[0]]).toMatchObject([1, { ...head, team: null, clocks: [{}, {}, { limit_ms: 14_400_000 }] }])
  const [{ incident }] = open
  expect((await project.till('__complete', 'incidents', 'show', '')).stdout).toContain(`${incident}\tdrawer-stuck`)
  expect((await incidents('take', incident)).answer).toMatchObject({
    state: 'taken',
    clocks: [{ state: 'met' }, {}, {}],
  })
  expect(await refused('close', incident, '--cause', 'worn')).toEqual([
    2,
    'INCIDENT_REFUSED',
    `Incident ${incident}: its fault still fires`,
  ])
  await project.till('incidents', 'comment', incident, '--', '--help is what the shop says')
  await fire(alertOf('Drawer', 'pos1', { id, status: 'resolved' }))
  const words = ['--cause', 'worn', '--action', 'grease them', '--owner', 'ann', '--due', '2026-01-31']
  const { answer } = await incidents('close', incident, ...words)
  expect(answer).toMatchObject({ state: 'closed', cause: 'worn', clocks: [{}, {}, { state: 'met', late: false }] })
  const types = answer.events.map(({ type }: { type: string }) => type)
  expect(types).toEqual(['opened', 'taken', 'commented', 'cleared', 'cause', 'action', 'closed'])
  const overdue = await incidents('review')
  expect([overdue.code, overdue.answer.incidents]).toMatchObject([3, [{ incident, action: { owner: 'ann' } }]])
  expect((await project.till('incidents', 'show', incident)).stdout).toContain('--help is what the shop says')
  const sheet = (await project.till('incidents', 'export')).stdout.split('\r\n')
  expect([sheet[0]?.split(',').slice(0, 4), sheet.length]).toEqual([['incident', 'state', 'origin', 'fault'], 3])
})

test('a storm is one incident; a repair that did not help is one of the fault that its runbook saw', async () => {
  await fire(alertOf('Marker'))
  const [{ incident, ...open }, ...others] = await listed()
  expect([open, others]).toMatchObject([{ fault: 'disk-dead', origin: 'episode', state: 'open' }, []])
  await fire(...[2, 3, 4, 5, 6].map((n) => alertOf('Drawer', `pos${n}`)))
  const [storm, ...before] = await listed()
  expect([storm, before]).toMatchObject([{ origin: 'storm', device: null }, [{ incident }]])
  expect((await incidents('show', storm.incident)).answer.episodes.count).toBe(5)
})

test('by hand', async () => {
  const open = ['open', 'Drawer does not open', '--fault', 'drawer-stuck', '--device', `${STORE}/pos2`]
  const { answer } = await incidents(...open)
  expect(answer).toMatchObject({ origin: 'hand', state: 'open', title: 'Drawer does not open', region: 'north' })
  expect((await refused('open', 'x', '--fault', 'y', '--store', 'nowhere'))[1]).toBe('USAGE_INVALID')
  const rows = 'rows: [{fault: [drawer-stuck, marker, watch, disk-dead, storm], team: acme}]'
  project.write('tillwright.yaml', `${RULES}responsibility: {teams: {acme: {partner: acme}}, ${rows}}\n`)
  const theirs = (await incidents('open', 'x', '--fault', 'drawer-stuck', '--store', STORE)).answer
  expect(theirs).toMatchObject({
    team: 'acme',
    partner: 'acme',
    why: 'By the row at tillwright.yaml:7, for drawer-stuck.',
  })
  const seen = await listed('--partner', 'acme')
  expect(seen.map(({ incident }: { incident: string }) => incident)).toEqual([theirs.incident])
  expect((await refused('take', answer.incident, '--partner', 'acme'))[1]).toBe('INCIDENT_UNKNOWN')
  expect((await refused('open', 'x', '--fault', 'drawer-stukc'))[1]).toBe('RESPONSIBILITY_INVALID')
  expect((await incidents('who', `${STORE}/pos1`, '--fault', 'disk-dead')).answer).toMatchObject({ team: 'acme' })
})
