import type { Change } from './change.ts'
import type { ByteStream, ProcessStream, ShellChannel } from './channel.ts'
import type { RunEvent } from './events.ts'
import type { Failure, Phase, Result } from './failure.ts'
import type { Device, OsFamily } from './fleet.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { DeviceStatus, RunSummary } from './run.ts'
import type { Secret } from './secret.ts'

// ---------------------------------------------------------------- modules

/** What a module gets to work with. It is never told whether it is planned or applied. */
export interface ModuleContext {
  readonly device: Device
  /** The device's shell. Connecting happens at the first question; a module that asks nothing costs no connection. */
  readonly shell: ShellChannel
  /** Aborted when the deadline of the phase passes or the run is stopped. */
  readonly signal: AbortSignal
}

/** Module-specific view of the steps before it. */
export interface Signals {
  /** A step listed in `restart_on` changed something, or would. */
  readonly triggered: boolean
}

/** What differs; or that it cannot be told. */
export type Comparison = { readonly changes: readonly Change[] } | { readonly unknown: string }

/** What was read, and what can be done about it. The state type is closed over, so only a module can act on what it read. */
export interface Observation {
  /** Facts for later steps and for people: `steps.<id>.value`. */
  readonly value: JsonValue
  /** Pure; asked again after every change. */
  compare(signals: Signals): Comparison
  /** Absent: the module only checks, and what differs is a failure. */
  converge?(changes: readonly Change[]): Promise<Result<void>>
}

/** The kind of thing that a step does. Built by `defineModule`. */
export interface Module {
  readonly name: string
  readonly summary: string
  /** JSON Schema (2020-12 subset that ajv's default dialect shares) of its parameters. */
  readonly params: object
  /** Where it works; on other devices a step ends as failed with MODULE_SYSTEM_UNSUPPORTED. */
  readonly systems: readonly OsFamily[]
  /** `restart_on` means something to it. */
  readonly reacts: boolean
  /**
   * What a schema cannot say about parameters that belong together, in one sentence; undefined when all is well. Asked
   * when a runbook is loaded, where values may still be `${{ }}`, and `reacting` tells whether the step has `restart_on`.
   */
  readonly complain?: (params: JsonObject, step: { readonly reacting: boolean }) => string | undefined
  /** Never writes. A value of what differs is in the observation, not an error. */
  observe(context: ModuleContext, params: JsonValue): Promise<Result<Observation>>
}

// ---------------------------------------------------------------- transports

/** Deadlines in milliseconds for the phases that a transport owns. */
export type PhaseDeadlines = Readonly<Record<Phase, number>>

/** One reachable endpoint, secrets resolved, the cascade done. */
export interface Target {
  readonly device: string
  readonly type: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Private keys in PEM or OpenSSH form, with the place they came from for messages. */
  readonly keys: readonly { readonly origin: string; readonly content: Secret; readonly passphrase?: Secret }[]
  /** Socket of an ssh-agent. */
  readonly agent?: string
  readonly password?: Secret
  /** Host keys that are accepted, `type base64`; empty means that known_hosts has none for it. */
  readonly hostKeys: readonly string[]
  readonly via?: Target
  readonly become?: { readonly method: 'sudo'; readonly password?: Secret }
  readonly deadlines: PhaseDeadlines
  readonly keepAliveMs: number
  readonly maxOutputBytes: number
}

/** An authenticated connection to a device. */
export interface Connection {
  /** Starts a program by a command line given to the device's login shell: constant text, no values. */
  exec(command: string): Promise<Result<ProcessStream>>
  /** A stream to `host:port` as seen from the device. */
  forward(host: string, port: number): Promise<Result<ByteStream>>
  /** Resolves when the connection is gone, with the reason unless it was closed on purpose. */
  readonly closed: Promise<Failure | undefined>
  close(): Promise<void>
}

export interface Transport {
  readonly name: string
  /** Resolve, connect, identify, authenticate, each within its deadline. Every way it can fail is a value. */
  connect(target: Target, signal: AbortSignal): Promise<Result<Connection>>
}

// ---------------------------------------------------------------- secrets

export interface SecretSource {
  /** The scheme before the colon: `env`, `file`. */
  readonly name: string
  read(reference: string): Promise<Result<Secret>>
}

// ---------------------------------------------------------------- events out

/** Receives every event of a run, already masked and journalled. A throw is a bug. */
export interface Reporter {
  event(event: RunEvent): void | Promise<void>
  /** After `run.finished`; flushes. */
  close(): void | Promise<void>
}

// ---------------------------------------------------------------- state

export interface LeaseHolder {
  readonly run: string
  readonly pid: number
  readonly host: string
  readonly until: string
}

/** Journal, history, last known states and leases. */
export interface RunStore {
  /** Durable against the death of the process when it resolves. */
  append(events: readonly RunEvent[]): Promise<void>
  /** Newest first. A run whose process is dead and that has no `run.finished` is `interrupted`. */
  runs(options?: { readonly limit?: number }): Promise<readonly RunSummary[]>
  /** In order; empty for an unknown run. */
  events(run: string): AsyncIterable<RunEvent>
  /** Last known state of every device that was ever looked at. */
  status(): AsyncIterable<DeviceStatus>
  /** All or nothing for one device; renewed by asking again. A lease of a dead process on this host is taken over. */
  acquireLease(
    device: string,
    holder: { readonly run: string; readonly ttlMs: number },
  ): Promise<{ readonly granted: true } | { readonly granted: false; readonly holder: LeaseHolder }>
  releaseLease(device: string, run: string): Promise<void>
  close(): Promise<void>
}

/** Time, so that tests own it. */
export interface Clock {
  now(): Date
  /** Milliseconds, monotonic. */
  elapsed(): number
}
