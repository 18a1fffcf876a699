import { EVENT_SCHEMA, type RunEvent, type RunEventBody } from '../../core/events.ts'
import { SessionLost } from '../../core/failure.ts'
import type { LeaseToken } from '../../core/lease.ts'
import type { Clock, Reporter } from '../../core/ports.ts'
import type { JournalStore, NewEvent } from '../../core/run-store.ts'
import { Delivery, type EarlierEvents } from './delivery.ts'
import type { Masker } from './mask.ts'
import { maskedFields, shownChanges } from './shown-changes.ts'

/** Where the events of a run go, in order: masked once, journalled, and from there to everybody who shows them. */
export interface Journal {
  /**
   * Resolves when the store has the event; whoever shows it gets it later, and holds nothing up. `lease`: without it the
   * event is not written, and a `SessionLost` with LEASE_LOST thrown: somebody else works on the device by now.
   */
  emit(body: RunEventBody, lease?: LeaseToken): Promise<void>
  /** Gives an event to those who show them that the store has by somebody else, too; all in order. */
  deliver(event: RunEvent): void
  /** Number of the last event that was written here. */
  readonly lastSeq: number
  /** Resolves when every reporter has seen every event and is closed, to what they threw. */
  close(): Promise<readonly unknown[]>
}

interface Waiting {
  readonly events: NewEvent[]
  readonly leases: Map<NewEvent, LeaseToken>
  readonly done: Promise<readonly (RunEvent | undefined)[]>
}

/** Events of one turn of the event loop are appended together. */
export function openJournal(options: {
  readonly run: string
  readonly store: JournalStore
  readonly reporters: readonly Reporter[]
  readonly masker: Masker
  readonly clock: Clock
  /** Whoever writes this run has it; absent where nobody else could. */
  readonly lease?: LeaseToken
  /** Of a run that is carried on. */
  readonly before?: EarlierEvents | undefined
  /** Others write events of the run as well: all are delivered by whoever reads them from the store. */
  readonly isShared?: boolean
}): Journal {
  const { run, store, masker, clock, before, isShared = false } = options
  const deliveries = options.reporters.map(
    (reporter) => new Delivery(reporter, (after) => store.events(run, after), { before }),
  )
  const always = options.lease ? [options.lease] : []
  let waiting: Waiting | undefined
  let last: Promise<unknown> = Promise.resolve()
  let lastSeq = 0

  async function flush(batch: Omit<Waiting, 'done'>): Promise<readonly (RunEvent | undefined)[]> {
    waiting = undefined
    const written = await store.append(batch.events, (event) => {
      const lease = batch.leases.get(event)
      return lease ? [...always, lease] : always
    })
    for (const event of written) {
      if (!event) continue
      lastSeq = event.seq
      if (!isShared) deliver(event)
    }
    return written
  }

  function deliver(event: RunEvent): void {
    for (const delivery of deliveries) delivery.add(event)
  }

  function begin(): Waiting {
    const batch = { events: [] as NewEvent[], leases: new Map<NewEvent, LeaseToken>() }
    const before = last
    const done = new Promise<readonly (RunEvent | undefined)[]>((resolve, reject) => {
      setImmediate(() => before.then(() => flush(batch)).then(resolve, reject))
    })
    last = done
    return { ...batch, done }
  }

  return {
    deliver,
    get lastSeq() {
      return lastSeq
    },
    async emit(body, lease) {
      const head = { schema: EVENT_SCHEMA, run, at: clock.now().toISOString() } as const
      const event = { ...head, ...masked(body, masker) } as NewEvent
      waiting ??= begin()
      const position = waiting.events.push(event) - 1
      if (lease) waiting.leases.set(event, lease)
      const written = await waiting.done
      if (!written[position]) throw new SessionLost(lease ? LEASE_LOST : RUN_LOST)
    },
    async close() {
      const ends = await Promise.allSettled(deliveries.map((delivery) => delivery.close()))
      return ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
    },
  }
}

const LEASE_LOST = {
  code: 'LEASE_LOST',
  phase: 'converge',
  message: 'Another run has taken the device over, since nothing was heard of this one for too long.',
} as const

const RUN_LOST = {
  code: 'LEASE_LOST',
  phase: 'resolve',
  message: 'Another controller has taken the run over, since nothing was heard of this one for too long.',
} as const

/**
 * Only what devices, modules and parameters say is masked. The frame of an event is made of our own words and of names
 * that are in git: a password such as `store` or `failed` must not make an event that no reader understands.
 */
function masked(body: RunEventBody, masker: Masker): RunEventBody {
  const event: Record<string, unknown> = { ...body }
  if ('failure' in body && body.failure) {
    const { code, phase, ...said } = body.failure
    event['failure'] = { code, phase, ...maskedFields(said, masker) }
  }
  if ('changes' in body && body.changes) event['changes'] = shownChanges(body.changes, masker)
  if ('reason' in body) event['reason'] = masker.value(body.reason)
  if ('marks' in body) event['marks'] = masker.value(body.marks)
  if ('value' in body) event['value'] = masker.value(body.value)
  if ('runbooks' in body) {
    event['runbooks'] = body.runbooks.map((runbook) => {
      const { params, given, about } = runbook
      return {
        ...runbook,
        params: masker.value(params),
        ...(given && { given: masker.value(given) }),
        ...(about !== undefined && { about: masker.text(about) }),
      }
    })
  }
  return event as unknown as RunEventBody
}
