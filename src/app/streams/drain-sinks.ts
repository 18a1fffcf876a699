import { drain } from '../../streams/send.ts'
import type { Project } from '../project.ts'
import { openSink, sinksOf } from './open-sinks.ts'
import { namedSink, registeredOutbox } from './sinks-status.ts'

/** What sending to a sink came to. */
export interface Drained {
  readonly sink: string
  readonly sent: number
  readonly pending: number
  readonly trouble: string | null
}

/** Sends what waits, for so long at most. Throws InputError with SINK_UNKNOWN. */
export async function drainSinks(
  project: Project,
  { sink, withinMs }: { readonly sink: string | undefined; readonly withinMs: number },
): Promise<readonly Drained[]> {
  const all = sinksOf(project)
  const chosen = sink === undefined ? all : [namedSink(all, sink)]
  const outbox = await registeredOutbox(project, all)
  const late = AbortSignal.timeout(withinMs)
  const warn = (text: string): void => void process.stderr.write(`warning ${text}\n`)
  try {
    const ends = await Promise.all(
      chosen.map(async (settings) => {
        const sending = { settings, sink: await openSink(project, settings, outbox), outbox, warn }
        return { sink: settings.name, ...(await drain(sending, late)) }
      }),
    )
    const positions = await outbox.positions()
    return ends.map(({ sink: name, sent, trouble }) => {
      const pending = positions.find((position) => position.sink === name)?.pending ?? 0
      return { sink: name, sent, pending, trouble: trouble ?? null }
    })
  } finally {
    await outbox.close()
  }
}
