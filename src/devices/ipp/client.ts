import { type Result, success } from '../../core/failure.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import { missedReading } from '../printer/http-reading.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Answer, PrinterReading } from '../printer/reading.ts'
import { IppAsker, type IppReply } from './ask-ipp.ts'
import { Attributes } from './attributes.ts'
import { attributesOf, GROUP, type IppMessage } from './codec.ts'
import { type PrinterState, printerState } from './printer-state.ts'
import { isBeforePrinter, JOBS_LIMIT, jobsOf, judged, Queue, readyAsQueue, STUCK_AFTER_S } from './queue.ts'

export interface IppPlace extends Endpoint {
  /** Where the printer answers. Default: the usual places are tried one after the other. */
  readonly path?: string
  readonly tls?: boolean
  /** From this age on, a job that waits or prints is stuck. Default: ten minutes. */
  readonly stuckAfterSeconds?: number
}

const USUAL_PATHS = ['/ipp/print', '/ipp', '/']
const NOT_FOUND = 0x0406
/** From here on a status is an error (RFC 8010, B.1). */
const FIRST_ERROR = 0x0400

/**
 * Asks a network printer for its attributes, and for its jobs where these have a say: while it is at work, and where it is
 * a program before a printer. A failure only where its port could not be opened.
 */
export async function readIpp(dial: Dial, to: IppPlace, asking: Asking): Promise<Result<PrinterReading>> {
  const asker = new IppAsker(dial, to, asking)
  try {
    const paths = to.path === undefined ? USUAL_PATHS : [to.path]
    for (const [n, path] of paths.entries()) {
      const reply = await asker.ask('Get-Printer-Attributes', path)
      if (isNotFound(reply) && n < paths.length - 1) continue
      const read = reply.state === 'answered' ? stateOf(reply.message) : undefined
      if (reply.state !== 'answered' || !read) return unread('ipp', reply, asker)
      const waiting = read.more?.['queued_jobs']
      return success({
        protocol: 'ipp',
        answered: 'yes',
        line: 'open',
        busy: false,
        ...(typeof waiting === 'number' && { queue: { depth: waiting } }),
        ...(await withJobs(read, reply.message, { asker, path, stuckAfter: to.stuckAfterSeconds ?? STUCK_AFTER_S })),
        evidence: asker.evidence,
      })
    }
    throw new Error('No path was tried.')
  } finally {
    asker.close()
  }
}

/** The state, with what its jobs say against it. */
async function withJobs(
  state: PrinterState,
  printer: IppMessage,
  { asker, path, stuckAfter }: { readonly asker: IppAsker; readonly path: string; readonly stuckAfter: number },
): Promise<PrinterState & Pick<PrinterReading, 'queue'>> {
  const isBefore = isBeforePrinter(printer)
  const isAtWork = state.more?.['state'] === 'processing' || Number(state.more?.['queued_jobs'] ?? 0) > 0
  if (!isBefore && !isAtWork) return state
  const waiting = await asker.ask('Get-Jobs', path, { which: 'not-completed', limit: JOBS_LIMIT })
  const isEmpty = isBefore && jobsOf(waiting)?.length === 0
  const done = isEmpty ? await asker.ask('Get-Jobs', path, { which: 'completed', limit: 1 }) : undefined
  const queue = new Queue(printer, waiting, done)
  return judged(state, queue, { stuckAfter, ready: isBefore ? readyAsQueue(queue) : readyAtWork(state, queue) })
}

/** What is at work and says that it has no paper, or does not say how long, may wait for somebody. */
function readyAtWork(state: PrinterState, { oldest, depth }: Queue): Answer {
  const reasons = state.more?.['reasons']
  const lacksPaper = Array.isArray(reasons) && reasons.some((reason) => /^media-(empty|needed)/.test(String(reason)))
  const isTimed = oldest !== undefined || depth === 0
  return lacksPaper || !isTimed ? 'unknown' : state.ready
}

/** The state of the printer that a message is about; undefined where it is an error, or says none. */
export function stateOf(message: IppMessage): ReturnType<typeof printerState> {
  if (message.code >= FIRST_ERROR) return undefined
  return printerState(new Attributes(attributesOf(message, GROUP.printer)[0]))
}

function isNotFound(reply: IppReply): boolean {
  return reply.state === 'refused'
    ? reply.status === 404
    : reply.state === 'answered' && reply.message.code === NOT_FOUND
}

/** The reading of a printer that did not say how it is. */
export function unread(protocol: string, reply: IppReply, asker: IppAsker): Result<PrinterReading> {
  const { evidence } = asker
  if (reply.state === 'missed') return missedReading(protocol, reply.miss, evidence)
  const [answered, detail] = unreadBecause(reply)
  const busy = reply.state === 'answered' && reply.message.code === SERVER_ERROR_BUSY
  return success({ protocol, answered, line: 'open', busy, ready: 'unknown', conditions: [], evidence, detail })
}

function unreadBecause(reply: Exclude<IppReply, { readonly state: 'missed' }>): ['no' | 'unknown', string] {
  if (reply.state === 'garbage') return ['no', `What it answered is no IPP (${reply.detail}).`]
  return reply.state === 'answered' ? becauseOfStatus(reply.message.code) : becauseOfHttp(reply.status)
}

const SERVER_ERROR_BUSY = 0x0507

function becauseOfStatus(code: number): ['no' | 'unknown', string] {
  const status = `0x${code.toString(16).padStart(4, '0')}`
  if (code < FIRST_ERROR) return ['no', 'It answered without saying its state.']
  if (code === NOT_FOUND) return ['unknown', `There is no such printer or queue on it (status ${status}).`]
  // Client errors are a matter of ours, and being busy is one of time.
  const isItsOwn = code >= 0x0500 && code !== SERVER_ERROR_BUSY
  return [isItsOwn ? 'no' : 'unknown', `It answered with the IPP status ${status}.`]
}

function becauseOfHttp(status: number): ['no' | 'unknown', string] {
  if (status === 401 || status === 403) return ['unknown', `It wants a login before it says anything (HTTP ${status}).`]
  if (status === 426 || (status >= 300 && status < 400)) {
    return ['unknown', `It wants to be asked over TLS, or elsewhere (HTTP ${status}).`]
  }
  if (status === 404) return ['unknown', 'Nothing answers to IPP at this path (HTTP 404).']
  return [status >= 500 ? 'no' : 'unknown', `It answered with HTTP ${status} in place of IPP.`]
}
