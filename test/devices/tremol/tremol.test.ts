import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { understood } from '../../../src/devices/printer/status-bits.ts'
import { tremol } from '../../../src/devices/tremol/client.ts'
import { framed, polled, statusIn } from '../../../src/devices/tremol/codec.ts'
import { TREMOL } from '../../../src/devices/tremol/status.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { TREMOL_FAULTS, tremolEmulator } from '../../../src/sandbox/printers/tremol.ts'
import { ASKING, Bench, lineSaying, names, printerWith, reading } from '../printers/bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')

// Captured on an FP-28, firmware 1.04 (test of its driver in t-core-one/ErpNet.FP.js): well, and with its cover open.
const WELL = '02 2A 21 20 80 80 80 F0 A1 80 80 3F 3A 0A'
const COVER_OPEN = '80 81 80 F0 A1 80 80'
// It accepted a report, refused one to be cancelled, and did not know a command.
const RECEIPTS = ['06 21 30 30 32 31 0A', '06 23 30 32 32 31 0A', '06 24 30 34 32 30 0A']
const QUESTIONS = ['09', framed(0x9e, 0x20), framed(0x9f, 0x20)].map((some) =>
  typeof some === 'string' ? some : Buffer.from(some).toString('hex'),
)

const thoroughly = (line: Parameters<typeof reading>[1]): Promise<PrinterReading> =>
  reading(tremol, line, { ...ASKING, thorough: true })
const read = async (...faults: PrinterFault[]): Promise<PrinterReading> =>
  thoroughly(await bench.line(tremolEmulator, printerWith(...faults)))

describe('frames of Tremol', () => {
  it('are read as they were captured, by their number', () => {
    expect(statusIn(bytes(WELL), 0x21)).toEqual(bytes('80 80 80 F0 A1 80 80'))
    expect(statusIn(bytes(`0E 15 ${RECEIPTS[0]} ${WELL}`), 0x21)).toEqual(bytes('80 80 80 F0 A1 80 80'))
    expect(statusIn(bytes(WELL), 0x22)).toBeUndefined()
    expect(Buffer.from(framed(0x21, 0x20, [...bytes('80 80 80 F0 A1 80 80')]))).toEqual(bytes(WELL))
    for (const receipt of RECEIPTS) expect(statusIn(bytes(receipt), bytes(receipt)[1] ?? 0)).toBeUndefined()
  })

  it('that are damaged or cut are none', () => {
    const frame = bytes(WELL)
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(statusIn(changed, 0x21)).toBeUndefined()
    }
    for (let cut = 0; cut < frame.length; cut++) expect(statusIn(frame.subarray(0, cut), 0x21)).toBeUndefined()
    fc.assert(fc.property(fc.uint8Array(), (any) => void statusIn(any, 0x21)))
  })

  it.each([
    [0x40, {}],
    [0x41, { isBusy: true }],
    [0x42, { isOutOfPaper: true }],
    [0x43, { isOutOfPaper: true, isBusy: true }],
    [0x44, { isOverheated: true }],
    [0x48, { lacksDisplay: true }],
    [0x50, { refusal: 'password' }],
    [0x60, { refusal: 'other-connection' }],
    [0x70, { refusal: 'password' }],
  ])('the byte %i means what the description says', (byte, said) => {
    const nothing = { isBusy: false, isOutOfPaper: false, isOverheated: false, lacksDisplay: false }
    expect(polled(Uint8Array.of(byte))).toEqual({ ...nothing, ...said })
  })

  it('one byte that is none of these, or more of them, is no answer', () => {
    for (const byte of [0x09, 0x04, 0x51, 0x61, 0x80, 0xc0]) expect(polled(Uint8Array.of(byte))).toBeUndefined()
    expect(polled(Buffer.from('HTTP/1.1 400'))).toBeUndefined()
    expect(polled(new Uint8Array())).toBeUndefined()
  })
})

describe('the status of Tremol', () => {
  it('of a real device says that all is well, and that the cover is open', () => {
    expect(understood(bytes('80 80 80 F0 A1 80 80'), TREMOL)).toEqual({
      conditions: [],
      isSure: true,
      isReceiptOpen: false,
      isFiscal: true,
    })
    expect(understood(bytes(COVER_OPEN), TREMOL)).toMatchObject({ conditions: [{ name: 'paper-out' }], isSure: true })
  })

  it.each<[string, ConditionName[], boolean]>([
    ['84 80 80 F0 A1 80 80', ['overheated'], true],
    ['90 80 80 F0 A1 80 80', ['clock-wrong'], true],
    ['80 88 80 F0 A1 80 80', [], true],
    ['80 80 82 F0 A1 80 80', [], true],
    ['80 80 C0 F0 A1 80 80', ['protected-memory-full'], true],
    ['80 80 80 F8 A1 80 80', ['fiscal-memory-low'], true],
    ['80 80 80 F4 A1 80 80', ['fiscal-memory-full'], true],
    ['80 80 80 D0 A1 80 80', ['not-fiscal'], true],
    ['80 80 80 F0 A1 82 80', ['device-blocked'], true],
    ['80 80 80 F0 A1 80 90', ['paper-low'], true],
    // Blocked in some, and in others not; bits that nothing names.
    ['80 80 80 F0 A1 80 A0', ['documents-unsent'], false],
    ['80 80 80 F0 A9 80 80', ['other-warning'], false],
  ])('%s: %j', (status, conditions, isSure) => {
    const said = understood(bytes(status), TREMOL)
    expect({ names: said.conditions.map(({ name }) => name), isSure: said.isSure }).toEqual({
      names: conditions,
      isSure,
    })
  })
})

describe('a fiscal device of Tremol', () => {
  it('is asked nothing that has a number, but in a thorough visit', async () => {
    const line = await bench.line(tremolEmulator, printerWith())
    expect(await reading(tremol, line)).toMatchObject({ answered: 'yes', busy: false, ready: 'yes', conditions: [] })
    expect(Buffer.concat(bench.heard).toString('hex')).toBe('0909')
    bench.heard.splice(0)
    expect(await thoroughly(line)).toMatchObject({
      ready: 'yes',
      conditions: [],
      fiscal: { fiscal_mode: true },
      guards: { receipt_open: 'no', report_running: 'unknown' },
    })
    expect(Buffer.concat(bench.heard).toString('hex')).toBe(['0909', ...QUESTIONS.slice(1)].join(''))
  })

  const SIGNS: Readonly<Partial<Record<PrinterFault, readonly [readonly ConditionName[], string]>>> = {
    'paper-out': [['paper-out'], 'no'],
    'paper-low': [['paper-low'], 'yes'],
    'cover-open': [['paper-out'], 'no'],
    'receipt-open': [[], 'yes'],
    'fiscal-memory-full': [['fiscal-memory-full'], 'no'],
    'fiscal-memory-low': [['fiscal-memory-low'], 'yes'],
    'protected-memory-full': [['protected-memory-full'], 'no'],
    'clock-wrong': [['clock-wrong'], 'no'],
  }
  it.each(Object.entries(SIGNS))('%s shows', async (fault, [conditions, ready]) => {
    const said = await read(fault as PrinterFault)
    expect({ ready: said.ready, names: names(said) }).toEqual({ ready, names: conditions })
    expect(said.guards?.receipt_open).toBe(fault === 'receipt-open' ? 'yes' : 'no')
    expect([...Object.keys(SIGNS), ...Object.keys(NOT_READY)].sort()).toEqual([...TREMOL_FAULTS].sort())
  })

  const NOT_READY: Readonly<Partial<Record<PrinterFault, readonly [string, boolean]>>> = {
    'printer-silent': ['no', false],
    'printer-garbage': ['no', false],
    'printer-hung': ['yes', false],
    'printer-busy': ['yes', true],
  }
  it.each(Object.entries(NOT_READY))('%s is never ready', async (fault, [answered, busy]) => {
    expect(await read(fault as PrinterFault)).toMatchObject({ answered, busy, ready: 'unknown', conditions: [] })
  })

  it('that says no more than that it wants a password, or serves somebody else, is not known', async () => {
    const saying = (byte: number): Promise<PrinterReading> =>
      reading(tremol, lineSaying(Uint8Array.of(byte), Uint8Array.of(byte)))
    expect(await saying(0x50)).toMatchObject({
      answered: 'unknown',
      busy: false,
      detail: expect.stringContaining('password'),
    })
    expect(await saying(0x60)).toMatchObject({ answered: 'unknown', busy: true, ready: 'unknown' })
    expect(await saying(0x48)).toMatchObject({
      answered: 'yes',
      ready: 'unknown',
      conditions: [{ name: 'other-error' }],
    })
  })

  it('whatever comes, nothing but the questions leaves, and an echo is no answer', async () => {
    expect(await thoroughly(lineSaying(...QUESTIONS.map(bytes)))).toMatchObject({ answered: 'no', ready: 'unknown' })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }), async (answers) => {
        const line = lineSaying(...answers)
        expect(['yes', 'no', 'unknown']).toContain((await thoroughly(line)).answered)
        for (const sent of line.sent) expect(QUESTIONS).toContain(sent.toString('hex'))
      }),
    )
  })
})
