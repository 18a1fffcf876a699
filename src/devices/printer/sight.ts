import { setTimeout } from 'node:timers/promises'
import { fail, type Result, success } from '../../core/failure.ts'
import { watchingLoad } from '../../load/watching-load.ts'
import { connectHere } from '../probe/connect-here.ts'
import { seenFromHere } from '../probe/from-here.ts'
import { pingSummary } from '../probe/ping-output.ts'
import { runHere } from '../probe/run-here.ts'
import { type Approach, approachOf, nameOf, type Ways, type Whereabouts } from './approach.ts'
import type { AnyReading, AskableProtocol } from './askable.ts'
import { readByWay } from './read-by-way.ts'
import type { Answer, PrinterReading } from './reading.ts'
import { notReached } from './unanswered.ts'

const BUDGET_MS = 3_000
/** Before a device that kept silent is asked again. */
const SECOND_LOOK_MS = 300
/** For the gateway of the store, and for a ping: they are asked only where the device did not answer. */
const NEIGHBOUR_MS = 2_000
const SSH_PORT = 22

/** What came of a visit to a device, and of looking around where it did not answer. */
export interface Sighting<R = PrinterReading> {
  readonly reading: R
  /** Where it was looked for. */
  readonly name: string
  readonly oneAtATime: boolean
  /** What silence says of whether it is there. */
  readonly silence: Answer
  /** It answers to ping. Asked only where its port kept silent. */
  readonly pings: boolean
  /** Whether anything of the store can be reached; `unknown` where it was not asked. */
  readonly link: Answer
  readonly ms: number
}

/** Asks a device by a protocol. A failure where the parameters do not say enough, or the step cannot go on. */
export async function sight<R extends AnyReading>(
  found: { readonly name: string; readonly is: AskableProtocol<R> },
  where: Whereabouts,
  ways: Ways,
  how: { readonly thorough: boolean },
): Promise<Result<Sighting<R>>> {
  const began = performance.now()
  const approach = approachOf(where, ways, found.is.usual)
  if ('missing' in approach) return invalid(approach.missing)
  if ('unasked' in approach) return success(unaskedSighting(found.name, approach.unasked, ways))
  const { place } = approach
  if (found.is.tcpOnly && place.kind !== 'tcp' && place.kind !== 'queue') {
    return invalid(`"${found.name}" is spoken over TCP only: give "${ways.device.name}" an address in place of a port.`)
  }
  const asking = {
    now: ways.now,
    timeZone: ways.store.time_zone,
    budgetMs: where.timeout_ms ?? BUDGET_MS,
    thorough: how.thorough,
  }
  const look = (): Promise<Result<R>> => readByWay(found, { approach, ways, where }, asking)
  const { value: read, overloaded } = await watchingLoad(() => lookTwice(look, ways.signal))
  if (!read.ok) return read
  const around = await lookAround(read.value, approach, ways)
  const reading = overloaded ? notBlamed(read.value) : read.value
  const { readsSilence: silence = 'no' } = found.is
  const oneAtATime = found.is.oneAtATime && place.kind !== 'queue'
  const ms = Math.round(performance.now() - began)
  return success({ reading, name: nameOf(approach, ways), oneAtATime, silence, ...around, ms })
}

/**
 * Once more where a port is open and nothing came: printers that print, wake up or have just lost a connection swallow a
 * question now and then, and one that is called silent is switched off and on by somebody.
 */
async function lookTwice<R extends AnyReading>(
  look: () => Promise<Result<R>>,
  signal: AbortSignal,
): Promise<Result<R>> {
  const first = await look()
  if (!first.ok || !isSilent(first.value) || signal.aborted) return first
  await setTimeout(SECOND_LOOK_MS, undefined, { signal }).catch(() => undefined)
  const second = await look()
  if (!second.ok || !isSilent(second.value)) return second
  const { detail } = second.value
  return success({ ...second.value, detail: `${detail ? `${withStop(detail)} ` : ''}It was asked twice.` })
}

/** Before another sentence: what lines say of themselves has no stop. */
function withStop(said: string): string {
  return /[.!?]$/.test(said) ? said : `${said}.`
}

/** Where this machine was overloaded most of the time, that no answer came, or half of one, says nothing of a printer. */
function notBlamed<R extends AnyReading>(reading: R): R {
  if (reading.answered !== 'no' && reading.line !== 'timed-out') return reading
  const detail = `${withStop(reading.detail ?? 'No answer came in time')} Since this machine was overloaded meanwhile, that says nothing about the device.`
  return { ...reading, answered: 'unknown', ...(reading.line === 'timed-out' && { line: 'unknown' as const }), detail }
}

function isSilent({ answered, line, evidence }: AnyReading): boolean {
  return answered === 'no' && line === 'open' && evidence.every((each) => each.answered === '')
}

/** Nothing was asked, so nothing is known. */
function unaskedSighting<R extends AnyReading>(protocol: string, detail: string, { host, device }: Ways): Sighting<R> {
  // It has no conditions: a reading of every kind.
  const reading = notReached(protocol, { state: 'unknown', replies: [], detail, ms: 0 }) as AnyReading as R
  const name = `${device.name} on ${host?.device.name ?? 'nothing'}`
  return { reading, name, oneAtATime: false, silence: 'unknown', pings: false, link: 'unknown', ms: 0 }
}

function invalid(message: string): Result<never> {
  return fail({ code: 'PARAMS_INVALID', phase: 'observe', message })
}

/** Where a printer keeps silent: does it answer to ping, and does the store? Both at once. */
async function lookAround(
  { line }: AnyReading,
  { place, through }: Approach,
  ways: Ways,
): Promise<{ readonly pings: boolean; readonly link: Answer }> {
  const isSilent = line === 'timed-out' || line === 'unreachable'
  if (!isSilent && line !== 'unknown') return { pings: false, link: 'unknown' }
  const asksPing = isSilent && through === 'controller' && place.kind === 'tcp' && !ways.device.transport.via
  const [pings, link] = await Promise.all([asksPing ? answersToPing(place.host, ways.signal) : false, linkOf(ways)])
  return { pings, link: pings ? 'yes' : link }
}

async function answersToPing(host: string, signal: AbortSignal): Promise<boolean> {
  const args = ['-n', '-q', '-c', '1', '-W', '1', host]
  const answer = await seenFromHere(() => runHere('ping', args, { timeoutMs: NEIGHBOUR_MS, signal }))
  return answer.ok && (pingSummary(answer.value.output)?.received ?? 0) > 0
}

async function linkOf({ gateway, signal }: Ways): Promise<Answer> {
  if (!gateway || gateway.transport.via !== undefined) return 'unknown'
  const port = gateway.transport.port ?? SSH_PORT
  const limits = { timeoutMs: NEIGHBOUR_MS, signal }
  const answer = await seenFromHere(() => connectHere({ host: gateway.address, port }, limits))
  if (!answer.ok) return 'unknown'
  const { state } = answer.value
  if (state === 'open' || state === 'refused' || state === 'reset') return 'yes'
  return state === 'timed-out' || state === 'unreachable' ? 'no' : 'unknown'
}
