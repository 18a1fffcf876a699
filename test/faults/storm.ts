import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '../peers/postgres-server.ts'
import type { Fault, FaultKind } from './generate-faults.ts'
import type { Line } from './relay.ts'
import type { Seat } from './seat.ts'

const OFF_MS = 10 * 60_000
const LINES = new Set<FaultKind>(['refused', 'silent', 'silent-up', 'silent-down'])

export interface StormOptions {
  readonly seats: readonly Seat[]
  readonly database: PostgresServer
  readonly tell: (text: string) => void
}

/** Brings faults about, several at a time as they come, and takes each back. */
export class Storm {
  readonly #options: StormOptions
  readonly #underWay = new Set<Promise<void>>()
  #isDatabaseHit = false
  #backendsEndedAt = Number.NEGATIVE_INFINITY
  readonly counts = new Map<string, number>()

  constructor(options: StormOptions) {
    this.#options = options
  }

  /** Whether the database is away, or has just let go of those who were there. */
  get isHit(): boolean {
    return this.#isDatabaseHit || performance.now() - this.#backendsEndedAt < 1_000
  }

  /** Resolves when all have come and gone. `isOver`: no more of them. */
  async rage(faults: readonly Fault[], isOver: () => boolean): Promise<void> {
    for (const fault of faults) {
      await delay(fault.gapMs)
      if (isOver()) break
      await this.#bring(fault)
    }
    await Promise.all(this.#underWay)
  }

  async #bring(fault: Fault): Promise<void> {
    const { kind, whom, lastsMs } = fault
    const isOfDatabase = kind === 'restart-database' || kind === 'crash-database'
    const free = (): readonly Seat[] => this.#options.seats.filter((seat) => !seat.isHit)
    // Where more are hit at a time, nothing goes on that a fault could fall into.
    const most = Math.ceil(this.#options.seats.length / 2)
    const isFull = (): boolean => this.#options.seats.length - free().length >= most
    while (isOfDatabase ? this.#isDatabaseHit : isFull()) await delay(100)
    const seat = free()[Math.floor(whom * free().length)]
    const what = kind === 'end-backends' || isOfDatabase ? 'the database' : (seat?.name ?? '')
    this.#options.tell(`${kind} of ${what} for ${lastsMs} ms`)
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    const under = isOfDatabase
      ? this.#stopDatabase(kind === 'crash-database' ? 'immediate' : 'fast', lastsMs)
      : this.#hit(kind, seat, lastsMs)
    this.#underWay.add(under)
    void under.finally(() => this.#underWay.delete(under))
  }

  async #stopDatabase(mode: 'fast' | 'immediate', lastsMs: number): Promise<void> {
    this.#isDatabaseHit = true
    this.#options.database.halt(mode)
    await delay(lastsMs)
    this.#options.database.resume()
    this.#isDatabaseHit = false
  }

  async #hit(kind: FaultKind, seat: Seat | undefined, lastsMs: number): Promise<void> {
    if (kind === 'end-backends') this.#endBackends()
    else if (seat) {
      seat.isHit = true
      await hitSeat(kind, seat, lastsMs)
      seat.isHit = false
    }
  }

  /** Every other one of those that are there. */
  #endBackends(): void {
    if (this.#isDatabaseHit) return
    this.#backendsEndedAt = performance.now()
    const others = "backend_type = 'client backend' AND pid <> pg_backend_pid() AND pid % 2 = 0"
    this.#options.database.sql(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${others}`)
  }
}

async function hitSeat(kind: FaultKind, seat: Seat, lastsMs: number): Promise<void> {
  if (LINES.has(kind)) {
    seat.line.set(kind as Line)
    await delay(lastsMs)
    seat.line.set('whole')
  } else if (kind === 'sleep' || kind === 'short-sleep') {
    seat.signal('SIGSTOP')
    await delay(lastsMs)
    seat.signal('SIGCONT')
  } else {
    // It comes back with a clock that is right, unless this is about that.
    seat.clockMs = kind === 'clock-ahead' ? OFF_MS : kind === 'clock-behind' ? -OFF_MS : 0
    seat.isDown = true
    seat.signal(kind === 'term' ? 'SIGTERM' : 'SIGKILL')
    await delay(lastsMs)
    seat.isDown = false
  }
}
