import type { AdmissionContent, Hold } from '../../core/admission.ts'
import { counted } from '../../core/counted.ts'
import type { Fleet } from '../../core/fleet.ts'
import type { RunStore } from '../../core/run-store.ts'

/**
 * What admission shares is kept by the name of the fleet. Where a state store does not know that name yet, what it has by another one
 * about devices and stores of this fleet is taken over: the fleet was renamed, and who is held or out is so still. Two fleets that share
 * a store and call a device alike get a hold too many so, which a person releases; nothing is changed that somebody asked not to touch.
 */
export async function takeOverFromOldName(
  { admission }: Pick<RunStore, 'admission'>,
  fleet: Fleet,
  warn: (text: string) => void = () => undefined,
): Promise<void> {
  const names = await admission.fleets()
  if (names.length === 0 || names.includes(fleet.name)) return
  for (const name of names) {
    const old = ofFleet(await admission.read(name), fleet)
    if (old.holds.length + old.places.length + old.breaker.failures.length === 0) continue
    await admission.transact(fleet.name, (content) => ({ result: undefined, content: joined(content, old) }))
    const what = [counted(old.holds.length, 'hold'), `${counted(old.places.length, 'device')} in progress or out`]
    warn(
      `The fleet was called "${name}" in this state until now: what it had under that name counts still (${what.join(', ')}).`,
    )
  }
}

type Shared = Pick<AdmissionContent, 'holds' | 'places' | 'breaker'>

function ofFleet({ holds, places, breaker }: AdmissionContent, { devices, stores }: Fleet): Shared {
  const now = Date.now()
  const failures = breaker.failures.filter(({ device }) => devices.has(device))
  return {
    holds: holds.filter(({ on, until }) => until > now && (devices.has(on) || stores.has(on))),
    places: places.filter(({ device }) => devices.has(device)),
    breaker: failures.length === 0 ? { failures } : { ...breaker, failures },
  }
}

function joined(content: AdmissionContent, old: Shared): AdmissionContent {
  const isOther = (one: Hold): boolean =>
    !content.holds.some(({ on, by, from }) => on === one.on && by === one.by && from === one.from)
  const taken = new Set(content.places.map(({ device }) => device))
  const { breaker } = content
  return {
    ...content,
    holds: [...content.holds, ...old.holds.filter(isOther)],
    places: [...content.places, ...old.places.filter(({ device }) => !taken.has(device))],
    breaker: breaker.failures.length === 0 && breaker.opened === undefined ? old.breaker : breaker,
  }
}
