import type { CarriedSteps } from '../../../core/carried.ts'
import type { ContentSettings, StoreSide } from '../../../core/content.ts'
import type { RunEventBody, RunMode } from '../../../core/events.ts'
import type { Fence } from '../../../core/fence.ts'
import type { Device } from '../../../core/fleet.ts'
import type { Guard, GuardSeen } from '../../../core/guard.ts'
import type { JsonObject, JsonValue } from '../../../core/json.ts'
import type { Neighbours } from '../../../core/module.ts'
import type { DeviceOutcome } from '../../../core/outcome.ts'
import type { PlannedDevice } from '../../../core/plan.ts'
import type { Scope } from '../../../core/runbook.ts'
import { Secret } from '../../../core/secret.ts'
import type { WarningSeen } from '../../../core/warning.ts'
import type { Login } from '../../reach/log-in.ts'
import type { TargetEnd } from '../../reach/resolve-target.ts'

/**
 * What the main thread and a worker thread say to each other. Messages are JSON: a `Secret` that got into one by
 * mistake arrives as its mask, and the two ways in which secrets are meant to travel are spelled out below.
 */

/** Where a worker finds a runbook: functions cannot be sent, so each thread compiles its own from the same text. */
export type RunbookSource =
  | { readonly kind: 'file'; readonly file: string; readonly params: JsonObject; readonly digest: string }
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly timeoutMs: number }

/** What a worker is started with. */
export interface ThreadSetup {
  readonly mode: RunMode
  readonly runbookSources: readonly RunbookSource[]
  /** The folder of tillwright.yaml. */
  readonly root: string
  /** Folder of the user's modules. */
  readonly modules?: string
  /** A byte for each place of a device: 1 from just before the device is asked anything. */
  readonly begun: SharedArrayBuffer
  /** A number that goes up as long as the worker's event loop turns. */
  readonly pulse: SharedArrayBuffer
  /** Until when leases certainly last, by the clock of this machine since boot: one number of milliseconds. */
  readonly leasedUntil: SharedArrayBuffer
  readonly content?: ContentSettings
}

/** A device to work on. */
export interface Job {
  readonly id: number
  /** Its byte in `begun`. */
  readonly place: number
  readonly device: Device
  readonly neighbours: Neighbours
  readonly content?: StoreSide
  readonly scope: Pick<Scope, 'store' | 'device' | 'vars'>
  /** Positions in the runbookSources. */
  readonly runbooks: readonly number[]
  readonly planned?: PlannedDevice
  readonly carried?: CarriedSteps
  readonly undoes?: CarriedSteps
  /** What it is given along with each change. */
  readonly fence?: Omit<Fence, 'leftMs'>
  /** What must not be so on it when it is changed. */
  readonly guards: readonly Guard[]
}

export type ToThread =
  | { readonly type: 'work'; readonly job: Job }
  | { readonly type: 'answer'; readonly to: number; readonly answer: Answer }
  | { readonly type: 'logins'; readonly limit: number }
  | { readonly type: 'stop'; readonly hard: boolean }
  /** Somebody else may work on the device: nothing new begins on it. */
  | { readonly type: 'lost'; readonly id: number }
  /** There is nothing more to do; `drained` answers when nothing is left behind on a device. */
  | { readonly type: 'drain' }

/** What only the main thread knows or does. */
export type Question =
  /** An event that has to be durable before the worker goes on. */
  | { readonly about: 'journal'; readonly id: number; readonly body: RunEventBody }
  /** Whether a device may be changed now, before its first change, and again where a guard spoke up. */
  | {
      readonly about: 'change'
      readonly id: number
      readonly guards: readonly GuardSeen[]
      readonly warned?: readonly WarningSeen[]
    }
  /** The endpoint of a device, secrets in place. It is asked when the device is about to be connected to. */
  | { readonly about: 'target'; readonly id: number; readonly end: TargetEnd; readonly peer?: string }
  /** What came of a login; answered with another target, or null. */
  | {
      readonly about: 'login'
      readonly id: number
      readonly end: TargetEnd
      readonly login: Login
      readonly peer?: string
    }
  /** What only one desk for all threads can say of files. */
  | { readonly about: 'content'; readonly id: number; readonly peer?: string; readonly ask: ContentAsk }
  /** What events of a device told. */
  | { readonly about: 'fact'; readonly id: number; readonly name: string; readonly source: string }
  /** What earlier runs noted of a device. */
  | {
      readonly about: 'samples'
      readonly id: number
      readonly series: string
      readonly since: string
      readonly until?: string | undefined
    }
  | { readonly about: 'secret'; readonly reference: string }
  /** The value as it stands in events. */
  | { readonly about: 'mask'; readonly value: JsonValue }

export type ContentAsk =
  | { readonly what: 'take'; readonly bytes: number }
  | { readonly what: 'seek'; readonly sha256: string }
  | { readonly what: 'foresee'; readonly sha256: string; readonly has: boolean; readonly mayGet: boolean }
  | { readonly what: 'got'; readonly sha256: string; readonly whole: boolean }

export type Answer = { readonly value: JsonValue } | { readonly error: string }

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'fits' }
  | { readonly type: 'drained' }
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'connected'; readonly id: number }
  | { readonly type: 'event'; readonly id: number; readonly body: RunEventBody }
  | { readonly type: 'question'; readonly number: number; readonly question: Question }
  | { readonly type: 'outcome'; readonly id: number; readonly outcome: DeviceOutcome }
  | { readonly type: 'broken'; readonly id: number; readonly error: string }

/** Gathers the messages of one turn of the event loop into one. */
export class ThreadMail<Message> {
  readonly #post: (text: string) => void
  #waiting: Message[] = []

  constructor(post: (text: string) => void) {
    this.#post = post
  }

  send(message: Message): void {
    this.#waiting.push(message)
    if (this.#waiting.length === 1) setImmediate(() => this.flush())
  }

  flush(): void {
    if (this.#waiting.length === 0) return
    const text = JSON.stringify(this.#waiting)
    this.#waiting = []
    this.#post(text)
  }
}

export function readMessages<Message>(text: string): readonly Message[] {
  return JSON.parse(text) as Message[]
}

/** Stands for a `Secret` where it is meant to travel: the key is one that no setting has. */
const SECRET_KEY = '$till.secret'

/** A value with its secrets written out, for the one thread that is to have them. */
export function packSecrets(value: unknown): JsonValue {
  if (value instanceof Secret) return { [SECRET_KEY]: value.reveal() }
  if (Array.isArray(value)) return value.map(packSecrets)
  if (value === null || typeof value !== 'object') return value as JsonValue
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([name, item]) => [name, packSecrets(item)]))
}

/** The value as it was before `packSecrets`; whoever calls it knows its type. */
export function unpackSecrets(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(unpackSecrets)
  if (value === null || typeof value !== 'object') return value
  const secret = (value as JsonObject)[SECRET_KEY]
  if (typeof secret === 'string') return new Secret(secret)
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpackSecrets(item)]))
}
