import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import { NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, parseXml, type XmlElement } from '../../devices/winrm/xml-element.ts'
import { pause } from '../pause.ts'
import { type Action, type Message } from './envelope.ts'
import { parseFault, type WsmanFault } from './fault.ts'
import { openSession, type SessionDependencies } from './open-session.ts'
import type { Pace } from './pace.ts'
import type { PostEnd, WinRmSession } from './session.ts'
import { type Moment, noReplyFailure, sealFailure, statusFailure } from './winrm-failure.ts'

/** What came of a message, sent as often as it may be. */
export type Reply = (
  | { readonly kind: 'body'; readonly body: XmlElement }
  | { readonly kind: 'fault'; readonly fault: WsmanFault }
  /** No answer that can be relied on. */
  | { readonly kind: 'failed'; readonly failure: Failure }
) & {
  /** It was sent before this, or this time, without knowing whether it was carried out. */
  readonly uncertain: boolean
}

export interface ExchangeOptions {
  readonly moment: Moment
  readonly answerMs: number
  /** Carried out twice it does no harm: it may be sent again when it is not known whether it arrived. */
  readonly repeatable: boolean
  readonly signal: AbortSignal
}

/** One step towards a reply. */
type Attempt =
  | { readonly reply: Reply }
  /** Worth another try. `carriedOut`: it may have been. */
  | { readonly failure: Failure; readonly carriedOut: boolean; readonly final: boolean; readonly expired?: boolean }

const REFUSALS: ReadonlySet<string> = new Set(['AUTHENTICATE_REFUSED', 'SEAL_INVALID'])

/**
 * How often a message that was not answered in time is sent again. To open a shell has a deadline like any other; but
 * of a command it is worth knowing whether it runs, and output that waits is worth fetching.
 */
const EXPIRIES: Readonly<Record<Action, number>> = {
  Identify: 0,
  Create: 0,
  Command: 1,
  Send: 1,
  Receive: 3,
  Delete: 3,
  Signal: 1,
}

/** Carries messages to one device and replies back, one at a time, over one session after another. */
export class Courier {
  readonly #dependencies: SessionDependencies
  readonly #pace: Pace
  #session: WinRmSession | undefined
  /** The session has carried a message: a 401 now is not the refusal of its login. */
  #proven = false
  #last: Promise<unknown> = Promise.resolve()
  #busy = 0

  constructor(dependencies: SessionDependencies, pace: Pace) {
    this.#dependencies = dependencies
    this.#pace = pace
  }

  /** Makes sure that there is a session. */
  async connect(signal: AbortSignal): Promise<Result<void>> {
    const session = await this.#open(signal)
    return session.ok ? success(undefined) : session
  }

  /** A request is under way: its session is of no use to anyone else. */
  get busy(): boolean {
    return this.#busy > 0
  }

  /** Sends a message when those before it are done; `compose` writes it anew when it must be sent again. */
  exchange(compose: () => Message, options: ExchangeOptions): Promise<Reply> {
    this.#busy += 1
    const turn = this.#last.then(() => this.#exchange(compose, options))
    this.#last = turn
    return turn.finally(() => {
      this.#busy -= 1
    })
  }

  close(): void {
    this.#session?.destroy()
    this.#session = undefined
  }

  async #exchange(compose: () => Message, options: ExchangeOptions): Promise<Reply> {
    const { signal } = options
    let uncertain = false
    let refusals = 0
    let expiries = 0
    for (let n = 0; ; n += 1) {
      const message = compose()
      const attempt = await this.#attempt(message, { ...options, uncertain })
      if ('reply' in attempt) return attempt.reply
      uncertain ||= attempt.carriedOut
      const pauseMs = this.#pace.repeatPausesMs[n]
      const mayRepeat = options.repeatable || !attempt.carriedOut
      // A login that lapsed is renewed once; a second refusal is the device's word.
      refusals += REFUSALS.has(attempt.failure.code) ? 1 : 0
      expiries += attempt.expired ? 1 : 0
      const inVain = refusals > 1 || expiries > EXPIRIES[message.action]
      if (attempt.final || !mayRepeat || inVain || pauseMs === undefined || signal.aborted) {
        return { kind: 'failed', failure: attempt.failure, uncertain }
      }
      await pause(pauseMs, signal)
    }
  }

  async #attempt(message: Message, options: ExchangeOptions & { readonly uncertain: boolean }): Promise<Attempt> {
    const { signal, moment, answerMs } = options
    const opened = await this.#open(signal)
    if (!opened.ok) return { failure: at(moment, opened.failure), carriedOut: false, final: !isPassing(opened.failure) }
    const session = opened.value
    const proven = this.#proven
    const end = await session.post(message.xml, { timeoutMs: answerMs, signal })
    if (!session.usable) this.#session = undefined
    if ('soap' in end || ('status' in end && end.status !== 401)) this.#proven = true
    return judge(end, { ...options, message, proven })
  }

  async #open(signal: AbortSignal): Promise<Result<WinRmSession>> {
    if (this.#session?.usable) return success(this.#session)
    if (signal.aborted) return fail({ code: 'RUN_CANCELLED', phase: 'connect', message: 'The run was stopped.' })
    this.#proven = false
    const opened = await openSession(this.#dependencies, signal)
    if (!opened.ok) return opened
    this.#session = opened.value
    // Over plain HTTP the login has been accepted by now; over TLS, the first message proves it.
    this.#proven = !this.#dependencies.target.winrm.https
    return opened
  }
}

/** What an end of a post means for the message. */
function judge(
  end: PostEnd,
  context: ExchangeOptions & { readonly uncertain: boolean; readonly message: Message; readonly proven: boolean },
): Attempt {
  const { moment, uncertain, message } = context
  if ('none' in end) {
    const { why } = end.none
    return {
      failure: noReplyFailure(moment, end.none),
      carriedOut: true,
      final: why === 'cancelled',
      expired: why === 'expired',
    }
  }
  if ('forged' in end) return { failure: sealOrGarbled(moment, end.forged), carriedOut: true, final: false }
  if (!('soap' in end)) {
    const failure = statusFailure(moment, end.status, end.offered)
    // A seal that the device cannot open is worth a new login; without one, its word is its last.
    const isUnsealed = end.status === 400 && moment.target.winrm?.https === true
    const passing = (PASSING.has(end.status) && !isUnsealed) || (end.status === 401 && context.proven)
    return { failure, carriedOut: !isUnread(end.status), final: !passing }
  }
  const root = parseXml(end.soap.toString('utf8'))
  const body = child(root, NAMESPACES.s, 'Body')
  if (root?.uri !== NAMESPACES.s || root.name !== 'Envelope' || !body) {
    return { failure: sealOrGarbled(moment, 'it is no SOAP envelope'), carriedOut: true, final: false }
  }
  const fault = parseFault(body)
  if (fault) return { reply: { kind: 'fault', fault, uncertain } }
  if (end.status === 200 && answers(root, message)) {
    return { reply: { kind: 'body', body, uncertain } }
  }
  return { failure: sealOrGarbled(moment, 'it is the answer to something else'), carriedOut: true, final: false }
}

/** Whether an envelope names the message that it is the answer to. */
function answers(envelope: XmlElement, { id }: Message): boolean {
  if (id === undefined) return true
  const header = child(envelope, NAMESPACES.s, 'Header')
  return child(header, NAMESPACES.a, 'RelatesTo')?.text.trim().toUpperCase() === id.toUpperCase()
}

/** Statuses that another try may not meet. */
const PASSING: ReadonlySet<number> = new Set([400, 502, 503, 504])

/** Turned away before anyone acted on it. What lies behind a gateway that gives up may have been done all the same. */
function isUnread(status: number): boolean {
  return (status >= 300 && status < 500) || status === 503
}

function sealOrGarbled(moment: Moment, said: string): Failure {
  const sealed = moment.target.winrm?.https === false
  return sealed ? sealFailure(moment, said) : noReplyFailure(moment, { why: 'garbled', said })
}

/** A line that broke may come back; a refusal stays one. */
function isPassing({ code }: Failure): boolean {
  return /^(CONNECT_(REFUSED|TIMEOUT|UNREACHABLE|RESET)|SESSION_LOST|IDENTIFY_TIMEOUT|AUTHENTICATE_TIMEOUT)$/.test(code)
}

/** A reconnection that failed in the middle of a program is part of what became of the program. */
function at(moment: Moment, failure: Failure): Failure {
  return moment.mayHaveRun ? mayHaveRun(failure) : failure
}

/** A failure of which it is not known whether the program ran before it. */
export function mayHaveRun(failure: Failure): Failure {
  return { ...failure, phase: 'observe', evidence: { ...failure.evidence, command_may_have_run: true } }
}
