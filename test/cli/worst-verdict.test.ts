import { afterAll, expect, test } from 'vitest'
import { TestProject } from './project.ts'

const runbook = (name: string, row: string): string => `name: ${name}
steps:
  - id: look
    command: {run: "exit 1", read_only: true}
classify:
  - when: steps.look.state == 'unmet'
    ${row}
`
const project = new TestProject({
  'inventory/fleet.yaml': `fleet: {name: Chain, time_zone: UTC}
regions: {north: {name: North}}
profiles: {till: {kind: till, os: {family: linux}, transport: {type: local}}}
stores:
  S1:
    name: First
    region: north
    address: {street: Nowa 1, postcode: "00-001", city: Łódź}
    hours: {week: {mon-sun: "00:00-24:00"}}
    owner: {team: ops}
    devices: {pos1: {profile: till}}
`,
  'runbooks/blind.yaml': runbook('blind', 'fault: monitoring-blind\n    severity: attention'),
  'runbooks/app.yaml': runbook('app', 'fault: application-stopped\n    severity: sale-blocked'),
})
afterAll(() => project.remove())

test('of several runbooks the worst verdict is that of the device, in whichever order they stand', async () => {
  for (const [index, order] of [
    ['blind', 'app'],
    ['app', 'blind'],
  ].entries()) {
    const assigned = order.map((name) => `  - {runbook: ${name}}\n`).join('')
    project.write('tillwright.yaml', `state: state${index}.db\nassignments:\n${assigned}`)
    const drift = JSON.parse((await project.till('drift', '--json')).stdout)
    expect(drift.devices[0].classification, String(order)).toMatchObject({
      fault: 'application-stopped',
      severity: 'sale-blocked',
    })
    const report = ['report', 'availability', '--since', '1m', '--json']
    for (const of of ['devices', 'selling']) {
      const { groups } = JSON.parse((await project.till(...report, '--of', of)).stdout)
      expect([order, of, groups[0].availability, groups[0].outages]).toEqual([order, of, 0, 1])
    }
    expect((await project.till('watch', '--once')).stdout).toMatch(/S1 First +cannot sell/)
  }
})
