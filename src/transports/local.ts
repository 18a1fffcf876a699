import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { connect } from 'node:net'
import type { Writable } from 'node:stream'
import type { ByteStream, ProcessStream } from '../core/channel.ts'
import { type Failure, fail, type Result, success } from '../core/failure.ts'
import type { Connection, Target, Transport } from '../core/transport.ts'
import { slowAddresses } from '../devices/line/look-up.ts'
import { startProgram } from '../files/start-program.ts'
import { exhausted, wantHere } from '../files/want-here.ts'
import { afterEnd } from '../load/after-end.ts'
import { byteStreamOf } from './byte-stream.ts'

/** What a program may know of its surroundings. The rest of our environment may hold secrets. */
const PASSED_ON = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR)$/

/** After a program ended, how long its streams may stay open: something it started may hold them for good. */
const LINGER_MS = 250

type ExitListener = Parameters<ProcessStream['onExit']>[0]

/** Programs on this machine, for `transport: local`: the controller itself as a device. */
export const localTransport: Transport = {
  name: 'local',
  async connect(target: Target, signal: AbortSignal): Promise<Result<Connection>> {
    if (signal.aborted) return fail({ code: 'RUN_CANCELLED', phase: 'connect', message: 'The run was stopped.' })
    return success(new LocalConnection(target.deadlines.open))
  },
}

class LocalConnection implements Connection {
  readonly closed: Promise<Failure | undefined>
  readonly #running = new Set<{ destroy(): void }>()
  readonly #forwardMs: number
  #isClosed = false
  #resolveClosed: (value: undefined) => void = () => undefined

  constructor(forwardMs: number) {
    this.#forwardMs = forwardMs
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  async exec(command: string, input = ''): Promise<Result<ProcessStream>> {
    if (this.#isClosed) return fail({ code: 'SESSION_LOST', phase: 'open', message: 'The connection is closed.' })
    return new Promise((resolve) => {
      const child = startProgram('/bin/sh', ['-c', command], { detached: true, env: environment(), stdio: 'pipe' })
      child.once('error', (error) => {
        const want = wantHere(error)
        if (want !== undefined) return resolve(fail(exhausted('open', { where: 'This machine', want })))
        const message = `"/bin/sh" could not be started: ${error.message}.`
        resolve(fail({ code: 'OPEN_REFUSED', phase: 'open', message }))
      })
      child.once('spawn', () => {
        const stream = new LocalProcess(child)
        this.#running.add(stream)
        child.once('close', () => this.#running.delete(stream))
        if (input !== '') stream.write(input)
        resolve(success(stream))
      })
    })
  }

  forward(host: string, port: number, timeoutMs = this.#forwardMs): Promise<Result<ByteStream>> {
    return new Promise((resolve) => {
      const leaving = new AbortController()
      const means = slowAddresses({ timeoutMs, signal: leaving.signal })
      const socket = connect({ host, port, timeout: timeoutMs, noDelay: true, ...means })
      const refuse = (reason: string, failure?: Failure): void => {
        leaving.abort()
        socket.destroy()
        const message = `"${host}:${port}" did not answer: ${reason}.`
        resolve(fail(failure ?? { code: 'OPEN_REFUSED', phase: 'open', message }))
      }
      socket.once('timeout', () => refuse('timed out'))
      socket.on('error', (error) => {
        const want = wantHere(error)
        refuse(error.message, want === undefined ? undefined : exhausted('open', { where: `"${host}:${port}"`, want }))
      })
      socket.once('connect', () => {
        socket.setTimeout(0)
        this.#running.add(socket)
        socket.once('close', () => this.#running.delete(socket))
        resolve(success(byteStreamOf(socket)))
      })
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const stream of this.#running) stream.destroy()
    this.#resolveClosed(undefined)
  }
}

class LocalProcess implements ProcessStream {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #exited: Promise<Parameters<ExitListener>[0]>

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    // A program that ends early leaves us with a broken pipe; its exit says all there is to say.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined)
    this.#exited = new Promise((resolve) => {
      afterEnd(child, LINGER_MS, (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }))
    })
  }

  write(data: Uint8Array | string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(data)
  }

  drain(): Promise<void> {
    return drained(this.#child.stdin)
  }

  end(): void {
    this.#child.stdin.end()
  }

  onStdout(listener: (chunk: Uint8Array) => void): void {
    this.#child.stdout.on('data', listener)
  }

  onStderr(listener: (chunk: Uint8Array) => void): void {
    this.#child.stderr.on('data', listener)
  }

  onExit(listener: ExitListener): void {
    void this.#exited.then(listener)
  }

  pause(): void {
    this.#child.stdout.pause()
    this.#child.stderr.pause()
  }

  resume(): void {
    this.#child.stdout.resume()
    this.#child.stderr.resume()
  }

  destroy(): void {
    for (const stream of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) stream.destroy()
    const { pid } = this.#child
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    try {
      // It leads a process group of its own, so that what it runs ends with it.
      process.kill(-pid, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }
}

function drained(stream: Writable): Promise<void> {
  if (!stream.writable || !stream.writableNeedDrain) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done).off('error', done)
      resolve()
    }
    stream.on('drain', done).on('close', done).on('error', done)
  })
}

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => PASSED_ON.test(name)))
}
