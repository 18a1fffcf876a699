import Database from 'libsql'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { dutiesOf } from '../../src/app/incidents/duties-in-force.ts'
import { incidentOpening } from '../../src/app/incidents/incident-opening.ts'
import { openProject } from '../../src/app/project.ts'
import { incidentState } from '../../src/core/incident.ts'
import type { IncidentStore } from '../../src/core/incident-store.ts'
import { openSqliteIncidents } from '../../src/stores/sqlite.ts'
import { SmtpSink } from '../peers/smtp-sink.ts'
import { NORTH, SENDERS, ServedProject, zabbix } from './served-project.ts'

const sink = new SmtpSink()
let port = 0
let till: ServedProject
let store: IncidentStore | undefined

beforeAll(async () => {
  port = await sink.start()
})
afterAll(() => sink.stop())
beforeEach(() => {
  sink.mails.length = 0
})
afterEach(async () => {
  await store?.close()
  store = undefined
  await till.remove()
})

const RULE = `match: "alert.name == 'Gone'", runbook: marker, settle: 0s, cooldown: 0s, quiet: 0s`

const settings = (rule: string, faults = 'drawer'): string => `${SENDERS}hooks: {rules: [{${rule}}]}
policies: {default: {keep: []}}
responsibility:
  channels: {mail: {smtp: {host: 127.0.0.1, port: ${port}, security: none, from: "till <till@example.com>"}}}
  contacts: {desk: {channel: mail, to: desk@example.com}}
  teams: {desk: {chain: [{to: desk}]}}
  rows: [{fault: [${faults}, storm], team: desk}]
`

async function served(rule: string, hours = '00:00-24:00'): Promise<void> {
  till = new ServedProject(settings(rule), 1, hours)
  await till.serve()
  store = await openSqliteIncidents(till.path('.till/state.db'))
}

const states = async (): Promise<readonly string[]> => ((await store?.incidents()) ?? []).map(incidentState)

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await new Promise((turn) => setTimeout(turn, 30)))
    if (Date.now() > end) throw new Error(`not in time: ${what}\n${till.told}`)
}

function change(sql: string): void {
  const database = new Database(till.path('.till/state.db'), { timeout: 30_000 })
  database.exec(sql)
  database.close()
}

const episodes = async () => JSON.parse((await till.till('episodes', 'list', '--all', '--json')).stdout).episodes

test('people are told of a repair that safety holds back for longer than its rule waits, and it is made when it may be', async () => {
  await served(`name: drawer, mode: act, held_for: 1s, ${RULE}`)
  expect((await till.till('hold', `${NORTH}/pos1`, '--until', '24h', '--because', 'cabling')).code).toBe(0)
  await till.send('zabbix', zabbix(1, 'Gone'))
  await until(() => sink.mails.length === 1, 'the desk is told')
  const text = sink.mails[0]?.text.replaceAll('=\r\n', '')
  for (const words of ['Fault drawer', 'held, HOLD_ACTIVE', 'cabling']) expect(text).toContain(words)
  expect([(await episodes())[0]?.attempts[0]?.result, await states()]).toEqual(['held', ['open']])
  expect((await till.till('hold', 'release', `${NORTH}/pos1`)).code).toBe(0)
  change(
    'UPDATE episodes SET due_at = \'2026-01-01\', json = replace(json, \'"finished_at":"20\', \'"finished_at":"19\')',
  )
  await till.has(() => till.log().includes('pos1 made'))
  await till.send('zabbix', zabbix(1, 'Gone', `${NORTH}/pos1`, '0'))
  await until(async () => (await states()).join() === 'cleared', 'the incident is clear')
  expect(sink.mails).toHaveLength(1)
})

test('people are told of a repair that nobody approves, and of one for which monitoring cannot be asked', async () => {
  const asking = `name: drawer, mode: ask, held_for: 1s, ${RULE}`
  await served(asking)
  await till.send('zabbix', zabbix(1, 'Gone'))
  await until(() => sink.mails.length === 1, 'the desk is told')
  expect(sink.mails[0]?.text.replaceAll('=\r\n', '')).toContain('till episodes approve')
  expect(await episodes()).toMatchObject([{ state: 'asks' }])
  const unheard = `hooks: {systems: {zabbix: {url: "http://127.0.0.1:9/", token: "env:T_ALL"}},`
  till.write('tillwright.yaml', settings(asking.replace('mode: ask', 'mode: act')).replace('hooks: {', `${unheard} `))
  await till.has(() => till.told.includes('A new revision of the repository is in force'))
  await till.send('zabbix', zabbix(2, 'Gone', `${NORTH}/office`))
  await until(() => sink.mails.length === 2, 'the desk is told of the other')
  expect((await episodes()).find(({ device }: { device: string }) => device.endsWith('office'))?.state).toBe('held')
})

test('a rule that is renamed leaves its incidents to whom the matrix names; a row that was missing is read anew', async () => {
  await served(`name: drawer, settle: 1h, match: "alert.name == 'Gone'"`)
  await till.send('zabbix', zabbix(1, 'Gone'))
  till.write('tillwright.yaml', settings(`name: other, fault: drawer, match: "alert.name == 'Other'"`))
  await till.has(() => till.told.includes('A new revision of the repository is in force'))
  change("UPDATE episodes SET due_at = '2026-01-01T00:00:00.000Z'")
  await until(() => sink.mails.length === 1, 'the desk is told')
  expect(sink.mails[0]?.text).toContain('Fault drawer')

  // A class that a runbook has worked out on the device, and that has no row.
  const project = await openProject(till.root)
  const fleet = await project.fleet()
  const place = { device: `${NORTH}/pos1`, store: NORTH } as const
  const call = { ...place, key: 'k', origin: 'hand', fault: 'coffee', severity: '', title: 'Spilled', by: 'x' } as const
  await store?.open(incidentOpening({ fleet, duties: dutiesOf(project, fleet) }, call), new Date())
  await project.close()
  const nobodys = async (): Promise<number> => {
    const text = await (await fetch(`${till.url}/metrics`)).text()
    return Number(/^till_incidents_without_team (\d+)$/m.exec(text)?.[1])
  }
  expect(await nobodys()).toBe(1)
  till.write(
    'tillwright.yaml',
    settings(`name: other, fault: drawer, match: "alert.name == 'Other'"`, 'drawer, coffee'),
  )
  await until(() => till.told.split('A new revision of the repository is in force').length === 3, 'the row is there')
  change("UPDATE incidents SET escalate_at = '2026-01-01T00:00:00.000Z' WHERE escalate_at IS NOT NULL")
  await until(() => sink.mails.length === 2, 'the desk is told of the other')
  expect(sink.mails[1]?.text).toContain('Spilled')
})
