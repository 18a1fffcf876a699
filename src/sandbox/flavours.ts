import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FLAVOURS, type FlavourName } from './device-spec.ts'
import { systemProgram, writeScripts } from './isolation.ts'
import { DEVICE_NODES } from './isolation-scripts.ts'

const STAND_INS = fileURLToPath(new URL('../sandbox/stand-ins/', import.meta.url))

/** Where programs of the host are, as seen from a device. */
const HOST_PROGRAMS = [
  { host: '/bin', place: 'root-bin' },
  { host: '/sbin', place: 'root-sbin' },
  { host: '/usr/bin', place: 'bin' },
  { host: '/usr/sbin', place: 'sbin' },
]
const SHARED_USR = ['lib', 'lib32', 'lib64', 'libx32', 'libexec', 'share']
const ROOT_FOLDERS = ['lib', 'lib32', 'lib64', 'libx32']

/** Where the loader finds libraries. */
const LIBRARY_CACHE = '/etc/ld.so.cache'

interface Flavour {
  /** Programs of busybox instead of the host's own. */
  readonly busybox: boolean
  /** Programs that exist here and are imitated; each is a file of `stand-ins`. */
  readonly standIns: readonly string[]
  /** Other names of stand-ins. */
  readonly aliases: Readonly<Record<string, string>>
}

const EVERYWHERE = ['hostname', 'uname', 'sudo', 'pgrep', 'ps', 'zabbix_agent2', 'zabbix_get', 'reboot']
const SYSTEMD = ['systemctl', 'journalctl', 'hostnamectl', 'lpstat']
const EVERYWHERE_ALIASES = {
  pidof: 'pgrep',
  pkill: 'pgrep',
  poweroff: 'reboot',
  shutdown: 'reboot',
  halt: 'reboot',
}

const FLAVOUR_PROGRAMS: Readonly<Record<FlavourName, Flavour>> = {
  debian: {
    busybox: false,
    standIns: [...EVERYWHERE, ...SYSTEMD, 'service', 'dpkg', 'dpkg-query', 'apt-get', 'apt-cache', 'apt-mark'],
    aliases: { ...EVERYWHERE_ALIASES, apt: 'apt-get' },
  },
  redhat: {
    busybox: false,
    standIns: [...EVERYWHERE, ...SYSTEMD, 'service', 'rpm', 'dnf'],
    aliases: { ...EVERYWHERE_ALIASES, yum: 'dnf' },
  },
  alpine: {
    busybox: true,
    standIns: [...EVERYWHERE, 'rc-service', 'rc-update', 'rc-status', 'apk', 'lpstat'],
    aliases: EVERYWHERE_ALIASES,
  },
  router: { busybox: true, standIns: [...EVERYWHERE, 'service'], aliases: EVERYWHERE_ALIASES },
}

/** Never passed on from the host: they would speak of the host, or change what only root of a real machine may. */
const WITHHELD = new RegExp(
  `^(${[
    'apt.*|aptitude|dpkg.*|snap|flatpak|rpm.*|dnf.*|yum.*|zypper|apk|pacman|opkg',
    'systemctl|systemd.*|journalctl|loginctl|networkctl|hostnamectl|timedatectl|localectl|busctl|machinectl',
    'service|invoke-rc\\.d|update-rc\\.d|chkconfig|rc-.*|openrc.*|init|telinit|runlevel',
    'sudo.*|su|runuser|pkexec|doas|docker.*|podman.*|kubectl|lxc.*|virsh',
    'lp|lp[a-z]+|cups.*|ipptool|cancel|accept|reject',
    'reboot|poweroff|shutdown|halt|hostname|uname|ps|pgrep|pkill|pidof|pidwait|zabbix.*',
  ].join('|')})$`,
)

/** What Alpine has and the busybox of some distributions lacks. */
const BESIDE_BUSYBOX = [
  'nohup',
  'cksum',
  'comm',
  'install',
  'split',
  'sum',
  'flock',
  'tac',
  'tree',
  'ldd',
  'getent',
  'locale',
]

/** Lays out what devices of a kind share: their programs, as links to the host's and as stand-ins. */
export function layOutFlavours(folder: string, names: Iterable<FlavourName> = FLAVOURS): void {
  mkdirSync(folder, { recursive: true })
  writeScripts(folder)
  const wanted = [...new Set(names)]
  for (const name of wanted) layOut(join(folder, name), FLAVOUR_PROGRAMS[name])
  writeFileSync(join(folder, 'fstab'), worldFstab(wanted))
  // A copy: with every package that is installed, ldconfig puts another file in its place. A library that it names and
  // that has gone by then is looked for in the usual folders (ld.so(8)).
  if (existsSync(LIBRARY_CACHE)) copyFileSync(LIBRARY_CACHE, join(folder, basename(LIBRARY_CACHE)))
}

/** What is bound once in the world of a worker: folders of the host into each flavour, and the nodes of /dev. */
function worldFstab(names: readonly FlavourName[]): string {
  const places = [
    ...SHARED_USR.map((part) => ({ host: `/usr/${part}`, place: part })),
    ...HOST_PROGRAMS.map(({ host, place }) => ({ host, place: `.host/${place}` })),
  ].filter(({ host }) => isFolder(host))
  const folders = names.flatMap((name) =>
    places.map(({ host, place }) => [host, `/flavours/${name}/usr/${place}`, 'rbind']),
  )
  const nodes = DEVICE_NODES.map((name) => [`/old/dev/${name}`, `/dev/${name}`, 'bind'])
  return [...folders, ...nodes].map(([from, to, how]) => `${from} ${to} none ${how} 0 0\n`).join('')
}

/** Links (or, on a host that keeps them apart, folders) at the root of a device. */
export function rootEntries(): readonly { readonly name: string; readonly link?: string }[] {
  const libraries = ROOT_FOLDERS.filter((name) => existsSync(`/${name}`))
  return [
    { name: 'bin', link: 'usr/bin' },
    { name: 'sbin', link: 'usr/sbin' },
    ...libraries.map((name) => (isFolder(`/${name}`) ? { name } : { name, link: readlinkSync(`/${name}`) })),
  ]
}

function layOut(folder: string, flavour: Flavour): void {
  const usr = join(folder, 'usr')
  const bin = join(usr, 'bin')
  for (const part of ['bin', '.host', '.sandbox', 'local']) mkdirSync(join(usr, part), { recursive: true })
  symlinkSync('bin', join(usr, 'sbin'))
  for (const { host, place } of HOST_PROGRAMS) if (isFolder(host)) mkdirSync(join(usr, '.host', place))
  for (const part of SHARED_USR.filter((name) => existsSync(`/usr/${name}`))) {
    if (isFolder(`/usr/${part}`)) mkdirSync(join(usr, part))
    else symlinkSync(readlinkSync(`/usr/${part}`), join(usr, part))
  }
  for (const name of ['umount', 'setpriv', 'cat', 'sleep', 'uname', 'ps', 'dpkg', 'dpkg-deb'])
    link(join(usr, '.host'), name, hostPlace(name))
  const programs = flavour.busybox ? busyboxPrograms() : hostPrograms()
  for (const [name, target] of programs) symlinkSync(relative(bin, join(usr, '.host', target)), join(bin, name))
  for (const name of flavour.standIns) copyProgram(join(STAND_INS, name), join(bin, name))
  for (const [name, standIn] of Object.entries(flavour.aliases)) symlinkSync(standIn, join(bin, name))
  for (const name of ['library', 'restricted-shell', 'init-script'])
    copyProgram(join(STAND_INS, name), join(usr, '.sandbox', name))
  writeFileSync(join(folder, 'fstab'), fstab(basename(folder)))
}

function fstab(flavour: string): string {
  const lines = [
    `/flavours/${flavour}/usr /mnt/usr none rbind 0 0`,
    '/mnt/var/lib/till-sandbox/usr-local /mnt/usr/local none bind 0 0',
    '/dev /mnt/dev none rbind 0 0',
    'proc /mnt/proc proc nosuid,nodev,noexec 0 0',
    ...ROOT_FOLDERS.filter((name) => isFolder(`/${name}`)).map((name) => `/${name} /mnt/${name} none rbind 0 0`),
    ...(existsSync('/etc/alternatives') ? ['/etc.alternatives /mnt/etc/alternatives none bind 0 0'] : []),
    ...(existsSync(LIBRARY_CACHE) ? [`/flavours/ld.so.cache /mnt${LIBRARY_CACHE} none bind 0 0`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Name of each program and where it is below `/usr/.host`; what stands later in the host's path goes under. */
function hostPrograms(): ReadonlyMap<string, string> {
  const programs = new Map<string, string>()
  for (const { host, place } of HOST_PROGRAMS) {
    if (!isFolder(host)) continue
    for (const name of readdirSync(host)) if (!WITHHELD.test(name)) programs.set(name, `${place}/${name}`)
  }
  return programs
}

/** Busybox under every name that it is known by; without a busybox here, the host's own programs. */
function busyboxPrograms(): ReadonlyMap<string, string> {
  const all = hostPrograms()
  const busybox = all.get('busybox')
  if (busybox === undefined) return all
  const programs = new Map([['busybox', busybox]])
  for (const name of appletsOf(systemProgram('busybox') ?? 'busybox'))
    if (!WITHHELD.test(name)) programs.set(name, busybox)
  for (const name of BESIDE_BUSYBOX) {
    const program = all.get(name)
    if (program !== undefined) programs.set(name, program)
  }
  return programs
}

function appletsOf(busybox: string): readonly string[] {
  const { stdout } = spawnSync(busybox, ['--list'], { encoding: 'utf8' })
  return stdout.split('\n').filter((name) => /^[\w.[\]-]+$/.test(name))
}

function hostPlace(name: string): string | undefined {
  const path = systemProgram(name)
  if (path === undefined) return undefined
  const folder = HOST_PROGRAMS.filter(({ host }) => isFolder(host)).find(({ host }) => existsSync(join(host, name)))
  return folder && `${folder.place}/${name}`
}

function link(folder: string, name: string, target: string | undefined): void {
  if (target !== undefined) symlinkSync(target, join(folder, name))
}

function copyProgram(from: string, to: string): void {
  if (existsSync(to) || isLink(to)) throw new Error(`${dirname(to)} has ${basename(to)} already`)
  copyFileSync(from, to)
  chmodSync(to, 0o755)
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}
