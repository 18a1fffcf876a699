import type { Hold } from '../../core/admission.ts'
import type { Admission, Wait } from './admission.ts'
import { heldBy } from './rules/holds.ts'

export interface HoldAdmissionOptions {
  /** Everything that is held now. */
  holds(): Promise<readonly Hold[]>
  /** A device, and the store that it is in; and the zone of the clocks there. */
  placeOf(device: string): { readonly store: string; readonly zone: string } | undefined
  now(): number
}

/** Where no policy is in force, what people asked not to touch is left alone all the same. */
export function holdAdmission(base: Admission, options: HoldAdmissionOptions): Admission {
  async function held(device: string): Promise<Wait | undefined> {
    const { store, zone } = options.placeOf(device) ?? { store: '', zone: 'UTC' }
    const holds = await options.holds()
    const found = heldBy([device, store], (name) => holds.filter(({ on }) => on === name), { now: options.now(), zone })
    if (found === undefined) return undefined
    const { code, message, until } = found
    return { kind: 'wait', failure: { code, phase: 'resolve', message }, until, isPassing: false }
  }
  return {
    async place(request) {
      const before = await held(request.device)
      if (before) return before
      const granted = await base.place(request)
      if (granted.kind !== 'begin') return granted
      const { permit } = granted
      return {
        ...granted,
        permit: { ...permit, change: async (...asked) => (await held(request.device)) ?? permit.change(...asked) },
      }
    },
  }
}
