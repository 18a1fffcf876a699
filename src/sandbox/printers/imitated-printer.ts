import type { Duplex } from 'node:stream'

/** What can be wrong with an imitated printer or vending machine; several at a time. */
export const PRINTER_FAULTS = {
  'paper-out': 'no paper',
  'paper-low': 'the paper is nearly at its end',
  'cover-open': 'the cover is open',
  'cutter-error': 'the cutter is stuck',
  'mechanism-error': 'the mechanism does not move',
  'printer-busy': 'somebody else holds the port, or the fiscal device says to try later',
  'printer-silent': 'takes connections and questions, and never answers',
  'printer-garbage': 'answers with what is no answer of its protocol',
  'printer-hung': 'answers half, then nothing more',
  'receipt-open': 'a receipt is open: a customer is being served',
  'no-receipts': 'all is well, but nothing was printed since yesterday',
  'certificate-expired': 'a certificate ran out yesterday',
  'certificate-expiring': 'a certificate runs out in ten days',
  'licence-expired': 'the licence or subscription has run out',
  'documents-unsent': 'documents have waited for the tax office for four days',
  'transmission-failing': 'the last transmissions failed',
  'fiscal-memory-full': 'no daily report fits into the fiscal memory any more',
  'fiscal-memory-low': 'thirty daily reports are left',
  'protected-memory-full': 'no room is left in the protected memory',
  'day-not-closed': 'the daily report of yesterday is missing; the shift has been open for more than a day',
  'clock-wrong': 'the clock is an hour off',
  'inspection-due': 'the inspection is due in ten days',
  'storage-dead': 'the fiscal storage or memory does not answer, or was tampered with',
  'storage-critical': 'the fiscal storage tells a critical error',
  'storage-closed': 'the fiscal storage was closed for good a moment ago',
  'waiting-for-user': 'it waits for somebody to confirm an error; the last receipt is two hours old',
  'unknown-error': 'it ends a question with an error that no table has',
  'wrong-identity': 'says that it is another printer',
  'column-out': 'a column of a vending machine is out',
  'coins-jammed': 'its coin acceptor is jammed',
  'notes-full': 'the box of its note acceptor is full',
  'notes-off': 'its note acceptor is gone',
  'card-silent': 'nobody pays it by card any more',
  'not-dispensed': 'it was paid and dispensed nothing',
  'too-warm': 'it is 12.5 °C warm inside',
  fahrenheit: 'it tells degrees Fahrenheit as if they were Celsius',
  'audit-cut': 'its audit file ends in the middle',
  'audit-damaged': 'the check sum of its audit file does not fit',
  'audit-stale': 'its audit file is two days old',
  'counters-reset': 'its counters began anew',
} as const
export type PrinterFault = keyof typeof PRINTER_FAULTS

/** What every protocol can show: how it answers, or does not. */
export const ANSWERING_FAULTS: readonly PrinterFault[] = [
  'printer-busy',
  'printer-silent',
  'printer-garbage',
  'printer-hung',
]

/** What is wrong with the mechanism of a printer. */
export const MECHANISM_FAULTS: readonly PrinterFault[] = ['paper-out', 'cover-open', 'cutter-error', 'mechanism-error']

/** A printer to imitate, as its emulator sees it. Faults change while it runs. */
export interface ImitatedPrinter {
  readonly name: string
  readonly vendor: string
  readonly model: string
  readonly serial: string
  /** Of fiscal devices. */
  readonly uniqueNumber: string
  readonly faults: ReadonlySet<PrinterFault>
  readonly now: () => Date
  /** IANA name, for clocks that tell local time. */
  readonly timeZone: string
}

/** A connection, perhaps behind a slow line. */
export type PrinterSocket = Duplex & { readonly bytesWritten: number }

/** Speaks one protocol with whoever connects, until the socket ends. Knows the printer's side of it, and prints nothing. */
export type PrinterEmulator = (socket: PrinterSocket, printer: ImitatedPrinter) => void
