import type { ShellAnswer, ShellChannel, ShellRequest } from '../core/channel.ts'
import { Interruption, type Phase } from '../core/failure.ts'

/** A count of what was asked of a device, in order, shared by all steps on it. */
export interface AskCounter {
  next: number
  /** How many of the questions have an answer. */
  answered: number
}

/** A step ran past its deadline; the session goes on. */
export class StepTimeout extends Interruption {}

/**
 * A device's shell as one step sees it for one purpose. It remembers when it was used, so that the engine can tell
 * which observations were made after a change, and gives every question the deadline of its phase.
 */
export class TrackedChannel implements ShellChannel {
  readonly kind = 'shell'
  readonly dialect: ShellChannel['dialect']
  readonly #shell: ShellChannel
  readonly #counter: AskCounter
  #phase: Phase
  #deadlineMs: number
  /** Order numbers of the first and the last use; undefined when it was not used. */
  first: number | undefined
  last: number | undefined
  /** Questions that have no answer yet. */
  pending = 0

  constructor(shell: ShellChannel, options: { counter: AskCounter; phase: Phase; deadlineMs: number }) {
    this.#shell = shell
    this.dialect = shell.dialect
    this.#counter = options.counter
    this.#phase = options.phase
    this.#deadlineMs = options.deadlineMs
  }

  /** From here on it is used for another purpose, and counted anew. */
  enter(phase: Phase, deadlineMs: number): void {
    this.#phase = phase
    this.#deadlineMs = deadlineMs
    this.first = undefined
    this.last = undefined
  }

  ask(request: ShellRequest): Promise<ShellAnswer> {
    const timeoutMs = Math.min(request.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
    return this.#use(() => this.#shell.ask({ ...request, timeoutMs }))
  }

  upload(
    path: string,
    content: AsyncIterable<Uint8Array> | Uint8Array,
    options?: { readonly timeoutMs?: number },
  ): Promise<ShellAnswer> {
    const timeoutMs = Math.min(options?.timeoutMs ?? this.#deadlineMs, this.#deadlineMs)
    const answer = this.#use(() => this.#shell.upload(path, content, { timeoutMs }))
    // It goes beside the interpreter: what is asked before it has ended may not see it yet.
    return answer.finally(() => this.#count())
  }

  async #use(question: () => Promise<ShellAnswer>): Promise<ShellAnswer> {
    this.#count()
    this.pending += 1
    try {
      const answer = await question()
      this.#counter.answered += 1
      if (answer.timedOut) throw this.#timeout()
      return answer
    } finally {
      this.pending -= 1
    }
  }

  #count(): void {
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
