import { type Result, success } from '../../core/failure.ts'
import type { DeviceKind } from '../../core/fleet.ts'
import { machineLoad } from '../../load/machine-load.ts'
import type { Line } from '../line/line.ts'
import { detectPrinter, type Suspected } from './detect.ts'
import type { Asking } from './protocol.ts'
import type { PrinterReading } from './reading.ts'
import { notReached } from './unanswered.ts'

/** How an office printer is asked, and what is on the raw port of any. */
export interface Questions {
  readonly ipp: () => Promise<Result<PrinterReading>>
  readonly snmp: () => Promise<Result<PrinterReading>>
  readonly line: () => Line
}

const SUSPECTED: Readonly<Partial<Record<DeviceKind, Suspected>>> = {
  'receipt-printer': 'receipt',
  'label-printer': 'label',
  'office-printer': 'office',
}

/**
 * Finds out what a printer speaks by what the inventory says that it is, and reads it. Nothing is sent that another kind
 * could print; where that leaves nothing to ask, it is unknown.
 */
export async function readByKind(
  kind: DeviceKind,
  questions: Questions,
  asking: Asking,
): Promise<Result<PrinterReading>> {
  if (kind === 'fiscal-printer') {
    const detail = 'A fiscal device is not tried by one protocol after the other: name the one that it speaks.'
    return success(notReached('unknown', { state: 'unknown', replies: [], detail, ms: 0 }))
  }
  if (kind === 'office-printer') return readOffice(questions, asking)
  return detectPrinter(questions.line(), asking, SUSPECTED[kind] ?? 'any')
}

/** IPP and SNMP at once, so that an address where nothing is costs its deadline once; PJL where both are closed. */
async function readOffice(questions: Questions, asking: Asking): Promise<Result<PrinterReading>> {
  const began = machineLoad.elapsed()
  const [ipp, snmp] = await Promise.all([questions.ipp(), questions.snmp()])
  for (const read of [ipp, snmp]) if (read.ok && read.value.answered === 'yes') return read
  const isClosed = ipp.ok && (ipp.value.line === 'refused' || ipp.value.line === 'reset')
  const budgetMs = asking.budgetMs - (machineLoad.elapsed() - began)
  return isClosed && budgetMs > 0 ? detectPrinter(questions.line(), { ...asking, budgetMs }, 'office') : ipp
}
