import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, find, type XmlElement } from '../../devices/winrm/xml-element.ts'
import { pause } from '../pause.ts'
import { type Courier, mayHaveRun, type Reply } from './courier.ts'
import {
  commandMessage,
  createMessage,
  deleteMessage,
  type Message,
  newId,
  type Sender,
  sendMessage,
  terminateMessage,
} from './envelope.ts'
import { type FaultKind, kindOf, type WsmanFault } from './fault.ts'
import type { WinRmDevice } from './open-session.ts'
import type { Pace } from './pace.ts'
import { faultFailure, type Moment } from './winrm-failure.ts'

/** What a shell needs to speak to its device. */
export interface ShellDependencies {
  readonly target: WinRmDevice
  readonly courier: Courier
  readonly sender: Sender
  readonly pace: Pace
  /** Aborted when the connection is closed. */
  readonly signal: AbortSignal
}

const FULL: ReadonlySet<FaultKind> = new Set(['shells', 'operations', 'users', 'load', 'busy'])

/** What was asked may have been done all the same. */
const DOUBTFUL: ReadonlySet<FaultKind> = new Set(['timed-out', 'aborted'])

/** Windows 7 lets a user have 15 operations under way, and a command gives its own back with the shell only. */
const COMMANDS = { legacy: 10, usual: 500 } as const

/** Pauses before the next try, in milliseconds, by what the device said; undefined when it has been tried enough. */
class Waits {
  readonly #pace: Pace
  #again = 0
  #full = 0

  constructor(pace: Pace) {
    this.#pace = pace
  }

  next(kind: FaultKind): number | undefined {
    if (DOUBTFUL.has(kind)) return this.#pace.repeatPausesMs[this.#again++]
    return FULL.has(kind) || kind === 'gone' ? this.#pace.quotaPausesMs[this.#full++] : undefined
  }
}

/** A shell that was asked for before may be there, whatever the device says to being asked again: a command will tell. */
function isThere(kind: FaultKind, uncertain: boolean): boolean {
  return kind === 'exists' || (uncertain && kind !== 'denied' && !DOUBTFUL.has(kind))
}

/** Tries beyond the first one to delete a shell whose device says no, and the pause before each. */
const DELETIONS = 3
const DELETION_PAUSE_MS = 500

/** To log in again and again is how accounts get locked. */
function isRefused(reply: Reply): boolean {
  return reply.kind === 'failed' && reply.failure.code === 'AUTHENTICATE_REFUSED'
}

/** How a start ended that did not start: whether another shell may be tried. */
type NotStarted = { readonly failure: Failure; readonly another: boolean }

/**
 * A shell on a device, under an id of our choice, so that a reply that was lost costs nothing: what is asked again under
 * the same id is done once.
 */
export class RemoteShell {
  readonly #dependencies: ShellDependencies
  #id = newId()
  #commands = 0
  /** The command that runs in it, or ran last. */
  #command: string | undefined
  /** The device chose the id: Windows 7, and nothing can be asked again. */
  #legacy = false
  /** A Create was sent that may have been carried out. */
  #mayExist = false

  constructor(dependencies: ShellDependencies) {
    this.#dependencies = dependencies
  }

  get id(): string {
    return this.#id
  }

  get legacy(): boolean {
    return this.#legacy
  }

  /** There may be something to be deleted. */
  get mayExist(): boolean {
    return this.#mayExist
  }

  /** Its commands have used up what the device allows in one shell. */
  get worn(): boolean {
    return this.#commands >= COMMANDS[this.#legacy ? 'legacy' : 'usual']
  }

  /** Opens it, waiting while the device is full. */
  async open(environment: Readonly<Record<string, string>>): Promise<Result<void>> {
    const { sender, pace, signal } = this.#dependencies
    const waits = new Waits(pace)
    let uncertain = false
    for (;;) {
      const reply = await this.#exchange(() => createMessage(sender, { id: this.#id, environment }), true)
      uncertain ||= reply.uncertain
      if (reply.kind === 'failed') {
        this.#mayExist = uncertain
        return fail(reply.failure)
      }
      if (reply.kind === 'body') return this.#opened(reply.body)
      const kind = kindOf(reply.fault)
      if (isThere(kind, uncertain)) return success(undefined)
      uncertain ||= DOUBTFUL.has(kind)
      this.#mayExist = uncertain
      const waitMs = waits.next(kind)
      if (waitMs === undefined || signal.aborted) return fail(faultFailure(this.#moment(), reply.fault))
      await pause(waitMs, signal)
    }
  }

  /** Starts a command line; its id, or why it does not run and whether another shell may be tried in place of this one. */
  async start(line: string): Promise<{ readonly command: string } | NotStarted> {
    const { sender, pace, signal } = this.#dependencies
    const id = newId()
    const waits = new Waits(pace)
    let uncertain = false
    this.#commands += 1
    for (;;) {
      const compose = (): Message => commandMessage(sender, { shell: this.#id, id, line })
      const reply = await this.#exchange(compose, !this.#legacy)
      uncertain ||= reply.uncertain
      if (reply.kind === 'body') {
        this.#command = this.#commandId(reply.body) ?? id
        return { command: this.#command }
      }
      if (reply.kind === 'failed') {
        return { failure: uncertain ? mayHaveRun(reply.failure) : reply.failure, another: false }
      }
      const kind = kindOf(reply.fault)
      uncertain ||= DOUBTFUL.has(kind)
      const waitMs = this.#mayAskAgain(kind, uncertain) ? waits.next(kind) : undefined
      if (waitMs === undefined || signal.aborted) return this.#verdict(reply.fault, { id, uncertain })
      await pause(waitMs, signal)
    }
  }

  #mayAskAgain(kind: FaultKind, uncertain: boolean): boolean {
    if (uncertain) return DOUBTFUL.has(kind) && !this.#legacy
    return kind === 'load' || kind === 'users' || kind === 'busy'
  }

  #verdict(
    fault: WsmanFault,
    asked: { readonly id: string; readonly uncertain: boolean },
  ): { readonly command: string } | NotStarted {
    const kind = kindOf(fault)
    const failure = faultFailure(this.#moment(), fault)
    if (!asked.uncertain) return { failure, another: kind === 'gone' || kind === 'operations' }
    if (kind === 'gone' || this.#legacy) return { failure: mayHaveRun(failure), another: false }
    // Which code Windows has for an id that is taken is not known for certain; to ask for output tells whether it runs.
    this.#command = asked.id
    return { command: asked.id }
  }

  /** Ends it with everything that runs in it, trying again while the signal lets us. True when it is known to be gone. */
  async delete(signal: AbortSignal): Promise<boolean> {
    const { courier, sender, pace } = this.#dependencies
    const options = { moment: this.#moment(), answerMs: pace.cleanUpMs, repeatable: true, signal }
    for (let n = 0; this.#mayExist; n += 1) {
      const reply = await courier.exchange(() => deleteMessage(sender, this.#id), options)
      const isGone = reply.kind === 'body' || (reply.kind === 'fault' && kindOf(reply.fault) === 'gone')
      if (isGone) this.#mayExist = false
      else if (signal.aborted || n >= DELETIONS || isRefused(reply)) break
      else await pause(DELETION_PAUSE_MS, signal)
    }
    if (this.#mayExist && !signal.aborted) await this.#endFromWithin(signal)
    return !this.#mayExist
  }

  /**
   * A device that will not delete a shell may still end what runs in it: at the end of its input the runner of PowerShell
   * ends the shell around it, and what does not listen is terminated. An empty shell ends by itself, in three minutes.
   */
  async #endFromWithin(signal: AbortSignal): Promise<void> {
    const { courier, sender, pace } = this.#dependencies
    if (this.#command === undefined) return
    const to = { shell: this.#id, command: this.#command }
    const options = { moment: this.#moment(), answerMs: pace.cleanUpMs, repeatable: true, signal }
    const ended = await courier.exchange(() => sendMessage(sender, to, { data: Buffer.alloc(0), end: true }), options)
    if (ended.kind !== 'fault') await pause(DELETION_PAUSE_MS, signal)
    const signalled = await courier.exchange(() => terminateMessage(sender, to), options)
    if (signalled.kind === 'fault' && kindOf(signalled.fault) === 'gone') this.#mayExist = false
  }

  #exchange(compose: () => Message, repeatable: boolean): Promise<Reply> {
    const { courier, target, signal } = this.#dependencies
    this.#mayExist = true
    return courier.exchange(compose, { moment: this.#moment(), answerMs: target.deadlines.open, repeatable, signal })
  }

  #moment(): Moment {
    return { target: this.#dependencies.target, phase: 'open' }
  }

  #opened(body: XmlElement): Result<void> {
    const selector = find(body, ({ uri, name, attributes }) => {
      return uri === NAMESPACES.w && name === 'Selector' && attributes.get('Name') === 'ShellId'
    })
    const told = (selector ?? find(body, ({ uri, name }) => uri === NAMESPACES.rsp && name === 'ShellId'))?.text.trim()
    if (told !== undefined && told !== '' && told.toUpperCase() !== this.#id.toUpperCase()) {
      this.#id = told
      this.#legacy = true
    }
    return success(undefined)
  }

  #commandId(body: XmlElement): string | undefined {
    const told = child(body, NAMESPACES.rsp, 'CommandResponse', 'CommandId')?.text.trim()
    return told === '' ? undefined : told
  }
}
