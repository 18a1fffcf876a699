import { hostname } from 'node:os'
import type { Origin } from '../../core/admission.ts'
import type { RunMode } from '../../core/events.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { RunStore } from '../../core/ports.ts'
import type { Admission } from '../../engine/admission/admission.ts'
import type { Masker } from '../../engine/journal/mask.ts'
import type { Project } from '../project.ts'
import { catchUpAllClears } from './catch-up.ts'
import { closeLeftSilences } from './close-left.ts'
import { RunSilences } from './run-silences.ts'
import { silencedAdmission } from './silenced-admission.ts'
import { openSilencers, type Silencer } from './silencers.ts'

interface SilenceMeans {
  readonly project: Project
  readonly fleet: Fleet
  readonly store: RunStore
  readonly warn: (text: string) => void
}

/** The silences that a run makes while it works on devices. */
export interface SilencedRun {
  /** The same admission, with monitoring silent about whatever it admits. */
  over(admission: Admission): Admission
  /** Ends all of them. */
  settle(): Promise<void>
}

const NO_SILENCES: SilencedRun = { over: (admission) => admission, settle: async () => undefined }

/**
 * Silences of a run that changes devices, where the repository wants them. Those that killed runs have left are closed
 * meanwhile.
 */
export async function silenceRun(
  means: SilenceMeans & {
    readonly run: string
    readonly mode: RunMode
    readonly by: string
    readonly origin?: Origin | undefined
    readonly because?: string | undefined
    readonly masker: Masker
  },
): Promise<SilencedRun> {
  const { project, fleet, store, warn, origin, masker, mode } = means
  if (mode !== 'apply' && mode !== 'exec') return NO_SILENCES
  const silencers = await openSilencers(project, fleet, warn)
  if (silencers.length === 0) return NO_SILENCES
  const isRepair = origin === 'hook'
  const cleared = closeLeft(silencers, means)
  const silences = new RunSilences({
    silencers,
    authority: store.leases.id,
    fleet,
    run: means.run,
    comment: (device) => masker.text(commentOf(device, means)),
    warn,
    onClosed: (devices, since) => catchUp(silencers, means, { devices, since }),
  })
  return {
    over: (admission) => silencedAdmission(admission, silences, isRepair),
    async settle() {
      await silences.settle()
      await cleared
    },
  }
}

/** Closes what runs have left that were killed, where the repository wants silences. Never rejects: what went wrong is told. */
export async function closeLeftOf(means: SilenceMeans): Promise<void> {
  const silencers = await openSilencers(means.project, means.fleet, means.warn)
  await closeLeft(silencers, means)
}

async function closeLeft(silencers: readonly Silencer[], means: SilenceMeans): Promise<void> {
  const { fleet, store, warn } = means
  try {
    const of = { authority: store.leases.id, fleet: fleet.name, admission: store.admission, warn }
    const left = await closeLeftSilences(silencers, of)
    if (left.devices.length > 0) await catchUp(silencers, means, left)
  } catch (error) {
    warn(`Whether runs have left silences is not known: ${(error as Error).message}`)
  }
}

async function catchUp(
  silencers: readonly Silencer[],
  { project, warn }: SilenceMeans,
  of: { readonly devices: readonly string[]; readonly since: Date },
): Promise<void> {
  await catchUpAllClears(project, silencers, of).catch((error: unknown) => {
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
