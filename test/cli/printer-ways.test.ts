import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { escposEmulator } from '../../src/sandbox/printers/escpos.ts'
import type { PrinterFault } from '../../src/sandbox/printers/imitated-printer.ts'
import { printerWith } from '../devices/printers/bench.ts'
import { listening } from '../peers/dial.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { inventoryOf, TestProject } from './project.ts'

const hasOpenSsh = sshServers.some(({ name }) => name === 'OpenSSH')
const isRoot = process.getuid?.() === 0
const BRIDGE = join(import.meta.dirname, '../peers/pty-bridge.py')

const RUNBOOK = `name: look
steps:
  - id: printer
    printer:
      protocol: escpos
      port: "\${{ vars.?port.orValue(null) }}"
      serial: "\${{ vars.?serial.orValue(null) }}"
      through: "\${{ vars.?through.orValue(null) }}"
classify:
  - when: steps.printer.value.fault != 'none'
    fault: "\${{ steps.printer.value.fault }}"
    severity: "\${{ steps.printer.value.severity }}"
    about: "\${{ steps.printer.value.about }}"
`

const PORT = `name: port
steps:
  - tcp: {port: "\${{ vars.port }}", from: controller}
`

describe.skipIf(!hasOpenSsh).each([
  { how: 'by the main thread', run: '' },
  { how: 'by two worker threads', run: 'run: {workers: 2}\n' },
])('ways to a printer, $how', ({ run }) => {
  const faults = new Set<PrinterFault>()
  let keys: ClientKeys
  let till: SshServer
  let project: TestProject
  const printers: Server[] = []
  let bridge: ChildProcess | undefined
  let terminal = '/dev/none'

  beforeAll(async () => {
    keys = makeClientKeys()
    till = await startOpenSsh(keys, '127.8.9.1')
    const [ofBridge, direct, behind, through] = await Promise.all([1, 2, 3, 4].map(serve))
    bridge = spawn('/usr/bin/python3', [BRIDGE, String(ofBridge)], { stdio: ['pipe', 'pipe', 'inherit'] })
    terminal = await new Promise((resolve) => bridge?.stdout?.once('data', (name) => resolve(String(name).trim())))
    const vars = (more: string): string => `vars: {${more}}`
    const at = (n: number): string => `profile: printer, address: 127.0.0.${n}`
    project = new TestProject({
      'tillwright.yaml': run,
      'runbooks/look.yaml': RUNBOOK,
      'runbooks/port.yaml': PORT,
      'inventory/fleet.yaml': inventoryOf(
        [till],
        keys,
        `      direct: {${at(2)}, ${vars(`port: ${direct}`)}}
      behind: {${at(3)}, transport: {via: pos1}, ${vars(`port: ${behind}`)}}
      through: {${at(4)}, attached_to: pos1, ${vars(`port: ${through}, through: host`)}}
      serial: {profile: printer, attached_to: pos1, ${vars(`serial: ${terminal}`)}}
      lost: {${at(5)}, transport: {via: gone}, ${vars('port: 9')}}
      gone: {profile: till, address: 127.8.9.2, transport: {port: 1}}
`,
      ).replace('profiles:', 'profiles:\n  printer: {kind: receipt-printer, os: {family: none}}'),
    })
  })
  afterAll(async () => {
    bridge?.stdin?.end()
    await till.stop()
    await Promise.all(printers.map((printer) => new Promise((resolve) => printer.close(resolve))))
    keys.remove()
    await project.remove()
  })

  /** A printer on a loopback address; resolves to its port. */
  function serve(last: number): Promise<number> {
    const printer = createServer((socket) => {
      socket.on('error', () => undefined)
      escposEmulator(socket, { ...printerWith(), faults })
    })
    printers.push(printer)
    return listening(printer, { host: `127.0.0.${last}`, port: 0 })
  }

  async function look(...devices: readonly string[]): Promise<Map<string, [string, string | undefined]>> {
    const chosen = devices.flatMap((id) => ['--device', `PL-0001/${id}`])
    const { stdout, stderr } = await project.till('plan', 'look', '--json', ...chosen)
    expect(stderr).toBe('')
    expect(stdout).toContain('till.result/1')
    const { devices: ended } = JSON.parse(stdout) as {
      devices: { device: string; state: string; classification?: { fault: string } }[]
    }
    return new Map(ended.map(({ device, state, classification }) => [device, [state, classification?.fault]]))
  }

  it('connects by the way of the device to see whether a port is open', async () => {
    const { stdout } = await project.till(
      'plan',
      'port',
      '--json',
      '--device',
      'PL-0001/behind',
      '--device',
      'PL-0001/lost',
    )
    const { devices: ended } = JSON.parse(stdout) as { devices: { device: string; state: string; unknown?: boolean }[] }
    const seen = ended.map(({ device, state, unknown = false }) => [device, state, unknown])
    expect(seen.sort()).toEqual([
      ['PL-0001/behind', 'in-sync', false],
      ['PL-0001/lost', 'unknown', true],
    ])
  })

  const WAYS = ['direct', 'behind', 'through', ...(isRoot ? ['serial'] : [])]

  it('finds one that is well, by each of them', async () => {
    faults.clear()
    const seen = await look(...WAYS)
    expect(Object.fromEntries(seen)).toEqual(
      Object.fromEntries(WAYS.map((id) => [`PL-0001/${id}`, ['in-sync', undefined]])),
    )
  })

  it('finds one without paper, by each of them', async () => {
    faults.add('paper-out')
    const seen = await look(...WAYS)
    expect([...seen.values()]).toEqual(WAYS.map(() => ['unmet', 'sale-blocked']))
  })

  it('says nothing of a printer whose gateway is gone', async () => {
    expect([...(await look('lost')).values()]).toEqual([['unknown', 'not-known']])
  })
})
