import { setImmediate as turn } from 'node:timers/promises'
import type { ProcessEnd, ProcessStream } from '../../core/channel.ts'
import type { Failure } from '../../core/failure.ts'
import { pause } from '../pause.ts'
import type { ExchangeOptions, Reply } from './courier.ts'
import { type CommandRef, type Message, receiveMessage, sendMessage } from './envelope.ts'
import { type FaultKind, kindOf, type WsmanFault } from './fault.ts'
import { type InputPiece, InputQueue } from './input-queue.ts'
import { parseOutput } from './remote-output.ts'
import type { ShellDependencies } from './remote-shell.ts'
import { faultFailure, type Moment, noReplyFailure } from './winrm-failure.ts'

const FULL: ReadonlySet<FaultKind> = new Set(['operations', 'users', 'load', 'busy'])

/** The device need not answer when we only want to be remembered. */
const KEEP_ALIVE_S = 0.5

/** A device that says at once that there is nothing yet is not asked in a busy loop. */
const HASTY_MS = 200

/** How a command ended for us: its exit code was told, it was dropped, or it was lost. */
export type CommandEnd = 'done' | 'dropped' | 'lost'

export interface CommandOptions {
  /** A line that comes twice does no harm. */
  readonly repeatableInput: boolean
  /** `idle`: nothing of it was being waited for. */
  readonly onEnd: (how: CommandEnd, idle: boolean) => void
}

/** A program in a shell: input in messages, output asked for, one thing at a time. */
export class RemoteCommand implements ProcessStream {
  readonly #dependencies: ShellDependencies
  readonly #ref: CommandRef
  readonly #options: CommandOptions
  readonly #input = new InputQueue()
  /** Aborted when nobody waits for it any more. */
  readonly #leaving = new AbortController()
  readonly #listeners = { stdout: [] as ((chunk: Uint8Array) => void)[], stderr: [] as ((chunk: Uint8Array) => void)[] }
  readonly #exited: Promise<ProcessEnd>
  #report: (end: ProcessEnd) => void = () => undefined
  /** Came while paused. */
  #backlog: { readonly stream: 'stdout' | 'stderr'; readonly bytes: Buffer }[] = []
  #end: ProcessEnd | undefined
  #over = false
  #paused = false
  #asking = false
  #waits = 0
  #inputRefused: Failure | undefined
  #wake: (() => void) | undefined
  #drained: (() => void)[] = []

  constructor(dependencies: ShellDependencies, ref: CommandRef, options: CommandOptions) {
    this.#dependencies = dependencies
    this.#ref = ref
    this.#options = options
    this.#exited = new Promise((resolve) => {
      this.#report = resolve
    })
    this.#run().catch((error: unknown) => {
      this.lose({ code: 'INTERNAL_BUG', phase: 'observe', message: String((error as Error).stack ?? error) })
    })
  }

  /** Nobody waits for anything of it: it may be ended without losing a word. */
  get isIdle(): boolean {
    return this.#over || (this.#paused && !this.#asking && this.#input.isEmpty)
  }

  write(data: Uint8Array | string): void {
    this.#input.write(data)
    this.#wake?.()
  }

  drain(): Promise<void> {
    if (this.#over || this.#input.isEmpty) return Promise.resolve()
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  end(): void {
    this.#input.end()
    this.#wake?.()
  }

  onStdout(listener: (chunk: Uint8Array) => void): void {
    this.#listeners.stdout.push(listener)
  }

  onStderr(listener: (chunk: Uint8Array) => void): void {
    this.#listeners.stderr.push(listener)
  }

  onExit(listener: (end: ProcessEnd) => void): void {
    void this.#exited.then(listener)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#flush()
    this.#wake?.()
  }

  destroy(): void {
    this.#finish({}, 'dropped')
  }

  /** Its connection ended, by our will when there is no failure. */
  lose(failure?: Failure): void {
    this.#finish(failure ? { failure } : {}, failure ? 'lost' : 'dropped')
  }

  async #run(): Promise<void> {
    await turn()
    while (!this.#over) {
      if (!this.#input.isEmpty) await this.#send(this.#input.take())
      else if (!this.#paused) await this.#receive(this.#dependencies.pace.operationTimeoutS)
      else if (await this.#idled()) await this.#receive(KEEP_ALIVE_S)
      // Whoever got an answer has a word in what comes next.
      await turn()
    }
  }

  /** Waits for something to do; true when nothing came for so long that the device must hear from us. */
  #idled(): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (idled: boolean): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve(idled)
      }
      const timer = setTimeout(() => done(true), this.#dependencies.pace.keepAliveMs)
      this.#wake = () => done(false)
    })
  }

  async #receive(timeoutS: number): Promise<void> {
    const { sender, pace } = this.#dependencies
    const began = performance.now()
    const answerMs = timeoutS * 1000 + pace.answerGraceMs
    // Sent again byte by byte, it is answered with what was lost.
    const message = receiveMessage(sender, this.#ref, timeoutS)
    const reply = await this.#exchange(() => message, { answerMs, repeatable: true })
    if (this.#over) return
    if (reply.kind === 'failed') return this.lose(reply.failure)
    if (reply.kind === 'fault') {
      if (kindOf(reply.fault) !== 'timed-out') return this.#waitOrLose(reply.fault)
      if (this.#inputRefused) return this.lose(this.#inputRefused)
      if (performance.now() - began < HASTY_MS) await pause(HASTY_MS, this.#leaving.signal)
      return
    }
    this.#waits = 0
    const output = parseOutput(reply.body)
    if (!output) return this.lose(noReplyFailure(this.#moment(), { why: 'garbled', said: 'it is no output' }))
    this.#backlog.push(...output.pieces)
    if (output.exitCode !== undefined) this.#end = { code: output.exitCode }
    this.#flush()
  }

  async #send(piece: InputPiece): Promise<void> {
    const { sender, pace } = this.#dependencies
    const repeatable = this.#options.repeatableInput && piece.whole
    const compose = (): Message => sendMessage(sender, this.#ref, piece)
    const answerMs = pace.operationTimeoutS * 1000 + pace.answerGraceMs
    for (let n = 0; !this.#over; n += 1) {
      const reply = await this.#exchange(compose, { answerMs, repeatable })
      if (reply.kind === 'failed') return this.lose(reply.failure)
      if (reply.kind === 'body' || isTaken(reply, piece, repeatable)) return this.#tellDrained()
      const kind = kindOf(reply.fault)
      if (kind === 'gone') return this.#refuseInput(faultFailure(this.#moment(), reply.fault))
      const waitMs = FULL.has(kind) || kind === 'timed-out' || kind === 'aborted' ? pace.busyPausesMs[n] : undefined
      if (waitMs === undefined) return this.lose(faultFailure(this.#moment(), reply.fault))
      await pause(waitMs, this.#leaving.signal)
    }
  }

  /** The program ended without reading all of its input, as its output should tell. */
  #refuseInput(failure: Failure): void {
    this.#inputRefused = failure
    this.#input.close()
    this.#tellDrained()
  }

  async #exchange(compose: () => Message, options: Pick<ExchangeOptions, 'answerMs' | 'repeatable'>): Promise<Reply> {
    this.#asking = true
    try {
      const { signal } = this.#leaving
      return await this.#dependencies.courier.exchange(compose, { ...options, moment: this.#moment(), signal })
    } finally {
      this.#asking = false
    }
  }

  async #waitOrLose(fault: WsmanFault): Promise<void> {
    const kind = kindOf(fault)
    const { quotaPausesMs, repeatPausesMs } = this.#dependencies.pace
    const pausesMs = kind === 'aborted' ? repeatPausesMs : FULL.has(kind) ? quotaPausesMs : []
    const waitMs = pausesMs[this.#waits]
    if (waitMs === undefined) return this.lose(faultFailure(this.#moment(), fault))
    this.#waits += 1
    await pause(waitMs, this.#leaving.signal)
  }

  #moment(): Moment {
    return { target: this.#dependencies.target, phase: 'observe', mayHaveRun: true }
  }

  #flush(): void {
    while (!this.#paused && !this.#over) {
      const piece = this.#backlog.shift()
      if (!piece) break
      for (const listener of this.#listeners[piece.stream]) listener(piece.bytes)
    }
    if (this.#end && this.#backlog.length === 0) this.#finish(this.#end, 'done')
  }

  #finish(end: ProcessEnd, how: CommandEnd): void {
    if (this.#over) return
    const idle = this.isIdle
    this.#over = true
    this.#leaving.abort()
    this.#backlog = []
    this.#input.close()
    this.#tellDrained()
    this.#wake?.()
    this.#options.onEnd(how, idle)
    this.#report(end)
  }

  #tellDrained(): void {
    if (!this.#over && !this.#input.isEmpty) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}

/** Whether a device has its input. One under load says that it timed out although it took it. */
function isTaken(reply: Reply & { readonly kind: 'fault' }, piece: InputPiece, repeatable: boolean): boolean {
  const kind = kindOf(reply.fault)
  if (kind === 'timed-out') return !repeatable
  // What follows the end of the input is refused: the end had arrived.
  return kind === 'other' && reply.uncertain && piece.end
}
