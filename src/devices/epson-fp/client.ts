import { type Result, success } from '../../core/failure.ts'
import { machineLoad } from '../../load/machine-load.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { type HttpReply, HttpSession } from '../line/http-over-stream.ts'
import { fiscalConditions } from '../printer/fiscal-conditions.ts'
import { missedReading } from '../printer/http-reading.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence, PrinterReading } from '../printer/reading.ts'
import { notAnswered } from '../printer/unanswered.ts'
import { firstOfEach, readyBy } from '../printer/visit.ts'
import { answerIn, type EpsonAnswer, encodeQuestion, PATH, type StatusType } from './codec.ts'
import { stateOf } from './state.ts'

/** NON PREVISTO: a printer that is no telematic one does not know the second kind of status. */
const NOT_KNOWN = '16'

/**
 * Asks a fiscal printer of Epson (Italy) by its web service. A failure only where the way to it could not be used.
 */
export async function readEpsonFp(
  dial: Dial,
  to: Endpoint & { readonly tls?: boolean },
  asking: Asking,
): Promise<Result<PrinterReading>> {
  const visit = new Visit(dial, to, asking)
  try {
    const first = await visit.ask(asking.thorough ? 1 : 0)
    const isOld = asking.thorough && first.answer?.success === false && first.answer.status === NOT_KNOWN
    const { reply, answer } = isOld ? await visit.ask(0) : first
    if (reply.state !== 'answered') return missedReading('epson-fp', reply, visit.evidence)
    if (!answer) return success(unanswered(reply.status, visit.evidence))
    return success(answered(answer, visit.evidence, asking))
  } finally {
    visit.close()
  }
}

interface Asked {
  readonly reply: HttpReply
  readonly answer?: EpsonAnswer | undefined
}

class Visit {
  readonly evidence: Evidence[] = []
  readonly #http: HttpSession
  readonly #asking: Asking
  readonly #began = machineLoad.elapsed()

  constructor(dial: Dial, to: Endpoint & { readonly tls?: boolean }, asking: Asking) {
    this.#http = new HttpSession(dial, to)
    this.#asking = asking
  }

  close(): void {
    this.#http.close()
  }

  async ask(statusType: StatusType): Promise<Asked> {
    const { budgetMs, signal, now } = this.#asking
    const at = now().toISOString()
    const timeoutMs = Math.max(1, budgetMs - (machineLoad.elapsed() - this.#began))
    const reply = await this.#http.exchange({
      method: 'POST',
      // It only reads.
      repeatable: true,
      path: `${PATH}?devid=local_printer&timeout=${Math.floor(timeoutMs)}`,
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' },
      body: encodeQuestion(statusType),
      timeoutMs,
      ...(signal && { signal }),
    })
    const said =
      reply.state === 'answered'
        ? `HTTP ${reply.status} ${reply.body.toString('utf8')}`.slice(0, 3000).trim()
        : `${reply.state}: ${reply.detail}`
    this.evidence.push({ asked: `queryPrinterStatus ${statusType}`, answered: said, at })
    return { reply, ...(reply.state === 'answered' && reply.status === 200 && { answer: answerIn(reply.body) }) }
  }
}

function unanswered(status: number, evidence: readonly Evidence[]): PrinterReading {
  // It is there, and says nothing to whoever does not log in.
  if (status === 401 || status === 403) {
    const detail = `Its web service wants a login (HTTP ${status}).`
    return { ...notAnswered('epson-fp', detail, evidence), answered: 'unknown' }
  }
  const detail = `Its web server answers HTTP ${status}, and not as the service of a fiscal printer of Epson does.`
  return notAnswered('epson-fp', detail, evidence)
}

function answered(answer: EpsonAnswer, evidence: readonly Evidence[], asking: Asking): PrinterReading {
  const { conditions: said, isSure, guards, facts } = stateOf(answer)
  const conditions = firstOfEach([...said, ...fiscalConditions(facts, asking.now(), asking.timeZone)])
  const firmware = answer.facts.get('cpuRel')
  return {
    protocol: 'epson-fp',
    answered: 'yes',
    busy: false,
    line: 'open',
    ready: readyBy(conditions, isSure ? 'yes' : 'unknown'),
    conditions,
    identity: { vendor: 'Epson', ...(firmware !== undefined && { firmware }) },
    fiscal: facts,
    guards,
    evidence,
  }
}
