import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import { thermal } from '../../../src/devices/thermal/client.ts'
import { fiscalState, printerState } from '../../../src/devices/thermal/codec.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { thermalEmulator } from '../../../src/sandbox/printers/thermal.ts'
import { Bench, lineSaying, lineTo, names, reading } from './bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const b = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

describe('bytes of Thermal', () => {
  it.each<[number, boolean, boolean, boolean]>([
    [0x74, true, false, false],
    [0x70, false, false, false],
    [0x72, false, true, false],
    [0x75, true, false, true],
  ])('DLE 0x%s', (byte, isOnline, isBlocked, hasError) => {
    expect(printerState(b(byte))).toEqual({ byte, isOnline, isBlocked, hasError })
  })

  it('ENQ: each bit is a fact', () => {
    expect(fiscalState(b(0x6d))).toEqual({
      byte: 0x6d,
      isFiscal: true,
      wasCommandOk: true,
      isInTransaction: false,
      wasTransactionOk: true,
    })
    expect(fiscalState(b(0x6e))).toMatchObject({ isInTransaction: true, wasTransactionOk: false })
    expect(fiscalState(b(0x60))).toMatchObject({ isFiscal: false, wasCommandOk: false, isInTransaction: false })
  })

  it('never throws; an answer is found behind a byte of noise, and none in what is no answer', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void [printerState(bytes), fiscalState(bytes)]))
    for (let noise = 0; noise < 256; noise++) expect(printerState(b(noise, 0x74))?.byte).toBe(0x74)
    expect(printerState(b(0x6d, 0x00, 0xff))).toBeUndefined()
    expect(fiscalState(b(0x74))).toBeUndefined()
  })
})

describe('a Thermal printer', () => {
  it('is well when it says so, and closed receipts are a fact', async () => {
    const read = await bench.read(thermal, thermalEmulator)
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [], fiscal: { fiscal_mode: true } })
    expect(read.guards).toEqual({
      receipt_open: 'no',
      transaction_running: 'no',
      shift_open: 'unknown',
      report_running: 'unknown',
      transmission_running: 'unknown',
    })
    expect(Buffer.concat(bench.heard).toString('hex')).toBe('100510')
  })

  it('says that a receipt is open', async () => {
    const read = await bench.read(thermal, thermalEmulator, 'receipt-open')
    expect(read).toMatchObject({ ready: 'yes', guards: { receipt_open: 'yes', transaction_running: 'yes' } })
  })

  it.each<[PrinterFault, ConditionName[]]>([
    ['paper-out', ['paper-out']],
    ['cover-open', ['paper-out']],
    ['mechanism-error', ['mechanism-error']],
    ['cutter-error', ['mechanism-error']],
  ])('%s blocks it', async (fault, conditions) => {
    const read = await bench.read(thermal, thermalEmulator, fault)
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready: 'no', names: conditions })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, and no guard is open', async (fault, answered, line) => {
    const read = await bench.read(thermal, thermalEmulator, fault)
    expect(read).toMatchObject({ answered, line, ready: 'unknown', guards: { receipt_open: 'unknown' } })
  })

  it('offline, and training mode, are said', async () => {
    expect(names(await reading(thermal, lineSaying(b(0x70), b(0x6d), b(0x70))))).toEqual(['offline'])
    expect(names(await reading(thermal, lineSaying(b(0x74), b(0x65), b(0x74))))).toEqual(['not-fiscal'])
  })

  it('text is no answer', async () => {
    for (const text of ['pong, or not\r\n', 'HTTP/1.1 400 Bad Request\r\n']) {
      const port = await bench.start((socket) => socket.write(text))
      expect((await reading(thermal, lineTo(port, 400))).answered).toBe('no')
    }
  })

  it('whatever comes, a reading comes of it, and nothing else than DLE and ENQ leaves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 3 }), async (answers) => {
        const line = lineSaying(...answers)
        expect(['yes', 'no']).toContain((await reading(thermal, line)).answered)
        for (const sent of line.sent) expect(['10', '05']).toContain(sent.toString('hex'))
      }),
    )
    expect(Object.isFrozen(thermal)).toBe(true)
  })
})
