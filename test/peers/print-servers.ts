import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isThere } from './debian.ts'

/** A real print server in a folder of its own, on loopback. */
export interface PrintServer {
  readonly port: number
  readonly folder: string
  stop(): Promise<void>
}

function has(program: string, { debian }: { readonly debian: string }): boolean {
  return isThere({ what: `tests with ${program}`, debian, isHere: existsSync(program) })
}

const isRoot = process.getuid?.() === 0
export const hasCups =
  isRoot && has('/usr/sbin/cupsd', { debian: 'cups' }) && has('/usr/sbin/lpadmin', { debian: 'cups-client' })
export const hasIppPrinter =
  isRoot &&
  has('/usr/sbin/ippeveprinter', { debian: 'cups-ipp-utils' }) &&
  has('/usr/sbin/avahi-daemon', { debian: 'avahi-daemon' }) &&
  has('/usr/bin/dbus-daemon', { debian: 'dbus' })

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Folders that the user `lp` can get into. */
function makeFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `till-${name}-`))
  chmodSync(folder, 0o755)
  return folder
}

function start(
  program: string,
  args: readonly string[],
  options: { log: string; env?: NodeJS.ProcessEnv },
): ChildProcess {
  const out = openSync(options.log, 'a')
  return spawn(program, args, { stdio: ['ignore', out, out], env: { ...process.env, ...options.env } })
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`${what} did not come about.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** What a server has started, such as the backends of CUPS, which would outlive it. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has gone by itself
  }
}

async function end(children: readonly ChildProcess[], folder: string): Promise<void> {
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve()
          const started = childrenOf(child.pid ?? 0)
          child.once('exit', () => {
            for (const pid of started) endQuietly(pid)
            resolve()
          })
          child.kill('SIGKILL')
        }),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
}

/** CUPS's own model of an IPP Everywhere printer. Debian's wants DNS-SD, so that it gets a bus and an avahi of its own. */
export async function startIppPrinter(name: string): Promise<PrintServer> {
  const folder = makeFolder('ippeve')
  const bus = join(folder, 'bus')
  const port = await freePort()
  mkdirSync(join(folder, 'spool'))
  mkdirSync('/run/avahi-daemon', { recursive: true })
  writeFileSync(
    join(folder, 'dbus.conf'),
    `<busconfig><type>system</type><listen>unix:path=${bus}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>`,
  )
  writeFileSync(
    join(folder, 'avahi.conf'),
    '[server]\nhost-name=storehost\nuse-ipv6=no\nallow-interfaces=lo\nenable-dbus=yes\ndisallow-other-stacks=no\n',
  )
  // Lines of a job such as "STATE: +media-jam" become the state of the printer; "HOLD: 6" keeps it at work for seconds.
  const command = join(folder, 'command.sh')
  writeFileSync(
    command,
    '#!/bin/sh\ngrep -aE "^(STATE|ATTR): " "$1" >&2\nsleep "$(sed -n "s/^HOLD: //p" "$1")" 2>/dev/null\nexit 0\n',
    { mode: 0o755 },
  )
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` }
  const log = join(folder, 'log')
  const children = [
    start('dbus-daemon', ['--config-file', join(folder, 'dbus.conf'), '--nofork', '--nopidfile'], { log }),
  ]
  try {
    await until('The bus', () => existsSync(bus))
    // Only one avahi may keep its pid in /run/avahi-daemon.
    const own =
      'mount -t tmpfs tmpfs /run/avahi-daemon && exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0"'
    children.push(start('unshare', ['-m', 'sh', '-c', own, join(folder, 'avahi.conf')], { log, env }))
    const args = ['-p', String(port), '-n', 'localhost', '-r', 'off', '-d', join(folder, 'spool'), '-k', '-c', command]
    const formats = ['-f', 'application/octet-stream,text/plain', name]
    await until('The printer', async () => {
      if (children.length === 2 || children.at(-1)?.exitCode !== null) {
        if (children.length > 2) children.pop()
        children.push(start('/usr/sbin/ippeveprinter', [...args, ...formats], { log, env }))
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      return await listens(port)
    })
  } catch (error) {
    await end(children, folder)
    throw error
  }
  return { port, folder, stop: () => end(children.reverse(), folder) }
}

/** A CUPS scheduler that shares nothing with the machine's own. */
export async function startCups(): Promise<PrintServer & { lp(queue: string, text: string): void }> {
  const folder = makeFolder('cups')
  const port = await freePort()
  for (const name of ['etc', 'spool/tmp', 'cache', 'log', 'run/certs'])
    mkdirSync(join(folder, name), { recursive: true })
  execFileSync('chown', ['-R', 'root:lp', join(folder, 'spool'), join(folder, 'cache')])
  chmodSync(join(folder, 'spool'), 0o710)
  chmodSync(join(folder, 'spool/tmp'), 0o1770)
  chmodSync(join(folder, 'cache'), 0o770)
  const local = 'Order allow,deny\nAllow localhost\n'
  writeFileSync(
    join(folder, 'etc/cupsd.conf'),
    `MaxLogSize 0\nListen 127.0.0.1:${port}\nListen ${folder}/run/cups.sock\nBrowsing No\nWebInterface No
<Location />\n${local}</Location>\n<Location /admin>\n${local}</Location>
<Policy default>\nJobPrivateAccess all\nJobPrivateValues none\n<Limit All>\n${local}</Limit>\n</Policy>\n`,
  )
  const places = { ServerRoot: 'etc', RequestRoot: 'spool', TempDir: 'spool/tmp', CacheDir: 'cache', StateDir: 'run' }
  const logs = { AccessLog: 'log/access_log', ErrorLog: 'log/error_log', PageLog: 'log/page_log' }
  const lines = Object.entries({ ...places, ...logs }).map(([key, place]) => `${key} ${folder}/${place}`)
  writeFileSync(
    join(folder, 'etc/cups-files.conf'),
    ['SystemGroup root', 'User lp', 'Group lp', 'FileDevice Yes', 'Sandboxing relaxed', ...lines, ''].join('\n'),
  )
  const config = ['-f', '-c', join(folder, 'etc/cupsd.conf'), '-s', join(folder, 'etc/cups-files.conf')]
  const child = start('/usr/sbin/cupsd', config, { log: join(folder, 'log/stdout') })
  try {
    await until('CUPS', () => listens(port))
  } catch (error) {
    await end([child], folder)
    throw error
  }
  return {
    port,
    folder,
    lp: (queue, text) => {
      const options = { input: text, stdio: ['pipe', 'ignore', 'ignore'] as ('pipe' | 'ignore')[], timeout: 10_000 }
      execFileSync('lp', ['-h', `127.0.0.1:${port}`, '-d', queue], options)
    },
    stop: () => end([child], folder),
  }
}

/** Makes a queue of a CUPS server that accepts jobs. */
export function makeQueue(cups: PrintServer, name: string, device: string, model = 'raw'): void {
  const args = ['-h', `127.0.0.1:${cups.port}`, '-p', name, '-E', '-v', device, '-m', model]
  execFileSync('/usr/sbin/lpadmin', args, { stdio: 'ignore', timeout: 20_000 })
}

export const hasPrinterApplication = has('/usr/bin/lprint', { debian: 'lprint' }) && existsSync('/usr/bin/ipptool')

/** A printer application of PAPPL: Debian's lprint, with one printer for labels whose device nobody listens at. */
export async function startPrinterApplication(name: string): Promise<PrintServer> {
  const folder = makeFolder('lprint')
  const port = await freePort()
  const env = { HOME: folder, TMPDIR: folder, XDG_CONFIG_HOME: folder }
  const options = ['-o', `server-port=${port}`, '-o', 'listen-hostname=127.0.0.1', '-o', 'server-name=localhost']
  const child = start('/usr/bin/lprint', ['server', ...options], { log: join(folder, 'log'), env })
  try {
    await until('The printer application', () => listens(port))
    const add = ['add', '-h', `127.0.0.1:${port}`, '-d', name, '-v', 'socket://127.0.0.1:9']
    const model = ['-m', 'zpl_2inch-203dpi-tt']
    execFileSync('/usr/bin/lprint', [...add, ...model], { env: { ...process.env, ...env }, timeout: 15_000 })
  } catch (error) {
    await end([child], folder)
    throw error
  }
  return { port, folder, stop: () => end([child], folder) }
}

export const hasSnmpSimulator = has('/usr/bin/snmpsimd', { debian: 'snmpsim' })

/** An agent for every recording: its name is the community, its lines are `OID|TAG|VALUE`. */
export async function startSnmpSimulator(
  recordings: Readonly<Record<string, readonly string[]>>,
): Promise<PrintServer> {
  const folder = makeFolder('snmp')
  for (const name of ['data', 'cache']) mkdirSync(join(folder, name))
  for (const [name, lines] of Object.entries(recordings)) {
    writeFileSync(join(folder, 'data', `${name}.snmprec`), `${lines.join('\n')}\n`)
  }
  execFileSync('chmod', ['-R', 'a+rwX', folder])
  const port = await freeDatagramPort()
  const places = [
    `--data-dir=${folder}/data`,
    `--cache-dir=${folder}/cache`,
    `--agent-udpv4-endpoint=127.0.0.1:${port}`,
  ]
  const user = isRoot ? ['--process-user=nobody', '--process-group=nogroup'] : []
  const log = join(folder, 'log')
  const child = start('/usr/bin/snmpsimd', [...places, ...user], { log })
  try {
    await until('The SNMP simulator', () => {
      const said = readFileSync(log, 'utf8')
      if (child.exitCode !== null) throw new Error(`The SNMP simulator ended: ${said.slice(-1000)}`)
      return said.includes('Listening at UDP/IPv4')
    })
  } catch (error) {
    await end([child], folder)
    throw error
  }
  return { port, folder, stop: () => end([child], folder) }
}

async function freeDatagramPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}
