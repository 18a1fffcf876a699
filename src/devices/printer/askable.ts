import type { Result } from '../../core/failure.ts'
import type { Approach, UsualPlace, Ways, Whereabouts } from './approach.ts'
import type { Asking } from './protocol.ts'
import type { PrinterReading } from './reading.ts'

/** One visit to a device. */
export interface Visit {
  readonly approach: Approach
  readonly ways: Ways
  readonly where: Whereabouts
}

/** What every reading of a device on a store's network tells, whatever the device is. */
export type AnyReading = Omit<PrinterReading, 'conditions'> & { readonly conditions: readonly unknown[] }

/** A protocol that a device can be asked by. */
export interface AskableProtocol<R> {
  readonly usual: UsualPlace
  /** Its port takes one connection at a time: silence may mean that somebody else is served. */
  readonly oneAtATime: boolean
  /** What silence says of whether it is there, where it may be a choice not to answer us. */
  readonly readsSilence?: 'unknown'
  /** Never on a serial port, nor on USB. */
  readonly tcpOnly?: true
  read(visit: Visit, asking: Asking): Promise<Result<R>>
}
