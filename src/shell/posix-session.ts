import { randomBytes } from 'node:crypto'
import type { ChainLink } from '../core/chain.ts'
import type { ProcessStream, ShellAnswer, ShellRequest } from '../core/channel.ts'
import { type Failure, type Result, SessionLost } from '../core/failure.ts'
import type { Leftover } from '../core/fence.ts'
import { deadline } from '../load/deadline.ts'
import { Noise } from './noise.ts'
import { helloProgram, type Marker, MarkerCutter, parseErrorMarker, parseMarker } from './posix.ts'
import { type Ask, answer, FLOOD_BYTES, type KeptOutput, newAsk } from './posix-ask.ts'
import { becomeFailure } from './posix-become.ts'
import { Exchanges } from './posix-exchanges.ts'
import { GUARD, HARD_END, lockFile, lookForOthers } from './posix-guard.ts'
import { KeptScripts } from './posix-kept-scripts.ts'
import { noShell } from './posix-no-shell.ts'
import { askProgram, brokenLinkProgram, CHAIN_HEAD, CHAIN_TAIL, type LinkTerms, linkProgram } from './posix-program.ts'
import { printable } from './tool-answer.ts'

/** Behind what ended an ask from outside, how long its answer may take. */
const STOP_GRACE_MS = 5_000

/** What may come before the interpreter answers: banners, noise of start-up files. */
const NOISE_BYTES = 1024 * 1024

export interface SessionOptions {
  /** Starts the interpreter, as the right user, and writes `input` to it. */
  readonly start: (token: string, input: string) => Promise<Result<ProcessStream>>
  readonly openMs: number
  readonly askMs: number
  readonly maxOutputBytes: number
  /** It runs by this: an early end is its. */
  readonly elevatedBy: 'sudo' | 'doas' | undefined
  /** By which others that work on this device are known; absent: nobody looks for them. */
  readonly lockName?: string | undefined
  /**
   * Ends the process tree under `root` on the device and tells the interpreter so, or gives up; absent where a deadline ends the
   * session.
   */
  readonly endTree?: (pids: { readonly root: number; readonly interpreter: number }) => Promise<unknown>
}

/** One interpreter on a device: asks in, answers out, in order; lost as a whole or not at all. */
export class PosixSession {
  readonly #options: SessionOptions
  readonly #token = randomBytes(16).toString('hex')
  readonly #stdout = new MarkerCutter(this.#token)
  readonly #stderr = new MarkerCutter(this.#token)
  /** Asked and not yet written; gathered until the turn of the event loop ends. */
  #gathered: Ask[] = []
  /** Written and not yet answered, in order. */
  #written: Ask[] = []
  #nextId = 0
  readonly #kept = new KeptScripts()
  readonly #exchanges = new Exchanges(this.#token)
  /** Its pid, once it has answered. */
  interpreter: number | undefined
  #stream: ProcessStream | undefined
  #phase: 'new' | 'starting' | 'greeting' | 'open' = 'new'
  #flushing = false
  readonly #noise = new Noise()
  #errorsGreeted = false
  #callOffOpen: () => void = () => undefined
  #callOffAsk: () => void = () => undefined
  /** Why it ended; an error is made of it only for who asks, since most sessions end unasked. */
  #lost: Failure | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** What of others was met on the device. */
  get leftovers(): readonly Leftover[] {
    return this.#exchanges.others.all
  }

  ask(request: ShellRequest): Promise<ShellAnswer> {
    return this.#gather(request, undefined)
  }

  /** See `DeviceShell.chain`. */
  chain(links: readonly ChainLink[]): readonly Promise<ShellAnswer>[] {
    const first = this.#nextId
    return links.map(({ request, gate, run }, index) =>
      this.#gather(request, {
        ...(gate && { gate }),
        ...(run && { run: run === 'always' ? run : { brokenBy: first + run.brokenBy } }),
        first: index === 0,
        last: index === links.length - 1,
      }),
    )
  }

  #gather(request: ShellRequest, link: LinkTerms | undefined): Promise<ShellAnswer> {
    if (this.#lost) return Promise.reject(new SessionLost(this.#lost))
    const keepBytes = request.maxOutputBytes ?? this.#options.maxOutputBytes
    return new Promise((resolve, reject) => {
      this.#gathered.push(newAsk(request, { id: this.#nextId++, keepBytes, resolve, reject, ...(link && { link }) }))
      if (this.#flushing) return
      this.#flushing = true
      setImmediate(() => {
        this.#flushing = false
        this.#flush()
      })
    })
  }

  /** Ends the session: whatever is asked or will be is rejected with `failure`. */
  lose(failure: Failure): void {
    if (this.#lost) return
    this.#lost = failure
    this.#callOffOpen()
    this.#callOffAsk()
    if (failure.code === 'RUN_CANCELLED' && this.#written.length > 0) this.#stream?.write(HARD_END)
    this.#stream?.destroy()
    for (const ask of [...this.#written, ...this.#gathered]) ask.reject(new SessionLost(failure))
    this.#written = []
    this.#gathered = []
    this.#noise.forget()
  }

  #flush(): void {
    if (this.#lost || this.#gathered.length === 0) return
    if (this.#phase === 'new') {
      this.#phase = 'starting'
      this.#start().catch((error: unknown) => this.#breakOff('INTERNAL_BUG', String(error)))
    } else if (this.#stream && !this.#exchanges.isUnderWay) this.#stream.write(this.#takeGathered())
  }

  async #start(): Promise<void> {
    const { openMs, lockName } = this.#options
    this.#callOffOpen = deadline(openMs, () => {
      if (this.#phase !== 'open') this.#breakOff('OPEN_TIMEOUT', openTimeout(openMs))
    })
    this.#exchanges.starting()
    const others = lockName === undefined ? '' : lookForOthers(this.#token, lockFile(lockName))
    const greeting = `${helloProgram(this.#token)}${GUARD}${others}`
    const started = await this.#options.start(this.#token, greeting + this.#takeGathered())
    if (!started.ok) {
      this.lose(started.failure)
      return
    }
    const stream = started.value
    if (this.#lost) {
      stream.destroy()
      return
    }
    this.#stream = stream
    this.#phase = 'greeting'
    stream.onStdout((chunk) => this.#onStdout(chunk))
    stream.onStderr((chunk) => this.#onStderr(chunk))
    stream.onExit((end) => this.#onExit(end))
    this.#flush()
  }

  /** The programs of what was gathered, which from here on counts as written. */
  #takeGathered(): string {
    const asks = this.#gathered
    this.#gathered = []
    const kept = this.#kept.keep(asks.flatMap(scriptsOf))
    const programs: string[] = []
    for (const ask of asks) {
      const program = this.#programOf(ask)
      if (program !== undefined) programs.push(program)
    }
    const idle = this.#written.length === 0
    this.#written.push(...asks.filter((ask) => !ask.stdout.done))
    const [first] = this.#written
    if (idle && first) {
      first.leads = true
      if (this.#phase === 'open') this.#startClock()
    }
    const text = this.#exchanges.text(asks, kept, programs)
    this.#exchanges.answeredUpTo(first)
    return text
  }

  /** A value that no shell can hold is a fault of whoever asks; it costs this one ask, and breaks its chain. */
  #programOf(ask: Ask): string | undefined {
    const { id, link } = ask
    const { script, values = {}, foreign = false } = ask.request
    const fence = this.#exchanges.fenceOf(ask, this.#options.askMs)
    const own = { token: this.#token, id, script, values, foreign, kept: this.#kept }
    const program = { ...own, ...(fence !== undefined && { fence }) }
    try {
      if (!link) return askProgram(program)
      return `${link.first ? CHAIN_HEAD : ''}${linkProgram(program, link)}${link.last ? CHAIN_TAIL : ''}`
    } catch (error) {
      ask.stdout.done = true
      ask.reject(error as Error)
      return link && `${link.first ? CHAIN_HEAD : ''}${brokenLinkProgram(id)}${link.last ? CHAIN_TAIL : ''}`
    }
  }

  #onStdout(chunk: Uint8Array): void {
    for (const part of this.#stdout.push(chunk)) {
      if (this.#lost) return
      if (part.kind === 'marker') this.#onMarker(part.text)
      else if (this.#phase !== 'open') this.#keepNoise(part.bytes)
      else {
        const ask = this.#written.find((candidate) => !candidate.stdout.done)
        this.#keep(ask?.begun ? ask.stdout : undefined, part.bytes)
      }
    }
  }

  #onStderr(chunk: Uint8Array): void {
    for (const part of this.#stderr.push(chunk)) {
      if (this.#lost) return
      const ask = this.#written.find((candidate) => !candidate.stderr.done)
      if (part.kind === 'data') {
        if (this.#errorsGreeted) this.#keep(ask?.stderr, part.bytes)
        else this.#keepNoise(part.bytes)
        continue
      }
      const marker = parseErrorMarker(part.text)
      if (marker === 'hello' && !this.#errorsGreeted) this.#errorsGreeted = true
      else if (ask && marker === ask.id) {
        ask.stderr.done = true
        this.#settle()
      } else if (marker !== 'done' || !ask?.request.foreign) this.#garbled(part.text)
    }
  }

  #onMarker(text: string): void {
    const marker = parseMarker(text)
    const ask = this.#written.find((candidate) => !candidate.stdout.done)
    if (marker?.kind === 'hello' && this.#phase === 'greeting') {
      this.#phase = 'open'
      this.#exchanges.greeted()
      this.interpreter = marker.pid
      this.#callOffOpen()
      this.#noise.forget()
      this.#startClock()
    } else if (this.#phase !== 'open') {
      this.#breakOff('SHELL_UNUSABLE', 'What the device started sends back what it is sent, instead of running it.')
    } else if (marker?.kind === 'begin' && ask?.id === marker.id && !ask.begun) {
      ask.begun = true
      ask.pid = marker.pid
      if ((!ask.leads || ask.waited) && ask === this.#written[0]) this.#startClock()
    } else if (marker?.kind === 'end' && ask?.id === marker.id && endsWell(ask, marker.held)) {
      ask.exitCode = marker.exitCode
      ask.held = marker.held
      ask.stdout.done = true
      this.#settle()
    } else if (marker?.kind === 'passed' && ask?.id === marker.id && ask.link && !ask.begun) {
      ask.passed = true
      ask.stdout.done = true
      this.#settle()
    } else if (!this.#onOtherMarker(marker, ask)) this.#garbled(text)
  }

  /** False when it is none, or out of turn. */
  #onOtherMarker(marker: Marker | undefined, ask: Ask | undefined): boolean {
    if (marker?.kind === 'done') return ask?.begun === true && ask.request.foreign === true
    if (ask?.begun || !marker) return false
    if (marker.kind === 'left') {
      this.#exchanges.others.met(marker.about)
      return true
    }
    if (!ask?.request.fence || !('id' in marker) || marker.id !== ask.id) return false
    if (marker.kind === 'waits') {
      ask.waited = true
      if (ask === this.#written[0]) this.#setAskTimer(ask, marker.seconds * 1000)
    } else if (marker.kind === 'fenced') {
      const { why, about } = marker
      this.#exchanges.others.fenced(why, about)
      ask.fenced = { why, ...(about && { about }) }
      ask.stdout.done = true
      this.#settle()
    } else return false
    return true
  }

  /** Output of no ask comes from something that an earlier one left running; it is dropped. */
  #keep(output: KeptOutput | undefined, bytes: Buffer): void {
    if (!output) this.#noise.count(bytes)
    if (this.#noise.size <= FLOOD_BYTES && output?.add(bytes) !== false) return
    const size = `${Math.round(((output?.total ?? this.#noise.size) / 1024 / 1024) * 10) / 10} MiB`
    this.#breakOff('OUTPUT_FLOODED', `The device sent ${size} in answer to one command and did not stop.`)
  }

  #keepNoise(bytes: Buffer): void {
    this.#noise.keep(bytes)
    if (this.#noise.size > NOISE_BYTES)
      this.#breakOff('SHELL_UNUSABLE', 'What the device started talks without being asked.')
  }

  #garbled(text: string): void {
    const message = `The device answered out of order: "${printable(text)}".`
    this.#breakOff('SESSION_GARBLED', message)
  }

  #onExit(end: { readonly code?: number; readonly signal?: string }): void {
    if (this.#lost) return
    const how = end.code === undefined ? (end.signal ? `by ${end.signal}` : undefined) : `with status ${end.code}`
    const said = this.#noise.text
    if (how === undefined) this.#breakOff('SESSION_LOST', 'The connection broke.')
    else if (this.#phase === 'open') this.#breakOff('SESSION_LOST', `The interpreter on the device ended ${how}.`)
    else if (this.#options.elevatedBy) this.lose(becomeFailure(this.#options.elevatedBy, end.code, said))
    else this.lose(noShell(end.code, how, said))
  }

  /** Answers what is complete, in order, and sets the clock of what comes next. */
  #settle(): void {
    let [head] = this.#written
    const before = head
    while (head?.stdout.done && head.stderr.done) {
      this.#written.shift()
      answer(head)
      ;[head] = this.#written
    }
    if (head === before) return
    this.#startClock()
    this.#exchanges.answeredUpTo(head)
    if (!head) this.#flush()
  }

  #startClock(): void {
    this.#callOffAsk()
    const [head] = this.#written
    if (!head) return
    head.startedAt = performance.now()
    this.#setAskTimer(head, head.request.timeoutMs ?? this.#options.askMs)
  }

  #setAskTimer(head: Ask, timeoutMs: number): void {
    this.#callOffAsk()
    this.#callOffAsk = deadline(timeoutMs, () => this.#expire(head, timeoutMs))
  }

  #expire(ask: Ask, timeoutMs: number): void {
    const seconds = timeoutMs / 1000
    const stuck = `The device did not finish a command within ${seconds} s, and it could not be ended.`
    const { interpreter } = this
    if (ask.pid === undefined || interpreter === undefined || !this.#options.endTree) {
      this.#breakOff('OBSERVE_TIMEOUT', stuck)
      return
    }
    ask.timedOut = true
    // To get there may take several round trips, or a login; that has deadlines of its own.
    void this.#options.endTree({ root: ask.pid, interpreter }).finally(() => {
      if (this.#lost || this.#written[0] !== ask) return
      this.#callOffAsk = deadline(STOP_GRACE_MS, () => this.#breakOff('OBSERVE_TIMEOUT', stuck))
    })
  }

  /** Ends the session, with the phase that it is in and what the device said before it was open. */
  #breakOff(code: Failure['code'], message: string): void {
    const phase = this.#phase === 'open' ? 'observe' : 'open'
    const said = printable(this.#noise.text)
    this.lose({ code, phase, message, ...(said !== '' && { evidence: { answer: said } }) })
  }
}

function scriptsOf({ request, link }: Ask): string[] {
  return link?.gate?.kind === 'test' ? [request.script, link.gate.test] : [request.script]
}

/** A gate has a verdict, and nothing else has one. */
function endsWell(ask: Ask, held: boolean | undefined): boolean {
  return ask.begun && (held !== undefined) === (ask.link?.gate !== undefined)
}

function openTimeout(openMs: number): string {
  return `No interpreter answered within ${openMs / 1000} s.`
}
