import type { Hold } from '../../../core/admission.ts'
import type { Objection, Rule } from '../rule.ts'
import { shownTime } from '../shown-time.ts'

/** Somebody asked not to touch the device, its store, or something that would go out with it. Only who breaks the glass may. */
export const holds: Rule = {
  name: 'holds',
  judge({ takes, policy, device, isMending }, { holdsOn, now }) {
    if (isMending) return undefined
    const names = namesOf(takes, (taken) => policy.world.devices.get(taken)?.store)
    const zone = policy.world.stores.get(device.store)?.time_zone ?? 'UTC'
    return heldBy(names, holdsOn, { now, zone })
  },
}

/**
 * What holds one of these names; of several holds the one that lasts longest. When it was asked for is told by a clock that may be ahead of this
 * one: it holds from the moment that it is there.
 */
export function heldBy(
  names: Iterable<string>,
  holdsOn: (name: string) => readonly Hold[],
  { now, zone }: { readonly now: number; readonly zone: string },
): (Objection & { readonly until: number }) | undefined {
  let latest: Hold | undefined
  for (const name of names) {
    for (const hold of holdsOn(name)) {
      if (now < hold.until && hold.until > (latest?.until ?? 0)) latest = hold
    }
  }
  if (latest === undefined) return undefined
  const { on, by, why, until } = latest
  const message = `${by} asked not to touch ${on} until ${shownTime(until, zone)}: ${why}`
  return { kind: 'wait', code: 'HOLD_ACTIVE', message, by: `hold on ${on}`, whom: by, until, isGlass: true }
}

function namesOf(takes: readonly string[], storeOf: (device: string) => string | undefined): ReadonlySet<string> {
  const names = new Set(takes)
  for (const device of takes) {
    const store = storeOf(device)
    if (store !== undefined) names.add(store)
  }
  return names
}
