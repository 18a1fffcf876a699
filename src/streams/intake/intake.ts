import type { EventStore, SourceSettings } from '../../core/event-source.ts'
import type { EventMapper, RawEvent } from './map-event.ts'

/** Events in one transaction: a turn of the event loop that others wait for. */
export const MOST_AT_ONCE = 500

/** Where a reader is with a part, and where it is behind what it brings. */
export interface Step {
  readonly from: string | null
  readonly to: string
}

export type TakenIn =
  | { readonly state: 'taken'; readonly taken: number; readonly repeated: number }
  | { readonly state: 'moved'; readonly place: string | null }

/** Takes events of one source in: what they come to and how far it is are kept together, or not at all. */
export class EventIntake {
  readonly settings: SourceSettings
  readonly #mapper: () => EventMapper
  readonly #store: EventStore

  /** `mapper` may be another one tomorrow: devices come and go. */
  constructor(settings: SourceSettings, mapper: () => EventMapper, store: EventStore) {
    this.settings = settings
    this.#mapper = mapper
    this.#store = store
  }

  get store(): EventStore {
    return this.#store
  }

  async take(part: string, events: readonly RawEvent[], step?: Step): Promise<TakenIn> {
    const mapper = this.#mapper()
    const now = Date.now()
    const yields = events.map((event) => mapper.map(event, now))
    return this.#store.take(
      this.settings.name,
      { part, yields, ...step },
      { repeatedWithinMs: this.settings.repeatedWithinMs },
    )
  }
}

/** Brings events until it is stopped. Rejects with what keeps it from it: it is begun again after a while. */
export interface EventReader {
  /** `well` is called when it begins to bring what there is. */
  run(signal: AbortSignal, well: () => void): Promise<void>
}
