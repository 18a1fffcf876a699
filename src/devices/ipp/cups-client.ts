import { type Result, success } from '../../core/failure.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import type { Asking } from '../printer/protocol.ts'
import type { Answer, Condition, PrinterReading } from '../printer/reading.ts'
import { IppAsker, type IppReply } from './ask-ipp.ts'
import { Attributes } from './attributes.ts'
import { stateOf, unread } from './client.ts'
import { attributesOf, GROUP, type IppMessage } from './codec.ts'
import type { PrinterState } from './printer-state.ts'

export interface CupsPlace extends Endpoint {
  readonly queue: string
  readonly tls?: boolean
  /** From this age on, a job that waits or prints is stuck: ten minutes unless told. */
  readonly stuckAfterSeconds?: number
}

const JOBS_LIMIT = 500
/** `job-state` (RFC 8011, 5.3.7). */
const JOB = { pending: 3, held: 4, completed: 9 } as const

/**
 * Asks a CUPS server for one of its queues and the jobs in it. The state of a queue says nothing about its printer: one
 * that does not exist is `processing`, without reasons, and accepts jobs. So it counts as ready only when the last job
 * ended well and went to a device; and as stuck by the age of its oldest job.
 */
export async function readCups(dial: Dial, to: CupsPlace, asking: Asking): Promise<Result<PrinterReading>> {
  const asker = new IppAsker(dial, to, asking)
  const path = `/printers/${encodeURIComponent(to.queue)}`
  try {
    const reply = await asker.ask('Get-Printer-Attributes', path)
    const state = reply.state === 'answered' ? stateOf(reply.message) : undefined
    if (reply.state !== 'answered' || !state) return unread('cups', reply, asker)
    const waiting = await asker.ask('Get-Jobs', path, { which: 'not-completed', limit: JOBS_LIMIT })
    const isEmpty = jobsOf(waiting)?.length === 0
    const done = isEmpty ? await asker.ask('Get-Jobs', path, { which: 'completed', limit: 1 }) : undefined
    return success({
      protocol: 'cups',
      answered: 'yes',
      line: 'open',
      busy: false,
      ...judged(state, new Queue(reply.message, waiting, done), to.stuckAfterSeconds ?? 600),
      evidence: asker.evidence,
    })
  } finally {
    asker.close()
  }
}

/** What is known of a queue beside its state. */
class Queue {
  readonly depth: number | undefined
  readonly held: number
  /** In seconds, of the jobs that nobody holds back. */
  readonly oldest: number | undefined
  readonly device: string
  readonly message: string
  readonly lastEnd: { readonly well: boolean; readonly at: string } | undefined

  constructor(printer: IppMessage, waiting: IppReply, done: IppReply | undefined) {
    const attributes = new Attributes(attributesOf(printer, GROUP.printer)[0])
    // CUPS counts both from 1970, printers both from when they were switched on: the difference is an age either way.
    const now = attributes.number('printer-up-time')
    const jobs = jobsOf(waiting)
    this.depth = jobs?.length
    const active = (jobs ?? []).filter((job) => job.number('job-state') !== JOB.held)
    this.held = (jobs ?? []).length - active.length
    const born = active.map((job) => job.number('time-at-creation')).filter((time) => time !== undefined)
    if (now !== undefined && born.length > 0) this.oldest = Math.max(0, now - Math.min(...born))
    this.device = attributes.text('device-uri') ?? ''
    this.message = attributes.text('printer-state-message') ?? ''
    const last = done ? jobsOf(done)?.[0] : undefined
    const ended = last?.number('time-at-completed')
    if (last && ended !== undefined) {
      this.lastEnd = { well: last.number('job-state') === JOB.completed, at: new Date(ended * 1000).toISOString() }
    }
  }

  /** What is written into a file is completed, and nothing is on paper. */
  get writesToFile(): boolean {
    return /^(file:|\/)/.test(this.device)
  }
}

function jobsOf(reply: IppReply): readonly Attributes[] | undefined {
  if (reply.state !== 'answered' || reply.message.code >= 0x0400) return undefined
  return attributesOf(reply.message, GROUP.job).map((group) => new Attributes(group))
}

type Judged = Pick<PrinterReading, 'ready' | 'conditions' | 'queue' | 'identity' | 'supplies' | 'more'>

function judged(state: PrinterState, queue: Queue, stuckAfter: number): Judged & { readonly detail?: string } {
  const isStuck = queue.oldest !== undefined && queue.oldest >= stuckAfter
  const said = queue.message === '' ? '' : `; it says "${queue.message}"`
  const stuck: Condition = { name: 'queue-stuck', evidence: `the oldest job has waited for ${queue.oldest} s${said}` }
  return {
    ...state,
    ready: isStuck ? 'no' : readyOf(state, queue),
    conditions: isStuck ? [...state.conditions, stuck] : state.conditions,
    ...(queue.depth !== undefined && {
      queue: { depth: queue.depth, ...(queue.oldest !== undefined && { oldest_seconds: queue.oldest }) },
    }),
    more: {
      ...state.more,
      held_jobs: queue.held,
      ...(queue.device !== '' && { device: withoutLogin(queue.device) }),
      ...(queue.lastEnd && { last_job_ended_at: queue.lastEnd.at, last_job_completed: queue.lastEnd.well }),
    },
    ...(queue.writesToFile && { detail: 'The queue writes into a file: that its jobs complete says nothing.' }),
  }
}

function readyOf(state: PrinterState, queue: Queue): Answer {
  if (state.ready === 'no') return 'no'
  return queue.depth === 0 && queue.lastEnd?.well === true && !queue.writesToFile ? 'yes' : 'unknown'
}

function withoutLogin(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//')
}
