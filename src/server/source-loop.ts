import { openEventStore } from '../app/history/open-store.ts'
import { Listening } from '../app/streams/listening.ts'
import { type Bringing, type Brought, type Receivers, startReceivers } from '../app/streams/receive-events.ts'
import type { SilenceLook } from '../app/streams/silence.ts'
import { endTold, tellSilence } from '../app/streams/tell-silence.ts'
import { type EventStore, SOURCE_TALLIES, type SourceStanding } from '../core/event-source.ts'
import type { HookStore } from '../core/hook-store.ts'
import type { Metrics } from './metrics.ts'
import type { Revision } from './revisions.ts'
import type { ServerLog } from './server-log.ts'

/** Silence is told within a minute: what is asked for, and this. */
const LOOK_MS = 5_000

interface Loop {
  readonly hooks: HookStore
  readonly revision: () => Revision
  readonly isOurs: () => boolean
  readonly log: ServerLog
  /** Alerts have been put into the inbox. */
  readonly nudge: () => void
}

/** Takes in what the sources of the revision in force bring, and tells which devices are silent, until it is stopped. */
export class SourceLoop {
  readonly #loop: Loop
  #store: EventStore | undefined
  #receivers: Receivers | undefined
  #of: Revision | undefined
  #ended: Revision | undefined
  /** Whether this process reads what sources bring by themselves. */
  #reads = false
  readonly #listening = new Listening()
  readonly #looks = new Map<string, SilenceLook>()
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #isStopping = false

  constructor(loop: Loop) {
    this.#loop = loop
  }

  /** Nothing is opened where there are no sources. */
  start(): void {
    const turn = (): void => {
      this.#turn = this.#turn
        .then(() => this.#look())
        .catch((error) => {
          this.#loop.log.sayOf(
            'sources',
            `The sources of events: ${error instanceof Error ? error.message : String(error)}`,
          )
        })
    }
    turn()
    this.#timer = setInterval(turn, LOOK_MS)
  }

  /** Reads nothing more by itself; what is brought is taken in until it is closed. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearInterval(this.#timer)
    await this.#turn
    await this.#receivers?.stop()
  }

  async close(): Promise<void> {
    await this.#store?.close()
  }

  /** Takes in what somebody brings by HTTP. `not-yet`: there is such a source, and nobody has begun to take in what it brings. */
  async bring(source: string, body: string, how: Bringing): Promise<Brought | { readonly state: 'not-yet' }> {
    const brought = await this.#receivers?.bring(source, body, how)
    if (brought && brought.state !== 'unknown-source') return brought
    const named = this.#loop.revision().project.settings.sources()
    const isNamed = named.some(({ name, from }) => name === source && from.kind === 'push')
    return { state: isNamed ? 'not-yet' : 'unknown-source' }
  }

  async standing(): Promise<readonly SourceStanding[]> {
    return (await this.#store?.standing()) ?? []
  }

  silent(source: string): SilenceLook {
    return this.#looks.get(source) ?? { silent: [], isQuiet: false }
  }

  async #look(): Promise<void> {
    if (this.#isStopping) return
    const { revision, isOurs, log } = this.#loop
    const current = revision()
    const reads = isOurs()
    if (current !== this.#of || reads !== this.#reads) {
      await this.#receivers?.stop()
      this.#receivers = undefined
      this.#of = undefined
      this.#reads = reads
      this.#keep(reads ? current.project.settings.sources() : [])
    }
    if (this.#of === undefined && current.project.settings.sources().length === 0) {
      if (reads) await this.#endTold(current)
      return
    }
    this.#store ??= await openEventStore(current.project.state)
    const events = this.#store
    if (this.#receivers === undefined) {
      this.#of = current
      const warn = (text: string): void => log.sayOf('sources', text)
      this.#receivers = startReceivers({ project: current.project, placing: current, reads }, events, warn)
    }
    if (!reads) return
    await this.#tell(this.#receivers.settings, { events, current })
    await this.#endTold(current)
  }

  /** What was seen of others says nothing any more. */
  #keep(sources: Receivers['settings']): void {
    this.#listening.keep(sources)
    const names = new Set(sources.map(({ name }) => name))
    for (const name of this.#looks.keys()) if (!names.has(name)) this.#looks.delete(name)
  }

  /** Once for each revision: sources may have gone with it. */
  async #endTold(current: Revision): Promise<void> {
    if (this.#ended === current) return
    const events = this.#store ?? (await openEventStore(current.project.state))
    try {
      await endTold(current.project.settings.sources(), { events, hooks: this.#loop.hooks, now: Date.now() })
      this.#ended = current
    } finally {
      if (events !== this.#store) await events.close()
    }
    this.#loop.nudge()
  }

  /** Tells which devices are silent. */
  async #tell(
    sources: Receivers['settings'],
    { events, current }: { readonly events: EventStore; readonly current: Revision },
  ): Promise<void> {
    const { log, hooks, nudge } = this.#loop
    const standing = await events.standing()
    for (const settings of sources) {
      const inTrouble = standing.some(({ source, trouble }) => source === settings.name && trouble !== null)
      const now = Date.now()
      const since = this.#listening.since(settings, { now, inTrouble })
      const of = { events, hooks, fleet: current.fleet, since, now, inTrouble }
      const before = this.#looks.get(settings.name)
      const look = await tellSilence(settings, of)
      this.#looks.set(settings.name, look)
      if (look.isQuiet && before?.isQuiet !== true)
        log.say(`The source "${settings.name}" is quiet: nothing comes from any device.`)
      if (look.silent.length > 0) nudge()
    }
  }
}

/** What came by each source, and who is silent, at each scrape. */
export function measureSources(metrics: Metrics, loop: SourceLoop): void {
  const by = (of: (standing: SourceStanding) => number) => async () =>
    (await loop.standing()).map((one) => [{ source: one.source }, of(one)] as const)
  const age = (at: number | null): number => (at === null ? 0 : Math.max(0, Math.round((Date.now() - at) / 1000)))
  metrics.gauges('till_source_events', 'Events of devices, by what became of them.', async () =>
    (await loop.standing()).flatMap(({ source, tallies }) =>
      SOURCE_TALLIES.map((what) => [{ source, what }, tallies[what] ?? 0] as const),
    ),
  )
  metrics.gauges(
    'till_source_devices',
    'Devices that a source was heard of.',
    by(({ devices }) => devices),
  )
  metrics.gauges(
    'till_source_last_seconds',
    'Age of the last event of a source.',
    by(({ lastAt }) => age(lastAt)),
  )
  metrics.gauges(
    'till_source_trouble_seconds',
    'For how long a source brings nothing; 0 where it brings what comes.',
    by(({ troubleSince }) => age(troubleSince === null ? null : Date.parse(troubleSince))),
  )
  metrics.gauges('till_source_silent', 'Devices that are silent for too long, by why.', async () =>
    (await loop.standing()).flatMap(({ source }) =>
      (['silent', 'never', 'licence'] as const).map((kind) => {
        const { silent } = loop.silent(source)
        return [{ source, kind }, silent.filter((one) => one.kind === kind).length] as const
      }),
    ),
  )
  metrics.gauges('till_source_quiet', '1 where nothing comes from any device of a source.', async () =>
    (await loop.standing()).map(({ source }) => [{ source }, loop.silent(source).isQuiet ? 1 : 0] as const),
  )
}
