import type { CarriedSteps } from '../../core/carried.ts'
import type { DeviceOutcome } from '../../core/outcome.ts'
import type { Wait } from '../admission/admission.ts'

/** A device is done, or has to be asked for again. */
export type DeviceVisit =
  | { readonly kind: 'ended'; readonly outcome: DeviceOutcome }
  /** `looked`: this attempt has begun and is over. `carried`: what it has done by then, for the next one to go on from. */
  | {
      readonly kind: 'waits'
      readonly wait: Wait
      readonly looked: boolean
      /** The device has answered meanwhile. */
      readonly answered?: boolean
      readonly carried?: CarriedSteps
      /** Of an attempt that has been told of already: its number. */
      readonly told?: number
    }
