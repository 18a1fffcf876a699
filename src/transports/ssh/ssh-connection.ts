import type { Duplex } from 'node:stream'
import type { Client, ClientChannel } from 'ssh2'
import type { ByteStream, ProcessStream } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { AcceptedPasswords, Connection, Target } from '../../core/transport.ts'
import { deadline } from '../../load/deadline.ts'
import { byteStreamOf } from '../byte-stream.ts'
import { ForwardedSocket } from './forwarded-socket.ts'
import type { Handshaken } from './handshake.ts'
import { startInOneFlight, takesOneFlight, WrongChannel } from './one-flight.ts'
import type { ShortWays } from './short-ways.ts'
import { endpoint, OwnFault, reason, type SshError, sshFailure, type Trouble } from './ssh-failure.ts'
import { SshProcess } from './ssh-process.ts'

/** How long a polite goodbye may take. */
const GOODBYE_MS = 500

/** Servers that end the connection when a second program is asked for. */
const ONE_PROGRAM = /^SSH-2\.0-tinyssh/

type ChannelError = SshError & { readonly reason?: unknown }

/** What came of asking for a channel. */
type Opened<T> = { readonly channel: T } | { readonly error: ChannelError }

type Ask = (answer: (error: Error | undefined, channel: ClientChannel) => void) => void

/** A logged-in connection. Takes over the client and its socket. */
export class SshConnection implements Connection {
  readonly closed: Promise<Failure | undefined>
  readonly accepted: AcceptedPasswords
  readonly #client: Client
  readonly #socket: Duplex
  readonly #target: Target
  readonly #processes = new Set<SshProcess>()
  /** Connections for further programs, where the server allows one for each. */
  readonly #further = new Set<SshConnection>()
  readonly #again: () => Promise<Result<SshConnection>>
  readonly #answered: () => void
  readonly #ways: ShortWays
  /** Further programs need connections of their own. */
  #oneProgram: boolean
  /** The first program may be started in one flight with its channel. */
  #oneFlight: boolean
  #started = false
  #error: SshError | undefined
  #gone = false
  #leaving = false

  /**
   * `again` makes another connection to the same target, for servers that allow few programs on each; `answered` is
   * called when the device has answered for the first time, at the latest when the connection is gone.
   */
  constructor(
    established: Handshaken,
    options: {
      readonly target: Target
      readonly ways: ShortWays
      readonly again: () => Promise<Result<SshConnection>>
      readonly answered: () => void
      /** All on the way to it let us in by passwords. */
      readonly wayByPassword: boolean
    },
  ) {
    const { client, socket } = established
    const { target, again } = options
    this.#answered = options.answered
    this.accepted = { own: established.byPassword, gateways: options.wayByPassword }
    this.#client = client
    this.#socket = socket
    this.#target = target
    this.#again = again
    this.#oneProgram = ONE_PROGRAM.test(established.banner)
    this.#oneFlight = takesOneFlight(client, established.banner, options.ways)
    this.#ways = options.ways
    client.on('error', (error: SshError) => {
      this.#error ??= error
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#gone = true
        this.#answered()
        for (const process of this.#processes) process.lost()
        this.#processes.clear()
        resolve(this.#leaving ? undefined : this.#lost())
      })
    })
  }

  async exec(command: string, input = ''): Promise<Result<ProcessStream>> {
    if (this.#oneProgram && this.#started) return this.#execElsewhere(command, input)
    this.#started = true
    const opened = await this.#start(command, input)
    if (!opened.ok) return opened
    if ('channel' in opened.value) return success(opened.value.channel)
    const { error } = opened.value
    if (error instanceof WrongChannel) {
      // Nothing was started, and the server may hang up for it: this connection is of no more use for programs.
      this.#oneProgram = true
      return this.#execElsewhere(command, input)
    }
    if (error instanceof OwnFault) {
      // What becomes of the connection cannot be foreseen, and the program must not go on.
      this.#error ??= error
      this.#socket.destroy()
      return fail(this.#lost())
    }
    const refusal = fail(this.#refusal(error))
    if (this.#processes.size === 0) return refusal
    const elsewhere = await this.#execElsewhere(command, input)
    return elsewhere.ok ? elsewhere : refusal
  }

  #start(command: string, input: string): Promise<Result<Opened<SshProcess>>> {
    const target = this.#target
    const oneFlight = this.#oneFlight
    this.#oneFlight = false
    const ask: Ask = (answer) => {
      if (oneFlight) startInOneFlight(this.#client, { command, input: Buffer.from(input), ways: this.#ways }, answer)
      else this.#client.exec(command, answer)
    }
    const limit = { timeoutMs: target.deadlines.open, expired: { target, phase: 'open', expired: true } } as const
    // Made while the answer is being read: what comes with it, such as the end of the program, is heard by it.
    return this.#open(ask, limit, (channel) => {
      const process = new SshProcess(channel, this.#answered)
      this.#processes.add(process)
      process.onExit(() => this.#processes.delete(process))
      if (!oneFlight && input !== '') process.write(input)
      return process
    })
  }

  /** By a connection of its own, which ends with the program. */
  async #execElsewhere(command: string, input: string): Promise<Result<ProcessStream>> {
    if (this.#leaving) return fail(this.#lost())
    const connected = await this.#again()
    if (!connected.ok) return connected
    const connection = connected.value
    connection.#oneFlight = false
    this.#further.add(connection)
    void connection.closed.then(() => this.#further.delete(connection))
    if (this.#leaving) await connection.close()
    const started = await connection.exec(command, input)
    if (started.ok) started.value.onExit(() => void connection.close())
    else await connection.close()
    return started
  }

  async forward(host: string, port: number, timeoutMs?: number): Promise<Result<ByteStream>> {
    const open = timeoutMs ?? this.#target.deadlines.open
    const target = { ...this.#target, address: host, port, deadlines: { ...this.#target.deadlines, connect: open } }
    const forwarded = await this.forwardSocket(target, open)
    return forwarded.ok ? success(byteStreamOf(forwarded.value)) : forwarded
  }

  /** A stream of Node's to a target behind this one. Failures are the target's, unless this connection broke. */
  async forwardSocket(target: Target, timeoutMs: number): Promise<Result<Duplex>> {
    const { address, port } = target
    const ask: Ask = (answer) => this.#client.forwardOut('127.0.0.1', 0, address, port, answer)
    this.#oneFlight = false
    const limit = { timeoutMs, expired: { target, phase: 'connect', expired: true } } as const
    const opened = await this.#open(ask, limit, (channel) => new ForwardedSocket(channel))
    if (!opened.ok) return opened
    if ('error' in opened.value) return fail(this.#forwardFailure(opened.value.error, endpoint(target)))
    this.#answered()
    return success(opened.value.channel)
  }

  async close(): Promise<void> {
    this.#leaving = true
    await Promise.all([this.#goodbye(), ...[...this.#further].map((connection) => connection.close())])
  }

  async #goodbye(): Promise<void> {
    if (this.#gone) return
    const socket = this.#socket
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS)
    // Once the goodbye is with the system, there is no reason to wait for the device.
    socket.once('finish', () => socket.destroy())
    try {
      this.#client.end()
    } catch {
      socket.destroy()
    }
    await closed
    clearTimeout(timer)
  }

  /** Asks for a channel within a deadline, and has it used as soon as it is there; one that comes too late is closed. */
  #open<T>(
    ask: Ask,
    options: { readonly timeoutMs: number; readonly expired: Trouble },
    use: (channel: ClientChannel) => T,
  ): Promise<Result<Opened<T>>> {
    if (this.#gone || this.#leaving) return Promise.resolve(fail(this.#lost()))
    return new Promise((resolve) => {
      let over = false
      const end = (result: Result<Opened<T>>): void => {
        over = true
        callOff()
        resolve(result)
      }
      const callOff = deadline(options.timeoutMs, () => end(fail(sshFailure(options.expired))))
      void this.closed.then(() => over || end(fail(this.#lost())))
      try {
        ask((error, channel) => {
          if (over) channel?.destroy()
          else if (error) end(this.#gone ? fail(this.#lost()) : success({ error }))
          else end(success({ channel: use(channel) }))
        })
      } catch (error) {
        // What ssh2 throws when the device has gone before us.
        if ((error as Error).message !== 'Not connected') this.#error ??= new OwnFault(error)
        end(fail(this.#lost()))
      }
    })
  }

  #refusal(error: Error): Failure {
    const message = `"${endpoint(this.#target)}" did not start a program: ${channelReason(error)}.`
    return { code: 'OPEN_REFUSED', phase: 'open', message }
  }

  #forwardFailure(error: ChannelError, where: string): Failure {
    const said = channelReason(error)
    const message = `"${endpoint(this.#target)}" made no connection to "${where}": ${said}.`
    const common = { phase: 'connect', message } as const
    // RFC 4254, 5.1: 1 is prohibited, 2 is that the connection could not be made.
    if (error.reason !== 2) return { ...common, code: 'CONNECT_VIA_FAILED' }
    if (/refused/i.test(said)) return { ...common, code: 'CONNECT_REFUSED' }
    if (/timed? ?out/i.test(said)) return { ...common, code: 'CONNECT_TIMEOUT' }
    return { ...common, code: 'CONNECT_UNREACHABLE' }
  }

  #lost(): Failure {
    return sshFailure({ target: this.#target, phase: 'open', error: this.#error })
  }
}

function channelReason(error: SshError): string {
  return reason(error).replace(/^\(SSH\) Channel open failure: ?/, '') || 'it was refused'
}
