import type { ByteStream, ProcessStream } from './channel.ts'
import type { Failure, Phase, Result } from './failure.ts'
import type { Secret } from './secret.ts'

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
