import { type Answer, type GuardFacts, UNKNOWN_GUARDS } from './reading.ts'

/** What must never be interrupted. An open shift is no such thing: it is open all day. */
const HOLDING = ['receipt_open', 'transaction_running', 'report_running', 'transmission_running'] as const

/** The guards of a device, and whether something disruptive may be done: only `yes` is safe, and what is not known is not. */
export function withSafety(guards: GuardFacts = UNKNOWN_GUARDS): GuardFacts & { readonly safe: Answer } {
  const all = HOLDING.map((name) => guards[name])
  const safe = all.includes('yes') ? 'no' : all.every((answer) => answer === 'no') ? 'yes' : 'unknown'
  return { ...guards, safe }
}
