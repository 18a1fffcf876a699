import type { Admission, Permit } from '../../engine/admission/admission.ts'

/** Silences of one run, by the full names of devices. */
export interface DeviceSilences {
  /** Resolves when monitoring is silent about it, or cannot be made so soon. */
  open(device: string): Promise<void>
  /** Its silence ends, beside whatever comes next. */
  close(device: string): void
}

/**
 * An admission that silences monitoring about a device for as long as it is worked on: from its place on where the run repairs,
 * else from its first change on.
 */
export function silencedAdmission(base: Admission, silences: DeviceSilences, isRepair: boolean): Admission {
  return {
    async place(request) {
      const answer = await base.place(request)
      if (answer.kind !== 'begin') return answer
      if (isRepair) await silences.open(request.device)
      return { kind: 'begin', permit: silencedPermit(answer.permit, silences, request.device) }
    },
    ...(base.giveUp && { giveUp: async (device: string) => base.giveUp?.(device) }),
    ...(base.nextAfter && { nextAfter: (device: string) => base.nextAfter?.(device) ?? [] }),
    ...(base.onChange && { onChange: (listener: () => void) => base.onChange?.(listener) }),
  }
}

function silencedPermit(base: Permit, silences: DeviceSilences, device: string): Permit {
  return {
    ...base,
    async change(guards, so) {
      const answer = await base.change(guards, so)
      if (answer.kind === 'begin') await silences.open(device)
      return answer
    },
    async release(outcome) {
      silences.close(device)
      await base.release(outcome)
    },
  }
}
