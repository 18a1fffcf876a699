import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { TILL } from '../peers/till.ts'
import { canIsolate } from '../sandbox/sandboxes.ts'
import { type Ended, ended, TestProject } from './project.ts'

const NOWHERE = (host: number): string => `10.0.0.${host}`

const PRINTERS = Array.from({ length: 6 }, (_, n) => `printer${n + 1}`)

const BUT_THE_ROUTER = ['--where', "device.kind != 'router'"]

const STORE = (id: string, router: string): string => `  ${id}:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: 00:00-24:00}}
    link: {type: fibre}
    owner: {team: ops}
    gateway: router1
    devices:
      router1: {profile: router, address: ${router}}
${PRINTERS.map((name, n) => `      ${name}: {profile: receipts, address: ${NOWHERE(10 + n)}}`).join('\n')}
      pos1: {profile: till, address: ${NOWHERE(20)}}
`

describe.skipIf(!canIsolate)('a store whose line is dead', () => {
  const project = new TestProject({
    'tillwright.yaml': 'inventory: inventory\nrunbooks: runbooks\n',
    'inventory/fleet.yaml': `fleet:
  name: Test
  time_zone: Europe/Warsaw
  transport: {user: till, password: {secret: "env:TILL_TEST_PASSWORD"}}
profiles:
  router: {kind: router, os: {family: linux}, transport: {type: ssh}}
  till: {kind: till, os: {family: linux}, transport: {type: ssh}}
  receipts:
    kind: receipt-printer
    os: {family: none}
    transport: {type: none}
    vars: {printer: {language: escpos}}
regions:
  north: {name: North}
stores:
${STORE('PL-0001', NOWHERE(1))}`,
    'runbooks/printer-check.yaml': readFileSync('runbooks/printer-check.yaml', 'utf8'),
    'runbooks/everything.yaml': `name: everything
steps:
  - id: printer
    when: device.kind == 'receipt-printer'
    printer: {protocol: escpos}
  - {id: till, when: device.kind == 'till', directory: {path: /etc}}
classify:
  - when: device.kind == 'receipt-printer' && steps.printer.value.fault == 'link-down'
    fault: link-down
    severity: bad
    about: "\${{ steps.printer.value.about }}"
`,
  })
  afterAll(() => project.remove())

  /** On a machine that no line leads away from. */
  function till(...args: string[]): Promise<Ended> {
    const command = ['--map-root-user', '--net', process.execPath, TILL, ...args]
    const env = { ...process.env, NO_COLOR: '1', TILL_TEST_PASSWORD: 'something long enough' }
    return ended(spawn('unshare', command, { cwd: project.root, env, stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  test('is one finding, not six', async () => {
    const { stdout, code } = await till('plan', 'printer-check', '--json')
    const { findings, devices } = JSON.parse(stdout) as { findings: object[]; devices: { classification: object }[] }
    expect(findings).toMatchObject([
      { fault: 'link-down', severity: 'sale-at-risk', owner: 'network', about: 'link of PL-0001', count: 6 },
    ])
    expect(devices.length).toBe(6)
    expect(code).toBe(3)
  })

  test('is told once in the terminal', async () => {
    const { stdout } = await till('plan', 'printer-check')
    const end = stdout.slice(stdout.lastIndexOf('link-down'))
    expect(end).toContain('link-down, sale-at-risk, for network, 6 devices: link of PL-0001\n')
    expect(end).not.toContain('CHECK_UNMET')
  })

  test('explains why a till of it cannot be reached', async () => {
    const { stdout } = await till('plan', 'everything', '--json', ...BUT_THE_ROUTER)
    const { findings } = JSON.parse(stdout) as { findings: { fault: string; count: number; devices: string[] }[] }
    expect(findings.map(({ fault, count }) => [fault, count])).toEqual([['link-down', 7]])
    expect(findings[0]?.devices).toContain('PL-0001/pos1')
    const told = await till('plan', 'everything', ...BUT_THE_ROUTER)
    expect(told.stdout).toContain('1 of these is in a store whose line is down, told below')
  })
})
