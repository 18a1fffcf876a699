import type { ContentCame, ContentToSend } from './content.ts'
import type { Failure } from './failure.ts'
import type { Fence } from './fence.ts'
import type { Secret } from './secret.ts'

/** Values travel as shell variables, never as text pasted into code. */
export type ShellValue = string | number | boolean | Secret

/** What the interpreter of a device understands: POSIX sh, or Windows PowerShell 5.1. */
export type ShellDialect = 'posix' | 'powershell'

/** One question to the interpreter of a device. */
export interface ShellRequest {
  /** The name of a script that is shipped (`fragment` of shell/powershell-fragment.ts); stand-ins know it by that. */
  readonly name?: string
  /**
   * Constant. PowerShell: finds `values` in the hashtable `$v`, throws to fail. POSIX sh: run in a subshell with stdin at /dev/null; `values` are its variables (not exported).
   * Must read nothing from stdin and, unless `foreign`, leave nothing in the background that holds stdout.
   */
  readonly script: string
  /** It runs the text of a user: what that leaves running is cut off as it ends, and is not heard in later answers. */
  readonly foreign?: boolean
  /** Names `[a-z_][a-z0-9_]*`; any text without NUL. */
  readonly values?: Readonly<Record<string, ShellValue>>
  /** Milliseconds from when the device starts it; past it, the script and its children are killed. */
  readonly timeoutMs?: number
  /** Bytes of stdout and of stderr to keep; more is cut, and a flood ends the session. Default: 1 MiB. */
  readonly maxOutputBytes?: number
  /**
   * It changes something: the device itself checks this before it begins, and remembers what it runs. Rejected with
   * `Fenced` where that says no for now, with an `SessionLost` where it says no for good (DEVICE_BUSY, LEASE_LOST).
   */
  readonly fence?: Fence
  /** The first of a step that changes something: guards are asked before it (engine/device/guarded-shell.ts). */
  readonly begins?: boolean
  /** A change that must not be cut in half: goes on when the session is lost, up to its deadline, and is remembered. */
  readonly whole?: boolean
}

export interface ShellAnswer {
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** stdout as UTF-8, wrong bytes replaced. */
  readonly text: string
  readonly errorText: string
  /** Some output was cut. */
  readonly truncated: boolean
  readonly timedOut: boolean
  readonly durationMs: number
  /** Of an upload: how a file of the repository came, and why it did not, where more is known than a program says. */
  readonly came?: ContentCame
  readonly failure?: Failure
}

/**
 * One interpreter on a device, kept for a whole run. What is asked in the same turn of the event loop goes out
 * together and comes back together, and is run in the order in which it was asked. The engine can also chain questions,
 * so that the device stops by itself at what no longer holds: chain.ts.
 * `ask` and `upload` throw `SessionLost` when the session is lost; anything a script does is an answer.
 */
export interface ShellChannel {
  readonly kind: 'shell'
  readonly dialect: ShellDialect
  ask(request: ShellRequest): Promise<ShellAnswer>
  /**
   * Lets go of the session; the next question connects anew. For what ends every session itself, as a restart does.
   * Absent where there is no way to connect anew.
   */
  renew?(): Promise<void>
  /**
   * Writes bytes to a new file with mode 0600 at `path`. For contents too large for a value, or not text. What is known
   * (`KnownContent`) may come by a shorter way.
   */
  upload(path: string, content: AsyncIterable<Uint8Array> | Uint8Array, options?: UploadOptions): Promise<ShellAnswer>
  /** By which way such a file would come; writes nothing. Undefined: it goes as ever. Absent where nobody looks after that. */
  foresee?(content: ContentToSend): Promise<ContentCame | undefined>
}

export interface UploadOptions {
  readonly timeoutMs?: number
  /** How many bytes there are, where a stream does not tell. */
  readonly sizeBytes?: number
  /** How long it has been waited so far until the content may go; that does not count for `timeoutMs`. */
  readonly waitedMs?: () => number
  /**
   * POSIX: the file has so many bytes of it, by an earlier upload; the others are put behind them. It need not be there for
   * 0, and where this upload is cut short as well, what came stays.
   */
  readonly from?: number
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code?: number
  readonly signal?: string
  /** What became of the connection, where more is known than that it broke. */
  readonly failure?: Failure
}

/** A process on a device (or here) with its three streams; what an interpreter runs in. */
export interface ProcessStream {
  write(data: Uint8Array | string): void
  /** Resolves when what was written has been taken over, or never will be: await it before writing much more. */
  drain(): Promise<void>
  end(): void
  onStdout(listener: (chunk: Uint8Array) => void): void
  onStderr(listener: (chunk: Uint8Array) => void): void
  /** Called once. `code` is undefined when the connection went away, `failure` then says why, or a signal ended it. */
  onExit(listener: (end: ProcessEnd) => void): void
  pause(): void
  resume(): void
  /** Drops the stream at once. */
  destroy(): void
}

/** A byte stream to a port that the device can reach: `via`, and devices behind it. */
export interface ByteStream {
  write(data: Uint8Array): void
  end(): void
  onData(listener: (chunk: Uint8Array) => void): void
  onClose(listener: () => void): void
  destroy(): void
}
