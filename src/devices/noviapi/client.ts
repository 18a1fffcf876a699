import { type Result, success } from '../../core/failure.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import type { ShownCertificate } from '../line/http-over-stream.ts'
import { isoOf, readDeviceTime } from '../printer/device-time.ts'
import { fiscalConditions } from '../printer/fiscal-conditions.ts'
import { missedReading } from '../printer/http-reading.ts'
import { numberIn, objectIn, textIn } from '../printer/json-answer.ts'
import type { Asking } from '../printer/protocol.ts'
import {
  type Answer,
  type Condition,
  type FiscalFacts,
  type GuardFacts,
  type Identity,
  type PrinterReading,
  UNKNOWN_GUARDS,
} from '../printer/reading.ts'
import { REQUESTS, STATUS_TYPES, type StatusType } from './requests.ts'
import { type NoviReply, NoviSession } from './session.ts'
import { readStatus, type StatusOutcome } from './status-request.ts'
import { TokenBook } from './token-book.ts'

export interface NoviPlace extends Endpoint {
  /** Where a certificate was loaded into the printer. */
  readonly tls?: boolean
  /** This server is the till's own, so that its queue is the till's: only then does an empty one say that it is idle. */
  readonly ofTill?: boolean
  /** How many tokens runs have noted within the last hour. */
  readonly tokensNoted?: number
}

/** Tokens are kept for the life of the process and nowhere else; how many were taken is noted with the run. */
const TOKENS = new TokenBook()

/**
 * Asks a Novitus printer over NoviAPI 1.0.4: whether it answers, what waits in its queue, and, when nothing does, its
 * state and memories. One server of the printer, 8888 to 8897, should belong to monitoring alone, so that no token of a
 * till is ever at stake.
 */
export async function readNoviApi(
  dial: Dial,
  to: NoviPlace,
  asking: Asking,
  tokens = TOKENS,
): Promise<Result<PrinterReading>> {
  const session = new NoviSession(dial, to, { asking, tokens, noted: to.tokensNoted ?? 0 })
  try {
    const tested = await session.send(REQUESTS.test())
    if (tested.state !== 'answered') return missedReading('noviapi', tested, session.evidence)
    const found = new Findings(session, asking, to.ofTill ?? false)
    if (tested.status !== 200 || !tested.json) {
      return success(found.unanswered(`Its API answers HTTP ${tested.status}, and not as NoviAPI does.`))
    }
    return success(await read(session, found, asking))
  } finally {
    session.close()
  }
}

async function read(session: NoviSession, found: Findings, asking: Asking): Promise<PrinterReading> {
  const asked = await session.token()
  if (asked.token === undefined) return found.withoutStatus(asked.why)
  const queued = await session.send(REQUESTS.queue(), asked.token)
  if (queued.state === 'answered' && queued.status === 401) session.dropToken()
  if (!found.queue(queued)) return found.withoutStatus(found.whyNot(queued))
  // Whoever prints is not disturbed.
  if (found.depth > 0) return found.withoutStatus(`${found.depth} requests wait in its queue: it is at work.`)
  for (const type of asking.thorough ? STATUS_TYPES : STATUS_TYPES.slice(0, 1)) {
    const outcome = await readStatus(session, asked.token, type)
    found.status(type, outcome)
    if (outcome.state !== 'done') break
  }
  return found.reading()
}

/** What was learnt, piece by piece. */
class Findings {
  readonly #session: NoviSession
  readonly #asking: Asking
  readonly #isOfTill: boolean
  #depth: number | undefined
  #ready: Answer = 'unknown'
  #isBusy = false
  #detail: string | undefined
  #fiscal: FiscalFacts = {}
  #identity: Identity = { vendor: 'Novitus' }
  readonly #conditions: Condition[] = []
  readonly #more: Record<string, JsonValue> = {}

  constructor(session: NoviSession, asking: Asking, isOfTill: boolean) {
    this.#isOfTill = isOfTill
    this.#session = session
    this.#asking = asking
  }

  get depth(): number {
    return this.#depth ?? 0
  }

  /** Whether the reply said how many requests wait. */
  queue(reply: NoviReply): boolean {
    this.#depth =
      reply.state === 'answered' && reply.status === 200 ? numberIn(reply.json, 'requests_in_queue') : undefined
    return this.#depth !== undefined
  }

  whyNot(reply: NoviReply): string {
    if (reply.state !== 'answered') return `It did not say what waits in its queue: ${reply.detail}.`
    return `It did not say what waits in its queue (HTTP ${reply.status}).`
  }

  status(type: StatusType, outcome: StatusOutcome): void {
    if (outcome.state !== 'done') {
      this.#detail = outcome.detail
      // 409: somebody else is being served.
      const status = outcome.reply?.state === 'answered' ? outcome.reply.status : 0
      if (outcome.state === 'pending' || status === 409) this.#isBusy = true
      if (status === 507) this.#conditions.push({ name: 'protected-memory-full', evidence: 'HTTP 507' })
      if (outcome.left) this.#more['request_left_behind'] = type
    }
    const answer = outcome.answer
    if (!answer) return
    this.#device(answer)
    const said = objectIn(answer, 'request', 'response', 'status', type)
    if (said) this.#facts(type, said)
  }

  #device(answer: JsonObject): void {
    const device = objectIn(answer, 'device')
    const status = device?.['status']
    if (status === 'OK') {
      if (this.#ready === 'unknown') this.#ready = 'yes'
      return
    }
    const error = objectIn(status) ?? objectIn(device, 'error') ?? device
    if (status === undefined || !error) return
    const words = [numberIn(error, 'code'), textIn(error, 'description')].filter((part) => part !== undefined)
    this.#ready = 'no'
    this.#conditions.push({ name: 'other-error', evidence: `device.status: ERROR ${words.join(' ')}`.trim() })
  }

  #facts(type: StatusType, said: JsonObject): void {
    if (type === 'device') this.#identify(said)
    if (type === 'fiscal_memory') this.#fiscal = { ...this.#fiscal, ...this.#fiscalMemory(said) }
    if (type === 'protected_memory') {
      const free = numberIn(said, 'free')
      // `size` is of another unit than `free`: neither is divided by the other.
      if (free !== undefined) this.#fiscal = { ...this.#fiscal, protected_memory: { free } }
      this.#more['protected_memory'] = said
    }
  }

  #identify(said: JsonObject): void {
    const [model, firmware] = [textIn(said, 'name'), textIn(said, 'version')]
    this.#identity = { ...this.#identity, ...(model && { model }), ...(firmware && { firmware }) }
  }

  #fiscalMemory(said: JsonObject): FiscalFacts {
    const unique = textIn(said, 'unique_number')
    if (unique) this.#identity = { ...this.#identity, unique_number: unique }
    const [max, count] = [numberIn(said, 'max_daily_reports'), numberIn(said, 'daily_reports_count')]
    const last = readDeviceTime(textIn(said, 'last_daily_report_date'))
    const began = readDeviceTime(textIn(said, 'start_fiscal_date'))
    return {
      ...(max !== undefined && count !== undefined && { reports_left: max - count }),
      ...(last && { last_report_at: isoOf(last, this.#asking.timeZone) }),
      ...(began && { fiscal_mode: true }),
    }
  }

  /** It answers, but not as its protocol wants. */
  unanswered(detail: string): PrinterReading {
    return { ...this.reading(), answered: 'no', detail }
  }

  /** It answers, and its state was not asked for. */
  withoutStatus(detail: string): PrinterReading {
    return { ...this.reading(), busy: this.depth > 0, detail }
  }

  reading(): PrinterReading {
    const { certificate, evidence, tokensTaken } = this.#session
    const facts = certificate ? { ...this.#fiscal, certificates: [certificateOf(certificate)] } : this.#fiscal
    return {
      protocol: 'noviapi',
      answered: 'yes',
      line: 'open',
      busy: this.#isBusy,
      ready: this.#ready,
      conditions: [...this.#conditions, ...fiscalConditions(facts, this.#asking.now(), this.#asking.timeZone)],
      identity: this.#identity,
      ...(this.#depth !== undefined && { queue: { depth: this.#depth } }),
      fiscal: facts,
      guards: guardsOf(this.#depth, this.#isOfTill),
      ...(tokensTaken > 0 && { tokens_taken: tokensTaken }),
      evidence,
      ...(Object.keys(this.#more).length > 0 && { more: this.#more }),
      ...(this.#detail !== undefined && { detail: this.#detail }),
    }
  }
}

function certificateOf({ valid_until }: ShownCertificate): { readonly name: string; readonly valid_until: string } {
  return { name: 'https', valid_until }
}

/** A receipt is one request, so that an empty queue has none under way. */
function guardsOf(depth: number | undefined, isOfTill: boolean): GuardFacts {
  if (depth === undefined || (depth === 0 && !isOfTill)) return UNKNOWN_GUARDS
  const running = depth > 0 ? 'yes' : 'no'
  return { ...UNKNOWN_GUARDS, receipt_open: running, transaction_running: running }
}
