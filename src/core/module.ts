import type { Change } from './change.ts'
import type { ByteStream, ShellChannel, ShellDialect, ShellValue } from './channel.ts'
import type { ContentToSend } from './content.ts'
import type { Result } from './failure.ts'
import type { Device, OsFamily, StoreFacts } from './fleet.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { DeviceFact, Marks, NewSample, Sample } from './sample.ts'

/** What a module gets to work with. It is never told whether it is planned or applied. */
export interface ModuleContext {
  readonly device: Device
  /** The device's shell. Connecting happens at the first question; a module that asks nothing costs no connection. */
  readonly shell: ShellChannel
  /** The same shell for questions about the device itself: one object for all steps of a visit, apart from their looks. */
  readonly aside?: ShellChannel
  readonly store: StoreFacts
  /** The device whose port this one hangs on (`attached_to`), by its own shell; connected to at the first question. */
  readonly host?: NeighbourShell
  /** Of the store: what does not answer when nothing of the store can be reached. */
  readonly gateway?: Device
  /**
   * A byte stream to a TCP port of this device, by the way that its inventory says: directly, or through its gateway.
   * `through: 'host'` goes by the SSH connection of the device that it hangs on, as which it sees `host` and `port`.
   * CONNECT_VIA_FAILED: the way failed, so nothing is known of the port. Waiting for a gateway's login does not count.
   */
  dial(to: DialTo, timeoutMs: number): Promise<Result<ByteStream>>
  now(): Date
  /** What earlier runs noted of this device. */
  readonly history: DeviceHistory
  /** Aborted when the deadline of the phase passes or the run is stopped. */
  readonly signal: AbortSignal
}

export interface DeviceHistory {
  /** By time, oldest first, before `until`; a `series` that nobody has noted anything in is empty. */
  samples(series: string, since: Date, until?: Date): Promise<readonly Sample[]>
  /** What events of the device told of themselves by a source; null: nothing. */
  fact(name: string, source: string): Promise<DeviceFact | null>
}

/** Devices of the same store that a device depends on. */
export interface Neighbours {
  /** Whose port it hangs on. */
  readonly host?: Device
  readonly gateway?: Device
}

export interface NeighbourShell {
  readonly device: Device
  readonly shell: ShellChannel
}

export interface DialTo {
  /** Default: the address of the device. */
  readonly host?: string
  readonly port: number
  readonly through?: 'host'
}

/** Module-specific view of the steps before it. */
export interface Triggers {
  /** A step listed in `restart_on` changed something, or would. */
  readonly triggered: boolean
}

/** What differs; or that it cannot be told. */
export type Comparison = { readonly changes: readonly Change[] } | { readonly unknown: string }

/**
 * How the device itself can tell that a change came about, so that what is behind it needs no round trip. The change is
 * one question then, and its module takes exactly these ends for a success.
 */
export interface Proof {
  /** Exit codes. Default: 0. */
  readonly exits?: readonly number[]
  /**
   * Never writes. Run behind the script of `observe`, when that has ended with 0, by the same interpreter, so that it
   * judges by what was read: ends with 0 only if nothing of what was read would differ. PowerShell finds what `observe`
   * put out as `$v.till_seen`.
   */
  readonly test: string
  /** Of a test that is shipped, as `ShellRequest.name`. */
  readonly name?: string
  /** The language of `test`. Default: posix. In another one the proof does not count. */
  readonly dialect?: ShellDialect
  readonly values?: Readonly<Record<string, ShellValue>>
}

/** What was read, and what can be done about it. The state type is closed over, so only a module can act on what it read. */
export interface Observation {
  /** Facts for later steps and for people: `steps.<id>.value`. */
  readonly value: JsonValue
  /** To be kept for later runs (`ModuleContext.history`), in a plan too: it is written here, not on the device. */
  readonly samples?: readonly NewSample[]
  /** By which the device is known again: the last of each name is kept. */
  readonly marks?: Marks
  /** Pure; asked again after every change. */
  compare(triggers: Triggers): Comparison
  /** What does not hold, in a sentence for people; undefined where the fields that differ say it as well. */
  explain?(changes: readonly Change[]): string | undefined
  /** Absent: the module only checks, and what differs is a failure. */
  converge?(changes: readonly Change[]): Promise<Result<void>>
  /** Files that these changes send. */
  sends?(changes: readonly Change[]): readonly ContentToSend[]
  /** Undefined where the device cannot tell whether these changes came about. */
  proof?(changes: readonly Change[]): Proof | undefined
}

/** The kind of thing that a step does. Built by `defineModule`. */
export interface Module {
  readonly name: string
  readonly summary: string
  /** JSON Schema (2020-12 subset that ajv's default dialect shares) of its parameters. */
  readonly params: object
  /** JSON Schema of `Observation.value`; absent: nobody can say before it is observed. */
  readonly valueSchema?: object
  /** Where it works; on other devices a step ends as failed with MODULE_SYSTEM_UNSUPPORTED. */
  readonly systems: readonly OsFamily[]
  /** It changes what differs, unless its parameters make it only check; absent: it always only checks. */
  readonly converges?: boolean
  /** `restart_on` means something to it. */
  readonly reacts: boolean
  /** What it says depends on its parameters alone. */
  readonly asksNothing?: boolean
  /** Of a module that is no part of Tillwright: sha256 of its text. The digest of a runbook that uses it covers it. */
  readonly digest?: string
  /**
   * Parameters that are regular expressions, by their path (`expect.headers.*`, of a list `redact.*`): read here, or asked
   * of the device, whose tools know less.
   */
  readonly patterns?: Readonly<Record<string, 'here' | 'device'>>
  /**
   * Parameters that are paths of this machine, by their path; relative ones count from the folder of tillwright.yaml. Of
   * `content` the file is read, and lies in the repository unless it is absolute; so it is of `asked`, where the `from`
   * beside it is `controller`. A `place` may be anywhere; a `folder` is that of tillwright.yaml where it is not given.
   */
  readonly paths?: Readonly<Record<string, 'content' | 'asked' | 'place' | 'folder'>>
  /**
   * What a schema cannot say about parameters that belong together, in one sentence; undefined when all is well. Asked
   * when a runbook is loaded, where values may still be `${{ }}`, and `reacting` tells whether the step has `restart_on`.
   */
  readonly validate?: (params: JsonObject, step: { readonly reacting: boolean }) => string | undefined
  /** Never writes. A value of what differs is in the observation, not an error. */
  observe(context: ModuleContext, params: JsonValue): Promise<Result<Observation>>
}
