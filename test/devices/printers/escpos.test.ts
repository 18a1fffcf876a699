import { randomInt } from 'node:crypto'
import fc from 'fast-check'
import { print } from 'receiptio'
import { afterEach, describe, expect, it } from 'vitest'
import { escpos } from '../../../src/devices/escpos/client.ts'
import { type StatusKind, sortStatus, statusQuestion } from '../../../src/devices/escpos/codec.ts'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { Bench, lineSaying, lineTo, names, printerWith, reading } from './bench.ts'

const RECEIPT = 'TOTAL|12.30\n---\n{code:2012345678903;option:ean,hri}\n=\n'
const bench = new Bench()
afterEach(() => bench.close())

describe('bytes of ESC/POS', () => {
  it.each<[StatusKind, string]>([
    ['printer', '100401'],
    ['offline', '100402'],
    ['error', '100403'],
    ['paper', '100404'],
  ])('asks for %s', (kind, hex) => expect(Buffer.from(statusQuestion(kind)).toString('hex')).toBe(hex))

  it.each<[string, string, ReturnType<typeof sortStatus>]>([
    ['an answer', '12', { answers: [0x12], automatic: [], headless: 0, noise: 0, isHeld: false }],
    [
      'automatic status before the answer',
      '1400000f12',
      { answers: [0x12], automatic: [[0x14, 0, 0, 0x0f]], headless: 0, noise: 0, isHeld: false },
    ],
    [
      'an answer and XOFF within an automatic status',
      '3808131a0c0f',
      { answers: [0x1a], automatic: [[0x38, 8, 0x0c, 0x0f]], headless: 0, noise: 0, isHeld: true },
    ],
    ['XOFF, then XON', '131112', { answers: [0x12], automatic: [], headless: 0, noise: 0, isHeld: false }],
    [
      'the rest of an automatic status',
      '000c0f16',
      { answers: [0x16], automatic: [], headless: 3, noise: 0, isHeld: false },
    ],
    ['noise of an opened line', 'ff12', { answers: [0x12], automatic: [], headless: 0, noise: 1, isHeld: false }],
  ])('sorts %s', (_what, hex, stream) => expect(sortStatus(Buffer.from(hex, 'hex'))).toEqual(stream))

  it('never throws, and loses no byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { answers, automatic, headless, noise } = sortStatus(bytes)
        expect(answers.length + 4 * automatic.length + headless + noise).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })

  it('finds an answer wherever automatic status and flow control stand around it', () => {
    const between = fc.oneof(
      fc.constantFrom([0x11], [0x13]),
      fc
        .tuple(fc.constantFrom(0x10, 0x14, 0x18, 0x3c), fc.nat(0x0f), fc.nat(0x0f), fc.nat(0x0f))
        .map((bytes) => [...bytes]),
    )
    const some = fc.array(between, { maxLength: 5 }).map((lists) => lists.flat())
    fc.assert(
      fc.property(some, fc.constantFrom(0x12, 0x16, 0x1a, 0x3a, 0x52, 0x7e), some, (before, answer, behind) => {
        const { answers, noise } = sortStatus(Uint8Array.from([...before, answer, ...behind]))
        expect({ answers, noise }).toEqual({ answers: [answer], noise: 0 })
      }),
    )
  })
})

describe('a receipt printer', () => {
  it('is well when all four answers say so', async () => {
    const began = performance.now()
    const read = await bench.read(escpos, escposEmulator)
    expect(read).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [], busy: false, line: 'open' })
    expect(read.evidence.map(({ asked, answered }) => `${asked}: ${answered}`)).toEqual([
      'DLE EOT 1: 12',
      'DLE EOT 2: 12',
      'DLE EOT 3: 12',
      'DLE EOT 4: 12',
    ])
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  it.each<[PrinterFault, ConditionName[], string]>([
    ['cover-open', ['cover-open'], 'no'],
    ['paper-out', ['paper-out', 'paper-low'], 'no'],
    ['paper-low', ['paper-low'], 'yes'],
    ['cutter-error', ['cutter-error'], 'no'],
    ['mechanism-error', ['unrecoverable-error'], 'no'],
  ])('%s shows', async (fault, conditions, ready) => {
    const read = await bench.read(escpos, escposEmulator, fault)
    expect({ answered: read.answered, ready: read.ready, names: names(read) }).toEqual({
      answered: 'yes',
      ready,
      names: conditions,
    })
  })

  it.each<[PrinterFault, string, string]>([
    ['printer-silent', 'no', 'open'],
    ['printer-garbage', 'no', 'open'],
    ['printer-hung', 'no', 'open'],
    ['printer-busy', 'unknown', 'reset'],
  ])('%s: answered %s, never ready', async (fault, answered, line) => {
    const read = await bench.read(escpos, escposEmulator, fault)
    expect(read).toMatchObject({ answered, line, ready: 'unknown', conditions: [] })
    expect(read.detail).not.toBe('')
  })

  it('several faults show together', async () => {
    const read = await bench.read(escpos, escposEmulator, 'cover-open', 'paper-low', 'cutter-error')
    expect([...names(read)].sort()).toEqual(['cover-open', 'cutter-error', 'paper-low'])
  })

  it('reads automatic status of the till between the answers rightly', async () => {
    const port = await bench.start((socket) => {
      socket.write(Buffer.from('1400000f', 'hex'))
      socket.on('data', (asked) => {
        const answer = asked[2] === 4 ? '1e' : '12'
        socket.write(Buffer.from(`1400130000${answer}1400000f`, 'hex'))
      })
    })
    const read = await reading(escpos, lineTo(port))
    expect(read).toMatchObject({ ready: 'yes', more: { automatic_status: true } })
    expect(names(read)).toEqual(['paper-low'])
  })

  it('reads an automatic status that an answer falls into, turn after turn', async () => {
    const halves = ['3400', '000f3400', '000f3400', '000f3400'].map((hex) => Buffer.from(`${hex}12`, 'hex'))
    expect(await reading(escpos, lineSaying(...halves))).toMatchObject({ answered: 'yes', ready: 'yes' })
  })

  it('bits that differ from model to model are an error and no more', async () => {
    const read = await reading(escpos, lineSaying(b(0x12), b(0x12), b(0x16), b(0x12)))
    expect(names(read)).toEqual(['other-error'])
    expect(read.ready).toBe('yes')
  })

  it('offline without a cause, and an error without a name, are said', async () => {
    expect(names(await reading(escpos, lineSaying(b(0x1a), b(0x12), b(0x12), b(0x12))))).toEqual(['offline'])
    expect(names(await reading(escpos, lineSaying(b(0x1a), b(0x52), b(0x12), b(0x12))))).toEqual([
      'other-error',
      'offline',
    ])
  })

  it('is not ready for sure where an answer is missing', async () => {
    const read = await reading(escpos, lineSaying(b(0x12), b(0x12)))
    expect(read).toMatchObject({ answered: 'yes', ready: 'unknown', detail: 'It answered 2 of 4 questions.' })
  })

  // Automatic status of a printer in Star's own mode, as it comes when somebody connects (Star, Line Mode Command
  // Specifications; eleven bytes, as receiptio 2.1.2 reads them).
  it.each<[string, string, PrinterReading['ready'], ConditionName[]]>([
    ['well', '2386000000000000000000', 'yes', []],
    ['of nine bytes', '230600000000000000', 'yes', []],
    ['near its end', '2386000000040000000000', 'yes', ['paper-low']],
    ['out of paper', '2386080000080000000000', 'no', ['paper-out']],
    ['open', '2386280000000000000000', 'no', ['cover-open']],
    ['with a stuck cutter', '2386080800000000000000', 'no', ['cutter-error']],
    ['too hot', '2386084000000000000000', 'no', ['overheated']],
    ['offline', '2386080000000000000000', 'no', ['offline']],
    ['first open, then closed', '23862800000000000000002386000000000000000000', 'yes', []],
  ])('a printer in the mode of Star is read: %s', async (_what, hex, ready, conditions) => {
    const port = await bench.start((socket) => socket.write(Buffer.from(hex, 'hex')))
    const read = await reading(escpos, lineTo(port, 400))
    expect(read).toMatchObject({ answered: 'yes', ready, identity: { vendor: 'Star' } })
    expect(names(read)).toEqual(conditions)
  })

  it('a printer in the mode of Star that says only that it heard EOT is unknown, not down', async () => {
    const port = await bench.start((socket) => socket.on('data', () => socket.write(b(0x10))))
    expect(await reading(escpos, lineTo(port, 400))).toMatchObject({
      answered: 'unknown',
      ready: 'unknown',
      detail: expect.stringMatching(/Star/),
    })
    expect(await reading(escpos, lineSaying(Buffer.from('23860000', 'hex')))).toMatchObject({ answered: 'no' })
  })

  it('text that has bytes like an answer is none', async () => {
    for (const text of [
      'SSH-2.0-dropbear_2022.83\r\n',
      'ERROR\r\n',
      '220 ftp ready\r\n',
      'HTTP/1.1 400 Bad Request\r\n',
    ]) {
      const port = await bench.start((socket) => socket.write(text))
      expect([text, (await reading(escpos, lineTo(port, 400))).answered]).toEqual([text, 'no'])
    }
  })

  it('whatever comes, a reading comes of it, and nothing else than the four questions leaves', async () => {
    const any = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(any, async (answers) => {
        const line = lineSaying(...answers)
        const read = await reading(escpos, line)
        expect(['yes', 'no', 'unknown']).toContain(read.answered)
        expect(read.answered === 'unknown' && read.ready !== 'unknown').toBe(false)
        for (const sent of line.sent) expect(sent.toString('hex')).toMatch(/^10040[1-4]$/)
      }),
    )
    expect(Object.isFrozen(escpos)).toBe(true)
  })
})

describe('a client that we did not write (receiptio)', () => {
  /** It knows no other port than 9100, so each printer has an address of its own. */
  const ask = async (receipt: string, ...faults: PrinterFault[]): Promise<string> => {
    const host = `127.61.${randomInt(256)}.${randomInt(1, 255)}`
    await bench.start((socket) => escposEmulator(socket, printerWith(...faults)), { host, port: 9100 })
    return print(receipt, `-d ${host} -p generic -t 5 ${receipt === '' ? '-q' : ''}`)
  }

  it.each<[PrinterFault[], string]>([
    [[], 'online'],
    [['cover-open'], 'coveropen'],
    [['paper-out'], 'paperempty'],
    [['cutter-error'], 'error'],
    [['paper-low'], 'online'],
  ])('sees a printer with %j as %s', async (faults, status) => {
    expect(await ask('', ...faults)).toBe(status)
  })

  it('prints on it, and sees it stop', async () => {
    expect(await ask(RECEIPT)).toBe('success')
    expect(await ask(RECEIPT, 'cover-open')).toBe('coveropen')
  })
})

function b(byte: number): Uint8Array {
  return Uint8Array.of(byte)
}
