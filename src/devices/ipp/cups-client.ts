import { type Result, success } from '../../core/failure.ts'
import type { Dial, Endpoint } from '../line/dial.ts'
import type { Asking } from '../printer/protocol.ts'
import type { PrinterReading } from '../printer/reading.ts'
import { IppAsker } from './ask-ipp.ts'
import { stateOf, unread } from './client.ts'
import { JOBS_LIMIT, jobsOf, judged, Queue, readyAsQueue, STUCK_AFTER_S } from './queue.ts'

export interface CupsPlace extends Endpoint {
  readonly queue: string
  readonly tls?: boolean
  /** From this age on, a job that waits or prints is stuck. Default: ten minutes. */
  readonly stuckAfterSeconds?: number
}

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
    const queue = new Queue(reply.message, waiting, done)
    const stuckAfter = to.stuckAfterSeconds ?? STUCK_AFTER_S
    return success({
      protocol: 'cups',
      answered: 'yes',
      line: 'open',
      busy: false,
      ...judged(state, queue, { stuckAfter, ready: readyAsQueue(queue) }),
      evidence: asker.evidence,
      ...(queue.writesToFile && { detail: 'The queue writes into a file: that its jobs complete says nothing.' }),
    })
  } finally {
    asker.close()
  }
}
