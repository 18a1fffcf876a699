import { hostname } from 'node:os'
import type { Origin } from '../../core/admission.ts'
import { isChanging, type RunMode } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { RunStore } from '../../core/run-store.ts'
import type { Admission } from '../../engine/admission/admission.ts'
import type { Masker } from '../../engine/journal/mask.ts'
import type { Project } from '../project.ts'
import { catchUpAllClears, type SilencedDevices } from './catch-up.ts'
import { closeLeftSilences } from './close-left.ts'
import { isDoneInTime, WAIT_MS } from './patience.ts'
import { RunSilences } from './run-silences.ts'
import { silencedAdmission } from './silenced-admission.ts'
import { openSilencers, type Silencer } from './silencers.ts'

interface SilenceDependencies {
  readonly project: Project
  readonly fleet: Fleet
  readonly store: RunStore
  readonly warn: (text: string) => void
}

/** The silences that a run makes while it works on devices. */
export interface SilencedRun {
  /** The same admission, with monitoring silent about whatever it admits. */
  over(admission: Admission): Admission
  /** Ends all of them; waits no longer than work does for monitoring, and goes on with it meanwhile. Does not reject. */
  end(): Promise<void>
}

const NO_SILENCES: SilencedRun = { over: (admission) => admission, end: async () => undefined }

/**
 * Silences of a run that changes devices, where the repository wants them. Those that killed runs have left are closed
 * meanwhile.
 */
export async function silenceRun(
  dependencies: SilenceDependencies & {
    readonly run: string
    /** It has been killed, or stopped, and goes on now. */
    readonly isResumed: boolean
    readonly mode: RunMode
    readonly by: string
    readonly origin?: Origin | undefined
    readonly because?: string | undefined
    readonly masker: Masker
  },
): Promise<SilencedRun> {
  const { project, fleet, store, warn, origin, masker, mode, run, isResumed } = dependencies
  if (!isChanging(mode)) return NO_SILENCES
  const silencers = await openSilencers(project, fleet, warn)
  if (silencers.length === 0) return NO_SILENCES
  const isRepair = origin === 'hook'
  const closing = closeLeft(silencers, { ...dependencies, resumed: isResumed ? run : undefined })
  const cleared = closing.then((left) => catchUp(silencers, dependencies, left))
  const silences = new RunSilences({
    silencers,
    authority: store.leases.id,
    fleet,
    fleetKey: await store.fleets.keyOf(fleet),
    run,
    comment: (device) => masker.text(commentOf(device, dependencies)),
    warn,
    after: isResumed ? closing : undefined,
    onClosed: (devices) => catchUp(silencers, dependencies, devices),
  })
  return {
    over: (admission) => silencedAdmission(admission, silences, isRepair),
    async end() {
      if (await isDoneInTime(Promise.all([silences.end(), cleared]))) return
      const lasting = 'a silence that it is not told the end of ends by itself'
      warn(`Monitoring has not answered all within ${WAIT_MS / 1_000} s of the end of the run: ${lasting}.`)
    },
  }
}

/** Closes what runs have left that were killed, where the repository wants silences. Never rejects: what went wrong is told. */
export async function closeLeftOf(dependencies: SilenceDependencies): Promise<void> {
  const silencers = await openSilencers(dependencies.project, dependencies.fleet, dependencies.warn)
  await catchUp(silencers, dependencies, await closeLeft(silencers, dependencies))
}

async function closeLeft(
  silencers: readonly Silencer[],
  { fleet, store, warn, resumed }: SilenceDependencies & { readonly resumed?: string | undefined },
): Promise<SilencedDevices> {
  const of = {
    authority: store.leases.id,
    fleet: await store.fleets.keyOf(fleet),
    admission: store.admission,
    resumed,
    warn,
  }
  try {
    return await closeLeftSilences(silencers, of)
  } catch (error) {
    warn(`Whether runs have left silences is not known: ${(error as Error).message}`)
    return new Map()
  }
}

async function catchUp(
  silencers: readonly Silencer[],
  { project, warn }: SilenceDependencies,
  silenced: SilencedDevices,
): Promise<void> {
  await catchUpAllClears(project, silencers, silenced).catch((error: unknown) => {
    warn(`Whether alerts went out while they were silenced is not known: ${(error as Error).message}`)
  })
}

function commentOf(
  device: string,
  { run, by, because, origin }: Pick<Parameters<typeof silenceRun>[0], 'run' | 'by' | 'because' | 'origin'>,
): string {
  const what = origin === 'hook' ? `repairs ${device}` : `changes ${device}`
  const why = because === undefined ? '' : ` (${because})`
  return `Tillwright ${what}${why}: run ${run}, by ${by} on ${hostname()}. It is renewed while that goes on, and ends by itself. till runs show ${run}`
}
