import Database from 'libsql'
import { defaultTerms } from '../../src/app/incidents/duties.ts'
import type { IncidentOpening } from '../../src/core/incident.ts'
import { openSqliteIncidents, openSqliteStore } from '../../src/stores/sqlite.ts'
import { type RecordedDevice, recordRun } from '../../src/testing/recorded-runs.ts'
import { hashOf, PASSWORD } from './accounts.ts'
import { NORTH, ServedProject, SOUTH } from './served-project.ts'

const HOUR = 3_600_000
const DAYS = 4

const SETTINGS = `state: state.db
policies: {default: {caps: [], keep: [], rollout: {waves: false}}}
server:
  proxies: [127.0.0.1, 10.1.0.0/16]
  public_url: https://till.example
  accounts:
    anna: {role: admin, password: '${hashOf(PASSWORD)}'}
    hela: {role: helpdesk, password: '${hashOf(PASSWORD)}'}
    vera: {role: viewer, password: '${hashOf(PASSWORD)}'}
    olek: {role: operator, password: '${hashOf(PASSWORD)}'}
    aga: {role: approver, password: '${hashOf(PASSWORD)}'}
    viktor: {role: viewer, token: "env:T_ALL"}
    partner: {role: helpdesk, token: "env:T_NORTH", devices: "device.id == 'office'"}
    acme: {role: helpdesk, token: "env:T_SLOW", devices: "device.id == 'office'", partner: acme}
contracts:
  offices: { where: "device.id == 'office'", partner: acme, threshold: 99, hours: always, per: device, penalties: [{ below: 99, amount: 500 }] }
  all-tills: { kinds: [till], threshold: 99, hours: always, per: store }
`

/** A served repository with four days of hourly looks, an outage of an hour a day, and incidents. */
export async function eyesProject(): Promise<{
  readonly served: ServedProject
  readonly ids: Readonly<Record<'office' | 'pos1' | 'store', string>>
}> {
  const served = new ServedProject(SETTINGS, 1, '06:00-22:00')
  // Looks as long as there is no such file.
  served.write(
    'modules/gate.yaml',
    `name: gate
summary: Waits
documentation: Waits.
params:
  required: [path]
  properties: {path: {description: A file., type: string, minLength: 1, examples: [/tmp/open]}}
desired: {there: "yes"}
posix:
  observe: |
    until [ -e "$path" ]; do sleep 0.05; done
    json_object there yes
`,
  )
  served.write('runbooks/gate.yaml', `name: gate\nsteps:\n  - gate: {path: "${served.path('open')}"}\n`)
  const now = Date.now()
  const begin = now - (now % HOUR) - DAYS * 24 * HOUR
  const store = await openSqliteStore(served.path('state.db'))
  const well = { state: 'in-sync', answered: true } as const
  const paper = {
    fault: 'paper-out',
    cause: 'paper',
    severity: 'sale-blocked',
    owner: 'store',
    remedy: 'Put paper in.',
  } as const
  const out = { state: 'unmet', classification: paper } as const
  for (let hour = 0; hour <= DAYS * 24; hour += 1) {
    const at = new Date(begin + hour * HOUR)
    const clock = at.getUTCHours()
    const devices = [
      { device: `${NORTH}/pos1`, ...well },
      { device: `${NORTH}/office`, ...(clock === 14 ? out : well) },
      // Nobody looks at it for some hours, in which the store trades whatever the time of the year.
      ...(clock >= 7 && clock < 11 ? [] : [{ device: `${SOUTH}/pos1`, ...(clock === 16 ? out : well) }]),
    ] as RecordedDevice[]
    const run = `20261101T000000Z-${String(hour).padStart(6, '0')}`
    await store.append(recordRun(devices, { run, at: at.toISOString() }))
  }
  const noted = [1, 5, 9].map((value, index) => {
    return { series: 'receipts.log', at: new Date(now - (3 - index) * 60_000).toISOString(), value }
  })
  const steps = [{ step: 'sales', state: 'ok' as const, samples: noted }]
  await store.append(
    recordRun([{ device: `${NORTH}/office`, ...well, steps }], { run: 'sold', at: new Date(now).toISOString() }),
  )
  await store.close()
  const incidents = await openSqliteIncidents(served.path('state.db'))
  const terms = defaultTerms('Europe/Warsaw')
  const common = {
    origin: 'hand' as const,
    ...{ severity: 'high', region: 'north', vendor: '', why: 'by hand', by: 'test' },
    terms,
  } as const
  const ours = { team: 'desk', partner: null, steps: [] }
  const opened = async (
    more: Pick<IncidentOpening, 'fault' | 'title' | 'device' | 'store' | 'team' | 'partner' | 'steps'>,
  ) => {
    return (await incidents.open({ key: more.title, ...common, ...more }, new Date(now - 1000))).incident.incident
  }
  const acme = { team: 'acme', partner: 'acme', steps: ['receipt printed'] }
  const ids = {
    office: await opened({ title: 'No paper', fault: 'paper-out', device: `${NORTH}/office`, store: NORTH, ...acme }),
    pos1: await opened({
      title: 'Drawer does not open',
      fault: 'drawer',
      device: `${NORTH}/pos1`,
      store: NORTH,
      ...ours,
    }),
    store: await opened({ title: 'No power', fault: 'power', device: null, store: SOUTH, ...ours }),
  }
  await incidents.close()
  // As if a ticket system had answered.
  const database = new Database(served.path('state.db'))
  const tell = database.prepare(
    `INSERT INTO messages (message, incident, key, kind, contact, channel, state, attempts, created_at, reference, why)
     VALUES (?, ?, 'call', 'call', 'desk', 'jira', 'waiting', 1, ?, ?, 'mail1.house.example refuses it')`,
  )
  for (const [incident, reference] of [
    [ids.office, 'OPS-4711'],
    [ids.pos1, 'OPS-4712'],
  ] as const)
    tell.run(`M000000000000${reference.slice(-4)}`, incident, new Date(now).toISOString(), reference)
  database.close()
  return { served, ids }
}
