import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODULES } from '../../src/modules/index.ts'
import { TestProject } from '../cli/project.ts'
import { hasPowerShell, makeWindows, serverEnvironment, type WindowsMachine } from '../peers/powershell.ts'
import { type ClientKeys, makeClientKeys, type SshServer, sshServers, startOpenSsh } from '../peers/ssh-servers.ts'
import { type BootedSystem, bootSystem, type SystemName, whyNoBoot } from './booted-systems.ts'
import { offerPackage } from './matrix/source-of-packages.ts'
import { type Column, systemsPage, type Tried } from './matrix/systems-page.ts'
import { deviceRoot, reachBySsh } from './reach-by-ssh.ts'

const SYSTEMS: Readonly<Record<SystemName, string>> = {
  systemd: 'systemd, apt',
  sysvinit: 'sysvinit, apt',
  openrc: 'OpenRC, apt',
  runit: 'runit, apt',
  rpm: 'rpm, dnf',
  busybox: 'busybox',
}
const WINDOWS = 'Windows'
const PAGE = join(import.meta.dirname, '../../docs/systems.md')

const isPossible = whyNoBoot === undefined && hasPowerShell && sshServers.some(({ name }) => name === 'OpenSSH')
if (!isPossible) console.warn('SKIPPED: docs/systems.md is not held against what the systems do.')

/** Files that steps look at or change. */
const FILES: Readonly<Record<string, string>> = {
  'till.ini': '[server]\nport = 1\n',
  'till.json': '{ "server": { "port": 1 } }\n',
  'till.yaml': 'server: { port: 1 } # of the till\n',
  'till.xml': '<till port="1"/>\n',
  'till.log': '1 start\n2 ERROR no paper\n',
}

describe.skipIf(!isPossible)('modules on systems', { timeout: 300_000 }, () => {
  const systems: BootedSystem[] = []
  const columns: Column[] = []
  let windows: WindowsMachine
  let keys: ClientKeys
  let project: TestProject
  let answering: Server
  let sshd: SshServer

  beforeAll(async () => {
    keys = makeClientKeys()
    const says = (url = ''): string =>
      url === '/receipts' ? JSON.stringify({ last: new Date().toISOString() }) : 'well'
    answering = createServer(({ url }, answer) => answer.end(says(url))).listen(8099, '127.0.9.200')
    project = new TestProject({ 'tillwright.yaml': 'policies: {default: {caps: [], rollout: {waves: false}}}\n' })
    execFileSync(
      'openssl',
      [
        ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=till'.split(' '),
        '-keyout',
        '/dev/null',
        '-out',
        project.path('till.crt'),
      ],
      { stdio: 'ignore' },
    )
    const servers = await Promise.all((Object.keys(SYSTEMS) as SystemName[]).map(bootAndFurnish))
    windows = makeWindows()
    furnish(windows.root, 'C/Till')
    const variables = Object.entries(serverEnvironment(windows)).map(([name, text]) => `"${name}=${text}"`)
    sshd = await startOpenSsh(keys, '127.0.9.100', `SetEnv ${variables.join(' ')}\n`)
    servers.push({ ...sshd, name: WINDOWS })
    project.write('inventory/fleet.yaml', inventoryFor(servers, keys))
    for (const family of ['posix', 'windows']) {
      project.copy(join(import.meta.dirname, `matrix/${family}.yaml`), `runbooks/${family}.yaml`)
    }
  }, 900_000)
  afterAll(async () => {
    await Promise.all(systems.map((system) => system.stop()))
    await sshd?.stop()
    windows?.remove()
    keys?.remove()
    await project?.remove()
    answering?.close()
  })

  /** One machine with files that steps look at, and its server. */
  async function bootAndFurnish(name: SystemName, index: number): Promise<SshServer> {
    const system = await bootSystem(name)
    systems.push(system)
    const server = await reachBySsh(system, keys, `127.0.9.${index + 1}`)
    const root = deviceRoot(system)
    furnish(root, 'etc')
    copyFileSync(join(root, 'etc/till.log'), join(root, 'var/log/till.log'))
    writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n')
    writeFileSync(join(root, 'srv/acl.txt'), 'old\n')
    offerPackage(system)
    execFileSync('setfacl', ['-m', 'u:daemon:r', join(root, 'srv/acl.txt')])
    return server
  }

  function furnish(root: string, folder: string): void {
    mkdirSync(join(root, folder), { recursive: true })
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, folder, name), text)
    copyFileSync(project.path('till.crt'), join(root, folder, 'till.crt'))
  }

  test.each(['posix', 'windows'])('%s', async (family) => {
    const { stdout, stderr, code } = await project.till('apply', family, '--json', '--yes')
    expect(stdout, `${code} ${stderr}`).toMatch(/^\{/)
    for (const { device, failure, steps } of JSON.parse(stdout).devices as readonly SeenDevice[]) {
      expect(steps.length, `${device}: ${failure?.message}`).toBeGreaterThan(0)
      const name = device.split('/')[1] ?? ''
      const tried = steps.filter(({ state }) => state !== 'skipped')
      const cells = new Map(tried.map((step) => [`${step.module}: ${step.name}`, triedBy(step)]))
      const system = systems.find((one) => one.name === name)
      if (system) expectAcl(system)
      columns.push({ title: SYSTEMS[name as SystemName] ?? WINDOWS, cells })
    }
  })

  test('docs/systems.md says what was found', async () => {
    const titles = [...Object.values(SYSTEMS), WINDOWS]
    expect(columns.map(({ title }) => title).sort()).toEqual([...titles].sort())
    const inOrder = titles.flatMap((title) => columns.filter((column) => column.title === title))
    const page = systemsPage(
      inOrder,
      MODULES.map(({ name }) => name),
    )
    await expect(page).toMatchFileSnapshot(PAGE)
  })
})

/** Also where no program of the system can show it. */
function expectAcl(system: BootedSystem): void {
  const file = join(deviceRoot(system), 'srv/acl.txt')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  expect(execFileSync('getfacl', ['-cp', file], { encoding: 'utf8' })).toContain('user:daemon:r')
}

interface SeenStep {
  readonly module: string
  readonly name: string
  readonly state: string
  readonly failure?: { readonly code: string; readonly message: string }
  readonly reason?: string
}
interface SeenDevice {
  readonly device: string
  readonly failure?: { readonly message: string }
  readonly steps: readonly SeenStep[]
}

function triedBy(step: SeenStep): Tried {
  if (step.state === 'ok' || step.state === 'changed') return {}
  const { code, message } = step.failure ?? { code: step.state, message: step.reason ?? '' }
  const text = message.split('\n')[0]?.replace(/"PL-0001\/\w+" \(a till\)/, 'The device')
  return { refusal: `\`${code}\`: ${text}` }
}

const PROFILES: Readonly<Record<string, string>> = { rpm: 'dnf', [WINDOWS]: 'windows' }

function inventoryFor(servers: readonly SshServer[], keys: ClientKeys): string {
  const devices = servers.map(
    ({ name, address, port, hostKeys }) =>
      `      ${name.toLowerCase()}: {profile: ${PROFILES[name] ?? 'till'}, address: ${address}, transport: {port: ${port}, host_keys: ['${hostKeys.join("', '")}']}}`,
  )
  return `fleet:
  name: Systems
  time_zone: Europe/Warsaw
  transport: {type: ssh, user: root, keys: [${keys.ed25519}]}
profiles:
  till: {kind: till, os: {family: linux}, vars: {manager: auto}}
  dnf: {kind: till, os: {family: linux}, vars: {manager: dnf}}
  windows: {kind: till, os: {family: windows}}
regions:
  north: {name: North}
stores:
  PL-0001:
    name: One
    region: north
    address: {street: Long 1, postcode: 00-001, city: Warszawa}
    hours: {week: {mon-sun: closed}}
    link: {type: fibre}
    owner: {team: ops}
    devices:
${devices.join('\n')}
`
}
