import type { Admission } from './admission.ts'
import { type PolicyAdmissionOptions, PolicyGate, type Standing } from './policy-gate.ts'

export interface RunStanding {
  standing(): Promise<Standing>
}

/**
 * Admission by a policy, on top of that by leases: caps over all runs, windows, freezes, waves, breaker. What is in
 * progress is read, judged and taken in one transaction of the state store, so that no two runs decide on the same.
 */
export function policyAdmission(leases: Admission, options: PolicyAdmissionOptions): Admission & RunStanding {
  const gate = new PolicyGate(options)
  return {
    standing: () => gate.standing(),
    giveUp: (device) => gate.giveUp(device),
    nextAfter: (device) => gate.nextAfter(device),
    async place(request) {
      const granted = await leases.place(request)
      if (granted.kind !== 'begin') return gate.counted(granted, request.device)
      const decision = await gate.ask('place', request.device)
      if (decision.kind === 'begin') return { kind: 'begin', permit: gate.permit(request.device, granted.permit) }
      await granted.permit.release()
      return gate.answerOf(decision, request.device, 'place')
    },
  }
}
