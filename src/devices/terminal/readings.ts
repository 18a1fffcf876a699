import type { Conversation } from '../line/line.ts'
import type { Answer, Evidence } from '../printer/reading.ts'
import { notAnswered, notReached } from '../printer/unanswered.ts'
import { TERMINAL_CONDITIONS, type TerminalCondition, type TerminalReading } from './reading.ts'

/** The reading of a terminal whose port could not be had: nothing bad may be concluded from it. */
export function terminalNotReached(protocol: string, conversation: Conversation): TerminalReading {
  return { ...notReached(protocol, conversation), conditions: [] }
}

/** The reading of one whose port is open, and that said nothing that makes sense in its protocol. */
export function terminalMissed(protocol: string, detail: string, evidence: readonly Evidence[]): TerminalReading {
  return { ...notAnswered(protocol, detail, evidence), conditions: [] }
}

/** Whether it takes cards: `no` where a condition blocks it, whatever else it says. */
export function terminalReady(conditions: readonly TerminalCondition[], otherwise: Answer): Answer {
  return conditions.some(({ name }) => TERMINAL_CONDITIONS[name] === 'blocked') ? 'no' : otherwise
}
