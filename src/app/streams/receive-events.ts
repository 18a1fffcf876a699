import { isAbsolute, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { InputError } from '../../core/diagnostic.ts'
import type { EventStore, SourceSettings } from '../../core/event-source.ts'
import type { Device } from '../../core/fleet.ts'
import { FilesReader } from '../../streams/intake/files-reader.ts'
import { EventIntake, type EventReader } from '../../streams/intake/intake.ts'
import { KafkaReader } from '../../streams/intake/kafka-reader.ts'
import { EventMapper } from '../../streams/intake/map-event.ts'
import { MqttReader } from '../../streams/intake/mqtt-reader.ts'
import { SetEventsReader } from '../../streams/intake/set-events-reader.ts'
import { type LibraryMissing, loadRdkafka } from '../../streams/kafka-library.ts'
import type { Placing } from '../hooks/place-alerts.ts'
import type { Project } from '../project.ts'
import { withAuthority } from '../reach/key-files.ts'
import { eventsOfBody, takeEvents } from './brought-events.ts'
import { clearSecret } from './clear-secret.ts'
import { deviceFinder } from './event-devices.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

/** What became of events that somebody brought. */
export type Brought =
  | { readonly state: 'taken'; readonly taken: number; readonly repeated: number }
  | { readonly state: 'unknown-source' }
  | { readonly state: 'too-many' }

export interface Bringing {
  /** Of which devices he may tell; all, where it is absent. */
  readonly reach: ((device: Device) => boolean) | undefined
  /** Is told of each part of the events that is kept. */
  readonly tookPart: () => void
}

/** What brings events of devices in this process, until it is stopped. */
export interface Receivers {
  readonly settings: readonly SourceSettings[]
  /** Takes in what somebody brings himself. */
  bring(source: string, body: string, how: Bringing): Promise<Brought>
  stop(): Promise<void>
}

/** Begins to take in what the sources of a project bring. What keeps one from it is kept in the store, told by `warn`, and tried again. */
export function startReceivers(
  {
    project,
    placing,
    reads,
  }: {
    readonly project: Project
    readonly placing: Pick<Placing, 'fleet' | 'devices'>
    /** One server of a state reads: another one would only find that it is behind. What is pushed each takes in. */
    readonly reads: boolean
  },
  store: EventStore,
  warn: (text: string) => void,
): Receivers {
  const settings = project.settings.sources()
  const stopping = new AbortController()
  const intakeOf = (one: SourceSettings, reach?: (device: Device) => boolean): EventIntake => {
    const mapper = new EventMapper(one, deviceFinder(placing, reach))
    return new EventIntake(one, () => mapper, store)
  }
  const loops = (reads ? settings : []).map((one) =>
    keepReading(project, intakeOf(one), { signal: stopping.signal, warn }),
  )
  return {
    settings,
    async bring(name, body, { reach, tookPart }) {
      const one = settings.find((each) => each.name === name && each.from.kind === 'push')
      if (!one) return { state: 'unknown-source' }
      const events = eventsOfBody(body)
      if (!events) return { state: 'too-many' }
      return { state: 'taken', ...(await takeEvents(intakeOf(one, reach), events, tookPart)) }
    },
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

async function keepReading(
  project: Project,
  intake: EventIntake,
  { signal, warn }: { readonly signal: AbortSignal; readonly warn: (text: string) => void },
): Promise<void> {
  const { name } = intake.settings
  let pause = FIRST_PAUSE_MS
  let told: string | undefined
  while (!signal.aborted) {
    try {
      const reader = await openReader(project, intake, warn)
      if (!reader) {
        // What kept it from reading another place is over.
        await intake.store.trouble(name, undefined)
        return
      }
      await reader.run(signal, () => {
        pause = FIRST_PAUSE_MS
        told = undefined
        intake.store.trouble(name, undefined).catch(() => undefined)
      })
    } catch (error) {
      if (signal.aborted) return
      const why = textOf(error)
      if (why !== told) warn(`The source "${name}" brings nothing: ${why}`)
      told = why
      await intake.store.trouble(name, why).catch(() => undefined)
      await delay(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
    }
  }
}

function textOf(error: unknown): string {
  const diagnostic = error instanceof InputError ? error.diagnostics[0] : undefined
  if (diagnostic) return `${diagnostic.summary}. ${diagnostic.detail ?? ''} (${diagnostic.code})`
  return error instanceof Error ? error.message : String(error)
}

/** What brings the events of a source; undefined where others do, by HTTP. */
async function openReader(
  project: Project,
  intake: EventIntake,
  warn: (text: string) => void,
): Promise<EventReader | undefined> {
  const { from } = intake.settings
  const inRoot = (path: string): string => (isAbsolute(path) ? path : join(project.root, path))
  switch (from.kind) {
    case 'push':
      return undefined
    case 'files':
      return new FilesReader(inRoot(from.path), { fromEnd: from.fromEnd, warn }, intake)
    case 'mqtt':
      return new MqttReader(withAuthority(from, project.root), intake, await passwordOf(project, intake.settings))
    case 'set_events':
      return new SetEventsReader(from, intake)
    case 'kafka': {
      const loaded = await loadRdkafka()
      if (!loaded.library) throw libraryMissing(intake.settings, loaded)
      return new KafkaReader(loaded.library, withAuthority(from, project.root), {
        intake,
        password: await passwordOf(project, intake.settings),
        warn,
      })
    }
  }
}

async function passwordOf(project: Project, { name, from, source }: SourceSettings): Promise<string | undefined> {
  const password = 'password' in from ? from.password : undefined
  if (password === undefined) return undefined
  return clearSecret(project, password, { what: `The source "${name}"`, source })
}

function libraryMissing({ name, source }: SourceSettings, { why, advice }: LibraryMissing): InputError {
  const summary = `The source "${name}" reads Kafka, and node-rdkafka ${why}`
  return new InputError([{ code: 'SOURCE_LIBRARY_MISSING', severity: 'error', summary, detail: advice, source }])
}
