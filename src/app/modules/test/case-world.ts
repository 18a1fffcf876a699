import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import type { JsonValue } from '../../../core/json.ts'
import type { Target } from '../../../core/transport.ts'
import type { CaseFile, ModuleCase } from '../../../lang/module/load-cases.ts'
import { quotePosix } from '../../../shell/posix.ts'
import { openPosixShell, type PosixShell } from '../../../shell/posix-channel.ts'
import { localTransport } from '../../../transports/local.ts'

const DEADLINE_MS = 30_000

const MAIN_THREAD: Target = {
  device: 'this machine',
  type: 'local',
  address: '127.0.0.1',
  port: 0,
  user: '',
  keys: [],
  hostKeys: [],
  deadlines: {
    resolve: DEADLINE_MS,
    connect: DEADLINE_MS,
    identify: DEADLINE_MS,
    authenticate: DEADLINE_MS,
    open: DEADLINE_MS,
    observe: DEADLINE_MS,
    converge: DEADLINE_MS,
    verify: DEADLINE_MS,
  },
  keepAliveMs: 0,
  maxOutputBytes: 1024 * 1024,
}

/** What is in a folder: type, mode and content of everything below it; with times, also when it was written. */
export type Snapshot = ReadonlyMap<string, string>

/** The device of one case: a private folder of this machine, and programs that it has beside those of the machine. */
export class CaseWorld {
  /** What stands for the root of the device. */
  readonly root: string
  readonly #home: string

  constructor(given: ModuleCase['given']) {
    this.#home = realpathSync(mkdtempSync(join(tmpdir(), 'till-module-')))
    this.root = join(this.#home, 'root')
    for (const folder of ['root/tmp', 'bin', 'sh']) mkdirSync(join(this.#home, folder), { recursive: true })
    for (const [path, file] of Object.entries(given?.files ?? {})) this.#put(path, file)
    for (const [name, text] of Object.entries(given?.programs ?? {})) {
      writeFileSync(join(this.#home, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    }
  }

  /** Data of the case, with the folder in place of `$ROOT`. */
  filledIn<T>(data: T): T {
    return fill(data as JsonValue, this.root) as T
  }

  /** The path on this machine of one of the case: below the root, wherever it begins. */
  at(path: string): string {
    const inside = path.startsWith(this.root) ? path.slice(this.root.length) : path
    return join(this.root, normalize(join('/', inside)))
  }

  snapshot(times: boolean): Snapshot {
    const names = readdirSync(this.root, { recursive: true, encoding: 'utf8' }).sort()
    return new Map(names.map((name) => [name, described(join(this.root, name), times)]))
  }

  /** The variables that scripts see. */
  environment(): Readonly<Record<string, string>> {
    const path = [join(this.#home, 'sh'), join(this.#home, 'bin'), process.env['PATH'] ?? '/usr/bin:/bin'].join(':')
    return { ROOT: this.root, HOME: this.root, TMPDIR: join(this.root, 'tmp'), PATH: path }
  }

  /** The channel that devices get, to an interpreter of this machine. */
  async openShell(interpreter: string): Promise<{ readonly shell: PosixShell; readonly close: () => Promise<void> }> {
    symlinkSync(interpreter, join(this.#home, 'sh', 'sh'))
    const variables = Object.entries(this.environment()).map(([name, value]) => `${name}=${quotePosix(value)}`)
    const prepare = `${variables.join(' ')}; export ROOT HOME TMPDIR PATH; cd "$ROOT" || exit; `
    const connected = await localTransport.connect(MAIN_THREAD, new AbortController().signal)
    if (!connected.ok) throw new Error(connected.failure.message)
    const connection = connected.value
    const shell = openPosixShell({
      start: (command, input) => connection.exec(prepare + command, input),
      deadlines: MAIN_THREAD.deadlines,
    })
    return {
      shell,
      close: async () => {
        shell.close()
        await connection.close()
      },
    }
  }

  remove(): void {
    rmSync(this.#home, { recursive: true, force: true })
  }

  #put(path: string, file: CaseFile): void {
    const at = this.at(path)
    mkdirSync(dirname(at), { recursive: true })
    const { content = '', mode, link, folder } = typeof file === 'string' ? { content: file } : file
    if (link !== undefined) symlinkSync(fill(link, this.root) as string, at)
    else if (folder) mkdirSync(at, { recursive: true })
    else writeFileSync(at, content)
    if (mode !== undefined && link === undefined) chmodSync(at, Number.parseInt(mode, 8))
  }
}

/** What differs between two looks at a folder, as `name: how`. */
export function differencesOf(before: Snapshot, after: Snapshot): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  return names.flatMap((name) => {
    if (before.get(name) === after.get(name)) return []
    if (!before.has(name)) return [`${name} was made`]
    return [after.has(name) ? `${name} was written` : `${name} was removed`]
  })
}

function described(path: string, times: boolean): string {
  const stat = lstatSync(path)
  const content = stat.isFile() ? readFileSync(path, 'latin1') : stat.isSymbolicLink() ? readlinkSync(path) : ''
  // A folder in which something was made for a while is as it was.
  const time = times && stat.isFile() ? stat.mtimeMs : ''
  return `${stat.mode} ${stat.uid}:${stat.gid} ${time} ${content}`
}

function fill(data: JsonValue, root: string): JsonValue {
  if (typeof data === 'string') return data.replace(/\$ROOT\b/g, () => root)
  if (Array.isArray(data)) return data.map((item: JsonValue) => fill(item, root))
  if (data === null || typeof data !== 'object') return data
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [fill(key, root) as string, fill(item, root)]))
}
