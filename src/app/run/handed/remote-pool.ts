import { batches } from '../../../core/batches.ts'
import type { RunEvent } from '../../../core/events.ts'
import type { Device, Fleet } from '../../../core/fleet.ts'
import type { FleetKey } from '../../../core/fleet-key.ts'
import type { Guard } from '../../../core/guard.ts'
import {
  type Bell,
  bellOf,
  type HandedDevice,
  type LeaveQuestion,
  MOST_TOGETHER,
  type WorkQueue,
} from '../../../core/handed-work.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import { type LeaseToken, lookPrefix } from '../../../core/lease.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { RunStore } from '../../../core/run-store.ts'
import type { Runbook } from '../../../core/runbook.ts'
import type { Permit, Wait } from '../../../engine/admission/admission.ts'
import type { LeaseKeeper } from '../../../engine/admission/lease-keeper.ts'
import { cancelled } from '../../../engine/device/device-outcome.ts'
import type { DeviceVisit } from '../../../engine/device/device-visit.ts'
import type { DeviceEnvironment, DeviceWork } from '../../../engine/device/perform-device.ts'
import { endDevice } from '../../../engine/device/run-device.ts'
import { type DeviceWorker, MAIN_THREAD, type WorkerPool } from '../../../engine/fleet/worker-pool.ts'
import { ChangedSteps, standingOf } from './standing.ts'
import { wayOf } from './way-of.ts'
import { gone, unable } from './worker-ends.ts'
import { LOOK_EVERY_MS, roomOf, type WhoCounts, type WorkerGroup, WorkerGroups } from './worker-groups.ts'

/** Devices of a store that are handed over within so long travel together. */
const GATHER_MS = 10
/** Jobs are asked for when devices of them have been with workers for so long. */
const LOST_MS = 10_000
/** What is done again while the database is away. */
const AGAIN_MS = 1_000

export interface RemotePoolOptions {
  readonly run: string
  readonly runLease: LeaseToken
  readonly fleet: Fleet
  readonly fleetKey: FleetKey
  /** In the order in which workers find them kept. */
  readonly runbooks: readonly Runbook[]
  readonly store: RunStore
  readonly keeper: LeaseKeeper
  readonly queue: WorkQueue
  readonly bell: Bell
  /** What expressions see of the store of a device. */
  readonly storeScopeOf: (device: Device) => JsonObject
  readonly guardsOf: (device: string) => readonly Guard[]
  readonly mask: (value: JsonObject) => JsonObject
  readonly stopping: AbortSignal
  readonly aborting: AbortSignal
  readonly warn: (text: string) => void
  readonly workers: WhoCounts['workers']
}

/** A device that a worker has, or is to have. */
interface Handed {
  readonly work: DeviceWork
  /** Positions of its runbooks. */
  readonly runbooks: readonly number[]
  readonly environment: DeviceEnvironment
  readonly permit: Permit | undefined
  readonly group: WorkerGroup
  readonly resolve: (visit: DeviceVisit) => void
  readonly reject: (error: unknown) => void
  readonly ended: ChangedSteps
  attempt: number
  wait: Wait | undefined
  isReclaimed: boolean
  /** When its job was put; undefined: not yet. */
  putAt: number | undefined
}

/** Workers of other processes, by what they are known to serve. */
export class RemotePool implements WorkerPool {
  readonly isSelective = true
  readonly #options: RemotePoolOptions
  readonly #groups: WorkerGroups
  readonly #handed = new Map<string, Handed>()
  readonly #gathered = new Map<WorkerGroup, Map<string, Handed[]>>()
  readonly #timer: NodeJS.Timeout
  #gather: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #onRoom: () => void = () => undefined

  private constructor(options: RemotePoolOptions) {
    this.#options = options
    this.#groups = new WorkerGroups(options.store, options)
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    options.stopping.addEventListener('abort', () => void this.#stop(1), { once: true })
    options.aborting.addEventListener('abort', () => void this.#stop(2), { once: true })
  }

  /** Knows who is there. */
  static async open(options: RemotePoolOptions): Promise<RemotePool> {
    const pool = new RemotePool(options)
    await pool.#groups.meet()
    return pool
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener
  }

  pick(device: Device): DeviceWorker | undefined {
    const groups = this.#groups.servedBy(device)
    const living = groups.filter(({ slots }) => slots > 0)
    if (living.length === 0 && groups.every((group) => this.#groups.isMissed(group))) {
      const end = gone(groups, this.#groups.refused)
      return { perform: async () => end, visit: (work, environment) => endDevice(work, environment, end) }
    }
    const [freest] = living.filter((group) => roomOf(group) > 0).sort((a, b) => roomOf(b) - roomOf(a))
    if (!freest) return undefined
    freest.out += 1
    return {
      perform: MAIN_THREAD.perform,
      visit: (work, environment, permit) => this.#hand(freest, { work, environment, permit }),
      letGo: () => {
        freest.out -= 1
        this.#onRoom()
      },
    }
  }

  /** Is told of each event of the run. */
  event(event: RunEvent): void {
    if (!('device' in event)) return
    const handed = this.#handed.get(event.device)
    if (!handed || (event.attempt ?? 1) < handed.attempt) return
    if (event.type === 'device.started') handed.attempt = event.attempt ?? 1
    handed.ended.add(event)
    if (event.type === 'device.finished') {
      const { schema: _s, run: _r, seq: _q, at: _a, type: _t, attempt: _n, ...rest } = event
      const { device: _d, store: _o, region: _g, kind: _k, duration_ms: _m, ...outcome } = rest
      this.#finish(handed, { kind: 'ended', outcome })
    } else if (event.type === 'device.waiting') {
      const until = event.not_before === undefined ? undefined : Date.parse(event.not_before)
      const told = { failure: event.failure, isPassing: false, ...(until !== undefined && { until }) }
      const carried = handed.ended.with(handed.work.carried)
      this.#finish(handed, {
        kind: 'waits',
        wait: handed.wait ?? { kind: 'wait', ...told },
        looked: true,
        // Leave is asked for when it is known what differs; for a command, before anything is.
        ...(handed.environment.mode !== 'exec' && { answered: true }),
        told: event.attempt ?? 1,
        ...(carried && { carried }),
      })
    }
  }

  /** A worker asks for leave to change a device. */
  async question({ id, device, asked }: LeaveQuestion): Promise<void> {
    const { run, store, bell } = this.#options
    const handed = this.#handed.get(device)
    const { guards, ...so } = asked
    const answer = (await handed?.permit?.change(guards, so)) ?? {
      kind: 'refuse',
      failure: NOT_OURS,
    }
    if (handed) handed.wait = answer.kind === 'wait' ? answer : undefined
    await store.work.answer(run, id, answer as unknown as JsonValue)
    bell.ring(bellOf.order(run))
  }

  /** Nothing more is read of what they do. */
  fail(error: unknown): void {
    for (const handed of this.#handed.values()) handed.reject(error)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#gather)
    await this.#looking
  }

  async #hand(group: WorkerGroup, what: Pick<Handed, 'work' | 'environment' | 'permit'>): Promise<DeviceVisit> {
    const { attempt = 1, device } = what.work
    const runbooks = what.work.runbooks.map((runbook) => this.#positionOf(runbook))
    const visit = new Promise<DeviceVisit>((resolve, reject) => {
      const ended = new ChangedSteps()
      const handed: Handed = {
        ...what,
        runbooks,
        group,
        resolve,
        reject,
        ended,
        attempt,
        wait: undefined,
        isReclaimed: false,
        putAt: undefined,
      }
      this.#handed.set(device.name, handed)
      const stores = this.#gathered.get(group) ?? new Map<string, Handed[]>()
      this.#gathered.set(group, stores)
      stores.set(device.store, [...(stores.get(device.store) ?? []), handed])
    })
    this.#gather ??= setTimeout(() => this.#send(), GATHER_MS)
    return visit
  }

  /** Workers would make another one. */
  #positionOf(runbook: Runbook): number {
    const position = this.#options.runbooks.indexOf(runbook)
    if (position < 0) throw new Error(`the runbook "${runbook.name}" is none of those that were kept with the run`)
    return position
  }

  #finish(handed: Handed, visit: DeviceVisit): void {
    if (this.#handed.get(handed.work.device.name) !== handed) return
    this.#handed.delete(handed.work.device.name)
    handed.resolve(visit)
  }

  #send(): void {
    this.#gather = undefined
    for (const [group, stores] of this.#gathered) {
      void this.#put(
        group.queue,
        [...stores.values()].flatMap((handed) => batches(handed, MOST_TOGETHER)),
      )
    }
    this.#gathered.clear()
  }

  /** What was put twice, since the answer to the first was lost, is worked on once: workers look at what is there. */
  async #put(to: string, parts: readonly (readonly Handed[])[]): Promise<void> {
    const { queue, bell, warn } = this.#options
    const jobs = parts.map((part) => this.#jobOf(part))
    for (;;) {
      try {
        await queue.put(to, jobs)
        for (const handed of parts.flat()) handed.putAt = performance.now()
        bell.ring(bellOf.queue(to))
        return
      } catch (error) {
        if (this.#handed.size === 0) return
        warn(`The queue of jobs does not take any now: ${error instanceof Error ? error.message : String(error)}`)
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
  }

  #jobOf(part: readonly Handed[]): Parameters<WorkQueue['put']>[1][number] {
    const { run, runLease, fleet, fleetKey, storeScopeOf, workers } = this.#options
    const [first] = part as [Handed]
    return {
      run,
      fleet: fleetKey,
      epoch: runLease.epoch,
      ...(workers.length > 0 && { workers }),
      devices: part.map((handed) => this.#handedDevice(handed)),
      store: storeScopeOf(first.work.device),
      ...wayOf(
        fleet,
        part.map(({ work }) => work.device),
      ),
    }
  }

  #handedDevice({ work, runbooks, permit, attempt }: Handed): HandedDevice {
    const { device, planned, carried, undoes } = work
    const { guardsOf, mask } = this.#options
    const masked = carried && (mask(carried as unknown as JsonObject) as unknown as typeof carried)
    return {
      device,
      attempt,
      runbooks,
      guards: guardsOf(device.name),
      ...(planned && { planned }),
      ...(masked && { carried: masked }),
      ...(undoes && { undoes }),
      ...(permit && {
        leave: {
          keys: permit.lease.token.keys,
          epoch: permit.lease.token.epoch,
          fence: { lockName: permit.fence.lockName, authority: permit.fence.authority },
        },
      }),
    }
  }

  #look(): void {
    this.#looking ??= this.#lookOnce()
      // Asked again in two seconds.
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #lookOnce(): Promise<void> {
    await this.#groups.meet()
    this.#onRoom()
    const isStopping = this.#options.stopping.aborted
    for (const handed of [...this.#handed.values()]) {
      const isAlone = handed.group.slots === 0 && this.#groups.isMissed(handed.group)
      if (isStopping || isAlone) await this.#reclaim(handed, isStopping ? cancelled() : gone([handed.group], []))
    }
    for (const group of this.#groups.all) await this.#lookForLost(group)
  }

  /** Devices whose jobs nobody does any more: workers could not, or the queue has let go of them. */
  async #lookForLost(from: WorkerGroup): Promise<void> {
    const { queue, run } = this.#options
    const before = performance.now() - LOST_MS
    const long = [...this.#handed.values()].filter(
      ({ group, putAt }) => group === from && putAt !== undefined && putAt < before,
    )
    if (long.length === 0) return
    const jobs = await queue.jobsOf(from.queue, run)
    const open = new Set(jobs.flatMap(({ isOpen, devices }) => (isOpen ? devices : [])))
    const why = new Map(jobs.flatMap((job) => (job.isOpen ? [] : job.devices.map((name) => [name, job.why] as const))))
    for (const handed of long) {
      const { name } = handed.work.device
      if (!open.has(name)) await this.#reclaim(handed, unable(why.get(name)))
    }
  }

  /** Takes a device back that no living worker has, and tells its end. */
  async #reclaim(handed: Handed, outcome: DeviceOutcome): Promise<void> {
    const { run, fleetKey, keeper, store } = this.#options
    const { device } = handed.work
    if (handed.isReclaimed || this.#handed.get(device.name) !== handed) return
    const own = handed.permit?.lease.token
    let taken = await keeper.take(own?.keys ?? [`${lookPrefix(fleetKey, run)}${device.name}`], run)
    if (taken.granted && taken.lease.token.epoch === own?.epoch) {
      // Whoever gets the job later has to see that somebody has had the device since.
      await taken.lease.release()
      taken = await keeper.take(own.keys, run)
    }
    if (!taken.granted) return
    handed.isReclaimed = true
    try {
      const { attempt, isOver, carried } = await standingOf(await store.work.eventsOf(run, device.name))
      if (isOver && attempt >= handed.attempt) return
      const next = attempt >= handed.attempt ? attempt + 1 : handed.attempt
      const work = { ...handed.work, attempt: next, ...(carried && { carried }) }
      this.#finish(handed, await endDevice(work, handed.environment, outcome))
    } finally {
      handed.isReclaimed = false
      await taken.lease.release()
    }
  }

  async #stop(how: 1 | 2): Promise<void> {
    const { run, store, bell } = this.#options
    await store.work.stop(run, how).catch(() => undefined)
    bell.ring(bellOf.order(run))
    this.#look()
  }
}

const NOT_OURS = {
  code: 'LEASE_LOST',
  phase: 'resolve',
  message: 'The controller of the run does not count on this worker for the device any more.',
} as const
