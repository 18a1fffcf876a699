import { type Result, success } from '../../core/failure.ts'
import { escpos } from '../escpos/client.ts'
import type { Line } from '../line/line.ts'
import { pjl } from '../pjl/client.ts'
import { zebra } from '../zebra/client.ts'
import type { Asking, LineProtocol } from './protocol.ts'
import type { PrinterReading } from './reading.ts'

/**
 * What a printer is by the inventory, or by what answered elsewhere: one that answers IPP or SNMP is an office printer,
 * or `any` where nothing is known.
 */
export type Suspected = 'receipt' | 'label' | 'office' | 'any'

/**
 * Who is asked, in order. Nothing is asked that another kind could print:
 * - `DLE EOT` is three bytes that a receipt printer answers at once and a label printer drops. An office printer may
 *   have signs for them, so one that is known to be one is never asked so.
 * - `~HQES` is text to a receipt printer, also to one that is too busy or too sick to have answered: only a printer that
 *   is known for labels is asked so, and only when it has not answered the first.
 * - PJL is text to both, so only office printers are asked so.
 */
const ORDER: Readonly<Record<Suspected, readonly LineProtocol[]>> = {
  receipt: [escpos],
  label: [escpos, zebra],
  office: [pjl],
  any: [escpos],
}

/**
 * Finds out what speaks on an open port, mostly 9100, and reads it. Where that cannot be told without the danger of
 * printing something, the reading has the protocol `unknown`, and says so.
 * A port that is busy, refused or out of reach is asked once.
 */
export async function detectPrinter(line: Line, asking: Asking, suspected: Suspected): Promise<Result<PrinterReading>> {
  const candidates = ORDER[suspected]
  const budgetMs = Math.max(1, Math.floor(asking.budgetMs / candidates.length))
  const evidence: PrinterReading['evidence'][number][] = []
  let last: PrinterReading | undefined
  for (const protocol of candidates) {
    const read = await protocol.read(line, { ...asking, budgetMs })
    if (!read.ok || read.value.answered === 'yes') return read
    last = read.value
    evidence.push(...last.evidence)
    // It says something that is no answer, or cannot be asked at all: another question would not be understood better.
    if (last.answered === 'unknown' || evidence.some(({ answered }) => answered !== '')) break
  }
  if (!last) throw new Error(`Nobody is asked for ${suspected}.`)
  const asked = candidates.map(({ name }) => name).join(' and ')
  const detail =
    last.answered === 'unknown'
      ? last.detail
      : `It did not answer as ${asked} printers do. Other questions might be printed: name its protocol in the runbook.`
  return success({ ...last, protocol: 'unknown', evidence, ...(detail !== undefined && { detail }) })
}
