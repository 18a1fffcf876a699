import { NAMESPACES } from '../../devices/winrm/soap.ts'
import type { StartProgram, WindowsProgram } from '../windows/program.ts'
import { fault, outputBody, reply, type WsmanReply } from './wsman-reply.ts'
import type { WsmanRequest } from './wsman-request.ts'

/** Room for what stands around the output in an envelope. */
const ENVELOPE_BYTES = 4096

interface Piece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

interface Waiting {
  readonly messageId: string
  readonly reply: Promise<WsmanReply>
  readonly answer: (reply: WsmanReply) => void
  readonly maxEnvelope: number
}

/** A command in a text shell (MS-WSMV 3.1.4.11 to 3.1.4.14): output is kept until it is asked for. */
export class TextCommand {
  readonly #id: string
  readonly #program: WindowsProgram
  #pieces: Piece[] = []
  #exitCode: number | undefined
  #inputEnded = false
  #waiting: Waiting | undefined
  /** The last reply, for whoever asks again with the same message. */
  #told: { readonly messageId: string; readonly reply: WsmanReply } | undefined
  #isTold = false

  constructor(id: string, line: string, start: (output: Parameters<StartProgram>[2], line: string) => WindowsProgram) {
    this.#id = id
    const keep = (stream: 'stdout' | 'stderr', bytes: Buffer): void => {
      if (bytes.length > 0) this.#pieces.push({ stream, bytes })
      this.#notify()
    }
    const exit = (code: number): void => {
      this.#exitCode = code
      this.#notify()
    }
    const output = {
      stdout: (bytes: Buffer) => keep('stdout', bytes),
      stderr: (bytes: Buffer) => keep('stderr', bytes),
      exit,
    }
    this.#program = start(output, line)
  }

  /** Input of a Send; false when there is nobody to take it. */
  write(bytes: Buffer, end: boolean): boolean {
    if (this.#inputEnded || this.#exitCode !== undefined) return false
    if (bytes.length > 0) this.#program.write(bytes)
    if (end) {
      this.#inputEnded = true
      this.#program.end()
    }
    return true
  }

  /** Answers as soon as there is output, when it has ended, or when the time of the request is over. */
  receive(request: WsmanRequest): Promise<WsmanReply> | WsmanReply {
    const { messageId, maxEnvelope, timeoutMs } = request
    if (this.#told?.messageId === messageId) return this.#told.reply
    if (this.#waiting?.messageId === messageId) return this.#waiting.reply
    if (this.#isTold) return fault('gone', messageId)
    this.#waiting?.answer(fault('aborted', this.#waiting.messageId))
    if (this.#hasNews) return this.#tell(messageId, maxEnvelope)
    return this.#wait({ messageId, maxEnvelope }, timeoutMs)
  }

  #wait(what: Pick<Waiting, 'messageId' | 'maxEnvelope'>, timeoutMs: number): Promise<WsmanReply> {
    let answer: Waiting['answer'] = () => undefined
    const promise = new Promise<WsmanReply>((resolve) => {
      answer = resolve
    })
    const timer = setTimeout(() => waiting.answer(fault('timedOut', what.messageId)), timeoutMs)
    timer.unref()
    const waiting: Waiting = {
      ...what,
      reply: promise,
      answer: (given) => {
        clearTimeout(timer)
        if (this.#waiting === waiting) this.#waiting = undefined
        answer(given)
      },
    }
    this.#waiting = waiting
    return promise
  }

  /** Ends the program, if it still runs. */
  interrupt(exitCode: number): void {
    if (this.#exitCode !== undefined) return
    this.#program.kill()
    this.#exitCode = exitCode
    this.#notify()
  }

  /** Its shell is gone. */
  drop(): void {
    this.#program.kill()
    this.#waiting?.answer(fault('aborted', this.#waiting.messageId))
  }

  get #hasNews(): boolean {
    return this.#pieces.length > 0 || this.#exitCode !== undefined
  }

  /** What is written in one turn leaves in one reply. */
  #notify(): void {
    setImmediate(() => {
      const waiting = this.#waiting
      if (waiting && this.#hasNews) waiting.answer(this.#tell(waiting.messageId, waiting.maxEnvelope))
    })
  }

  #tell(messageId: string, maxEnvelope: number): WsmanReply {
    const pieces = this.#take(Math.floor(((maxEnvelope - ENVELOPE_BYTES) * 3) / 4))
    this.#isTold = this.#exitCode !== undefined && this.#pieces.length === 0
    const exit = this.#isTold && this.#exitCode !== undefined ? { exitCode: this.#exitCode } : {}
    const body = outputBody(this.#id, { pieces, ...exit })
    const told = { messageId, reply: reply(`${NAMESPACES.rsp}/ReceiveResponse`, messageId, body) }
    this.#told = told
    return told.reply
  }

  /** From the beginning, as much as has room; the rest stays. */
  #take(most: number): Piece[] {
    const taken: Piece[] = []
    let room = Math.max(3, most)
    while (room > 0) {
      const first = this.#pieces.shift()
      if (!first) break
      const { stream, bytes } = first
      taken.push({ stream, bytes: bytes.subarray(0, room) })
      if (bytes.length > room) this.#pieces.unshift({ stream, bytes: bytes.subarray(room) })
      room -= Math.min(room, bytes.length)
    }
    return taken
  }
}
