import type { Answer, Condition, PrinterReading } from '../printer/reading.ts'
import { saysUnreachable } from '../spooler/spooled-queue.ts'
import type { IppReply } from './ask-ipp.ts'
import { Attributes } from './attributes.ts'
import { attributesOf, GROUP, type IppMessage } from './codec.ts'
import type { PrinterState } from './printer-state.ts'

export const JOBS_LIMIT = 500
/** From this age on, in seconds, a job that waits or prints is stuck, where nobody says otherwise. */
export const STUCK_AFTER_S = 600
/** `job-state` (RFC 8011, 5.3.7). */
const JOB = { pending: 3, held: 4, completed: 9 } as const
/** Its queue holds it, and nobody wanted that of this job. */
const HELD_BY_QUEUE = 'job-held-on-create'

/** What is known of a queue beside its state. */
export class Queue {
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
    const active = (jobs ?? []).filter(
      (job) => job.number('job-state') !== JOB.held || job.texts('job-state-reasons').includes(HELD_BY_QUEUE),
    )
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

/** The jobs that an answer lists; undefined where it is none. */
export function jobsOf(reply: IppReply): readonly Attributes[] | undefined {
  if (reply.state !== 'answered' || reply.message.code >= 0x0400) return undefined
  return attributesOf(reply.message, GROUP.job).map((group) => new Attributes(group))
}

/**
 * Whether it is a program before a printer, as CUPS and what is made with PAPPL (lprint) are: such a one is idle, accepts
 * jobs and has no reasons although its device is not there.
 */
export function isBeforePrinter(printer: IppMessage): boolean {
  const attributes = new Attributes(attributesOf(printer, GROUP.printer)[0])
  const isPappl = attributes.texts('printer-firmware-name').some((name) => /pappl/i.test(name))
  return isPappl || attributes.text('device-uri') !== undefined
}

type Judged = Pick<PrinterReading, 'ready' | 'conditions' | 'queue' | 'identity' | 'supplies' | 'more'>

/** The reading of a queue: by its jobs, and by its state only where that says no. */
export function judged(state: PrinterState, queue: Queue, by: { stuckAfter: number; ready: Answer }): Judged {
  const found = faultOf(queue, by.stuckAfter)
  return {
    ...state,
    // What the printer itself leaves open, jobs of before do not settle.
    ready: found.length > 0 || state.ready === 'no' ? 'no' : state.ready === 'unknown' ? 'unknown' : by.ready,
    conditions: [
      ...state.conditions,
      ...found.filter(({ name }) => state.conditions.every((one) => one.name !== name)),
    ],
    ...(queue.depth !== undefined && {
      queue: { depth: queue.depth, ...(queue.oldest !== undefined && { oldest_seconds: queue.oldest }) },
    }),
    more: {
      ...state.more,
      held_jobs: queue.held,
      ...(queue.device !== '' && { device: withoutLogin(queue.device) }),
      ...(queue.lastEnd && { last_job_ended_at: queue.lastEnd.at, last_job_completed: queue.lastEnd.well }),
    },
  }
}

function faultOf({ oldest, message }: Queue, stuckAfter: number): Condition[] {
  const said = message === '' ? '' : `; it says "${message}"`
  const evidence = `the oldest job has waited for ${oldest} s${said}`
  const isStuck = oldest !== undefined && oldest >= stuckAfter
  return [
    ...(isStuck ? [{ name: 'queue-stuck' as const, evidence }] : []),
    ...(saysUnreachable(message, oldest) ? [{ name: 'offline' as const, evidence }] : []),
  ]
}

/** A queue is ready only when the last job ended well and went to a device. */
export function readyAsQueue(queue: Queue): Answer {
  return queue.depth === 0 && queue.lastEnd?.well === true && !queue.writesToFile ? 'yes' : 'unknown'
}

function withoutLogin(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//')
}
