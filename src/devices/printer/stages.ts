import { openSeconds } from '../../core/trading-hours.ts'
import type { LineState } from '../line/line.ts'
import { type LastReceipt, lastReceipt, type ReceiptSigns } from './last-receipt.ts'
import type { Answer, PrinterReading } from './reading.ts'

/** What one stage found, on what grounds, and how old these are in seconds. */
export interface Stage {
  readonly answer: Answer
  readonly evidence: string
  readonly age_s: number
}

const REACH: Readonly<Record<LineState, Answer>> = {
  open: 'yes',
  busy: 'yes',
  // Somebody answered that there is nothing, or nothing more, to be had.
  refused: 'yes',
  reset: 'yes',
  'timed-out': 'no',
  unreachable: 'no',
  'name-not-found': 'no',
  missing: 'no',
  denied: 'unknown',
  unknown: 'unknown',
}

/**
 * Stage 1: is the device there? `pings`: it answers to ping, though not on its port; `silence`: what no answer says, where
 * an agent may not want to answer us.
 */
export function reachStage(
  reading: Pick<PrinterReading, 'line' | 'detail' | 'answered'>,
  { name, pings, silence }: { readonly name: string; readonly pings: boolean; readonly silence: Answer },
): Stage {
  const { line, detail = '' } = reading
  if (line === undefined) return { answer: reading.answered === 'yes' ? 'yes' : 'unknown', evidence: detail, age_s: 0 }
  if (pings && REACH[line] === 'no') {
    return { answer: 'yes', evidence: `${name} answers to ping, not on its port: ${detail || line}`, age_s: 0 }
  }
  const answer = line === 'timed-out' ? silence : REACH[line]
  return { answer, evidence: line === 'open' ? `${name} is open` : `${name}: ${detail || line}`, age_s: 0 }
}

/**
 * Stage 2: does its own protocol answer with what makes sense? Where the port takes one connection at a time, silence
 * and refusal may mean that the till is printing.
 */
export function protocolStage(
  reading: Pick<PrinterReading, 'answered' | 'busy' | 'line' | 'evidence' | 'detail' | 'protocol'>,
  oneAtATime: boolean,
): Stage {
  const { answered, busy, line, evidence, detail, protocol } = reading
  const isMute = line !== 'open' || evidence.every((each) => each.answered === '')
  const mayBeBusy = busy || (oneAtATime && isMute)
  const refuses = line === 'refused' || line === 'reset'
  const answer = answered === 'yes' ? 'yes' : mayBeBusy ? 'unknown' : refuses ? 'no' : answered
  const said = evidence.find((each) => each.answered !== '')
  const words = answered === 'yes' && said ? `${protocol} answers: ${said.asked} → ${said.answered}` : (detail ?? '')
  return { answer, evidence: words.slice(0, 300), age_s: 0 }
}

export interface WorkSigns extends ReceiptSigns {
  /** So much trading time without a receipt is too much, in seconds. */
  readonly silentAfterS: number
  /** So old a waiting job says that the queue stands, in seconds. */
  readonly jobAgeS: number
}

const BY_CLASS: Readonly<Record<string, Answer>> = {
  ok: 'yes',
  late: 'yes',
  'fewer-than-usual': 'yes',
  'none-since': 'no',
}

/** Stage 3: does it do its work? By what others saw of receipts, by its own account, by its queue; else unknown. */
export function workStage(signs: WorkSigns): Stage {
  const { reading, receipts, jobAgeS } = signs
  const { depth = 0, oldest_seconds: oldest } = reading.queue ?? {}
  if (depth > 0 && oldest !== undefined && oldest > jobAgeS) {
    return { answer: 'no', evidence: `its oldest job waits for ${oldest} s`, age_s: 0 }
  }
  const last = lastReceipt(signs)
  const seen = receipts ? BY_CLASS[String(receipts.class)] : undefined
  if (seen !== undefined) {
    const age = last.receipt ? secondsSince(last.receipt.latest, signs) : 0
    return { answer: seen, evidence: `receipts: ${String(receipts?.class)}`, age_s: age }
  }
  return byLastReceipt(signs, last)
}

function byLastReceipt(signs: WorkSigns, { receipt, document, doubt }: LastReceipt): Stage {
  const { trading, now, silentAfterS } = signs
  const last = receipt ?? document
  if (!last) return { answer: 'unknown', evidence: doubt ?? 'nothing is known of its last receipt', age_s: 0 }
  const quiet = Math.round(openSeconds(trading, { from: last.latest, to: now.getTime() }))
  const evidence = `last ${receipt ? 'receipt' : 'document'} ${last.text}, ${quiet} s of trading ago`
  const age = secondsSince(last.latest, signs)
  if (quiet > silentAfterS) return { answer: 'no', evidence, age_s: age }
  // A receipt of yesterday evening proves nothing of this morning.
  const isProof = receipt !== undefined && secondsSince(receipt.earliest, signs) <= silentAfterS
  return { answer: isProof ? 'yes' : 'unknown', evidence, age_s: age }
}

function secondsSince(time: number, { now }: WorkSigns): number {
  return Math.max(0, Math.round((now.getTime() - time) / 1000))
}
