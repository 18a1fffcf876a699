import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { daisy, datecs, datecsX } from '../../../src/devices/datecs/client.ts'
import { answersIn, encodeQuestion, framed, NARROW, WIDE } from '../../../src/devices/datecs/frame.ts'
import { DAISY, DATECS, DATECS_X } from '../../../src/devices/datecs/status.ts'
import type { ConditionName } from '../../../src/devices/printer/reading.ts'
import { understood } from '../../../src/devices/printer/status-bits.ts'
import {
  DATECS_FAULTS,
  DATECS_X_FAULTS,
  daisyEmulator,
  datecsEmulator,
  datecsXEmulator,
} from '../../../src/sandbox/printers/datecs.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { Bench, lineSaying, names, printerWith, reading } from '../printers/bench.ts'

const bench = new Bench()
afterEach(() => bench.close())
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const hex = (some: Uint8Array): string =>
  Buffer.from(some)
    .toString('hex')
    .toUpperCase()
    .replace(/..(?=.)/g, '$& ')

// Captured on a Daisy FX 1200 (test of the driver daisy_fx1200 in AlexVangelov/extface).
const ASKED = '01 24 20 4A 05 30 30 39 33 03'
const WELL = '01 31 20 4A 88 80 C0 80 80 B8 04 88 80 C0 80 80 B8 05 30 37 3A 34 03'
const OPEN = '01 31 20 4A 80 80 88 80 80 B8 04 80 80 88 80 80 B8 05 30 37 32 34 03'
const OTHER_COMMAND = '01 2C 2F 2D 50 04 88 80 C0 80 80 B0 05 30 34 35 39 03'

// Sent to a DP-25MX by Datecs's own program, over TCP (its capture stands beside bulgariamitko/datecs-fprint-macos).
const ASKED_X = '01 30 30 32 3A 20 30 30 34 3A 05 30 31 3B 3F 03'
// Accepted by an FP-700X, which said this status of itself (test of its driver in t-core-one/ErpNet.FP.js).
const ACCEPTED_X = '01 30 30 32 3B 21 30 30 35 3A 31 05 30 31 3F 33 03'
const STATUS_X = '80 80 80 80 86 9A 80 80'
// The answer that the manual has as an example (version 2.08, page 4), of a printed line.
const MANUAL_X = '01 30 30 33 35 24 30 30 32 3A 30 09 04 80 80 A0 80 86 9A 80 80 05 30 36 33 3A 03'
/** The answer of the manual (page 23): error 0, the status, and the status again. */
const WELL_X = hex(
  framed(
    { number: 0x20, command: 0x4a, content: [0x30, 9, ...bytes(STATUS_X), 9, 0x04, ...bytes(STATUS_X), 0x05] },
    WIDE,
  ),
)

describe('frames', () => {
  it('ask and are read as they were captured', () => {
    expect(hex(encodeQuestion(0x20, NARROW))).toBe(ASKED)
    const read = answersIn(bytes(WELL), NARROW).map(({ number, status }) => ({ number, status: hex(status) }))
    expect(read).toEqual([{ number: 0x20, status: '88 80 C0 80 80 B8' }])
    expect(answersIn(bytes(`16 16 ${WELL} 15 ${OPEN}`), NARROW).map(({ number }) => number)).toEqual([0x20, 0x20])
  })

  it('of the X series ask and are read as they were captured, and as the manual has them', () => {
    expect(hex(encodeQuestion(0x20, WIDE))).toBe(ASKED_X)
    expect(hex(framed({ number: 0x21, command: 0x5a, content: [0x31, 0x05] }, WIDE))).toBe(ACCEPTED_X)
    const [, , , , , number = 0, , , , , ...content] = bytes(MANUAL_X).subarray(0, -5)
    expect(hex(framed({ number, command: 0x2a, content }, WIDE))).toBe(MANUAL_X)
    const read = answersIn(bytes(`16 16 15 ${WELL_X}`), WIDE)
    expect(read.map(({ status }) => hex(status))).toEqual(['80 80 80 80 86 9A 80 80'])
  })

  it.each([
    ['one byte of length', NARROW, WELL, OTHER_COMMAND],
    ['four', WIDE, WELL_X, MANUAL_X],
  ])('with %s that are damaged, cut, or answer another command are none', (_length, framing, well, other) => {
    const frame = bytes(well)
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = Buffer.from(frame)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(answersIn(changed, framing)).toEqual([])
    }
    for (let cut = 0; cut < frame.length; cut++) expect(answersIn(frame.subarray(0, cut), framing)).toEqual([])
    expect(answersIn(bytes(other), framing)).toEqual([])
    expect(answersIn(bytes(framing === WIDE ? WELL : WELL_X), framing)).toEqual([])
    fc.assert(fc.property(fc.uint8Array(), (any) => void answersIn(any, framing)))
  })
})

describe('the status', () => {
  it('of a real Daisy says that all is well, and that a receipt is open', () => {
    const [well, open] = [answersIn(bytes(WELL), NARROW)[0], answersIn(bytes(OPEN), NARROW)[0]]
    expect(well && understood(well.status, DAISY)).toMatchObject({ conditions: [], isSure: true, isReceiptOpen: false })
    expect(open && understood(open.status, DAISY)).toMatchObject({ conditions: [], isSure: true, isReceiptOpen: true })
  })

  it.each<[string, ConditionName[], boolean]>([
    ['80 80 80 80 86 9A', [], true],
    ['88 80 80 80 86 9A', [], true],
    ['B0 80 80 80 86 9A', ['mechanism-error'], false],
    ['84 80 80 80 86 9A', ['clock-wrong'], true],
    ['80 80 81 80 86 9A', ['paper-out'], true],
    ['80 80 82 80 86 9A', ['paper-low'], true],
    ['80 80 80 80 B6 9A', ['fiscal-memory-full'], true],
    ['80 80 80 80 86 92', ['not-fiscal'], true],
    ['A0 80 80 80 86 9A', ['other-error'], false],
    // An open cover of FP-2000, a turned receipt in Bulgaria.
    ['80 A0 80 80 86 9A', ['other-error'], false],
    ['C0 80 80 80 86 9A', ['other-error'], false],
    ['80 80 80 80 A6 9A', ['other-error'], false],
    // Its switches.
    ['80 80 80 FF 86 9A', [], true],
  ])('of Datecs %s: %j', (status, conditions, isSure) => {
    const read = understood(bytes(status), DATECS)
    expect({ names: read.conditions.map(({ name }) => name), isSure: read.isSure }).toEqual({
      names: conditions,
      isSure,
    })
  })
})

describe('the status of the X series', () => {
  it.each<[string, ConditionName[], boolean]>([
    [STATUS_X, [], true],
    ['80 80 A0 80 86 9A 80 80', [], true],
    ['84 80 80 80 86 9A 80 80', ['clock-wrong'], true],
    ['C0 80 80 80 86 9A 80 80', ['cover-open'], true],
    ['B0 80 80 80 86 9A 80 80', ['mechanism-error'], false],
    ['80 80 81 80 86 9A 80 80', ['paper-out'], true],
    ['80 80 84 80 86 9A 80 80', ['protected-memory-full'], true],
    ['80 80 80 80 8E 9A 80 80', ['fiscal-memory-low'], true],
    ['80 80 80 80 C6 9A 80 80', ['unrecoverable-error'], true],
    ['80 80 80 80 86 92 80 80', ['not-fiscal'], true],
    ['A0 80 80 80 86 9A 80 80', ['other-error'], false],
    // A command was refused; bits that are always 0.
    ['A0 82 80 80 86 9A 80 80', ['other-error'], false],
    ['80 84 80 80 86 9A 80 80', ['other-warning'], false],
    ['80 80 80 80 86 9A 81 80', ['other-warning'], false],
  ])('%s: %j', (status, conditions, isSure) => {
    const read = understood(bytes(status), DATECS_X)
    expect({ names: read.conditions.map(({ name }) => name), isSure: read.isSure }).toEqual({
      names: conditions,
      isSure,
    })
  })
})

describe('every bit of a status', () => {
  it.each([
    ['Datecs', DATECS, 6],
    ['the X series', DATECS_X, 8],
    ['Daisy', DAISY, 6],
  ])('of %s has a row, or is not understood', (_maker, table, length) => {
    const bits = Array.from({ length: length * 7 }, (_, n) => [Math.floor(n / 7), n % 7] as const)
    for (const [byte, bit] of bits) {
      const status = Buffer.alloc(length, 0x80)
      status[5] = table.fiscal ? 0x88 : 0x80
      status[byte] = (status[byte] ?? 0) | (1 << bit)
      const { conditions, isSure } = understood(status, table)
      const isFine = [...table.fine, ...table.receiptOpen].some(([at, which]) => at === byte && which === bit)
      expect({ byte, bit, names: conditions.length > 0, isSure: isSure && conditions.length === 0 }).toEqual({
        byte,
        bit,
        names: !isFine,
        isSure: isFine,
      })
    }
  })

  it('of the byte of errors of Daisy is part of a number', () => {
    const read = understood(bytes('80 80 C0 85 80 B8'), DAISY)
    expect(read).toMatchObject({ isSure: false, conditions: [{ name: 'other-error', evidence: 'status 3: error 5' }] })
  })
})

describe('a fiscal printer', () => {
  it.each([
    { protocol: datecs, emulator: datecsEmulator, framing: NARROW },
    { protocol: datecsX, emulator: datecsXEmulator, framing: WIDE },
    { protocol: daisy, emulator: daisyEmulator, framing: NARROW },
  ])('of $protocol.name is asked for its status twice, and for nothing else', async (kind) => {
    const { protocol, emulator, framing } = kind
    const line = await bench.line(emulator, printerWith())
    for (let visit = 1; visit <= 2; visit++) {
      expect(await reading(protocol, line)).toMatchObject({
        protocol: protocol.name,
        answered: 'yes',
        ready: 'yes',
        conditions: [],
        guards: { receipt_open: 'no', report_running: 'unknown' },
      })
    }
    const asked = [0xfe, 0xff, 0xfe, 0xff].map((number) => Buffer.from(encodeQuestion(number, framing)))
    const sent = Buffer.concat(asked)
    expect(Buffer.concat(bench.heard).subarray(-sent.length)).toEqual(sent)
  })

  it('is never read by an answer that it only repeats', async () => {
    const printer = printerWith()
    const line = await bench.line(datecsEmulator, printer)
    await reading(datecs, line)
    ;(printer.faults as Set<PrinterFault>).add('paper-out')
    expect(await reading(datecs, line)).toMatchObject({ ready: 'no', conditions: [{ name: 'paper-out' }] })
  })

  const SIGNS: Readonly<Partial<Record<PrinterFault, readonly [readonly ConditionName[], string]>>> = {
    'paper-out': [['paper-out'], 'no'],
    'paper-low': [['paper-low'], 'yes'],
    'mechanism-error': [['mechanism-error'], 'no'],
    'receipt-open': [[], 'yes'],
    'fiscal-memory-full': [['fiscal-memory-full'], 'no'],
    'fiscal-memory-low': [['fiscal-memory-low'], 'yes'],
  }
  it.each(Object.entries(SIGNS))('%s shows', async (fault, [conditions, ready]) => {
    const read = await bench.read(datecs, datecsEmulator, fault as PrinterFault)
    expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
    expect(read.guards?.receipt_open).toBe(fault === 'receipt-open' ? 'yes' : 'no')
  })

  it.each(Object.entries({ ...SIGNS, 'cover-open': [['cover-open'], 'no'] as const }))(
    'of the X series: %s shows',
    async (fault, [conditions, ready]) => {
      const read = await bench.read(datecsX, datecsXEmulator, fault as PrinterFault)
      expect({ ready: read.ready, names: names(read) }).toEqual({ ready, names: conditions })
      expect([...DATECS_FAULTS, 'cover-open']).toEqual(DATECS_X_FAULTS)
    },
  )

  it.each([
    ['datecs', datecs, datecsXEmulator, 'datecs-x'],
    ['datecs-x', datecsX, datecsEmulator, 'datecs'],
  ])('that is asked as %s and is of another series says so, and is not busy', async (_, protocol, emulator, other) => {
    expect(await bench.read(protocol, emulator)).toMatchObject({
      answered: 'unknown',
      busy: false,
      ready: 'unknown',
      detail: expect.stringContaining(`"protocol: ${other}"`),
    })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'open'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    expect(await bench.read(datecs, datecsEmulator, fault)).toMatchObject({ answered, line, ready: 'unknown' })
    expect([...Object.keys(SIGNS), 'printer-silent', 'printer-garbage', 'printer-hung', 'printer-busy'].sort()).toEqual(
      [...DATECS_FAULTS].sort(),
    )
  })

  it('that asks to wait is busy, not sick', async () => {
    const read = await bench.read(datecs, datecsEmulator, 'printer-busy')
    expect(read).toMatchObject({ answered: 'unknown', busy: true, detail: expect.stringContaining('asks to wait') })
    expect(await reading(datecs, lineSaying(Buffer.of(0x16, 0x16, 0x16)))).toMatchObject({ busy: true })
    // Noise on the line, and then that it waits.
    expect(await reading(datecs, lineSaying(Buffer.of(0xff, 0x16, 0x16)))).toMatchObject({ busy: true })
  })

  it('to which a frame came damaged is asked again', async () => {
    let refused = 0
    const damaged: PrinterEmulator = (socket, printer) => {
      const on = socket.on.bind(socket)
      socket.on = ((event: string, listener: (chunk: Buffer) => void) =>
        on(
          event,
          event === 'data' && refused++ < 2 ? () => socket.write(Buffer.of(0x15)) : listener,
        )) as typeof socket.on
      datecsEmulator(socket, printer)
    }
    const line = await bench.line(damaged, printerWith())
    expect(await reading(datecs, line)).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [] })
  })

  it('that refuses every frame is there, and not known', async () => {
    const read = await reading(datecs, lineSaying(Buffer.of(0x15)))
    expect(read).toMatchObject({ answered: 'unknown', busy: false, detail: expect.stringContaining('refuses') })
    expect(read.evidence.map(({ answered }) => answered)).toEqual(['15', '15', '15'])
  })

  it('whatever comes, nothing but the question leaves', async () => {
    const allowed = [0xfe, 0xff].map((number) => hex(encodeQuestion(number, NARROW)))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), async (answers) => {
        const line = lineSaying(...answers)
        expect(['yes', 'no', 'unknown']).toContain((await reading(datecs, line)).answered)
        for (const sent of line.sent) expect(allowed).toContain(hex(sent))
      }),
    )
  })
})
