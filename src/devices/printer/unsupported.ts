/** A way to speak that a printer has and Tillwright does not. */
export interface UnsupportedProtocol {
  readonly vendor: string
  readonly reason: string
  /** What can be seen of such a printer all the same. */
  readonly instead: string
}

/** Asked for, and honestly not there: without a specification, bytes would be guesses at a fiscal device. */
export const UNSUPPORTED_PROTOCOLS: Readonly<Record<string, UnsupportedProtocol>> = Object.freeze({
  elzab: {
    vendor: 'Elzab',
    reason:
      'Elzab publishes no specification of its protocol, and all that is known is a driver of 2007 for models long gone.',
    instead:
      'Where the printer is set to the Thermal protocol, check it with "protocol: thermal". Otherwise judge it by what its till shows: receipts, logs, the state of the program that sells.',
  },
})
