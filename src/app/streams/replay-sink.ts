import { InputError } from '../../core/diagnostic.ts'
import type { RefusedMessage } from '../../core/sink.ts'
import type { Project } from '../project.ts'
import { sinksOf } from './open-sinks.ts'
import { namedSink, registeredOutbox } from './sinks-status.ts'

const MOST_LISTED = 1_000

/** What was put into the queue again, or what was refused where that was asked for. */
export interface Replayed {
  readonly sink: string
  readonly queued: number
  /** What was refused, and the history does not hold any more. */
  readonly forgotten: number
  readonly refused: readonly RefusedMessage[]
}

/** Throws InputError where it is not said what to send again, or the sink is not known. */
export async function replaySink(
  project: Project,
  what: {
    readonly sink: string
    readonly refused: boolean
    readonly since: string | undefined
    readonly list: boolean
  },
): Promise<Replayed> {
  const settings = sinksOf(project)
  const { name } = namedSink(settings, what.sink)
  const since = what.since === undefined ? undefined : new Date(what.since)
  if (since && Number.isNaN(since.getTime())) throw invalid(`"${what.since}" is no time; write 2026-11-30T00:00:00Z.`)
  if (!what.refused && !since && !what.list) throw invalid('Say what is to be sent again: --refused or --since TIME.')
  const outbox = await registeredOutbox(project, settings)
  try {
    if (what.list) return { sink: name, queued: 0, forgotten: 0, refused: await outbox.refused(name, MOST_LISTED) }
    const done = since
      ? { queued: await outbox.replaySince(name, since), forgotten: 0 }
      : await outbox.replayRefused(name)
    return { sink: name, ...done, refused: [] }
  } finally {
    await outbox.close()
  }
}

function invalid(summary: string): InputError {
  return new InputError([{ code: 'USAGE_INVALID', severity: 'error', summary }])
}
