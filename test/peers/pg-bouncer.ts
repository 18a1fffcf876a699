import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isThere } from './debian.ts'
import { freePort } from './free-port.ts'

const PROGRAM = '/usr/sbin/pgbouncer'

export const hasPgBouncer = isThere({
  what: 'tests with a pooler before PostgreSQL',
  debian: 'pgbouncer',
  isHere: existsSync(PROGRAM) && process.getuid?.() === 0,
})

/** PgBouncer in transaction mode before a server, with fewer connections than those who ask: each is given to others in between. */
export class PgBouncer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'till-pgbouncer-'))
  #process: ChildProcess | undefined
  port = 0

  /** `server`: the address of the database behind it. */
  async start(server: string, settings: readonly string[] = []): Promise<void> {
    const { hostname, port, username, password } = new URL(server)
    this.port ||= await freePort()
    chmodSync(this.#folder, 0o755)
    writeFileSync(join(this.#folder, 'users'), `"${username}" "${password}"\n`)
    const lines = [
      '[databases]',
      `* = host=${hostname} port=${port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1`,
      `listen_port = ${this.port}`,
      'unix_socket_dir =',
      'auth_type = plain',
      `auth_file = ${join(this.#folder, 'users')}`,
      'pool_mode = transaction',
      'default_pool_size = 3',
      'max_client_conn = 500',
      ...settings,
    ]
    const file = join(this.#folder, 'pgbouncer.ini')
    writeFileSync(file, `${lines.join('\n')}\n`)
    const as = ['--reuid=postgres', '--regid=postgres', '--clear-groups']
    this.#process = spawn('setpriv', [...as, PROGRAM, '-q', file], { stdio: 'ignore', cwd: '/' })
    for (let tries = 0; !(await answers(this.port)); tries += 1) {
      if (tries === 200) throw new Error('pgbouncer does not answer')
      await delay(50)
    }
  }

  /** The same address, by way of it. */
  of(server: string): string {
    const url = new URL(server)
    url.port = String(this.port)
    return url.href
  }

  /** As a crash would: all that is under way is cut. */
  kill(): void {
    this.#process?.kill('SIGKILL')
  }

  stop(): void {
    this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
