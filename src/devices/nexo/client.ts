import { randomBytes } from 'node:crypto'
import { fail, type Result, success } from '../../core/failure.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { type HttpReply, HttpSession } from '../line/http-over-stream.ts'
import { missedReading } from '../printer/http-reading.ts'
import { jsonIn, objectIn } from '../printer/json-answer.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Evidence } from '../printer/reading.ts'
import type { TerminalReading } from '../terminal/reading.ts'
import { terminalMissed, terminalReady } from '../terminal/readings.ts'
import { type Diagnosis, diagnosisIn, diagnosisRequest, REQUEST, RESPONSE } from './codec.ts'
import { protect, type SharedKey, unprotect } from './protect.ts'

/** Of local communication with Adyen's terminals. */
const PATH = '/nexo'

/** Where a terminal is, and by which names and key it is spoken to. */
export interface NexoPlace extends Endpoint {
  readonly tls: boolean
  /** POIID: `V400m-346403161`. */
  readonly terminal: string
  readonly sale: string
  /** Without it nothing is encrypted, which terminals take only where they are set so. */
  readonly key?: SharedKey
}

/**
 * Asks a terminal of Adyen for a diagnosis, by local communication.
 * @returns its reading, whatever it says; a failure only where the way to it could not be used
 */
export async function readNexo(dial: Dial, place: NexoPlace, asking: Asking): Promise<Result<TerminalReading>> {
  const service = randomBytes(5).toString('hex')
  const request = diagnosisRequest({ service, sale: place.sale, terminal: place.terminal })
  const body = place.key ? protect(REQUEST, request, place.key) : { [REQUEST]: request }
  const http = new HttpSession(dial, place)
  try {
    const at = asking.now().toISOString()
    const reply = await http.exchange({
      method: 'POST',
      path: PATH,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs: asking.budgetMs,
      ...(asking.signal && { signal: asking.signal }),
    })
    const response = reply.state === 'answered' ? responseIn(jsonIn(reply.body), place.key) : undefined
    const evidence = [{ asked: 'Diagnosis', answered: shownReply(reply, response), at }]
    if (reply.state === 'answered') return success(understood(reply.status, response, { service, place, evidence }))
    const missed = missedReading('nexo', reply, evidence)
    return missed.ok ? success({ ...missed.value, conditions: [] }) : fail(missed.failure)
  } finally {
    http.close()
  }
}

/** The message in an answer: decrypted where there is a key, since then nothing else proves that it is of the terminal. */
function responseIn(body: JsonObject | undefined, key: SharedKey | undefined): JsonObject | undefined {
  if (body === undefined) return undefined
  return key ? unprotect(RESPONSE, body, key) : objectIn(body, RESPONSE)
}

function shownReply(reply: HttpReply, response: JsonObject | undefined): string {
  if (reply.state !== 'answered') return ''
  return `HTTP ${reply.status} ${response ? JSON.stringify(response) : reply.body.toString('utf8')}`
    .slice(0, 3000)
    .trim()
}

function understood(
  status: number,
  response: JsonObject | undefined,
  {
    service,
    place,
    evidence,
  }: { readonly service: string; readonly place: NexoPlace; readonly evidence: readonly Evidence[] },
): TerminalReading {
  const diagnosis = diagnosisIn(response, service)
  if (diagnosis) return diagnosed(diagnosis, evidence)
  // Something answers that does not let us ask: the key, or the names by which it knows its tills.
  if (status === 401 || status === 403 || (status === 200 && place.key && !response)) {
    const detail = `It answers HTTP ${status}, and not under the shared key of the inventory: its identifier, version or passphrase is another.`
    return { ...terminalMissed('nexo', detail, evidence), answered: 'unknown' }
  }
  return terminalMissed('nexo', `It answers HTTP ${status}, and not with a diagnosis.`, evidence)
}

function diagnosed(diagnosis: Diagnosis, evidence: readonly Evidence[]): TerminalReading {
  const { conditions, busy, isWell, terminal, firmware, batteryPercent, refusal } = diagnosis
  return {
    protocol: 'nexo',
    answered: 'yes',
    busy,
    line: 'open',
    ready: terminalReady(conditions, isWell && !busy ? 'yes' : 'unknown'),
    conditions,
    identity: {
      ...(terminal !== undefined && { serial: terminal }),
      ...(firmware !== undefined && { firmware }),
    },
    ...(batteryPercent !== undefined && { more: { battery_percent: batteryPercent } }),
    evidence,
    ...(refusal !== undefined && { detail: `It makes no diagnosis: ${refusal}.` }),
  }
}
