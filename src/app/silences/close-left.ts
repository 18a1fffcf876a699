import type { AdmissionStore } from '../../core/admission.ts'
import type { LeftSilence, SilenceMark, Silencing } from '../../hooks/systems/system.ts'
import type { Silencer } from './silencers.ts'

/**
 * Ends silences that runs of this state have left behind when they were killed: those of devices on which their run no longer
 * works. Gives the devices that were silenced, and since when.
 */
export async function closeLeftSilences(
  silencers: readonly Silencer[],
  of: {
    readonly authority: string
    readonly fleet: string
    readonly admission: AdmissionStore
    readonly warn: (text: string) => void
  },
): Promise<{ readonly devices: readonly string[]; readonly since: Date }> {
  const devices = new Set<string>()
  let since = new Date()
  for (const { source, silencing } of silencers) {
    const found = await silencing.left(of.authority, of.fleet)
    if (!found.ok) {
      of.warn(`Whether runs have left silences is not known: ${source}: ${found.why}.`)
      continue
    }
    const held = await heldOf(
      of,
      found.silences.map(({ mark }) => mark),
    )
    for (const silence of found.silences.filter(({ mark }) => !held.has(mark))) {
      devices.add(silence.mark.device)
      if (silence.since < since) since = silence.since
      if (!silence.isOver) of.warn(await endOf(source, silencing, silence))
    }
  }
  return { devices: [...devices], since }
}

async function heldOf(
  of: { readonly fleet: string; readonly admission: AdmissionStore },
  marks: readonly SilenceMark[],
): Promise<ReadonlySet<SilenceMark>> {
  if (marks.length === 0) return new Set()
  return of.admission.transact(of.fleet, (content) => {
    return { result: new Set(marks.filter(({ run, device }) => content.isHeld(run, device))), content }
  })
}

/** Ends it; gives what became of it, in words. */
async function endOf(source: string, silencing: Silencing, { id, mark }: LeftSilence): Promise<string> {
  const closed = await silencing.close(id)
  const whose = `The silence of ${mark.device} that run ${mark.run} has left`
  return closed.ok ? `${whose} is closed.` : `${whose} ends by itself only: ${source}: ${closed.why}.`
}
