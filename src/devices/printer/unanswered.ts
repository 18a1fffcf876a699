import type { Conversation } from '../line/line.ts'
import { type Evidence, type PrinterReading, UNKNOWN_GUARDS } from './reading.ts'

/**
 * The reading of a printer that could not be asked: nothing bad may be concluded from it.
 * @param conversation one whose line was not `open`
 */
export function notReached(protocol: string, conversation: Conversation): PrinterReading {
  return {
    protocol,
    answered: 'unknown',
    // A printer serves one connection at a time; many take a second one and hang up.
    busy: conversation.state === 'busy' || conversation.state === 'reset',
    line: conversation.state,
    ready: 'unknown',
    conditions: [],
    guards: UNKNOWN_GUARDS,
    evidence: [],
    detail: conversation.detail,
  }
}

/** Of one that takes a connection and says nothing. */
export const SILENT =
  'It takes connections and does not answer: it hangs, it speaks another language, or another program keeps it.'

/**
 * The reading of a printer whose port is open, and that said nothing, or nothing that makes sense in its protocol.
 * @param detail for a person, how it failed to answer
 */
export function notAnswered(protocol: string, detail: string, evidence: readonly Evidence[]): PrinterReading {
  return {
    protocol,
    answered: 'no',
    busy: false,
    line: 'open',
    ready: 'unknown',
    conditions: [],
    guards: UNKNOWN_GUARDS,
    evidence,
    detail,
  }
}
