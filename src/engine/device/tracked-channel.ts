import { Fenced, NotRun } from '../../core/chain.ts'
import type { ShellAnswer, ShellChannel, ShellRequest, UploadOptions } from '../../core/channel.ts'
import type { ContentCame, ContentToSend } from '../../core/content.ts'
import { type Phase, SessionLost } from '../../core/failure.ts'
import type { Fence } from '../../core/fence.ts'

/** A count of what was asked of a device, in order, shared by all steps on it. */
export interface AskCounter {
  next: number
  /** How many of the questions have an answer. */
  answered: number
}

/** A step ran past its deadline; the session goes on. */
export class StepTimeout extends SessionLost {}

/** A question that was asked and what came of it. */
export interface Question {
  readonly request: ShellRequest
  readonly answer: ShellAnswer
}

/** A question that is kept back until it goes out as a link of a chain. */
export interface HeldQuestion {
  readonly request: ShellRequest
  /** It goes out now; this is its answer. */
  send(answer: Promise<ShellAnswer>): void
}

/**
 * A device's shell as one step sees it for one purpose. It remembers when it was used, so that the engine can tell
 * which observations were made after a change, and gives every question the deadline of its phase.
 */
export class TrackedChannel implements ShellChannel {
  readonly kind = 'shell'
  readonly dialect: ShellChannel['dialect']
  readonly #shell: ShellChannel
  readonly #counter: AskCounter
  readonly #fence: Fence | undefined
  readonly #lookActs: boolean
  #phase: Phase
  #deadlineMs: number
  #hold: ((question: HeldQuestion | undefined) => void) | undefined
  #uses = 0
  /** What it is used for has asked a question that changes something. */
  #hasBegun = false
  #question: Question | undefined
  #came: ContentCame[] = []
  /** Order numbers of the first and the last use; undefined when it was not used. */
  first: number | undefined
  last: number | undefined
  /** Questions that have no answer yet. */
  pending = 0

  /** `fence`: goes along with whatever is asked in order to change something; `lookActs`: and with whatever else is asked. */
  constructor(
    shell: ShellChannel,
    options: {
      counter: AskCounter
      phase: Phase
      deadlineMs: number
      fence?: Fence | undefined
      lookActs?: boolean
    },
  ) {
    this.#shell = shell
    this.dialect = shell.dialect
    this.#counter = options.counter
    this.#fence = options.fence
    this.#lookActs = options.lookActs ?? false
    this.#phase = options.phase
    this.#deadlineMs = options.deadlineMs
  }

  /** From here on it is used for another purpose, and counted anew. */
  enter(phase: Phase, deadlineMs: number): void {
    this.#phase = phase
    this.#deadlineMs = deadlineMs
    this.#uses = 0
    this.#hasBegun = false
    this.#question = undefined
    this.#came = []
    this.first = undefined
    this.last = undefined
  }

  /** All that was asked for this purpose, if that was one question. */
  get only(): Question | undefined {
    return this.#uses === 1 ? this.#question : undefined
  }

  /** How the files came that were sent for this purpose. */
  get came(): readonly ContentCame[] {
    return this.#came
  }

  /**
   * The next question is kept back and handed over here. What cannot be (an upload) is `undefined` here, and `NotRun`
   * to whoever wanted it.
   */
  hold(): Promise<HeldQuestion | undefined> {
    return new Promise((resolve) => {
      this.#hold = resolve
    })
  }

  ask(request: ShellRequest): Promise<ShellAnswer> {
    const timeoutMs = Math.min(request.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
    const isChange = this.#phase === 'converge' || this.#lookActs
    const fence = isChange ? this.#fence : undefined
    const begins = isChange && !this.#hasBegun
    if (begins) this.#hasBegun = true
    const timed = { ...request, timeoutMs, ...(fence && { fence }), ...(begins && { begins }) }
    const hold = this.#hold
    if (!hold) {
      this.#count()
      return this.#use(timed, this.#phase === 'converge' ? this.#shell.ask(timed) : this.#begun(timed))
    }
    this.#hold = undefined
    const answer = new Promise<ShellAnswer>((resolve) => {
      hold({
        request: timed,
        send: (sent) => {
          this.#count()
          resolve(sent)
        },
      })
    })
    return this.#use(timed, answer)
  }

  /** The answer to what does not depend on what was seen before: what another had going on has only to end first. */
  async #begun(request: ShellRequest): Promise<ShellAnswer> {
    try {
      return await this.#shell.ask(request)
    } catch (error) {
      if (!(error instanceof Fenced)) throw error
      if (error.fence === 'late') throw new SessionLost(LATE)
      return this.#begun(request)
    }
  }

  async upload(
    path: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    options?: UploadOptions,
  ): Promise<ShellAnswer> {
    const hold = this.#hold
    this.#hold = undefined
    hold?.(undefined)
    if (hold) throw new NotRun()
    const timeoutMs = Math.min(options?.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
    this.#count()
    try {
      const answer = await this.#use(undefined, this.#shell.upload(path, content, { ...options, timeoutMs }))
      if (answer.came) this.#came.push(answer.came)
      return answer
    } finally {
      // It goes beside the interpreter: what is asked before it has ended may not see it yet.
      this.#count()
    }
  }

  /** The shell of another device under the deadlines of this one; what is asked of it says nothing about when this one was looked at. */
  beside(shell: ShellChannel): ShellChannel {
    return {
      kind: 'shell',
      dialect: shell.dialect,
      ask: (request) => {
        const timeoutMs = Math.min(request.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
        return this.#wait(shell.ask({ ...request, timeoutMs }))
      },
      upload: (path, content, options) => {
        const timeoutMs = Math.min(options?.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
        return this.#wait(shell.upload(path, content, { ...options, timeoutMs }))
      },
    }
  }

  async foresee(content: ContentToSend): Promise<ContentCame | undefined> {
    this.#count()
    return await this.#shell.foresee?.(content)
  }

  async renew(): Promise<void> {
    await this.#shell.renew?.()
  }

  async #use(request: ShellRequest | undefined, question: Promise<ShellAnswer>): Promise<ShellAnswer> {
    const answer = await this.#wait(question, () => {
      this.#counter.answered += 1
    })
    if (request) this.#question = { request, answer }
    return answer
  }

  async #wait(question: Promise<ShellAnswer>, answered?: () => void): Promise<ShellAnswer> {
    this.pending += 1
    try {
      const answer = await question
      answered?.()
      if (answer.timedOut) throw this.#timeout()
      return answer
    } finally {
      this.pending -= 1
    }
  }

  #count(): void {
    this.#uses += 1
    this.#counter.next += 1
    this.first ??= this.#counter.next
    this.last = this.#counter.next
  }

  #timeout(): StepTimeout {
    const changing = this.#phase === 'converge'
    return new StepTimeout({
      code: changing ? 'CONVERGE_TIMEOUT' : 'OBSERVE_TIMEOUT',
      phase: this.#phase,
      message: `It was not done within ${this.#deadlineMs / 1000} s and was ended on the device.`,
    })
  }
}

const LATE = {
  code: 'LEASE_LOST',
  phase: 'observe',
  message: 'Leave to work on the device ran out before the device could begin. Nothing was run.',
} as const
