import type { ProcessEnd, ProcessStream } from '../../../src/core/channel.ts'
import { success } from '../../../src/core/failure.ts'
import type { Connection } from '../../../src/core/transport.ts'
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
} from '../../../src/shell/powershell-device.ts'
import { readScriptLine } from '../../../src/shell/script-form.ts'

/** How a stand-in for Windows answers a fragment. */
export type Answering = (ask: ExchangeAsk) => DeviceAnswer | Promise<DeviceAnswer>

export interface WindowsOptions {
  readonly answer: Answering
  /** What becomes of its stdout on the way. */
  readonly spoil?: (text: string) => string | Uint8Array
  readonly version?: string
  /** Offers the way of WinRM, whose first script comes with the start and which works in turns. */
  readonly inTurns?: boolean
  /** Sends every line of stdin twice, as WinRM may after a lost reply. */
  readonly repeats?: boolean
}

/** A Windows device that speaks the protocol of the runner and knows fragments by their names. */
export class WindowsDevice {
  readonly #options: WindowsOptions
  /** Everything that was asked, in order, and the files that were uploaded. */
  readonly asked: ExchangeAsk[] = []
  readonly files = new Map<string, Buffer>()
  /** How many times something was sent to it, and what. */
  readonly received: string[] = []
  starts = 0

  constructor(options: WindowsOptions) {
    this.#options = options
  }

  get connection(): Pick<Connection, 'exec' | 'startPowerShell'> {
    const exec: Connection['exec'] = async (command, input = '') => {
      this.received.push(command, input)
      return success(this.#process(readScriptLine(input.trimEnd())))
    }
    if (!this.#options.inTurns) return { exec }
    return {
      exec,
      startPowerShell: async ({ script }) => {
        this.received.push(script)
        return success(this.#process(script))
      },
    }
  }

  #process(script: string): ProcessStream {
    this.starts += 1
    let onStdout: (chunk: Uint8Array) => void = () => undefined
    let onExit: (end: ProcessEnd) => void = () => undefined
    let isPaused = false
    const held: string[] = []
    const lines: string[] = []
    let wake = (): void => undefined
    let last = 0
    const put = (text: string): void => {
      if (isPaused) held.push(text)
      else onStdout(Buffer.from(this.#options.spoil?.(text) ?? text))
    }
    const nextRaw = async (): Promise<string> => {
      while (lines.length === 0) await new Promise<void>((more) => (wake = more))
      return lines.shift() as string
    }
    const next = async (): Promise<string> => {
      for (;;) {
        const line = await nextRaw()
        const number = Number(line.slice(0, line.indexOf(' ')))
        if (number <= last) continue
        last = number
        return line.slice(line.indexOf(' ') + 1)
      }
    }
    const serve = async (): Promise<void> => {
      await this.#exchange(firstExchange(script), { next, put })
      for (;;) await this.#exchange(unpackLine(await next()), { next, put })
    }
    setImmediate(() => void serve().catch(() => onExit({ code: 1 })))
    return {
      write: (data) => {
        if (this.#options.inTurns && !isPaused) throw new Error('something was sent out of turn')
        const text = Buffer.from(data as string).toString('latin1')
        this.received.push(text)
        const whole = text.split('\n').slice(0, -1)
        lines.push(...(this.#options.repeats ? [...whole, ...whole] : whole))
        wake()
      },
      drain: async () => undefined,
      end: () => undefined,
      onStdout: (listener) => (onStdout = listener),
      onStderr: () => undefined,
      onExit: (listener) => (onExit = listener),
      pause: () => (isPaused = true),
      resume: () => {
        isPaused = false
        for (const text of held.splice(0)) put(text)
      },
      destroy: () => undefined,
    } as ProcessStream
  }

  async #exchange(
    text: string,
    to: { readonly next: () => Promise<string>; readonly put: (text: string) => void },
  ): Promise<void> {
    const exchange = parseExchange(text, wantsSecrets(text) ? unpackLine(await to.next()) : '')
    const { token } = exchange
    to.put(helloLine(token, 4711, this.#options.version))
    let broken = -1
    for (const item of exchange.items) {
      if (item.kind === 'ask') {
        if (item.link?.index === 0) broken = -1
        broken = await this.#ask(item, { token, broken, put: to.put })
      } else await this.#upload(item, { token, ...to })
    }
    to.put(`${token} end ${exchange.items.length}\n`)
  }

  async #ask(
    item: ExchangeAsk,
    { token, broken, put }: { token: string; broken: number; put: (text: string) => void },
  ): Promise<number> {
    if (item.link && !isWanted(item.link, broken)) {
      put(`${token} skip ${item.id}\n`)
      return broken
    }
    put(`${token} begin ${item.id}\n`)
    this.asked.push(item)
    const answer = await this.#options.answer(item)
    const holds = await gateHolds(item, answer, async (test) => this.#options.answer(test))
    const isSame = item.link?.gate.startsWith('same:') && (answer.how ?? 'done') === 'done'
    put(
      isSame ? `${token} ${holds ? 'same' : 'skip'} ${item.id}\n` : answerLines(token, item.id, answer, item.keepBytes),
    )
    return !holds && broken < 0 ? (item.link?.index ?? -1) : broken
  }

  async #upload(
    item: Exclude<Exchange['items'][number], ExchangeAsk>,
    to: { readonly token: string; readonly next: () => Promise<string>; readonly put: (text: string) => void },
  ): Promise<void> {
    to.put(`${to.token} begin ${item.id}\n`)
    const pieces: Buffer[] = []
    let line = await to.next()
    for (; !/^(!|\. \d+)$/.test(line); line = await to.next()) pieces.push(Buffer.from(line, 'base64'))
    const content = Buffer.concat(pieces)
    const isWhole = line === `. ${content.length}`
    if (isWhole) this.files.set(item.path, content)
    const answer = isWhole ? {} : { how: 'late' as const, exitCode: 124, stderr: 'It was given up.' }
    to.put(answerLines(to.token, item.id, answer, 1024))
  }
}
