import { randomUUID } from 'node:crypto'
import type { ByteStream, ProcessStream } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { AcceptedPasswords, Connection, PowerShellProgram } from '../../core/transport.ts'
import { COMMAND_LINE_CHARS, encodedCommand, scriptVariables, startByStdin } from '../../shell/encoded-command.ts'
import { scriptLine } from '../../shell/script-form.ts'
import { pause } from '../pause.ts'
import { Courier } from './courier.ts'
import type { SessionDependencies } from './open-session.ts'
import type { Pace } from './pace.ts'
import { RemoteCommand } from './remote-command.ts'
import { RemoteShell, type ShellDependencies } from './remote-shell.ts'
import { endpoint } from './winrm-failure.ts'

/** More than this of a packed script goes by stdin: old Windows takes messages of 150 KiB. */
const ENVIRONMENT_CHARS = 90_000

/** What is to be started, by the shell that it is to be started in. */
interface Start {
  /** For a shell that is opened for it. */
  readonly environment: Readonly<Record<string, string>>
  readonly command: (shell: RemoteShell, isNew: boolean) => { readonly line: string; readonly input?: string }
  readonly repeatableInput: boolean
}

/** A device over WinRM: shells on it, one program at a time in each, and not one left behind. */
export class WinRmConnection implements Connection {
  readonly closed: Promise<Failure | undefined>
  readonly accepted: AcceptedPasswords
  /** Everything is cleaned up behind it, or it was tried for long enough. */
  readonly cleaned: Promise<void>
  readonly #dependencies: ShellDependencies
  readonly #leaving = new AbortController()
  /** All that may exist on the device. */
  readonly #shells = new Set<RemoteShell>()
  readonly #running = new Set<RemoteCommand>()
  /** Deletions under way. */
  readonly #retiring = new Set<Promise<unknown>>()
  /** A program was dropped in the middle of something: it must have ended before we may say that we left. */
  #interrupted = false
  #idle: RemoteShell | undefined
  #starting = 0
  #closing: Promise<void> | undefined
  #resolveClosed: () => void = () => undefined
  #resolveCleaned: () => void = () => undefined

  /** `signal` stops whatever is under way; `close` must be called all the same. */
  constructor(
    courier: Courier,
    dependencies: SessionDependencies & {
      readonly pace: Pace
      readonly signal: AbortSignal
      readonly accepted: AcceptedPasswords
    },
  ) {
    const { target, pace } = dependencies
    this.accepted = dependencies.accepted
    const to = `${target.winrm.https ? 'https' : 'http'}://${endpoint(target)}/wsman`
    const sender = { to, session: randomUUID().toUpperCase(), timeoutS: pace.operationTimeoutS }
    this.#dependencies = { target, courier, sender, pace, signal: this.#leaving.signal }
    const stop = (): void => this.#stop()
    dependencies.signal.addEventListener('abort', stop, { once: true })
    if (dependencies.signal.aborted) stop()
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = () => {
        dependencies.signal.removeEventListener('abort', stop)
        resolve(undefined)
      }
    })
    this.cleaned = new Promise((resolve) => {
      this.#resolveCleaned = resolve
    })
  }

  async exec(command: string, input?: string): Promise<Result<ProcessStream>> {
    if (command.length > COMMAND_LINE_CHARS) {
      const message = `A command line of ${command.length} characters is more than cmd.exe on "${endpoint(this.#dependencies.target)}" takes; nothing was sent.`
      return fail({ code: 'OPEN_REFUSED', phase: 'open', message })
    }
    const start = { line: command, ...(input !== undefined && { input }) }
    return this.#start({ environment: {}, command: () => start, repeatableInput: false })
  }

  startPowerShell(program: PowerShellProgram): Promise<Result<ProcessStream>> {
    const packed = program.form === 'plain' ? undefined : scriptLine(program.script, 'packed')
    const fits = packed !== undefined && packed.length <= ENVIRONMENT_CHARS
    return this.#start({
      environment: fits ? scriptVariables(packed) : {},
      command: ({ legacy }, isNew) =>
        fits && isNew
          ? { line: encodedCommand(program.bootstrap('environment'), { legacy }) }
          : startByStdin(program, { legacy }),
      repeatableInput: program.repeatableInput ?? false,
    })
  }

  async forward(host: string, port: number): Promise<Result<ByteStream>> {
    const message = `"${endpoint(this.#dependencies.target)}" is reached by WinRM, which makes no connection to "${host}:${port}".`
    return fail({ code: 'TRANSPORT_UNSUPPORTED', phase: 'connect', message })
  }

  /** Deletes all shells. Resolves at once when nothing runs in them, and else when they are gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stop()
    void this.#cleanUp().then(this.#resolveCleaned)
    if (this.#interrupted) await this.cleaned
    this.#resolveClosed()
  }

  /** Whatever is under way ends. What it leaves on the device is deleted on closing. */
  #stop(): void {
    this.#interrupted ||= this.#starting > 0
    this.#leaving.abort()
    for (const command of this.#running) command.lose()
  }

  async #start(start: Start): Promise<Result<ProcessStream>> {
    if (this.#leaving.signal.aborted) return fail(this.#isClosed())
    this.#starting += 1
    try {
      return await this.#tryStart(start)
    } finally {
      this.#starting -= 1
    }
  }

  /** Another shell is tried when the one that was there has gone, or holds what the device has too little of. */
  async #tryStart(start: Start): Promise<Result<ProcessStream>> {
    const { pace, signal } = this.#dependencies
    for (let n = 0; ; n += 1) {
      const taken = await this.#takeShell(start.environment)
      if (!taken.ok) return taken
      const { shell, isNew } = taken.value
      const { line, input } = start.command(shell, isNew)
      const started = await shell.start(line)
      if ('command' in started) {
        const command = this.#follow(shell, started.command, start.repeatableInput)
        if (input !== undefined) command.write(input)
        return success(command)
      }
      const deleted = this.#retire(shell)
      const isFull = started.failure.code === 'QUOTA_OPERATIONS_EXCEEDED'
      const waitMs = (isFull ? pace.quotaPausesMs : pace.repeatPausesMs)[n]
      if (!started.another || waitMs === undefined || signal.aborted) return fail(started.failure)
      await deleted
      await pause(waitMs, signal)
    }
  }

  async #takeShell(
    environment: Readonly<Record<string, string>>,
  ): Promise<Result<{ readonly shell: RemoteShell; readonly isNew: boolean }>> {
    const idle = this.#idle
    this.#idle = undefined
    if (idle && !idle.worn) return success({ shell: idle, isNew: false })
    if (idle) await this.#retire(idle)
    const shell = new RemoteShell(this.#dependencies)
    // Before it is asked for: whatever comes of that, it will be deleted.
    this.#shells.add(shell)
    const opened = await shell.open(environment)
    if (opened.ok) return success({ shell, isNew: true })
    if (!shell.mayExist) this.#shells.delete(shell)
    return opened
  }

  #follow(shell: RemoteShell, id: string, repeatableInput: boolean): RemoteCommand {
    const command: RemoteCommand = new RemoteCommand(
      this.#dependencies,
      { shell: shell.id, command: id },
      {
        repeatableInput,
        onEnd: (how, idle) => {
          this.#running.delete(command)
          this.#interrupted ||= how === 'dropped' && !idle
          if (how === 'done' && !this.#idle) this.#idle = shell
          else if (!this.#leaving.signal.aborted) void this.#retire(shell)
        },
      },
    )
    this.#running.add(command)
    if (this.#leaving.signal.aborted) command.lose()
    return command
  }

  /** Deletes a shell that is of no more use, even when we leave meanwhile. */
  #retire(shell: RemoteShell): Promise<void> {
    const deleted = this.#delete(shell)
    this.#retiring.add(deleted)
    void deleted.finally(() => this.#retiring.delete(deleted))
    return deleted
  }

  async #delete(shell: RemoteShell): Promise<void> {
    const { pace } = this.#dependencies
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(), pace.cleanUpMs)
    const isGone = await shell.delete(over.signal)
    clearTimeout(timer)
    if (isGone) this.#shells.delete(shell)
  }

  /** All that is left, each within its time. */
  async #cleanUp(): Promise<void> {
    await Promise.all(this.#retiring)
    await Promise.all([...this.#shells].map((shell) => this.#delete(shell)))
    this.#dependencies.courier.close()
  }

  #isClosed(): Failure {
    return {
      code: 'SESSION_LOST',
      phase: 'open',
      message: `The connection to "${endpoint(this.#dependencies.target)}" is closed.`,
    }
  }
}
