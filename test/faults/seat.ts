import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { TILL } from '../peers/till.ts'
import type { EndSeen } from './judge.ts'
import { Relay } from './relay.ts'

const WRONG_CLOCK = new URL('../peers/wrong-clock.mjs', import.meta.url).href
/** What is kept of what a process says. */
const KEPT_CHARS = 4_000

export interface SeatOptions {
  readonly name: string
  readonly folder: string
  /** Of PostgreSQL itself. */
  readonly database: string
  readonly ended: (end: EndSeen) => void
}

/**
 * The place of one machine: a host name of its own, its own line to PostgreSQL, its own clock, and one process of `till` at a time. Other
 * host names make it unknown to others whether its process lives, as between machines.
 */
export class Seat {
  readonly name: string
  readonly #options: SeatOptions
  readonly #relay: Relay
  readonly #database: URL
  #child: ChildProcess | undefined
  /** Something is wrong with it at the moment. */
  isHit = false
  /** Nothing runs on it for a while. */
  isDown = false
  /** By how much its clock is off. */
  clockMs = 0
  /** When its process began, by `performance.now`. */
  beganAt = 0

  constructor(options: SeatOptions) {
    this.name = options.name
    this.#options = options
    this.#database = new URL(options.database)
    this.#relay = new Relay(Number(this.#database.port))
  }

  async open(): Promise<void> {
    await this.#relay.start()
    this.#database.port = String(this.#relay.port)
  }

  /** Runs `till` to its end; what it wrote on stdout is not kept. */
  async run(...args: readonly string[]): Promise<EndSeen> {
    const clock =
      this.clockMs === 0 ? {} : { NODE_OPTIONS: `--import ${WRONG_CLOCK}`, TILL_TEST_CLOCK_MS: String(this.clockMs) }
    const env = { ...process.env, TILL_SANDBOX: undefined, NO_COLOR: '1', TILL_STATE: this.#database.href, ...clock }
    const command = ['--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', this.name, process.execPath, TILL, ...args]
    const began = performance.now()
    this.beganAt = began
    const child = spawn('unshare', command, { cwd: this.#options.folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said = (said + chunk).slice(-KEPT_CHARS)
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    this.#child = undefined
    const end = { who: `${this.name}: till ${args.join(' ')}`, code, said, ms: performance.now() - began }
    this.#options.ended(end)
    return end
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  get line(): Relay {
    return this.#relay
  }

  async close(): Promise<void> {
    this.signal('SIGCONT')
    this.signal('SIGKILL')
    while (this.#child) await delay(20)
    this.#relay.stop()
  }
}
