import { applicationTexts, hasApplication, receiptLines, text } from './application-texts.ts'
import type { DeviceSpec, FlavourName } from './device-spec.ts'
import { chance } from './fault.ts'

export interface InitialFile {
  readonly content: string
  readonly mode?: number
}

interface Service {
  readonly name: string
  readonly description: string
  readonly command: string
  readonly user?: string
  /** Sh that has to succeed before it starts. */
  readonly check?: string
  readonly enabled?: 'static'
}

/** What can be wrong with a device that has drifted; each has at least one of them. */
const DRIFTS = ['agent-version', 'agent-config', 'agent-stopped', 'app-config', 'app-stopped'] as const
export type Drift = (typeof DRIFTS)[number]

/** The versions that a device has when the inventory names none. */
export const DEFAULT_AGENT = '7.0.6'
export const OLD_AGENT = '6.4.12'

/** Files of a device as it comes, by path without the leading slash. The same for the same seed. */
export function initialFiles(
  spec: DeviceSpec,
  options: { readonly seed: number; readonly drift: number },
): ReadonlyMap<string, InitialFile> {
  const drifts = driftsOf(spec, options)
  const hostname = hostnameOf(spec.name)
  return new Map([
    ...systemFiles(spec, hostname),
    ...agentFiles(spec, hostname, drifts),
    ...applicationFiles(spec, drifts),
    ...packageFiles(spec, drifts),
    ...serviceFiles(spec, drifts),
  ])
}

/** What is wrong with a device from the start; empty for one that is as the inventory wants. */
export function driftsOf(
  spec: Pick<DeviceSpec, 'name' | 'kind'>,
  options: { readonly seed: number; readonly drift: number },
  can: (drift: Drift) => boolean = () => true,
): ReadonlySet<Drift> {
  if (chance(`drift ${options.seed}`, spec.name) >= options.drift) return new Set()
  const possible = DRIFTS.filter((drift) => can(drift) && (hasApplication(spec) || !drift.startsWith('app')))
  const first = possible[Math.floor(chance(`first ${options.seed}`, spec.name) * possible.length)]
  const more = possible.filter((drift) => chance(`${drift} ${options.seed}`, spec.name) < 0.25)
  return new Set([...(first === undefined ? [] : [first]), ...more])
}

export function hostnameOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}

type Files = [string, InitialFile][]

function systemFiles(spec: DeviceSpec, hostname: string): Files {
  const release = releaseOf(spec)
  return [
    ['etc/hostname', { content: `${hostname}\n` }],
    ['etc/hosts', { content: `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}\n` }],
    [
      'etc/os-release',
      {
        content: Object.entries(release)
          .map(([key, value]) => `${key}="${value}"\n`)
          .join(''),
      },
    ],
    ['etc/passwd', { content: PASSWD }],
    ['etc/group', { content: GROUP }],
    ['etc/shadow', { content: 'root:*:20000:0:99999:7:::\n', mode: 0o600 }],
    ['etc/shells', { content: '/bin/sh\n' }],
    ['etc/nsswitch.conf', { content: 'passwd: files\ngroup: files\nhosts: files\n' }],
    ['etc/machine-id', { content: `${idOf(spec.name)}\n` }],
    ['etc/ld.so.cache', { content: '' }],
    ['etc/profile', { content: 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n' }],
    ['var/log/messages', { content: '' }],
    ...(spec.flavour === 'debian' ? ([['etc/debian_version', { content: `${release.VERSION_ID}.5\n` }]] as Files) : []),
    ...(spec.flavour === 'debian' || spec.flavour === 'redhat'
      ? ([['etc/systemd/system/.keep', { content: '' }]] as Files)
      : []),
    ...(spec.flavour === 'alpine' ? ([['etc/alpine-release', { content: `${release.VERSION_ID}\n` }]] as Files) : []),
  ]
}

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
zabbix:x:110:110::/var/lib/zabbix:/usr/sbin/nologin
till:x:1000:1000:till:/home/till:/bin/sh
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin
`
const GROUP = `root:x:0:
daemon:x:1:
adm:x:4:
www-data:x:33:
zabbix:x:110:
till:x:1000:
nogroup:x:65534:
`

function idOf(name: string): string {
  const part = (salt: string): string =>
    Math.floor(chance(salt, name) * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return ['a', 'b', 'c', 'd'].map(part).join('')
}

function releaseOf(spec: DeviceSpec): {
  readonly ID: string
  readonly VERSION_ID: string
  readonly PRETTY_NAME: string
} {
  const ids: Readonly<Record<FlavourName, string>> = {
    debian: 'debian',
    redhat: 'rocky',
    alpine: 'alpine',
    router: 'openwrt',
  }
  const versions: Readonly<Record<FlavourName, string>> = {
    debian: '12',
    redhat: '9.4',
    alpine: '3.20.3',
    router: '23.05.4',
  }
  const id = spec.os.distribution?.toLowerCase() ?? ids[spec.flavour]
  const version = spec.os.version ?? versions[spec.flavour]
  return { ID: id, VERSION_ID: version, PRETTY_NAME: `${id[0]?.toUpperCase()}${id.slice(1)} ${version}` }
}

function agentFiles(spec: DeviceSpec, hostname: string, drifts: ReadonlySet<Drift>): Files {
  if (spec.flavour === 'router') return []
  const server = drifts.has('agent-config')
    ? '10.0.0.5'
    : text(spec.vars, 'zabbix-proxy.example', ['agent', 'server'], ['zabbix', 'server'])
  const hostName = text(spec.vars, hostname, ['agent', 'hostname'])
  const lines = [
    '# Zabbix agent 2',
    'PidFile=/run/zabbix/zabbix_agent2.pid',
    'LogFile=/var/log/zabbix/zabbix_agent2.log',
    'LogFileSize=0',
    `Server=${server}`,
    `ServerActive=${server}`,
    `Hostname=${hostName}`,
    'ControlSocket=/run/zabbix/agent.sock',
    'Include=/etc/zabbix/zabbix_agent2.d/*.conf',
  ]
  return [
    ['etc/zabbix/zabbix_agent2.conf', { content: `${lines.join('\n')}\n` }],
    ['etc/zabbix/zabbix_agent2.d/.keep', { content: '' }],
    ['var/log/zabbix/zabbix_agent2.log', { content: '' }],
  ]
}

function applicationFiles(spec: DeviceSpec, drifts: ReadonlySet<Drift>): Files {
  if (!hasApplication(spec)) return []
  const texts = applicationTexts(spec, { wrong: drifts.has('app-config'), printer: '/dev/usb/lp0' })
  return [
    ...Object.entries(texts.config).map(([name, content]): Files[number] => [`etc/tillapp/${name}`, { content }]),
    ['opt/tillapp/VERSION', { content: `${texts.version}\n` }],
    ['var/log/tillapp/tillapp.log', { content: '' }],
    ['var/log/tillapp/receipts.log', { content: receiptLines(spec.name, new Date()) }],
    ['var/lib/tillapp/outgoing/.keep', { content: '' }],
    ['var/lib/tillapp/receipts/.keep', { content: '' }],
  ]
}

const REVISION: Readonly<Record<FlavourName, string>> = {
  debian: '-1+debian12',
  redhat: '-release1.el9',
  alpine: '-r0',
  router: '',
}
const ARCHITECTURE: Readonly<Record<FlavourName, string>> = {
  debian: 'amd64',
  redhat: 'x86_64',
  alpine: 'x86_64',
  router: 'mipsel',
}

function packageFiles(spec: DeviceSpec, drifts: ReadonlySet<Drift>): Files {
  if (spec.flavour === 'router') return []
  const revision = REVISION[spec.flavour]
  const architecture = ARCHITECTURE[spec.flavour]
  const agent = text(spec.vars, DEFAULT_AGENT, ['agent', 'version'], ['zabbix', 'version'])
  const epoch = spec.flavour === 'debian' ? '1:' : ''
  const application = text(spec.vars, '24.11.3', ['tillapp', 'version'])
  const offered: [string, string[]][] = [
    ['zabbix-agent2', [agent, OLD_AGENT, DEFAULT_AGENT].map((version) => `${epoch}${version}${revision}`)],
    ...BASE_PACKAGES.map(([name, version]): [string, string[]] => [name, [`${version}${revision}`]]),
    ...(hasApplication(spec) ? ([['tillapp', [`${application}${revision}`]]] as [string, string[]][]) : []),
  ]
  const agentIndex = drifts.has('agent-version') ? 1 : 0
  const installed = offered.filter(([name]) => !NOT_INSTALLED.has(name))
  const line = (name: string, version: string | undefined): string => `${name} ${version} ${architecture}\n`
  return [
    [
      'var/lib/till-sandbox/packages',
      {
        content: installed
          .map(([name, versions]) => line(name, versions[name === 'zabbix-agent2' ? agentIndex : 0]))
          .join(''),
      },
    ],
    [
      'var/lib/till-sandbox/available',
      { content: offered.flatMap(([name, versions]) => [...new Set(versions)].map((v) => line(name, v))).join('') },
    ],
  ]
}

const BASE_PACKAGES: readonly (readonly [string, string])[] = [
  ['openssh-server', '9.2'],
  ['chrony', '4.3'],
  ['cups', '2.4.2'],
  ['curl', '7.88.1'],
  ['ca-certificates', '20230311'],
  ['tzdata', '2024b'],
  ['htop', '3.2.2'],
  ['jq', '1.6'],
]
const NOT_INSTALLED = new Set(['htop', 'jq'])

function serviceFiles(spec: DeviceSpec, drifts: ReadonlySet<Drift>): Files {
  const stopped = new Set([
    ...(drifts.has('agent-stopped') ? ['zabbix-agent2'] : []),
    ...(drifts.has('app-stopped') ? ['tillapp'] : []),
  ])
  return servicesOf(spec).flatMap((service): Files => {
    const fields = {
      description: service.description,
      command: service.command,
      user: service.user ?? 'root',
      ...(service.check !== undefined && { check: service.check }),
      active: stopped.has(service.name) ? 'inactive' : 'active',
      enabled: service.enabled ?? 'enabled',
    }
    const content = Object.entries(fields)
      .map(([key, value]) => `${key}=${value}\n`)
      .join('')
    const state: Files[number] = [`var/lib/till-sandbox/services/${service.name}`, { content }]
    if (service.name.startsWith('cups')) return [state, ...queueFiles(spec)]
    if (spec.flavour !== 'router') return [state]
    const script = `#!/bin/sh\nexec /usr/.sandbox/init-script ${service.name} "$@"\n`
    return [state, [`etc/init.d/${service.name}`, { content: script, mode: 0o755 }]]
  })
}

/** A till prints its receipts through a queue. */
function queueFiles(spec: DeviceSpec): Files {
  if (!hasApplication(spec)) return []
  const content = 'is idle.  enabled since Wed Nov 25 18:48:04 2026\n'
  return [['var/lib/till-sandbox/queues/receipts', { content }]]
}

function servicesOf(spec: DeviceSpec): readonly Service[] {
  const ssh = spec.flavour === 'debian' ? 'ssh' : spec.flavour === 'router' ? 'dropbear' : 'sshd'
  const base: Service[] = [
    { name: ssh, description: 'OpenBSD Secure Shell server', command: '/usr/sbin/sshd -D' },
    {
      name: spec.flavour === 'alpine' ? 'chronyd' : 'chrony',
      description: 'Network time',
      command: '/usr/sbin/chronyd',
    },
  ]
  if (spec.flavour === 'router') {
    return [
      base[0] as Service,
      { name: 'network', description: 'Network', command: '/sbin/netifd' },
      { name: 'dnsmasq', description: 'DNS and DHCP', command: '/usr/sbin/dnsmasq' },
    ]
  }
  const agent: Service = {
    name: 'zabbix-agent2',
    description: 'Zabbix Agent 2',
    command: '/usr/sbin/zabbix_agent2 -c /etc/zabbix/zabbix_agent2.conf',
    user: 'zabbix',
    check: 'zabbix_agent2 -T',
  }
  const cups: Service = {
    name: spec.flavour === 'alpine' ? 'cupsd' : 'cups',
    description: 'CUPS Scheduler',
    command: '/usr/sbin/cupsd -l',
  }
  const application: Service = {
    name: 'tillapp',
    description: 'Till application',
    command: '/opt/tillapp/bin/tillapp --config /etc/tillapp/till.ini',
    user: 'till',
  }
  return [...base, agent, cups, ...(hasApplication(spec) ? [application] : [])]
}
