import type { Controller } from '../controller/controller.ts'
import type { SinkPosition } from '../core/sink.ts'
import type { Metrics } from './metrics.ts'

const FAMILIES: readonly (readonly [name: string, help: string, of: (sink: SinkPosition, now: number) => number])[] = [
  ['till_sink_pending', 'Events that wait for a sink.', ({ pending }) => pending],
  ['till_sink_pending_bytes', 'Size of events that wait for a sink.', (sink) => sink.pending_bytes],
  [
    'till_sink_oldest_seconds',
    'Age of the oldest event that waits for a sink.',
    (sink, now) => ageOf(sink.oldest_at, now),
  ],
  ['till_sink_sent', 'Events that a sink has taken.', ({ sent }) => sent],
  ['till_sink_refused', 'Events that a sink never takes.', ({ refused }) => refused],
  ['till_sink_dropped', 'Events that were let go of since a sink was away for too long.', ({ dropped }) => dropped],
  [
    'till_sink_trouble_seconds',
    'For how long a sink has taken nothing; 0 where it takes what comes.',
    (sink, now) => ageOf(sink.trouble_since, now),
  ],
]

/** Depth, age and throughput of the sinks of a controller, at each scrape. */
export function measureSinks(metrics: Metrics, controller: Controller): void {
  const ask = async (): Promise<readonly SinkPosition[]> => {
    const senders = await controller.send().catch(() => undefined)
    return (await senders?.positions()) ?? []
  }
  let asked: Promise<readonly SinkPosition[]> = Promise.resolve([])
  for (const [index, [name, help, of]] of FAMILIES.entries()) {
    metrics.gauges(name, help, async () => {
      // What waits may be millions of rows: they are added up by the first family of a scrape, for all of them.
      if (index === 0) asked = ask()
      return (await asked).map((sink) => [{ sink: sink.sink }, of(sink, Date.now())] as const)
    })
  }
}

function ageOf(at: string | null, now: number): number {
  return at === null ? 0 : Math.max(0, Math.round((now - Date.parse(at)) / 1000))
}
