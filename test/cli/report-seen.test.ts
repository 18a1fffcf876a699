import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { TestProject } from './project.ts'

const DAY = 86_400_000
/** The last whole month, which the board is about. */
const LAST = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 1))
const MONTH = LAST.toISOString().slice(0, 7)

const OFTEN = 'every: month, at: "00:00", time_zone: UTC, folder: out'
const reports = ['sla', 'board', 'visits']
  .map((report) => {
    const how = `report: ${report}, format: ${report === 'board' ? 'html' : 'csv'}, ${OFTEN}`
    return `  all-${report}: {${how}}\n  acme-${report}: {as: acme, ${how}}\n`
  })
  .join('')

/** `partner` is whose `lines` is. */
const settings = (partner: string, more = ''): string => `state: state.db
availability: {every: 12h, holds: 2}
server:
  accounts:
    acme: {role: viewer, token: "env:TILL_ACME", devices: "device.id == 'pos1'", partner: acme}
contracts:
  lines: {where: "device.id == 'pos1'", partner: ${partner}, hours: always, line: excluded, threshold: 99, per: device}
  rivals: {where: "device.id == 'pos1'", partner: rivals, hours: always, threshold: 99}
  whole: {threshold: 90}
reports:
${reports}${more}`

const project = new TestProject({
  'tillwright.yaml': settings('acme'),
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: UTC}
regions: {north: {name: North}}
profiles:
  till: {kind: till, os: {family: linux}, transport: {type: local}}
  line: {kind: router, os: {family: none}, transport: {type: none}}
stores:
  PL.0412:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    hours: {week: {mon-sun: 00:00-24:00}}
    gateway: router
    devices:
      pos1: {profile: till}
      router: {profile: line, address: 192.0.2.1}
`,
})

beforeAll(async () => {
  process.env['TILL_ACME'] = 'token-of-acme-0123456789'
  const store = await openSqliteStore(project.path('state.db'))
  const well = { state: 'in-sync', answered: true } as const
  const gone = { state: 'unreachable', failure: { code: 'CONNECT_TIMEOUT', phase: 'connect', message: 'No.' } } as const
  const paper = { fault: 'paper-out', severity: 'sale-blocked', owner: 'store' } as const
  for (let half = -2; half <= 40; half += 1) {
    const day = half / 2
    const devices = [
      { device: 'PL.0412/pos1', ...(day >= 5 && day < 9 ? { state: 'unmet', classification: paper } : well) },
      { device: 'PL.0412/router', ...(day >= 5 && day < 7 ? gone : well) },
    ] as RecordedDevice[]
    const at = new Date(LAST.getTime() + day * DAY).toISOString()
    await store.append(recordRun(devices, { run: `run${half}`, at }))
  }
  const cause = 'PL.0412/router is being changed. Ask PL.0412/router, not PL.0412/pos1.'
  const last = { state: 'unmet', classification: { ...paper, cause } } as const
  const at = new Date(LAST.getTime() + 20.5 * DAY).toISOString()
  await store.append(recordRun([{ device: 'PL.0412/pos1', ...last }], { run: 'last', at }))
  await store.close()
})
afterAll(async () => {
  delete process.env['TILL_ACME']
  await project.remove()
})

async function mailed(name: string): Promise<string> {
  const { code, stdout, stderr } = await project.till('report', 'send', name, '--dry-run', '-o', project.path('seen'))
  expect([name, code, stderr]).toEqual([name, 0, ''])
  return `${project.read('seen')}${stdout}`
}

test('a partner gets its contracts alone, and the same sum in every report', async () => {
  const sla = await mailed('acme-sla')
  expect([sla.includes('lines'), sla.includes('rivals')]).toEqual([true, false])
  expect(await mailed('all-sla')).toContain('rivals')
  // While the line was down nothing counts, whether the router exists for who asks or not.
  const own = sla.match(/^lines,.*$/gm)
  expect([own?.length, own]).toEqual([2, (await mailed('all-sla')).match(/^lines,.*$/gm)])
  const note = new RegExp(`lines in ${MONTH}: ([\\d.]+) %`)
  const [board, whole] = [note.exec(await mailed('acme-board'))?.[1], note.exec(await mailed('all-board'))?.[1]]
  expect([whole, board]).toEqual([expect.anything(), whole])
})

test('what is mailed names no device that does not exist for whom it is made', async () => {
  expect(await mailed('all-visits')).toContain('PL.0412/router is being changed. Ask PL.0412/router')
  const own = await mailed('acme-visits')
  expect(own).toContain('… is being changed. Ask …, not PL.0412/pos1.')
  expect(own).not.toContain('router')
})

test("a month that was closed while a contract was somebody else's does not exist for the next one", async () => {
  project.write('tillwright.yaml', settings('before'))
  const closed = await project.till('report', 'sla', 'lines', '--close', MONTH, '--json')
  expect([closed.code, closed.stderr]).toEqual([0, ''])
  project.write('tillwright.yaml', settings('acme'))
  expect(await mailed('all-sla')).toContain('before')
  expect(await mailed('acme-sla')).not.toMatch(/^lines,/m)
  expect(await mailed('acme-board')).not.toContain(`lines in ${MONTH}`)
})

test('a report of some devices tells of no contract, and one of contracts is of no region', async () => {
  const refused = async (report: string): Promise<string> => {
    project.write('tillwright.yaml', settings('acme', `  north: {report: ${report}, ${OFTEN}}\n`))
    const { code, stderr, stdout } = await project.till('validate')
    expect(code).toBe(2)
    return `${stdout}${stderr}`
  }
  expect(await refused('sla, region: [north]')).toMatch(/tillwright\.yaml:\d+:\d+.*\n?.*cannot be told of one region/s)
  expect(await refused('sla-outages, kind: [till]')).toContain('cannot be told of one kind')
  expect(await refused('sla, by: region')).toContain('not told by groups')
  expect(await refused('board, store: [PL.0412], contract: [lines]')).toContain('of some devices has no contracts')
  project.write('tillwright.yaml', settings('acme', `  north: {report: board, region: [north], ${OFTEN}}\n`))
  const north = await mailed('north')
  expect(north).toContain('contracts are left out')
  expect(north).not.toContain(`in ${MONTH}: `)
})
