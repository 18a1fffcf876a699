import type { Readable } from 'node:stream'
import type { ByteStream, ProcessStream } from '../../core/channel.ts'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { Connection, Target } from '../../core/transport.ts'
import { deadline } from '../../load/deadline.ts'
import { nameOf } from './openssh-failure.ts'
import { OpensshProcess } from './openssh-process.ts'
import { type SshClient, startSsh } from './ssh-client.ts'

/** The client says so when the device has opened what it was asked for. */
const OPENED = /debug1: mux_client_request_(session|stdio_fwd): master session id/

/** It is told on stderr, before anything of the device: less than this comes before it. */
const HEARD_CHARACTERS = 16 * 1024

/** How long the shared connection may take to leave. */
const GOODBYE_MS = 900

/** A connection that is logged in: programs and streams go through it, each by a client of its own. */
export class OpensshConnection implements Connection {
  readonly closed: Promise<Failure | undefined>
  readonly #master: SshClient
  readonly #target: Target
  readonly #options: readonly string[]
  readonly #running = new Set<SshClient>()
  #gone = false
  #leaving = false

  constructor(master: SshClient, options: { readonly target: Target; readonly options: readonly string[] }) {
    this.#master = master
    this.#target = options.target
    this.#options = options.options
    this.closed = master.ended.then(() => {
      this.#gone = true
      for (const client of this.#running) client.kill()
      return this.#leaving ? undefined : this.#lost()
    })
  }

  async exec(command: string, input = ''): Promise<Result<ProcessStream>> {
    if (this.#gone || this.#leaving) return fail(this.#lost())
    const client = this.#start(['-T', '--', this.#target.address, command])
    const process = new OpensshProcess(client, () => this.#gone || this.#leaving)
    if (input !== '') process.write(input)
    return success(process)
  }

  async forward(host: string, port: number, timeoutMs = this.#target.deadlines.open): Promise<Result<ByteStream>> {
    if (this.#gone || this.#leaving) return fail(this.#lost())
    const to = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
    const client = this.#start(['-v', '-W', to, '--', this.#target.address])
    const onData = keepingAll(client.stdout)
    const opened = await this.#opened(client, { to, timeoutMs })
    if (!opened.ok) return opened
    return success({
      write: (data) => void (client.stdin.writable && client.stdin.write(data)),
      end: () => void client.stdin.end(),
      onData,
      onClose: (listener) => void client.ended.then(listener),
      destroy: () => client.kill(),
    })
  }

  async close(): Promise<void> {
    this.#leaving = true
    for (const client of this.#running) client.kill()
    if (this.#gone) return
    // Its end of input ends it and removes its folder.
    this.#master.stdin.end()
    const late = setTimeout(() => this.#master.kill(), GOODBYE_MS)
    await this.#master.ended
    clearTimeout(late)
  }

  #start(args: readonly string[]): SshClient {
    const client = startSsh(['-o', 'ControlMaster=no', '-o', 'LogLevel=ERROR', ...this.#options, ...args])
    this.#running.add(client)
    void client.ended.then(() => this.#running.delete(client))
    return client
  }

  #opened(
    client: SshClient,
    { to, timeoutMs }: { readonly to: string; readonly timeoutMs: number },
  ): Promise<Result<void>> {
    return new Promise((resolve) => {
      let heard = ''
      const end = (result: Result<void>): void => {
        callOff()
        if (!result.ok) client.kill()
        resolve(result)
      }
      const refuse = (why: string): void =>
        end(
          fail({
            code: 'OPEN_REFUSED',
            phase: 'open',
            message: `"${to}" did not answer behind ${nameOf(this.#target)}: ${why}.`,
          }),
        )
      const callOff = deadline(timeoutMs, () => refuse(`nothing came within ${timeoutMs / 1000} s`))
      client.stderr.on('data', (chunk: Buffer) => {
        heard = (heard + chunk.toString('utf8')).slice(-HEARD_CHARACTERS)
        if (OPENED.test(heard)) end(success(undefined))
      })
      void client.ended.then(() => (this.#gone ? end(fail(this.#lost())) : refuse('it was refused')))
    })
  }

  #lost(): Failure {
    return { code: 'SESSION_LOST', phase: 'open', message: `The connection to "${nameOf(this.#target)}" is closed.` }
  }
}

/**
 * Hands its listener also what came before it listened: node drops that when the program has ended by then, and a device
 * that greets and hangs up does both before the client has told that it connected.
 */
function keepingAll(stream: Readable): ByteStream['onData'] {
  const early: Buffer[] = []
  const keep = (chunk: Buffer): number => early.push(chunk)
  stream.on('data', keep)
  return (listener) => {
    stream.off('data', keep)
    stream.on('data', listener)
    for (const chunk of early.splice(0)) listener(chunk)
  }
}
