import type { Answer } from '../printer/reading.ts'
import { TERMINAL_CONDITIONS, type TerminalConditionName, type TerminalReading } from './reading.ts'

/** What is wrong with a payment terminal; `not-known` when it cannot be told, which is never the same as well. */
export const TERMINAL_FAULTS = [
  'none',
  'not-known',
  'link-down',
  'terminal-down',
  'other-terminal',
  'cards-blocked',
  'attention-soon',
] as const
export type TerminalFault = (typeof TERMINAL_FAULTS)[number]

export interface TerminalVerdict {
  readonly fault: TerminalFault
  readonly cause: TerminalConditionName | null
  readonly severity: 'sale-at-risk' | 'attention' | 'unknown' | 'none'
  readonly owner: 'store' | 'network' | 'monitoring' | 'till-support' | 'payments' | null
  readonly remedy: string | null
  /** Whether it takes cards now, as far as it says. */
  readonly takes_cards: Answer
}

/** What was found of a terminal. */
export interface TerminalFindings {
  readonly reading: TerminalReading
  /** It is there. */
  readonly reach: Answer
  /** Its own protocol answers with what makes sense. */
  readonly protocol: Answer
  /** The store can be reached at all. */
  readonly link: Answer
  /** It is the one that the inventory means, as far as it says who it is. */
  readonly isExpected: boolean
}

const SERVICE = 'Call the acquirer; until then take cash, or cards at another till.'

/** Who is to act on a condition, and what helps. */
const REMEDIES: Readonly<
  Record<TerminalConditionName, readonly [owner: 'store' | 'network' | 'payments', remedy: string]>
> = {
  'initialisation-required': ['payments', `It wants to be initialised by its till or its menu. ${SERVICE}`],
  'activation-required': ['payments', `It has to be activated at its till or in its menu. ${SERVICE}`],
  'diagnosis-required': ['payments', `It wants a diagnosis with its host, from its till or its menu. ${SERVICE}`],
  'not-configured': ['payments', SERVICE],
  'keys-missing': ['payments', `Its keys are missing or damaged. ${SERVICE}`],
  locked: ['payments', SERVICE],
  'out-of-order': ['payments', SERVICE],
  'memory-full': ['payments', `Make its end of day; if it stays full: ${SERVICE}`],
  'card-reader-error': ['store', `Look into its slot for what is stuck, switch it off and on. If it stays: ${SERVICE}`],
  'power-fault': ['store', 'Look at its power supply or battery.'],
  'clock-wrong': ['payments', `Its clock is wrong. ${SERVICE}`],
  'host-unreachable': [
    'network',
    'It does not reach its host: look at the line of the store, its gateway and name server.',
  ],
  'reconciliation-required': ['store', 'Make its end of day.'],
  'update-pending': ['payments', 'It wants an update or new parameters: let it have them outside of trading hours.'],
  'printer-not-ready': ['store', 'Look at its paper.'],
  'payments-unsent': [
    'payments',
    'Payments wait in it for its host: see that it reaches the internet, and do not reset it.',
  ],
  'battery-low': ['store', 'Put it on its charger.'],
  'other-error': ['store', 'Look at its display.'],
}

/** The truth table: a terminal that somebody uses is not disturbed by a doubt, one that leaves open whether it works is never well. */
export function judgeTerminal(findings: TerminalFindings): TerminalVerdict {
  const { reading, protocol } = findings
  if (!findings.isExpected) {
    const remedy = 'Another terminal than the inventory says answers here: see which of the two is right.'
    return verdict('other-terminal', 'sale-at-risk', { owner: 'till-support', remedy })
  }
  if (protocol !== 'yes') return unanswered(findings)
  const first = worst(reading)
  if (first !== undefined && TERMINAL_CONDITIONS[first] === 'blocked')
    return caused('cards-blocked', 'sale-at-risk', first, 'no')
  if (reading.busy) return verdict('none', 'none', {})
  if (reading.ready === 'unknown') {
    const remedy = 'It does not say whether it takes cards: see whether it does.'
    return first === undefined
      ? verdict('not-known', 'unknown', { owner: 'payments', remedy })
      : caused('not-known', 'unknown', first, 'unknown')
  }
  if (first !== undefined)
    return caused('attention-soon', first === 'host-unreachable' ? 'sale-at-risk' : 'attention', first, reading.ready)
  return verdict('none', 'none', { takes_cards: reading.ready })
}

/** What blocks it goes before what only warns. */
function worst({ conditions }: TerminalReading): TerminalConditionName | undefined {
  return (conditions.find(({ name }) => TERMINAL_CONDITIONS[name] === 'blocked') ?? conditions[0])?.name
}

function caused(
  fault: TerminalFault,
  severity: TerminalVerdict['severity'],
  cause: TerminalConditionName,
  takesCards: Answer,
): TerminalVerdict {
  const [owner, remedy] = REMEDIES[cause]
  return { fault, cause, severity, owner, remedy, takes_cards: takesCards }
}

/** It does not answer, and nothing proves that it works. */
function unanswered({ reading, reach, protocol, link }: TerminalFindings): TerminalVerdict {
  if (reach !== 'yes' && link === 'no') {
    const remedy = 'The whole store cannot be reached: its router and its line come first, then its devices.'
    return verdict('link-down', 'sale-at-risk', { owner: 'network', remedy })
  }
  if (reach === 'no') {
    const remedy = 'See whether it has power and network, and whether its address is right; then call the acquirer.'
    return verdict('terminal-down', 'sale-at-risk', { owner: 'store', remedy })
  }
  if (protocol === 'no') {
    const remedy =
      'It takes connections and does not answer as it should: see whether it is set to this protocol; then switch it off and on.'
    return verdict('terminal-down', 'sale-at-risk', { owner: 'payments', remedy })
  }
  const isUsed = reading.busy || reading.line === 'open'
  const remedy = isUsed
    ? 'It is there and was not, or could not be, asked for its state: its till may be using it. Look again later.'
    : 'It could not be asked: mend the way to it (gateway, till, port), then look again.'
  return verdict('not-known', 'unknown', { owner: 'monitoring', remedy })
}

function verdict(
  fault: TerminalFault,
  severity: TerminalVerdict['severity'],
  more: Partial<Pick<TerminalVerdict, 'owner' | 'remedy' | 'takes_cards'>>,
): TerminalVerdict {
  return { fault, cause: null, severity, owner: null, remedy: null, takes_cards: 'unknown', ...more }
}
