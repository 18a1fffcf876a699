import type { AdmissionStore } from './admission.ts'
import type { AssignmentStore } from './assignment-store.ts'
import type { AuditLog } from './audit.ts'
import type { Change } from './change.ts'
import type { ChangeTimeStore } from './change-times.ts'
import type { ByteStream, ProcessStream, ShellChannel, ShellDialect, ShellValue } from './channel.ts'
import type { EventHead, RunEvent, RunEventBody } from './events.ts'
import type { Failure, Phase, Result } from './failure.ts'
import type { Device, OsFamily, StoreFacts } from './fleet.ts'
import type { WorkStore } from './handed-work.ts'
import type { JsonObject, JsonValue } from './json.ts'
import type { KeptRuns } from './kept-run.ts'
import type { LeaseStore, LeaseToken } from './lease.ts'
import type { AvailabilityStore } from './ledger.ts'
import type { OutageStore } from './outage.ts'
import type { ReportDeliveryStore } from './report-schedule.ts'
import type { DeviceStatus, DeviceVisit, RunPlace, RunSummary } from './run.ts'
import type { RunReads } from './run-reads.ts'
import type { DeviceFact, DeviceMark, Marks, NewSample, Sample } from './sample.ts'
import type { Secret } from './secret.ts'
import type { SessionStore } from './session.ts'
import type { StateFacts } from './state-facts.ts'
import type { StateUsage } from './state-usage.ts'
import type { Period } from './trading-hours.ts'

// ---------------------------------------------------------------- modules

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
  /** Undefined where the device cannot tell whether these changes came about. */
  proof?(changes: readonly Change[]): Proof | undefined
}

/** The kind of thing that a step does. Built by `defineModule`. */
export interface Module {
  readonly name: string
  readonly summary: string
  /** JSON Schema (2020-12 subset that ajv's default dialect shares) of its parameters. */
  readonly params: object
  /** Where it works; on other devices a step ends as failed with MODULE_SYSTEM_UNSUPPORTED. */
  readonly systems: readonly OsFamily[]
  /** It changes what differs, unless its parameters make it only check; absent: it always only checks. */
  readonly mends?: boolean
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

// ---------------------------------------------------------------- transports

/** Deadlines in milliseconds for the phases that a transport owns. */
export type PhaseDeadlines = Readonly<Record<Phase, number>>

/** One reachable endpoint, secrets resolved, the cascade done. */
export interface Target {
  readonly device: string
  /** See `lockNameOf`. Default: the name of the device. */
  readonly lockName?: string
  readonly type: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Private keys in PEM or OpenSSH form, with the place they came from for messages. */
  readonly keys: readonly {
    readonly origin: string
    readonly content: Secret
    readonly passphrase?: Secret
    readonly path?: string
  }[]
  /** Socket of an ssh-agent. */
  readonly agent?: string
  readonly password?: Secret
  /** Answers to what keyboard-interactive asks, by a pattern of the question; the first that fits. */
  readonly prompts?: readonly { readonly match: string; readonly answer: Secret }[]
  /** Host keys that are accepted, `type base64`; empty means that known_hosts has none for it. */
  readonly hostKeys: readonly string[]
  /** Host keys that known_hosts has revoked for it: never accepted, whoever names them. */
  readonly revokedHostKeys?: readonly string[]
  /** known_hosts has certificate authorities for it (`@cert-authority`), which are not supported. */
  readonly hasHostAuthority?: boolean
  readonly via?: Target
  readonly become?: { readonly method: 'sudo' | 'doas'; readonly password?: Secret }
  /** How PowerShell travels to it; absent: packed. */
  readonly scripts?: 'packed' | 'plain'
  /** How WinRM is spoken; present when `type` is `winrm`. */
  readonly winrm?: WinRmTarget
  /** Tells its passwords from others without knowing them; absent where nobody asks for one. */
  readonly print?: string
  /** Others have tried its passwords, and none has accepted them yet: whether they are right is to be known before anything is sent. */
  readonly isDoubted?: true
  readonly deadlines: PhaseDeadlines
  readonly keepAliveMs: number
  readonly maxOutputBytes: number
}

/** How a device is spoken to over WinRM. */
export interface WinRmTarget {
  /** Over TLS. Without it only NTLM is spoken, and every message is sealed. */
  readonly https: boolean
  readonly auth: 'ntlm' | 'basic' | 'certificate' | 'kerberos'
  /** Certificate authorities in PEM, in place of those of the system, with the file they came from. */
  readonly ca?: { readonly origin: string; readonly content: string }
  /** SHA-256 of the certificates that are accepted, whoever signed them: 64 hexadecimal digits in lower case. */
  readonly fingerprints: readonly string[]
  /** The name that the certificate must have, where it is not the address. */
  readonly serverName?: string
  /** For `certificate`: both in PEM. */
  readonly client?: { readonly certificate: string; readonly key: Secret; readonly passphrase?: Secret }
}

/** A program for Windows PowerShell. Nothing of it may be secret: other programs of the same user can read it. */
export interface PowerShellProgram {
  /**
   * Constant text for `powershell.exe -EncodedCommand`, at most BOOTSTRAP_CHARS characters (src/shell/encoded-command.ts),
   * by where it finds the script, which is base64 of gzip of UTF-8 in both cases:
   * `environment`: in the variables TILL_1, TILL_2, … joined in order, up to the first that is not set;
   * `stdin`: in the first line of stdin.
   */
  readonly bootstrap: (scriptIn: 'environment' | 'stdin') => string
  /** Of any length; the first one of a connection costs no round trip of its own, unless it goes plain. */
  readonly script: string
  /** `plain`: by stdin in any case, whose first line is the bootstrap and whose second is the script (src/shell/script-form.ts). */
  readonly form?: 'packed' | 'plain'
  /**
   * A reply can be lost after input was taken. True promises that the program drops a line of its stdin that it has
   * had before, as by a number at its start; then whole lines are sent again. Otherwise a lost reply to input
   * loses the program.
   */
  readonly repeatableInput?: boolean
}

/** An authenticated connection to a device. */
export interface Connection {
  /**
   * Starts a program by a command line given to the device's login shell: constant text, no values. `input` is written
   * to its stdin first, and saves the round trip of waiting until it runs where the device allows for it.
   */
  exec(command: string, input?: string): Promise<Result<ProcessStream>>
  /**
   * Starts Windows PowerShell with a program; absent where programs are started by `exec` alone (`startPowerShell` of
   * src/shell/encoded-command.ts starts one either way). May wait for up to a minute while the device has no room for
   * another shell, so a deadline for the first answer begins when this has resolved.
   *
   * The stream is one conversation in turns: while it is not paused, the device is asked for output, for up to 20 s at
   * a time, in which nothing can be sent. So `pause()` as soon as an answer is complete (in `onStdout`), `write` what
   * comes next, then `resume()`: that is one message there and one back. A program may live as long as the connection.
   * stdin carries lines of ASCII; secrets and values travel there and nowhere else. What is written in one turn of the
   * event loop leaves together, at most 90,000 bytes a message.
   */
  startPowerShell?(program: PowerShellProgram): Promise<Result<ProcessStream>>
  /** A stream to `host:port` as seen from the device, within so many milliseconds. Default: the deadline for `open`. */
  forward(host: string, port: number, timeoutMs?: number): Promise<Result<ByteStream>>
  /** Resolves when the connection is gone, with the reason unless it was closed on purpose. */
  readonly closed: Promise<Failure | undefined>
  /** Absent where no password can be offered. */
  readonly accepted?: AcceptedPasswords
  close(): Promise<void>
}

/** Whether passwords, or answers to prompts, let us in: that of the device; those of all gateways before it. */
export interface AcceptedPasswords {
  readonly own: boolean
  readonly gateways: boolean
}

/** What a service says of itself, in its own words. */
export interface ServiceIdentity {
  readonly protocol: string
  readonly vendor: string
  readonly version: string
  /** What it said to us before we logged in: its version again, or why there is none. */
  readonly withoutLogin: string
}

export interface Transport {
  readonly name: string
  /** Resolve, connect, identify, authenticate, each within its deadline. Every way it can fail is a value. */
  connect(target: Target, signal: AbortSignal): Promise<Result<Connection>>
  /** What the service at the other end says of itself; starts nothing there. Absent where there is no such question. */
  identify?(target: Target, signal: AbortSignal): Promise<Result<ServiceIdentity>>
  /** Waits for what closed connections still have to clean up on their devices; bounded to a few seconds. */
  drained?(): Promise<void>
  /** A connection that everybody who asks for this target has in common, until all of them have closed it. */
  share?(target: Target, signal: AbortSignal): Promise<Result<Connection>>
  /** A byte stream to `target.address:target.port`, through its `via` if it has one. Nobody logs in at its end. */
  dial?(target: Target, timeoutMs: number, signal: AbortSignal): Promise<Result<ByteStream>>
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
  /** Of a run that is carried on it gets what happens from then on, and not first what devices have come to until then. */
  readonly onlyNew?: boolean
  event(event: RunEvent): void | Promise<void>
  /** After `run.finished`; flushes. */
  close(): void | Promise<void>
}

// ---------------------------------------------------------------- state

/** How much of the history is kept: runs of so many days, oldest first gone, in so many million bytes. */
export interface Retention {
  readonly days: number
  readonly megabytes: number
}

/** An event that has no number yet: the store counts, since several may write to a run. */
export type NewEvent = Omit<EventHead, 'seq'> & RunEventBody

/** Events, in order. */
export interface JournalStore {
  /**
   * Durable against the death of the process when it resolves; an announcement of a change against that of the machine, too.
   * Events of a run are numbered 1, 2, 3… without gaps. `leasesOf`: what must still be held for an event to be written, so
   * that nobody writes who has slept through a lease. Answers with the events as they stand, or undefined in the place of
   * one that was refused for that.
   */
  append(
    events: readonly NewEvent[],
    leasesOf?: (event: NewEvent) => readonly LeaseToken[],
  ): Promise<readonly (RunEvent | undefined)[]>
  /** In order, those after `after`; empty for an unknown run. */
  events(run: string, after?: number): AsyncIterable<RunEvent>
}

/** Journal, history, last known states and leases. */
export interface RunStore extends JournalStore {
  readonly leases: LeaseStore
  readonly admission: AdmissionStore
  readonly outages: OutageStore
  readonly reportDeliveries: ReportDeliveryStore
  readonly kept: KeptRuns
  readonly changeTimes: ChangeTimeStore
  readonly audit: AuditLog
  readonly availability: AvailabilityStore
  readonly sessions: SessionStore
  /** For machines that share it; on one machine a file beside the store remembers. */
  readonly assignments: AssignmentStore
  readonly reads: RunReads
  readonly work: WorkStore
  /**
   * Newest first; `within` of milliseconds since 1970: those that began in it. A run whose process is dead and that has no
   * `run.finished` is `interrupted`.
   */
  runs(options?: {
    readonly limit?: number
    readonly after?: RunPlace
    readonly within?: Period
  }): Promise<readonly RunSummary[]>
  /** Last known state of every device that was ever looked at; with `since` of those that a run told of then or later. */
  status(options?: { readonly since?: string }): AsyncIterable<DeviceStatus>
  /** Another text once something was told of a device. */
  statusMark(): Promise<string>
  /** How runs ended on a device, newest first: at most `limit`, none that ended before `since`. Those in progress there are left out. */
  visits(
    device: string,
    options: { readonly limit: number; readonly since?: Date | undefined },
  ): Promise<readonly DeviceVisit[]>
  /** Of one series of a device, by time; two at the same time are one, the later one noted. */
  samples(device: string, series: string, since: Date, until?: Date): Promise<readonly Sample[]>
  fact(device: string, name: string, source: string): Promise<DeviceFact | null>
  /** Marks by which the machine of a device is known again; not those that many devices claim, as clones of an image do. */
  machineOf(device: string): Promise<Marks>
  /** The last mark of each name of every device, by device. */
  marks(): AsyncIterable<DeviceMark>
  /**
   * At the end of `run`, deletes old runs and samples beyond what is to be kept; never `run` itself or one in progress, nor the last
   * known state of a device. May leave some for the next time, so that it takes a fraction of the run.
   */
  forget(run: string, keep: Retention): Promise<void>
  /** About the store itself. */
  facts(): Promise<StateFacts>
  /** What history there is of runs that began from `since` on, and before `until`. */
  usage(of: { readonly since: Date; readonly until: Date }): Promise<StateUsage>
  close(): Promise<void>
}

/** Time, so that tests own it. */
export interface Clock {
  now(): Date
  /** Milliseconds, monotonic. */
  elapsed(): number
}
