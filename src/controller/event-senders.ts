import type { Project } from '../app/project.ts'
import { type Senders, startSenders } from '../app/streams/open-sinks.ts'
import { InputError } from '../core/diagnostic.ts'

/** Sinks of another revision that could not be spoken to are tried again after so long. */
const AGAIN_MS = 10_000

/** What sends events of runs for a controller: begun when it is asked for first, and anew with each revision. */
export class EventSenders {
  readonly #project: () => Project
  readonly #warn: (text: string) => void
  #senders: Promise<Senders | undefined> | undefined
  #again: NodeJS.Timeout | undefined
  #isStopping = false

  /** `project`: that in force. */
  constructor(project: () => Project, warn: (text: string) => void) {
    this.#project = project
    this.#warn = warn
  }

  /** Throws InputError where a sink cannot be spoken to. */
  async begun(): Promise<Senders | undefined> {
    this.#senders ??= startSenders(this.#project(), this.#warn)
    try {
      return await this.#senders
    } catch (error) {
      this.#senders = undefined
      throw error
    }
  }

  /** To the sinks of another revision; where these cannot be spoken to, events wait, and it is tried again. */
  anew(): void {
    if (this.#senders !== undefined) this.#senders = this.#replaced(this.#senders)
  }

  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#again)
    await (await this.#senders?.catch(() => undefined))?.stop(withinMs).catch((error: unknown) => this.#tell(error))
  }

  async #replaced(before: Promise<Senders | undefined>): Promise<Senders | undefined> {
    clearTimeout(this.#again)
    await (await before.catch(() => undefined))?.stop(0).catch((error: unknown) => this.#tell(error))
    try {
      return await startSenders(this.#project(), this.#warn)
    } catch (error) {
      this.#tell(error)
      if (!this.#isStopping) this.#again = setTimeout(() => this.anew(), AGAIN_MS).unref()
      return undefined
    }
  }

  #tell(error: unknown): void {
    this.#warn(error instanceof InputError ? error.message : `The sinks: ${String(error)}`)
  }
}
