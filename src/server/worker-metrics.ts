import { readDepths } from '../app/history/open-store.ts'
import { isTaking } from '../app/run/handed/unserved.ts'
import type { Controller } from '../controller/controller.ts'
import { jobQueueOf, type QueueDepth } from '../core/handed-work.ts'
import type { Metrics } from './metrics.ts'

/** One look at the queues serves all numbers of a scrape. */
const FRESH_MS = 2_000

/** What waits for workers, for how long, and how many serve each queue; nothing where the state lies in a file. */
export function measureWorkers(metrics: Metrics, controller: Controller): void {
  let seen: { readonly at: number; readonly depths: Promise<readonly QueueDepth[]> } | undefined
  const depths = (): Promise<readonly QueueDepth[]> => {
    if (seen === undefined || performance.now() - seen.at > FRESH_MS)
      seen = { at: performance.now(), depths: readDepths(controller.project.state).catch(() => []) }
    return seen.depths
  }
  metrics.gauges('till_worker_jobs', 'Jobs for workers, by queue: waiting, or in hand of one.', async () =>
    (await depths()).flatMap(({ queue, waiting, active }) => [
      [{ queue, state: 'waiting' }, waiting] as const,
      [{ queue, state: 'active' }, active] as const,
    ]),
  )
  metrics.gauges('till_worker_oldest_seconds', 'For how long the oldest job of a queue waits for a worker.', async () =>
    (await depths()).map(({ queue, oldest_seconds }) => [{ queue }, oldest_seconds] as const),
  )
  metrics.gauges('till_workers', 'Workers that serve a queue and take new jobs.', async () => {
    const queues = await depths()
    if (queues.length === 0) return []
    const workers = (await (await controller.store()).work.workers()).filter(isTaking)
    return queues.map(
      ({ queue }) => [{ queue }, workers.filter((worker) => jobQueueOf(worker) === queue).length] as const,
    )
  })
}
