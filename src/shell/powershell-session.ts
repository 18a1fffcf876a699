import { randomBytes } from 'node:crypto'
import { type ChainLink, NotRun } from '../core/chain.ts'
import type { ProcessEnd, ProcessStream, ShellAnswer, ShellRequest, UploadOptions } from '../core/channel.ts'
import { type Failure, type Result, SessionLost } from '../core/failure.ts'
import type { Leftover } from '../core/fence.ts'
import { deadline } from '../load/deadline.ts'
import { readClixml } from './clixml.ts'
import { Leftovers } from './leftovers.ts'
import { Noise } from './noise.ts'
import { refusal } from './posix-ask.ts'
import { NOT_WHOLE } from './powershell.ts'
import { type AskLine, exchangeText, sealed } from './powershell-exchange.ts'
import { type AnswerFrame, type Frame, FrameScanner } from './powershell-frames.ts'
import { answerOf, type Item, nextExchange, uploadLines } from './powershell-items.ts'
import { endedEarly, notWhole } from './powershell-no-start.ts'
import { firstScript } from './powershell-runner.ts'
import { type ScriptForm, scriptLine } from './script-form.ts'
import { printable } from './tool-answer.ts'
import { uploadDeadline } from './upload-deadline.ts'

/** What the device may take beyond the deadline of an ask to end it and say so. */
const STOP_GRACE_MS = 15_000

/** What may come beside the frames: banners, programs that write where they should not. */
const NOISE_BYTES = 1024 * 1024

/**
 * How old an interpreter may be that begins without asking whether it is still waited for: of a deadline for `open`, this
 * share, and in any case so many milliseconds at most.
 */
const PATIENCE = { share: 0.5, mostMs: 10_000 } as const

export interface PowerShellSessionOptions {
  /** Starts an interpreter with a script. */
  readonly start: (script: string) => Promise<Result<ProcessStream>>
  /**
   * Whether the device still answers on the connection, behind all that the interpreter has put out so far. Resolves to
   * false when it does not within its time.
   */
  readonly answers: () => Promise<boolean>
  /** Makes a file on the device, by a command line of cmd.exe. */
  readonly run: (command: string) => void
  /** Nothing can be sent while output is waited for: see `Connection.startPowerShell`. */
  readonly inTurns: boolean
  readonly form: ScriptForm
  readonly openMs: number
  readonly askMs: number
  readonly uploadMs: number
  readonly maxOutputBytes: number
  /** By which others that work on this device are known; absent: nobody looks for them. */
  readonly lockName?: string | undefined
}

/** One Windows PowerShell on a device, started with the first exchange and kept: one exchange at a time. */
export class PowerShellSession {
  readonly #options: PowerShellSessionOptions
  readonly #token = randomBytes(16).toString('hex')
  readonly #scanner = new FrameScanner(this.#token)
  #gathered: Item[] = []
  /** Sent and not yet answered, in order. */
  #sent: Item[] = []
  /** How many the exchange under way has; undefined when there is none. */
  #inExchange: number | undefined
  #nextId = 0
  #nextLine = 1
  #stream: ProcessStream | undefined
  #isOpen = false
  /** The deadline for `open` is over: what has not begun is not told to. */
  #givenUp = false
  #flushing = false
  readonly #noise = new Noise()
  #callOff: () => void = () => undefined
  #lost: SessionLost | undefined
  readonly #others = new Leftovers()
  /** The latest moment that may have been that of the device's greeting, once it is there; before, when it was asked for. */
  #zero = 0

  constructor(options: PowerShellSessionOptions) {
    this.#options = options
  }

  /** What of others was met on the device. */
  get leftovers(): readonly Leftover[] {
    return this.#others.all
  }

  /** See `DeviceShell.chain`. */
  chain(links: readonly ChainLink[]): readonly Promise<ShellAnswer>[] {
    return links.map(({ request, gate, run }, index) =>
      this.ask(request, { index, ...(gate && { gate }), ...(run && { run }) }),
    )
  }

  ask(request: ShellRequest, link?: AskLine['link']): Promise<ShellAnswer> {
    const timeoutMs = request.timeoutMs ?? this.#options.askMs
    const keepBytes = request.maxOutputBytes ?? this.#options.maxOutputBytes
    const { name = 'adhoc.script', script, values = {} } = request
    const line = { kind: 'ask', id: this.#nextId++, name, script, values, timeoutMs, keepBytes } as const
    return this.#gather({ line: { ...line, ...(link && { link }) }, timeoutMs, ...(request.fence && { request }) })
  }

  upload(
    path: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    { timeoutMs = this.#options.uploadMs, waitedMs }: UploadOptions = {},
  ): Promise<ShellAnswer> {
    const line = { kind: 'upload', id: this.#nextId++, path } as const
    return this.#gather({ line, content, timeoutMs, ...(waitedMs && { waitedMs }) })
  }

  #gather(what: Pick<Item, 'line' | 'content' | 'timeoutMs' | 'waitedMs' | 'request'>): Promise<ShellAnswer> {
    if (this.#lost) return Promise.reject(this.#lost)
    return new Promise((resolve, reject) => {
      this.#gathered.push({ ...what, begun: false, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      setImmediate(() => {
        this.#flushing = false
        this.#flush()
      })
    })
  }

  /**
   * See `DeviceShell.breakChain`. The runner reads its input between exchanges only, so it is told by a file, for which it
   * looks behind each link of a chain.
   */
  breakChain(): void {
    const isChain = this.#sent.some((item) => item.line.kind === 'ask' && item.line.link !== undefined)
    if (isChain && !this.#lost) this.#options.run(`cmd.exe /c "type nul >%windir%\\Temp\\till-${this.#token}.stop"`)
  }

  /** Ends the session: whatever is asked or will be is rejected with `failure`. */
  lose(failure: Failure): void {
    if (this.#lost) return
    const lost = new SessionLost(failure)
    this.#lost = lost
    this.#callOff()
    this.#stream?.destroy()
    for (const item of [...this.#sent, ...this.#gathered]) item.reject(lost)
    this.#sent = []
    this.#gathered = []
    this.#noise.forget()
  }

  #flush(): void {
    if (this.#lost || this.#inExchange !== undefined || this.#gathered.length === 0) return
    const { items, rest } = nextExchange(this.#gathered)
    this.#gathered = rest
    const exchange = this.#exchangeOf(items)
    if (!exchange) return
    this.#sent = items
    this.#inExchange = items.length
    this.#send(exchange, items).catch((error: unknown) => this.#breakOff('INTERNAL_BUG', String(error)))
  }

  /** A name that no value can have is a fault of whoever asks; it costs the exchange in which it is asked. */
  #exchangeOf(items: readonly Item[]): ReturnType<typeof exchangeText> | undefined {
    const { inTurns, lockName } = this.#options
    const way = inTurns ? 'gather' : 'stream'
    const first = { patienceMs: this.#patienceMs, lockName }
    if (!this.#stream) this.#zero = performance.now()
    try {
      const lines = items.map((item) => fencedLine(item, performance.now() - this.#zero))
      return exchangeText(this.#token, lines, { way, ...(!this.#stream && first) })
    } catch (error) {
      for (const item of items) item.reject(error as Error)
      return undefined
    }
  }

  async #send(exchange: ReturnType<typeof exchangeText>, items: readonly Item[]): Promise<void> {
    const { inTurns, form } = this.#options
    const lines = this.#stream ? [sealed(exchange.text)] : []
    if (exchange.secrets !== undefined) lines.push(exchange.secrets)
    const stream = this.#stream ?? (await this.#start(exchange.text))
    if (!stream) return
    const upload = items.at(-1)
    if (inTurns) stream.pause()
    if (lines.length > 0) stream.write(lines.map((line) => this.#numbered(scriptLine(line, form))).join(''))
    if (upload?.content) await this.#sendFile(stream, upload, upload.content)
    if (this.#lost) return
    if (inTurns) stream.resume()
    if (this.#isOpen && this.#sent.length > 0) this.#startClock()
  }

  async #start(text: string): Promise<ProcessStream | undefined> {
    const { openMs, form } = this.#options
    const started = await this.#options.start(firstScript(text, form))
    if (!started.ok) {
      this.lose(started.failure)
      return undefined
    }
    const stream = started.value
    if (this.#lost) {
      stream.destroy()
      return undefined
    }
    this.#stream = stream
    stream.onStdout((chunk) => this.#onStdout(chunk))
    stream.onStderr((chunk) => this.#keepNoise(Buffer.from(chunk)))
    stream.onExit((end) => this.#onExit(end))
    this.#setTimer(openMs, () => void this.#giveUp())
    return stream
  }

  get #patienceMs(): number {
    return Math.min(this.#options.openMs * PATIENCE.share, PATIENCE.mostMs)
  }

  /**
   * Nothing came within the deadline. A device that still answers has not begun, and an interpreter that comes to life
   * from now on asks first; of one that does not answer, nobody knows.
   */
  async #giveUp(): Promise<void> {
    this.#givenUp = true
    const silent = await this.#options.answers()
    if (this.#isOpen || this.#lost) return
    const { openMs } = this.#options
    const message = `No PowerShell answered within ${openMs / 1000} s${silent ? '; nothing was run' : ''}.`
    if (silent) this.lose({ code: 'OPEN_TIMEOUT', phase: 'open', message, ...this.#evidence() })
    else this.#breakOff('OPEN_TIMEOUT', message)
  }

  /** The device cannot be told to stop reading, so that a deadline is a line of its own. */
  async #sendFile(stream: ProcessStream, item: Item, content: NonNullable<Item['content']>): Promise<void> {
    const { timeoutMs, waitedMs = () => 0 } = item
    const until = performance.now() + timeoutMs - waitedMs()
    try {
      for await (const line of uploadLines(content)) {
        if (this.#lost || !this.#sent.includes(item)) break
        const isLate = performance.now() - waitedMs() > until
        stream.write(this.#numbered(isLate ? '!' : line))
        if (isLate) break
        await stream.drain()
      }
    } catch (error) {
      // What is to be sent cannot be read here.
      stream.write(this.#numbered('!'))
      item.reject(error as Error)
    }
  }

  #numbered(line: string): string {
    return `${this.#nextLine++} ${line}\n`
  }

  #onStdout(chunk: Uint8Array): void {
    for (const frame of this.#scanner.push(chunk)) {
      if (this.#lost) return
      this.#onFrame(frame)
    }
  }

  #onFrame(frame: Frame): void {
    const [head] = this.#sent
    if (frame.kind === 'noise') this.#keepNoise(frame.bytes)
    else if (frame.kind === 'hello' && this.#inExchange !== undefined) this.#onHello(frame)
    else if (frame.kind === 'begin' && head && !head.begun && head.line.id === frame.id) {
      head.begun = true
      this.#startClock()
    } else if (frame.kind === 'answer' && head?.begun && head.line.id === frame.id) this.#onAnswer(head, frame)
    else if (frame.kind === 'same' && head?.begun && head.line.id === frame.id) this.#onSame(head, frame)
    else if (frame.kind === 'skip' && isLink(head) && head.line.id === frame.id) this.#pass(head, new NotRun())
    else if (frame.kind === 'end' && !head && frame.count === this.#inExchange) this.#onEnd()
    else if (!this.#onGuardFrame(frame, head)) this.#garbled(frame)
  }

  #onHello({ version, asks }: Extract<Frame, { readonly kind: 'hello' }>): void {
    if (this.#isOpen) return
    if (asks && this.#givenUp) {
      const message = `PowerShell came to life after ${this.#options.openMs / 1000} s; nothing was run.`
      this.lose({ code: 'OPEN_TIMEOUT', phase: 'open', message })
      return
    }
    if (Number.parseInt(version, 10) < 5) {
      const message = `The device has Windows PowerShell ${version}; 5.1 is needed.`
      const hint = 'Install Windows Management Framework 5.1, which there is for Windows 7 and POSReady 7 too.'
      this.lose({ code: 'SHELL_UNUSABLE', phase: 'open', message, hint })
      return
    }
    this.#isOpen = true
    this.#zero = performance.now()
    this.#noise.forget()
    if (asks) this.#say('go')
    this.#startClock()
  }

  /** A line in answer to what came. */
  #say(line: string): void {
    const { inTurns } = this.#options
    if (inTurns) this.#stream?.pause()
    this.#stream?.write(this.#numbered(line))
    if (inTurns) this.#stream?.resume()
  }

  /** False when it is none, or out of turn. */
  #onGuardFrame(frame: Frame, head: Item | undefined): boolean {
    if (frame.kind === 'alive') return true
    if (frame.kind === 'left') {
      this.#others.met(frame.about)
      return true
    }
    if (frame.kind !== 'waits' && frame.kind !== 'fenced') return false
    if (!head?.request || head.begun || head.line.id !== frame.id) return false
    if (frame.kind === 'waits') {
      const ms = frame.seconds * 1000
      this.#setTimer(ms, () => this.#breakOff('OBSERVE_TIMEOUT', stuck(ms)))
    } else {
      this.#others.fenced(frame.why, frame.about)
      this.#pass(head, refusal(frame))
    }
    return true
  }

  #onAnswer(item: Item, frame: AnswerFrame): void {
    if (frame.how === 'stuck') {
      this.#breakOff('OBSERVE_TIMEOUT', stuck(item.timeoutMs))
    } else if (frame.how === 'flood') {
      this.#breakOff('OUTPUT_FLOODED', 'A command on the device put out far more than was asked for and did not stop.')
    } else {
      this.#pass(item, answerOf(frame))
    }
  }

  #onSame(item: Item, frame: Frame): void {
    const gate = item.line.kind === 'ask' ? item.line.link?.gate : undefined
    if (gate?.kind === 'same') this.#pass(item, gate.as)
    else this.#garbled(frame)
  }

  /** The one at the head is over; those behind it are next. */
  #pass(item: Item, outcome: ShellAnswer | Error): void {
    this.#sent.shift()
    if (outcome instanceof Error) item.reject(outcome)
    else item.resolve(outcome)
    this.#startClock()
  }

  #onEnd(): void {
    this.#callOff()
    this.#inExchange = undefined
    if (this.#options.inTurns) this.#stream?.pause()
    this.#flush()
  }

  #garbled(frame: Frame): void {
    const what = frame.kind === 'garbled' ? printable(frame.what) : `${frame.kind} out of turn`
    this.#breakOff('SESSION_GARBLED', `The device answered in a way that cannot be: ${what}.`)
  }

  #keepNoise(bytes: Buffer): void {
    this.#noise.keep(bytes)
    if (this.#noise.size <= NOISE_BYTES) return
    if (this.#isOpen) this.#breakOff('OUTPUT_FLOODED', 'Something on the device writes into the session without end.')
    else this.#breakOff('SHELL_UNUSABLE', 'What the device started talks without being asked.')
  }

  #onExit(end: ProcessEnd): void {
    if (this.#lost) return
    if (end.failure) this.lose({ ...end.failure, phase: 'observe' })
    else if (end.code === undefined) this.#breakOff('SESSION_LOST', 'The connection broke.')
    else if (end.code === NOT_WHOLE) this.lose(notWhole(this.#isOpen ? 'observe' : 'open'))
    else if (this.#isOpen) this.#breakOff('SESSION_LOST', `PowerShell on the device ended with ${end.code}.`)
    else {
      const [said, raw] = [this.#said(), this.#noise.text]
      this.lose(endedEarly({ code: end.code, said, raw, mayHaveRun: this.#mayHaveRun }))
    }
  }

  /** In turns it says hello with the first answers, so that one that says nothing may have run what it was given. */
  get #mayHaveRun(): boolean {
    return this.#options.inTurns && this.#stream !== undefined
  }

  #said(): string {
    return printable(readClixml(this.#noise.text))
  }

  #startClock(): void {
    this.#callOff()
    const [head] = this.#sent
    if (!head) return
    const { timeoutMs, waitedMs } = head
    const act = (): void => this.#breakOff('OBSERVE_TIMEOUT', stuck(timeoutMs))
    this.#callOff = uploadDeadline(timeoutMs + STOP_GRACE_MS, act, waitedMs)
  }

  #setTimer(ms: number, act: () => void): void {
    this.#callOff()
    this.#callOff = deadline(ms, act)
  }

  /** Ends the session, with the phase by what the device may have run and what it said beside the protocol. */
  #breakOff(code: Failure['code'], message: string): void {
    // The first exchange travels with the program: once that is there, no hello does not mean that nothing was run.
    const isDelivered = code === 'SHELL_UNUSABLE' ? this.#mayHaveRun : this.#stream !== undefined
    const phase = this.#isOpen || isDelivered ? 'observe' : 'open'
    this.lose({ code, phase, message, ...this.#evidence() })
  }

  #evidence(): Pick<Failure, 'evidence'> {
    const said = this.#said()
    return said === '' ? {} : { evidence: { answer: said } }
  }
}

/** What is sent of an item `sinceMs` after the greeting. */
function fencedLine({ line, request }: Item, sinceMs: number): Item['line'] {
  if (line.kind !== 'ask' || !request?.fence) return line
  const { fence, whole = false } = request
  return { ...line, fence: { of: fence, seconds: Math.floor((sinceMs + fence.leftMs()) / 1000), whole } }
}

function isLink(item: Item | undefined): item is Item {
  return item?.line.kind === 'ask' && item.line.link !== undefined
}

function stuck(timeoutMs: number): string {
  return `The device did not finish a command within ${timeoutMs / 1000} s, and it could not be ended.`
}
