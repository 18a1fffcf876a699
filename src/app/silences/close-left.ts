import pLimit from 'p-limit'
import type { AdmissionStore } from '../../core/admission.ts'
import type { FleetKey } from '../../core/fleet-key.ts'
import type { LeftSilence, SilenceMark, Silencing } from '../../hooks/systems/system.ts'
import type { SilencedDevices } from './catch-up.ts'
import { AT_ONCE } from './patience.ts'
import type { Silencer } from './silencers.ts'

interface LeftOptions {
  readonly authority: string
  readonly fleet: FleetKey
  readonly admission: AdmissionStore
  /** A run that has been resumed and has made no silence yet: all that bear its mark are left of before. */
  readonly resumed?: string | undefined
  readonly warn: (text: string) => void
}

/**
 * Ends silences that runs of this state have left behind when they were killed: those of devices on which their run no longer
 * works. Gives the devices of these, and of those that have run out since.
 */
export async function closeLeftSilences(silencers: readonly Silencer[], of: LeftOptions): Promise<SilencedDevices> {
  const silenced = new Map<string, Date>()
  const limit = pLimit(AT_ONCE)
  const closing = silencers.map(async ({ source, silencing, lastsMs }) => {
    const found = await silencing.left({ authority: of.authority, fleet: of.fleet, lastsMs })
    if (!found.ok) return of.warn(`Whether runs have left silences is not known: ${source}: ${found.why}.`)
    const held = await heldOf(
      of,
      found.silences.map(({ mark }) => mark),
    )
    const left = found.silences.filter(({ mark }) => !held.has(mark))
    for (const { mark, since } of left) {
      const known = silenced.get(mark.device)
      if (!known || since < known) silenced.set(mark.device, since)
    }
    const lasting = left.filter(({ isOver }) => !isOver)
    await Promise.all(lasting.map((silence) => limit(async () => of.warn(await endOf(source, silencing, silence)))))
  })
  await Promise.all(closing)
  return silenced
}

async function heldOf(
  { fleet, admission, resumed }: LeftOptions,
  marks: readonly SilenceMark[],
): Promise<ReadonlySet<SilenceMark>> {
  const others = marks.filter(({ run }) => run !== resumed)
  if (others.length === 0) return new Set()
  return admission.transact(fleet, (content) => {
    return { result: new Set(others.filter(({ run, device }) => content.isHeld(run, device))), content }
  })
}

/** Ends it; gives what became of it, in words. */
async function endOf(source: string, silencing: Silencing, { id, mark }: LeftSilence): Promise<string> {
  const closed = await silencing.close(id)
  const whose = `The silence of ${mark.device} that run ${mark.run} has left`
  return closed.ok ? `${whose} is closed.` : `${whose} ends by itself only: ${source}: ${closed.why}.`
}
