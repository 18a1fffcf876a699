import { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inventoryWith, TestProject } from '../cli/project.ts'
import { canIsolate } from './sandboxes.ts'

const INVENTORY = inventoryWith(
  `      lin: {profile: till, address: 10.0.0.1}
      win: {profile: windows, address: 10.0.0.2}
`,
  '  transport: {user: till, password: {secret: "env:NOT_SET"}}\n',
).replace(
  'profiles:\n',
  'profiles:\n  windows: {kind: till, os: {family: windows, version: "21H2"}, transport: {type: winrm}}\n',
)

/** Where things are on each of the two tills. */
const PLACES = {
  lin: { etc: 'etc/tillapp', log: 'var/log/tillapp', out: 'var/lib/tillapp/outgoing' },
  win: { etc: 'C/TillApp', log: 'C/TillApp/log', out: 'C/TillApp/outgoing' },
} as const

describe.skipIf(!canIsolate)('the diagnosis of receipts that lag', () => {
  const project = new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'inventory/fleet.yaml': INVENTORY,
    'runbooks/receipts-lag-diagnosis.yaml': readFileSync('runbooks/receipts-lag-diagnosis.yaml', 'utf8'),
    'runbooks/stop.yaml': 'name: stop\nsteps:\n  - service: {name: tillapp, state: stopped}\n',
  })
  const path = (till: keyof typeof PLACES, place: keyof (typeof PLACES)['lin'], name: string): string =>
    project.path(`.till/sandbox/devices/PL-0001/${till}/${PLACES[till][place]}/${name}`)

  /** The fault of each till, lin before win; none where there is none. */
  async function faults(...more: string[]): Promise<(string | undefined)[]> {
    const { stdout } = await project.till('plan', 'receipts-lag-diagnosis', '--sandbox', '--json', ...more)
    const { devices } = JSON.parse(stdout) as { devices: { device: string; classification?: { fault: string } }[] }
    const sorted = [...devices].sort((a, b) => (a.device < b.device ? -1 : 1))
    return sorted.map(({ classification }) => classification?.fault)
  }

  beforeAll(async () => {
    await project.till('sandbox', 'up', '--detach', '--drift', '0')
  })
  afterAll(async () => {
    await project.till('sandbox', 'down')
    await project.remove()
  })

  test('names each cause, the one that explains the others first', async () => {
    expect(await faults()).toEqual([undefined, undefined])
    for (const till of ['lin', 'win'] as const) appendFileSync(path(till, 'log', 'tillapp.log'), 'ERROR cannot send\n')
    expect(await faults()).toEqual(['errors-in-log', 'errors-in-log'])
    const long = Date.now() / 1000 - 7200
    for (const till of ['lin', 'win'] as const) {
      writeFileSync(path(till, 'out', '1.json'), '{}')
      utimesSync(path(till, 'out', '1.json'), long, long)
    }
    expect(await faults()).toEqual(['receipts-not-sent', 'receipts-not-sent'])
    expect(await faults('--param', 'waiting_minutes=180')).toEqual(['errors-in-log', 'errors-in-log'])
    for (const till of ['lin', 'win'] as const) {
      const file = path(till, 'etc', 'sync.properties')
      writeFileSync(file, readFileSync(file, 'utf8').replace('sync.enabled=true', 'sync.enabled=false'))
    }
    expect(await faults()).toEqual(['exporter-misconfigured', 'exporter-misconfigured'])
    await project.till('apply', 'stop', '--sandbox', '--yes')
    expect(await faults()).toEqual(['exporter-stopped', 'exporter-stopped'])
    expect(await faults('--param', 'server=127.0.0.1', '--param', 'server_port=9')).toEqual([
      'line-to-back-office',
      'line-to-back-office',
    ])
    expect(await faults('--param', 'known_outage=INC-1')).toEqual(['known-outage', 'known-outage'])
  })

  test('finds a receipt of the last minutes on both, and a mark of it stays', async () => {
    const { stdout } = await project.till('report', 'checklist', '--sandbox', '--json')
    const { devices } = JSON.parse(stdout) as { devices: { last_receipt_at: string; seen_at: string }[] }
    expect(devices.length).toBe(2)
    for (const { last_receipt_at } of devices) {
      expect(Date.now() - Date.parse(last_receipt_at)).toBeLessThan(600_000)
    }
  })
})
