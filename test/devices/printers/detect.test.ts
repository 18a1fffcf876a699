import { afterEach, expect, it } from 'vitest'
import { QUESTION } from '../../../src/devices/pjl/codec.ts'
import { detectPrinter, type Suspected } from '../../../src/devices/printer/detect.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { pjlEmulator } from '../../../src/sandbox/printers/pjl.ts'
import { zebraEmulator } from '../../../src/sandbox/printers/zebra.ts'
import { ASKING, Bench, printerWith } from './bench.ts'

const bench = new Bench()
afterEach(() => {
  bench.heard.length = 0
  return bench.close()
})

const KINDS = { escpos: escposEmulator, zebra: zebraEmulator, pjl: pjlEmulator } as const
const heard = (): string => Buffer.concat(bench.heard).toString('latin1')

async function detect(emulator: PrinterEmulator, suspected: Suspected, ...faults: PrinterFault[]) {
  const read = await detectPrinter(await bench.line(emulator, printerWith(...faults)), ASKING, suspected)
  if (!read.ok) throw new Error(read.failure.message)
  return read.value
}

it.each<[keyof typeof KINDS, Suspected, string, string]>([
  ['escpos', 'receipt', 'escpos', 'yes'],
  ['escpos', 'any', 'escpos', 'yes'],
  ['escpos', 'label', 'escpos', 'yes'],
  ['zebra', 'label', 'zebra', 'yes'],
  ['zebra', 'any', 'unknown', 'no'],
  ['zebra', 'receipt', 'unknown', 'no'],
  ['pjl', 'office', 'pjl', 'yes'],
  ['pjl', 'any', 'unknown', 'no'],
])('%s, taken for %s, is %s', async (kind, suspected, protocol, answered) => {
  const read = await detect(KINDS[kind], suspected)
  expect(read).toMatchObject({ protocol, answered, ready: answered === 'yes' ? 'yes' : 'unknown' })
})

it.each<[Suspected, PrinterFault]>([
  ['receipt', 'printer-silent'],
  ['any', 'printer-silent'],
  ['any', 'printer-hung'],
  ['label', 'printer-hung'],
  ['label', 'printer-garbage'],
  ['label', 'printer-busy'],
])('a sick receipt printer that is taken for %s (%s) is sent nothing that it could print', async (suspected, fault) => {
  expect((await detect(escposEmulator, suspected, fault)).protocol).toBe('unknown')
  expect(Buffer.from(heard(), 'latin1').toString('hex')).toMatch(/^(10040[1-4])*$/)
})

it('nothing but PJL is sent to an office printer', async () => {
  await detect(pjlEmulator, 'office')
  expect(heard()).toBe(QUESTION)
})

it('says what to do where it cannot tell', async () => {
  expect((await detect(zebraEmulator, 'any')).detail).toContain('name its protocol in the runbook')
  expect((await detect(escposEmulator, 'any', 'printer-busy')).detail).toContain('closed the connection')
})
