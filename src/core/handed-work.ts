import type { CarriedSteps } from './carried.ts'
import type { RunEvent, RunMode } from './events.ts'
import type { Fence } from './fence.ts'
import type { Device } from './fleet.ts'
import type { FleetKey } from './fleet-key.ts'
import type { Guard, GuardSeen } from './guard.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { LeaseKey } from './lease.ts'
import type { PlannedDevice } from './plan.ts'
import type { WarningSeen } from './warning.ts'

/** A device that a controller hands to a worker. What the inventory says of it goes along; secrets stay references. */
export interface HandedDevice {
  readonly device: Device
  readonly attempt: number
  /** Positions among the runbooks of the run. */
  readonly runbooks: readonly number[]
  readonly planned?: PlannedDevice
  readonly carried?: CarriedSteps
  readonly undoes?: CarriedSteps
  /** What must not be so on it when it is changed. */
  readonly guards: readonly Guard[]
  /** Leave to change it, as the controller has it: the worker takes it over. Absent where nothing is changed. */
  readonly leave?: {
    readonly keys: readonly LeaseKey[]
    readonly epoch: number
    readonly fence: Pick<Fence, 'lockName' | 'authority'>
  }
}

/** Devices of one store, for one worker. */
export interface HandedJob {
  readonly run: string
  readonly fleet: FleetKey
  /** Of the run's own lease: what another controller than the present one has handed out is left alone. */
  readonly epoch: number
  readonly devices: readonly HandedDevice[]
  /** What expressions see of the store. */
  readonly store: JsonObject
  /** Other devices on the way to them. */
  readonly way: readonly Device[]
  /** Ids of the gateways of stores. */
  readonly gateways: Readonly<Record<string, string>>
  /** Those that the run counts on, where the repository names any: they share queues with others that were withdrawn since. */
  readonly workers?: readonly WorkerRight[]
  /** How often it had been taken when it was put back for others. */
  readonly tries?: number
}

/** What all devices of a run have in common. */
export interface HandedRun {
  readonly mode: RunMode
  readonly fleet: FleetKey
}

/** A job has no more devices. */
export const MOST_TOGETHER = 20

/** A worker, as it is known to controllers. */
export interface WorkerFacts {
  readonly name: string
  /** Tells it from another one of its name. */
  readonly session: string
  readonly host: string
  readonly pid: number
  /** What it serves, as `serveText` writes it. */
  readonly serve: string
  /** Devices at a time, and how many it has now. */
  readonly slots: number
  readonly busy: number
  /** It takes nothing new. */
  readonly draining: boolean
  /** Why it could not work the last time; it takes nothing for a while. */
  readonly resting?: string | undefined
  readonly version: string
  /** Its signature of who it is and what it serves, where it has a token. */
  readonly proof?: string
}

/** A worker that tillwright.yaml names: what it may serve, and the public key of its token. */
export interface WorkerRight {
  readonly name: string
  readonly serve: string
  readonly key: string
}

/** Those with a token have queues of their own: what is put there is not taken by one that nobody has asked for its name. */
export function jobQueueOf({ serve, proof }: Pick<WorkerFacts, 'serve' | 'proof'>): string {
  return proof === undefined ? serve : `named,${serve}`
}

/** Whether leave is given; see `Permit.change`. */
export interface LeaveQuestion {
  readonly device: string
  /** Unique within the run. */
  readonly id: string
  /** What its guards said, whether it was changed before, and what people at it said just now. */
  readonly asked: {
    readonly guards: readonly GuardSeen[]
    readonly isTouched: boolean
    readonly warned?: readonly WarningSeen[]
  }
}

/** What a run says to those who work for it. */
export interface RunOrder {
  /** 0: go on. 1: nothing new begins, what is changing is finished. 2: everything ends now. */
  readonly stop: 0 | 1 | 2
  /** Of the run's own lease; undefined where the controller that carries it on is gone. */
  readonly epoch: number | undefined
}

/** What controllers and workers tell each other beside the journal. */
export interface WorkStore {
  /** A heartbeat, that holds for `ttlMs` by the clock of the store. False: somebody else has the name. */
  present(worker: WorkerFacts, ttlMs: number): Promise<boolean>
  leave(worker: Pick<WorkerFacts, 'name' | 'session'>): Promise<void>
  /** Those that are there. */
  workers(): Promise<readonly WorkerFacts[]>
  /** Lets workers know of a run. */
  open(run: string, handed: HandedRun): Promise<void>
  of(run: string): Promise<HandedRun | undefined>
  /** Forgets what was said about it. */
  close(run: string, fleet: FleetKey): Promise<void>
  stop(run: string, how: 1 | 2): Promise<void>
  /** Absent: nothing is known of the run any more. */
  standings(runs: readonly { readonly run: string; readonly fleet: FleetKey }[]): Promise<ReadonlyMap<string, RunOrder>>
  ask(run: string, question: LeaveQuestion): Promise<void>
  /** Those that wait for an answer. */
  questions(run: string): Promise<readonly LeaveQuestion[]>
  answer(run: string, id: string, answer: JsonValue): Promise<void>
  answerTo(run: string, id: string): Promise<JsonValue | undefined>
  /** What the journal has of one device. */
  eventsOf(run: string, device: string): Promise<readonly RunEvent[]>
  /** Devices of the run that living workers have. */
  inHand(run: string, fleet: FleetKey): Promise<readonly string[]>
}

/** A job, as its taker has it. */
export interface TakenJob {
  readonly id: string
  readonly data: HandedJob
  /** How often it was taken before. */
  readonly tries: number
}

/** A job of a run, as its controller sees it. */
export interface RunJob {
  /** Names of its devices. */
  readonly devices: readonly string[]
  /** It waits for a taker, or has one. */
  readonly isOpen: boolean
  /** Why it was given up. */
  readonly why?: string
}

/** The engine that hands jobs out. */
export interface WorkQueue {
  /** Makes the queue where there is none. */
  open(queue: string): Promise<void>
  put(queue: string, jobs: readonly HandedJob[]): Promise<void>
  take(queue: string, most: number): Promise<readonly TakenJob[]>
  /** Its taker is still there. */
  touch(queue: string, jobs: readonly TakenJob[]): Promise<void>
  done(queue: string, jobs: readonly TakenJob[]): Promise<void>
  /** Its taker could not do it: it is given to another one, or given up where that was tried often enough. */
  fail(queue: string, job: TakenJob, why: string): Promise<void>
  /** What became of the jobs of a run in this queue; those that are over are known for a minute. */
  jobsOf(queue: string, run: string): Promise<readonly RunJob[]>
  close(): Promise<void>
}

/** Jobs of a queue that wait, and that somebody works on. */
export interface QueueDepth {
  readonly queue: string
  readonly waiting: number
  readonly active: number
  /** For how long the oldest waits; 0: none does. */
  readonly oldest_seconds: number
}

/** Wakes up whoever listens in another process. What is rung may be missed, so that listeners look by themselves, too. */
export interface Bell {
  ring(topic: string): void
  on(topic: string, listener: () => void): () => void
  close(): Promise<void>
}

/** What is rung where a queue has a new job, and where a run has something new for its controller or for its workers. */
export const bellOf = {
  queue: (queue: string): string => `queue ${queue}`,
  run: (run: string): string => `run ${run}`,
  order: (run: string): string => `order ${run}`,
}
