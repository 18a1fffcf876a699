import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Random, randomOf } from '../engine/admission/model/random.ts'
import { freePort } from '../peers/free-port.ts'
import { PostgresServer } from '../peers/postgres-server.ts'
import { Alerts } from './alerts.ts'
import { Excused } from './excused.ts'
import { FaultFleet, tickProject } from './fleet.ts'
import { generateFaults } from './generate-faults.ts'
import { type EndSeen, type Evidence, judge, type RunSeen, type Violation } from './judge.ts'
import { Seat } from './seat.ts'
import { ALERTS, isSettled, StateSeen, TICKS } from './state-seen.ts'
import { Storm } from './storm.ts'

export interface TrialOptions {
  readonly seed: number
  readonly faults: number
  readonly devices: number
  readonly controllers: number
  readonly workers: number
  /** Processes that go through one assignment in turns. */
  readonly tickers: number
  /** Processes of till serve. */
  readonly servers: number
  readonly slots: number
  /** Devices that one run is asked for. */
  readonly perRun: number
  /** Between two faults, in the middle. */
  readonly gapMs: number
  /** No more faults after so long, however many are left. */
  readonly mostMs: number
  readonly tell: (text: string) => void
  /** A folder for what can be looked at afterwards. */
  readonly keep?: string | undefined
}

export interface Verdict {
  readonly violations: readonly Violation[]
  readonly evidence: Evidence
  readonly faults: ReadonlyMap<string, number>
  readonly stormMs: number
}

const LEASE_S = 12
const CADENCE_S = 8
const EVERY_S = 2
/** Each is about a till of its own. */
const MOST_ALERTS = 240
const ALERT_EVERY_MS = 2_000
/** What is left of runs is carried on for so long when nothing goes wrong any more, and until each was carried on once. */
const CALM_MS = 180_000
/** A process that does not end by itself in the calm is ended when no device has come to an end for so long. */
const STILL_MS = 180_000
const LOOK_MS = 5_000
/** Of what controllers do, where something is left of other runs. */
const NEW_SHARE = 0.6
const HOW = ['--on', 'workers', '--yes', '--json', '--sandbox', '--wait', '20s']
/** As a service that is always begun anew. */
const AGAIN_MS = 500

/** Processes over one PostgreSQL and one sandbox fleet, faults among them, and what came of it. */
export async function tryFaults(options: TrialOptions): Promise<Verdict> {
  const trial = new Trial(options)
  try {
    await trial.begin()
    return await trial.go()
  } finally {
    await trial.end()
  }
}

class Trial {
  readonly #options: TrialOptions
  readonly #database = new PostgresServer()
  readonly #fleet: FaultFleet
  readonly #ticks = tickProject(CADENCE_S)
  readonly #state = new StateSeen(this.#database)
  readonly #random: Random
  readonly #seats: Seat[] = []
  readonly #asked = new Map<string, readonly string[]>()
  /** Rounds that may have something left, and that nobody is at; the one that somebody was at last is last. */
  readonly #left = new Set<string>()
  /** Rounds that somebody has carried on in the calm. */
  readonly #hadTurn = new Set<string>()
  readonly #ends: EndSeen[] = []
  /** No run begins any more. */
  #isCalm = false
  #calmUntil = Number.POSITIVE_INFINITY
  /** No run is carried on any more. */
  #isQuiet = false
  #isClosing = false
  #services: Promise<void>[] = []
  #excused: Excused | undefined
  #alerts: Alerts | undefined

  constructor(options: TrialOptions) {
    this.#options = options
    this.#fleet = new FaultFleet(options.devices, LEASE_S)
    this.#random = randomOf(options.seed + 1)
  }

  async begin(): Promise<void> {
    await this.#database.start()
    process.env['TILL_STATE'] = this.#database.url
    const up = await this.#fleet.till('sandbox', 'up', '--detach')
    delete process.env['TILL_STATE']
    if (up.code !== 0) throw new Error(up.stderr)
  }

  async go(): Promise<Verdict> {
    const { workers, controllers, tickers, slots, tell, mostMs } = this.#options
    const works = await this.#open('worker', workers)
    const controls = await this.#open('control', controllers)
    const reconciles = await this.#open('tick', tickers)
    const work = (seat: Seat) => seat.run('worker', '--name', seat.name, '--slots', String(slots), '--sandbox')
    const serves = await this.#openServers()
    this.#services = [
      ...serves,
      ...works.map((seat) => this.#always(seat, () => work(seat))),
      ...reconciles.map((seat) =>
        this.#always(seat, () => seat.run('reconcile', '--here', '--watch', '--every', `${EVERY_S}s`)),
      ),
    ]
    while ((await this.#state.workers()) < workers) await delay(500)
    tell(`${workers} workers are there`)
    const began = performance.now()
    const sending = this.#alerts?.send(ALERT_EVERY_MS, () => this.#isCalm)
    const runs = controls.map((seat) => this.#control(seat))
    const storm = new Storm({ seats: this.#seats, database: this.#database, tell })
    this.#excused = new Excused(reconciles, storm)
    await storm.rage(generateFaults(this.#options), () => performance.now() - began > mostMs)
    const stormMs = performance.now() - began
    tell('all faults are over')
    this.#isCalm = true
    this.#calmUntil = performance.now() + CALM_MS
    // One that does not end by itself has no end, and is told as such.
    const watching = this.#endThoseThatStandStill(controls)
    await Promise.all([...runs, sending])
    this.#isQuiet = true
    await watching
    tell('all runs are over')
    const evidence = await this.#evidence()
    this.#keep(evidence)
    return { violations: judge(evidence), evidence, faults: storm.counts, stormMs }
  }

  async end(): Promise<void> {
    this.#isClosing = true
    this.#excused?.stop()
    await Promise.all(this.#seats.map((seat) => seat.close()))
    await Promise.all(this.#services)
    await this.#fleet.till('sandbox', 'down')
    this.#database.stop()
    await Promise.all([this.#fleet.remove(), this.#ticks.remove(), this.#alerts?.close()])
  }

  async #openServers(): Promise<readonly Promise<void>[]> {
    const { servers } = this.#options
    if (servers === 0) return []
    const ports: number[] = []
    while (ports.length < servers) ports.push(await freePort())
    this.#alerts = new Alerts(MOST_ALERTS, ports, randomOf(this.#options.seed + 2))
    await this.#alerts.open()
    const seats = await this.#open('serve', servers)
    return seats.map((seat, index) =>
      this.#always(seat, () => seat.run('serve', '--listen', `127.0.0.1:${ports[index]}`)),
    )
  }

  async #open(kind: 'worker' | 'control' | 'tick' | 'serve', count: number): Promise<readonly Seat[]> {
    const { url } = this.#database
    const places = {
      tick: [this.#ticks.root, TICKS],
      serve: [this.#alerts?.project.root, ALERTS],
      worker: [],
      control: [],
    } as const
    const [folder = this.#fleet.root, schema] = places[kind]
    const seats = Array.from({ length: count }, (_, index) => {
      return new Seat({
        name: `${kind}-${index + 1}`,
        folder,
        database: schema ? `${url}?schema=${schema}` : url,
        ended: (end) => this.#ended(end),
      })
    })
    for (const seat of seats) await seat.open()
    this.#seats.push(...seats)
    return seats
  }

  #ended(end: EndSeen): void {
    this.#ends.push(end)
    const { who, code, said, ms } = end
    const last = said.trimEnd().split('\n').at(-1) ?? ''
    this.#options.tell(
      `${who.slice(0, 90)} ended with ${code ?? 'a signal'} after ${Math.round(ms / 1_000)} s: ${last}`,
    )
  }

  /** All that can be looked at afterwards: the tables, what processes said, and what devices noted. */
  #keep(evidence: Evidence): void {
    const { keep } = this.#options
    if (keep === undefined) return
    mkdirSync(keep, { recursive: true })
    execFileSync('pg_dump', ['--no-owner', '--file', join(keep, 'state.sql'), this.#database.url])
    const { notes, ...rest } = evidence
    writeFileSync(join(keep, 'evidence.json'), JSON.stringify({ ...rest, notes: Object.fromEntries(notes) }, null, 1))
  }

  async #always(seat: Seat, serve: () => Promise<unknown>): Promise<void> {
    while (!this.#isClosing) {
      await serve()
      await this.#isUp(seat)
    }
  }

  /** Begins runs, and carries on what is left of any, whoever began it. */
  async #control(seat: Seat): Promise<void> {
    for (let count = 1; !this.#isOver(); count += 1) {
      await this.#isUp(seat)
      const isNew = !this.#isCalm && (this.#left.size === 0 || this.#random.chance(NEW_SHARE))
      if (isNew) await this.#begin(seat, `${seat.name}.${count}`)
      else if (!(await this.#goOn(seat)) && this.#isCalm) return
    }
  }

  #isOver(): boolean {
    return performance.now() > this.#calmUntil && [...this.#left].every((round) => this.#hadTurn.has(round))
  }

  /** How long one takes that goes on depends on the machine, and says nothing. */
  async #endThoseThatStandStill(controls: readonly Seat[]): Promise<void> {
    let ended = await this.#state.endedDevices()
    let movedAt = performance.now()
    while (!this.#isQuiet) {
      await delay(LOOK_MS)
      const now = await this.#state.endedDevices()
      if (now > ended) movedAt = performance.now()
      ended = now
      for (const seat of controls)
        if (performance.now() - Math.max(movedAt, seat.beganAt) > STILL_MS) seat.signal('SIGKILL')
    }
  }

  async #begin(seat: Seat, round: string): Promise<void> {
    const stores = this.#someStores()
    this.#asked.set(round, this.#fleet.devicesOf(stores))
    const where = stores.flatMap((store) => ['--store', store])
    await seat.run('apply', 'visit', '--param', `round=${round}`, ...HOW, ...where)
    this.#left.add(round)
  }

  /** One that is left: by chance, and in the calm the one that had no turn for longest; false: none is. */
  async #goOn(seat: Seat): Promise<boolean> {
    const rounds = [...this.#left]
    if (rounds.length === 0) return false
    const isCalm = this.#isCalm
    const round = isCalm ? (rounds[0] as string) : this.#random.pick(rounds)
    // Nobody else takes it meanwhile, but others may still be at it.
    this.#left.delete(round)
    const seen = await this.#state.run(round, this.#asked.get(round) ?? [])
    if (seen.run === undefined || isSettled(seen)) return true
    await seat.run('resume', seen.run, ...HOW)
    if (isCalm) this.#hadTurn.add(round)
    this.#left.add(round)
    return true
  }

  async #isUp(seat: Seat): Promise<void> {
    do await delay(AGAIN_MS)
    while (seat.isDown && !this.#isClosing)
  }

  #someStores(): readonly string[] {
    const { stores } = this.#fleet
    const share = this.#options.perRun / this.#options.devices
    const some = this.#random.some(stores, share)
    return some.length > 0 ? some : [this.#random.pick(stores)]
  }

  async #evidence(): Promise<Evidence> {
    const runs: RunSeen[] = []
    for (const [round, asked] of this.#asked) runs.push(await this.#state.run(round, asked))
    const devices = this.#fleet.devicesOf(this.#fleet.stores)
    const notes = new Map(devices.map((device) => [device, this.#fleet.notesOf(device)]))
    const isTooLate = (): boolean => performance.now() > this.#calmUntil
    const rows = (text: string) => this.#state.rows(text)
    const alerts = (await this.#alerts?.settled(rows, ALERTS, isTooLate)) ?? []
    const seenAtMs = Date.now()
    const ticks = this.#options.tickers > 0 ? await this.#state.ticks() : []
    return {
      runs,
      notes,
      ends: [...this.#ends],
      ticks,
      alerts,
      cadenceMs: CADENCE_S * 1_000,
      everyMs: EVERY_S * 1_000,
      excused: this.#excused?.times ?? [],
      seenAtMs,
    }
  }
}

/** What happened, in a few lines. */
export function summaryOf({ evidence, faults, violations, stormMs }: Verdict): string {
  const { runs, notes, ticks, alerts } = evidence
  const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)
  const states = new Map<string, number>()
  for (const { ends } of runs)
    for (const state of new Map(ends.map(({ device, state }) => [device, state])).values())
      states.set(state, (states.get(state) ?? 0) + 1)
  const listed = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  const acts = [...notes.values()].flat().filter((line) => line.startsWith('act ')).length
  const total = [...faults.values()].reduce((sum, count) => sum + count, 0)
  return [
    `${total} faults in ${Math.round(stormMs / 1_000)} s: ${listed(faults)}`,
    `${runs.filter(({ run }) => run !== undefined).length} runs; final states: ${listed(states)}; ${acts} actions on devices; ${ticks.length} scheduled runs`,
    `${alerts.length} alerts; ${sum(alerts.map((alert) => alert.attempts.length))} repairs, ${sum(alerts.map(({ acts }) => acts))} seen by devices; ${sum(alerts.flatMap(({ messages }) => messages.map(({ received }) => received)))} messages to people`,
    violations.length === 0 ? 'no violation' : `${violations.length} violations:`,
    ...violations.map(({ kind, what }) => `  ${kind}: ${what}`),
  ].join('\n')
}
