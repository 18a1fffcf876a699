import './shown-values.ts'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { DeviceShell } from '../../src/core/chain.ts'
import type { ProcessStream, ShellAnswer, ShellRequest } from '../../src/core/channel.ts'
import { openPosixShell } from '../../src/shell/posix-channel.ts'
import { localTransport } from '../../src/transports/local.ts'
import { localTarget } from '../peers/targets.ts'
import { DEADLINES } from '../shell/shells.ts'
import { filledIn, type GivenFile, type ModuleCase } from './case.ts'

const STAND_INS = join(import.meta.dirname, 'stand-ins')
const LOGGING = `#!/bin/sh
STATE=\${0%/*/*}/state
log() { printf '%s\\n' "$*" >>"\${0%/*/*}/log"; }
`

/** A device for one case: a private root, the programs that it has, and what runs on it. */
export interface World {
  readonly names: Readonly<Record<string, string>>
  readonly shell: DeviceShell
  /** How many questions were asked of the device so far. */
  asked(): number
  /** The last question and its answer. */
  last(): { readonly request: ShellRequest; readonly answer: ShellAnswer } | undefined
  /** Everything in the private root, but for the log of the stand-ins. */
  snapshot(): Readonly<Record<string, string>>
  log(): readonly string[]
  /** The line drops: only the end of its input says so to what runs there. */
  hangUp(): void
  close(): Promise<void>
}

/** Sets the world of a case up for the interpreter at `shellPath`. */
export async function openWorld(
  shellPath: string,
  given: NonNullable<ModuleCase['given']>,
  more: { readonly lockName?: string } = {},
): Promise<World> {
  const home = mkdtempSync(join(tmpdir(), 'till-case-'))
  const root = join(home, 'root')
  const names: Record<string, string> = { ROOT: root }
  const server = await listen(given)
  if (server) {
    names['PORT'] = String((server.address() as AddressInfo).port)
    names['URL'] = `http://127.0.0.1:${names['PORT']}`
  }
  const set = filledIn(given, names)
  for (const folder of ['root/tmp', 'bin', 'state', 'sh']) mkdirSync(join(home, folder), { recursive: true })
  symlinkSync(shellPath, join(home, 'sh', 'sh'))
  for (const [path, file] of Object.entries(set.files ?? {})) put(join(root, path), file)
  for (const [name, text] of Object.entries(set.state ?? {})) put(join(home, 'state', name), text)
  for (const [name, text] of Object.entries(set.bin ?? {})) program(join(home, 'bin', name), LOGGING + text)
  for (const name of set.stand_ins ?? []) {
    program(join(home, 'bin', name), LOGGING + readFileSync(join(STAND_INS, name), 'utf8'))
  }
  const processes = (set.processes ?? []).map((words) => run(join(home, 'programs'), words))
  const path = [join(home, 'sh'), join(home, 'bin'), ...machinePath(shellPath, set.missing ?? [])].join(':')
  const prepare = `ROOT='${root}' TMPDIR='${root}/tmp' PATH='${path}'; export ROOT TMPDIR PATH; cd "$ROOT" || exit; `
  const connected = await localTransport.connect(localTarget(), new AbortController().signal)
  if (!connected.ok) throw new Error(connected.failure.message)
  const connection = connected.value
  const streams: ProcessStream[] = []
  // Where it is to outlive its line it is out of reach of who ends the process group, as behind a server.
  const away = more.lockName === undefined ? '' : 'setsid -w '
  const shell = openPosixShell({
    start: async (command, input) => {
      const started = await connection.exec(prepare + away + mounting(command, set.mounts), input)
      if (started.ok) streams.push(started.value)
      return started
    },
    deadlines: DEADLINES,
    ...more,
  })
  let asked = 0
  let last: { readonly request: ShellRequest; readonly answer: ShellAnswer } | undefined
  return {
    names,
    shell: {
      kind: 'shell',
      dialect: shell.dialect,
      ask: async (request) => {
        asked += 1
        const answer = await shell.ask(request)
        last = { request, answer }
        return answer
      },
      chain: (links) => shell.chain(links),
      upload: (...args) => shell.upload(...args),
    },
    asked: () => asked,
    last: () => last,
    snapshot: () => ({ ...snapshot(root), ...snapshot(join(home, 'state')) }),
    log: () => (existsSync(join(home, 'log')) ? readFileSync(join(home, 'log'), 'utf8').trimEnd().split('\n') : []),
    hangUp: () => {
      for (const stream of streams) stream.destroy()
    },
    close: async () => {
      shell.close()
      await connection.close()
      await Promise.all(processes.map(ended))
      server?.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Why mount namespaces cannot be had here; undefined when they can. */
export function whyNoMounts(): string | undefined {
  const tried = spawnSync('unshare', ['-rm', 'true'])
  return tried.status === 0 ? undefined : 'mount namespaces are not permitted here (util-linux, user namespaces)'
}

function mounting(command: string, mounts: Readonly<Record<string, string>> | undefined): string {
  if (!mounts) return command
  const binds = Object.entries(mounts).map(([at, from]) => `mount --bind ${from} ${at} && `)
  return `exec unshare -rm /bin/sh -c '${binds.join('')}exec ${command.replaceAll("'", `'\\''`)}'`
}

function put(path: string, file: GivenFile): void {
  mkdirSync(dirname(path), { recursive: true })
  if (typeof file === 'string') writeFileSync(path, file)
  else if ('link' in file) symlinkSync(file.link, path)
  else if ('folder' in file) mkdirSync(path, { recursive: true })
  else {
    writeFileSync(path, '')
    truncateSync(path, file.hole_bytes ?? 0)
    appendFileSync(path, file.content.repeat(file.repeat ?? 1))
  }
  if (typeof file === 'object' && 'mode' in file && file.mode !== undefined)
    chmodSync(path, Number.parseInt(file.mode, 8))
  if (typeof file === 'object' && 'age_minutes' in file && file.age_minutes !== undefined) {
    const at = Date.now() / 1000 - file.age_minutes * 60
    utimesSync(path, at, at)
  }
}

function program(path: string, text: string): void {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

function run(folder: string, [name = '', ...args]: readonly string[]): ChildProcess {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  if (!existsSync(path)) cpSync('/bin/sleep', path)
  return spawn(path, args, { stdio: 'ignore' })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}

function listen(given: NonNullable<ModuleCase['given']>): Promise<Server> | undefined {
  if (!given.listen && !given.http) return undefined
  const { http = {} } = given
  const server: Server = given.http
    ? createHttpServer((request, response) => {
        const answer = http[request.url ?? '']
        response.writeHead(answer?.status ?? (answer ? 200 : 404), answer?.headers ?? {})
        response.end(answer?.body ?? '')
      })
    : createServer((socket) => socket.end())
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

const farms = new Map<string, string>()

/**
 * Where the machine's programs are found. A busybox device has busybox's own and nothing else, as on Alpine; one that
 * misses some gets a folder of links to all others.
 */
function machinePath(shellPath: string, missing: readonly string[]): readonly string[] {
  const isBusybox = basename(shellPath) === 'busybox'
  const own = (process.env['PATH'] ?? '/usr/bin:/bin').split(':')
  if (!isBusybox && missing.length === 0) return own
  const key = `${shellPath} ${missing.join(' ')}`
  const folder = farms.get(key) ?? mkdtempSync(join(tmpdir(), 'till-tools-'))
  if (farms.has(key)) return [folder]
  farms.set(key, folder)
  const programs = isBusybox
    ? new Map(
        execFileSync(shellPath, ['--list'], { encoding: 'utf8' })
          .split('\n')
          .map((name) => [name, shellPath]),
      )
    : new Map(
        own
          .filter(existsSync)
          .reverse()
          .flatMap((at) => readdirSync(at).map((name) => [name, join(at, name)])),
      )
  for (const [name, path] of programs) if (name !== '' && !missing.includes(name)) symlinkSync(path, join(folder, name))
  return [folder]
}

/** Removes what worlds share. */
export function removeFarms(): void {
  for (const folder of farms.values()) rmSync(folder, { recursive: true, force: true })
  farms.clear()
}

function snapshot(folder: string): Record<string, string> {
  const seen: Record<string, string> = {}
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    const stat = lstatSync(path)
    const content = stat.isFile() ? readFileSync(path, 'latin1') : stat.isSymbolicLink() ? readlinkSync(path) : ''
    seen[path] = `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeMs} ${content}`
  }
  return seen
}
