import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { system } from '../lab/namespace.ts'
import type { WinRmFleet } from '../lab/winrm-fleet.ts'
import { FORKS } from './ansible.ts'
import { TILL, till } from './till.ts'
import { type Command, IN_FLIGHT, type Tool } from './tool.ts'
import { WINDOWS_PROGRAM, windowsRunbook } from './windows-work.ts'

/** `hostname`, or ten steps that find everything as it should be. */
export type WinRmWork = 'hostname' | 'look'

export interface WinRmJob {
  readonly fleet: WinRmFleet
  readonly ports: readonly number[]
  readonly work: WinRmWork
  /** An empty folder for files of this job. */
  readonly folder: string
}

/** A tool that speaks WinRM. */
export interface WinRmTool extends Omit<Tool, 'prepare' | 'failed'> {
  /** Null when this work is not for it. */
  prepare(job: WinRmJob): Command | null
}

const DEVICES_OF_A_STORE = 5

function inventoryOf({ fleet, ports }: WinRmJob): readonly [fleet: string, stores: string] {
  const way = fleet.way === 'ntlm' ? 'https: false, auth: ntlm' : `https: true, auth: basic, ca: ${fleet.certificate}`
  const secret = '{ secret: "env:TILL_BENCH_PASSWORD" }'
  const lines = [
    'fleet:',
    '  name: Bench',
    '  time_zone: Europe/Warsaw',
    `  transport: { user: ${fleet.user}, password: ${secret}, ${way} }`,
    'profiles:',
    '  till: { kind: till, os: { family: windows } }',
    'regions:',
    '  bench: { name: Bench }',
  ]
  const stores = ['region: bench', 'stores:']
  ports.forEach((port, n) => {
    if (n % DEVICES_OF_A_STORE === 0) stores.push(`  S-${n / DEVICES_OF_A_STORE + 1}:`, '    devices:')
    const own = `profile: till, address: 127.0.0.1, transport: { port: ${port} }`
    stores.push(`      pos${(n % DEVICES_OF_A_STORE) + 1}: { ${own} }`)
  })
  return [`${lines.join('\n')}\n`, `${stores.join('\n')}\n`]
}

export const tillWinRm: WinRmTool = {
  ...till,
  prepare(job) {
    const { folder, work, fleet } = job
    const [shared, stores] = inventoryOf(job)
    mkdirSync(join(folder, 'inventory'))
    mkdirSync(join(folder, 'runbooks'))
    writeFileSync(join(folder, 'tillwright.yaml'), 'inventory: inventory/\nrunbooks: runbooks/\n')
    writeFileSync(join(folder, 'inventory/fleet.yaml'), shared)
    writeFileSync(join(folder, 'inventory/stores.yaml'), stores)
    writeFileSync(join(folder, 'runbooks/look.yaml'), windowsRunbook())
    const what = work === 'look' ? ['plan', 'look'] : ['exec', '--', 'hostname']
    return { argv: [...TILL, ...what], cwd: folder, env: { TILL_BENCH_PASSWORD: fleet.password } }
  },
}

/** MD4, which NTLM needs, is off in OpenSSL 3 unless its legacy provider is on; Tillwright brings its own. */
function withMd4(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, 'openssl.cnf')
  const lines = [
    'openssl_conf = init',
    '[init]',
    'providers = providers',
    '[providers]',
    'default = on',
    'legacy = on',
    '[on]',
    'activate = 1',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return { OPENSSL_CONF: file }
}

const PYWINRM = '/usr/lib/python3/dist-packages/winrm'
const REQUESTS_NTLM = '/usr/lib/python3/dist-packages/requests_ntlm'

function pywinrmVersion(): string {
  return `pywinrm ${system('dpkg-query', '-W', '-f', '$' + '{Version}', 'python3-winrm')}`
}

export const pywinrm: WinRmTool = {
  id: 'pywinrm',
  name: 'pywinrm (Python)',
  kind: 'peer',
  debian: 'python3-winrm',
  needs: [PYWINRM, REQUESTS_NTLM],
  version: pywinrmVersion,
  configuration: `one process, ${IN_FLIGHT} threads, messages sealed over HTTP; ten steps are one PowerShell program`,
  prepare({ fleet, ports, work, folder }) {
    const file = join(folder, 'ports')
    writeFileSync(file, `${ports.join('\n')}\n`)
    const program = join(dirname(fileURLToPath(import.meta.url)), 'many_pywinrm.py')
    const place = [fleet.way === 'https' ? 'https' : 'http', fleet.user, fleet.password, fleet.certificate]
    const what = work === 'look' ? ['ps', WINDOWS_PROGRAM] : ['cmd', 'hostname']
    return { argv: ['/usr/bin/python3', program, file, ...place, String(IN_FLIGHT), ...what], env: withMd4(folder) }
  },
}

export const ansibleWinRm: WinRmTool = {
  id: 'ansible-winrm',
  name: 'Ansible, winrm',
  kind: 'peer',
  debian: 'ansible python3-winrm',
  needs: ['/usr/bin/ansible-playbook', PYWINRM, REQUESTS_NTLM],
  version: () => `${system('ansible', '--version').split('\n')[0] ?? ''}, ${pywinrmVersion()}`,
  configuration: `ansible-playbook, raw, connection winrm, forks ${FORKS}, gathering explicit, messages sealed over HTTP`,
  prepare({ fleet, ports, work, folder }) {
    // Its modules for Windows are PowerShell, which nothing here can run.
    if (work === 'look') return null
    const hosts = ports.map((port) => `till${port} ansible_port=${port}`)
    const own = {
      ansible_host: '127.0.0.1',
      ansible_connection: 'winrm',
      ansible_shell_type: 'powershell',
      ansible_user: fleet.user,
      ansible_password: fleet.password,
      ansible_winrm_scheme: fleet.way === 'https' ? 'https' : 'http',
      ansible_winrm_transport: fleet.way === 'https' ? 'basic' : 'ntlm',
      ...(fleet.way === 'https' && { ansible_winrm_ca_trust_path: fleet.certificate }),
    }
    const variables = Object.entries(own).map(([name, value]) => `${name}=${value}`)
    writeFileSync(join(folder, 'hosts.ini'), `${[...hosts, '[all:vars]', ...variables].join('\n')}\n`)
    const task = '    - ansible.builtin.raw: hostname\n      changed_when: false'
    writeFileSync(join(folder, 'play.yaml'), `- hosts: all\n  gather_facts: false\n  tasks:\n${task}\n`)
    const settings = ['inventory = hosts.ini', `forks = ${FORKS}`, 'gathering = explicit', 'nocolor = True']
    const places = ['retry_files_enabled = False', `local_tmp = ${join(folder, 'tmp')}`]
    writeFileSync(join(folder, 'ansible.cfg'), `${['[defaults]', ...settings, ...places].join('\n')}\n`)
    const env = { ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), ...withMd4(folder) }
    return { argv: ['ansible-playbook', 'play.yaml'], cwd: folder, env }
  },
}

/** In the order in which they run. */
export const WINRM_TOOLS: readonly WinRmTool[] = [tillWinRm, pywinrm, ansibleWinRm]
