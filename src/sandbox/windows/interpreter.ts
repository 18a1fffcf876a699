import { setTimeout as sleep } from 'node:timers/promises'
import { powerShellBootstrap } from '../../shell/powershell.ts'
import {
  answerLines,
  type DeviceAnswer,
  type Exchange,
  type ExchangeAsk,
  firstExchange,
  gateHolds,
  helloLine,
  isWanted,
  parseExchange,
  unpackLine,
  wantsSecrets,
} from '../../shell/powershell-device.ts'
import { readScriptLine } from '../../shell/script-form.ts'
import type { ProgramOutput, WindowsProgram } from './program.ts'

const PLAIN_BOOTSTRAP = powerShellBootstrap('stdin', 'plain')

/** As the runner holds back what it puts out. */
const HELD_MS = 2_000
const MOST_HELD_CHARS = 100_000

/** What a device does for its PowerShell. */
export interface Interpreted {
  /** Of the interpreter that says hello. */
  readonly version: string
  readonly pid: number
  /** How long it takes until it reads anything, in milliseconds. */
  readonly startMs: number
  answer(ask: ExchangeAsk): Promise<DeviceAnswer>
  /** A new file, made when the first of it comes. */
  upload(path: string): UploadSink
}

/** Takes a file; every problem is a sentence. */
export interface UploadSink {
  write(bytes: Buffer): string | undefined
  /** `whole`: all of it came. Else what is there goes away. */
  close(whole: boolean): string | undefined
}

/**
 * Stands in for Windows PowerShell that was started with the runner (src/shell/powershell-runner.ts): exchanges come in
 * its script and on stdin, and are answered as the runner frames them. What the script does is known by its name.
 */
export class Interpreter implements WindowsProgram {
  readonly #device: Interpreted
  readonly #output: ProgramOutput
  readonly #packed: string | undefined
  #partial = ''
  #lines: string[] = []
  #lastLine = 0
  #wake: (() => void) | undefined
  /** Put out and not yet sent, and when it will be. */
  #held = ''
  #gathers = false
  #pushing: NodeJS.Timeout | undefined
  #ended = false
  #killed = false

  /** Without a packed script, the first line of stdin is one. */
  constructor(device: Interpreted, output: ProgramOutput, packed: string | undefined) {
    this.#device = device
    this.#output = output
    this.#packed = packed
    void this.#serve().then((code) => this.#exit(code))
  }

  write(bytes: Buffer): void {
    const text = this.#partial + bytes.toString('latin1')
    const lines = text.split('\n')
    this.#partial = lines.pop() ?? ''
    this.#lines.push(...lines)
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  kill(): void {
    this.#killed = true
    clearTimeout(this.#pushing)
    this.#wake?.()
  }

  #exit(code: number): void {
    clearTimeout(this.#pushing)
    if (!this.#killed) this.#output.exit(code)
  }

  #put(text: string): void {
    this.#held += text
    if (!this.#gathers || this.#held.length >= MOST_HELD_CHARS) this.#push()
    else this.#pushing ??= setTimeout(() => this.#push(), HELD_MS)
  }

  #push(): void {
    clearTimeout(this.#pushing)
    this.#pushing = undefined
    const text = this.#held
    this.#held = ''
    if (!this.#killed && text !== '') this.#output.stdout(Buffer.from(text, 'latin1'))
  }

  async #serve(): Promise<number> {
    try {
      if (this.#device.startMs > 0) await sleep(this.#device.startMs)
      let line = this.#packed ?? (await this.#rawLine()) ?? ''
      if (line === PLAIN_BOOTSTRAP) line = (await this.#rawLine()) ?? ''
      await this.#exchange(firstExchange(readScriptLine(line)))
      // An old one says who it is, and goes.
      if (Number.parseInt(this.#device.version, 10) < 5) return 0
      for (let line = await this.#line(); line !== undefined; line = await this.#line()) {
        await this.#exchange(unpackLine(line))
      }
      return 0
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (!this.#killed) this.#output.stderr(Buffer.from(`The sandbox cannot run this: ${why}\r\n`))
      return 1
    }
  }

  async #rawLine(): Promise<string | undefined> {
    while (this.#lines.length === 0 && !this.#ended && !this.#killed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#killed ? undefined : this.#lines.shift()?.replace(/\r$/, '')
  }

  /** The next line without its number; one that came twice is passed over. */
  async #line(): Promise<string | undefined> {
    for (;;) {
      const line = await this.#rawLine()
      if (line === undefined) return undefined
      const at = line.indexOf(' ')
      const number = Number(line.slice(0, at))
      if (number <= this.#lastLine) continue
      this.#lastLine = number
      return line.slice(at + 1)
    }
  }

  async #exchange(text: string): Promise<void> {
    const secrets = wantsSecrets(text) ? unpackLine((await this.#line()) ?? '') : ''
    const { token, gathers, items } = parseExchange(text, secrets)
    this.#gathers = gathers
    this.#put(helloLine(token, this.#device.pid, this.#device.version))
    if (Number.parseInt(this.#device.version, 10) < 5) return this.#push()
    let broken = -1
    for (const item of items) {
      if (this.#killed) return
      if (item.kind === 'upload') await this.#receive(token, item)
      else broken = await this.#ask(token, item, item.link?.index === 0 ? -1 : broken)
    }
    this.#put(`${token} end ${items.length}\n`)
    this.#push()
  }

  /** Resolves to the link of the chain that was the first whose gate did not hold. */
  async #ask(token: string, ask: ExchangeAsk, broken: number): Promise<number> {
    if (ask.link && !isWanted(ask.link, broken)) {
      this.#put(`${token} skip ${ask.id}\n`)
      return broken
    }
    this.#put(`${token} begin ${ask.id}\n`)
    const answer = await this.#device.answer(ask)
    const holds = await gateHolds(ask, answer, (test) => this.#device.answer(test))
    if (ask.link?.gate.startsWith('same:') && (answer.how ?? 'done') === 'done') {
      this.#put(`${token} ${holds ? 'same' : 'skip'} ${ask.id}\n`)
    } else this.#put(answerLines(token, ask.id, answer, ask.keepBytes))
    return !holds && broken < 0 ? (ask.link?.index ?? -1) : broken
  }

  async #receive(token: string, item: Extract<Exchange['items'][number], { kind: 'upload' }>): Promise<void> {
    this.#put(`${token} begin ${item.id}\n`)
    const sink = this.#device.upload(item.path)
    let problem: string | undefined
    let size = 0
    let line = await this.#line()
    for (; line !== undefined && line !== '!' && !line.startsWith('. '); line = await this.#line()) {
      const bytes = Buffer.from(line, 'base64')
      size += bytes.length
      problem ??= sink.write(bytes)
    }
    if (line === `. ${size}`) problem ??= sink.close(true)
    else sink.close(false)
    const isGivenUp = line === undefined || line === '!'
    if (!isGivenUp && line !== `. ${size}`) problem ??= `${size} of ${line?.slice(2)} bytes arrived.`
    if (problem !== undefined) sink.close(false)
    this.#put(answerLines(token, item.id, uploadAnswer(isGivenUp, problem), 1024))
  }
}

function uploadAnswer(isGivenUp: boolean, problem: string | undefined): DeviceAnswer {
  if (isGivenUp) return { how: 'late', exitCode: 124, stderr: 'It was given up.' }
  return problem === undefined ? {} : { exitCode: 75, stderr: problem }
}
