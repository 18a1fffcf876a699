import type { PrinterReading } from '../printer/reading.ts'

/** What can be the matter with a payment terminal, whatever it speaks. */
export const TERMINAL_CONDITIONS = {
  // No card can be taken until somebody does something.
  'initialisation-required': 'blocked',
  'activation-required': 'blocked',
  'diagnosis-required': 'blocked',
  'not-configured': 'blocked',
  'keys-missing': 'blocked',
  locked: 'blocked',
  'out-of-order': 'blocked',
  'memory-full': 'blocked',
  'card-reader-error': 'blocked',
  'power-fault': 'blocked',
  'clock-wrong': 'blocked',
  // Cards may still be taken offline, by the rules of the acquirer.
  'host-unreachable': 'attention',
  'reconciliation-required': 'attention',
  'update-pending': 'attention',
  'printer-not-ready': 'attention',
  'payments-unsent': 'attention',
  'battery-low': 'attention',
  'other-error': 'attention',
} as const satisfies Record<string, 'blocked' | 'attention'>
export type TerminalConditionName = keyof typeof TERMINAL_CONDITIONS

export interface TerminalCondition {
  readonly name: TerminalConditionName
  /** What the terminal said, in its own words or codes. */
  readonly evidence: string
}

/** What was read of a terminal: as of a printer, with conditions of its own. `ready`: whether it takes cards now. */
export interface TerminalReading
  extends Omit<PrinterReading, 'conditions' | 'fiscal' | 'guards' | 'supplies' | 'queue'> {
  readonly conditions: readonly TerminalCondition[]
}
