import { EVENT_SCHEMA, type RunEvent, type RunEventBody } from '../../core/events.ts'
import type { Clock, Reporter, RunStore } from '../../core/ports.ts'
import type { Masker } from './mask.ts'

/** Where the events of a run go, in order: masked once, journalled, then shown. */
export interface Journal {
  /** Resolves when the event is durable and every reporter has it. */
  emit(body: RunEventBody): Promise<void>
}

interface Waiting {
  readonly events: RunEvent[]
  readonly done: Promise<void>
}

/** Events of one turn of the event loop are appended together. */
export function openJournal(options: {
  readonly run: string
  readonly store: Pick<RunStore, 'append'>
  readonly reporters: readonly Reporter[]
  readonly masker: Masker
  readonly clock: Clock
}): Journal {
  let seq = 0
  let waiting: Waiting | undefined
  let last: Promise<void> = Promise.resolve()

  async function flush(events: RunEvent[]): Promise<void> {
    waiting = undefined
    await options.store.append(events)
    for (const event of events) for (const reporter of options.reporters) await reporter.event(event)
  }

  return {
    emit(body) {
      seq += 1
      const head = { schema: EVENT_SCHEMA, run: options.run, seq, at: options.clock.now().toISOString() } as const
      const event = { ...head, ...masked(body, options.masker) } as RunEvent
      if (waiting) {
        waiting.events.push(event)
        return waiting.done
      }
      const events = [event]
      const before = last
      last = new Promise<void>((resolve, reject) => {
        setImmediate(() => before.then(() => flush(events)).then(resolve, reject))
      })
      waiting = { events, done: last }
      return last
    },
  }
}

/**
 * Only what devices, modules and parameters say is masked. The frame of an event is made of our own words and of names
 * that are in git: a password such as `store` or `failed` must not make an event that no reader understands.
 */
function masked(body: RunEventBody, masker: Masker): RunEventBody {
  const event: Record<string, unknown> = { ...body }
  if ('failure' in body && body.failure) {
    const { code, phase, ...said } = body.failure
    event['failure'] = { code, phase, ...fields(said, masker) }
  }
  if ('changes' in body && body.changes) event['changes'] = body.changes.map((change) => fields(change, masker))
  if ('reason' in body) event['reason'] = masker.value(body.reason)
  if ('marks' in body) event['marks'] = masker.value(body.marks)
  if ('value' in body) event['value'] = masker.value(body.value)
  if ('runbooks' in body) {
    event['runbooks'] = body.runbooks.map((runbook) => ({ ...runbook, params: masker.value(runbook.params) }))
  }
  return event as unknown as RunEventBody
}

function fields(object: object, masker: Masker): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, masker.value(value)]))
}
