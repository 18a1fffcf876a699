import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONDITIONS, type PrinterReading } from '../../../src/devices/printer/reading.ts'
import { shtrih } from '../../../src/devices/shtrih/client.ts'
import { encodeFrame, framesIn, SYNCHRONIZE } from '../../../src/devices/shtrih/frame-2.ts'
import { bodyOf, encodeQuestion, THOROUGH } from '../../../src/devices/shtrih/questions.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { SHTRIH_FAULTS, shtrih2Emulator, shtrihEmulator } from '../../../src/sandbox/printers/shtrih.ts'
import { readPrinter, scriptedLine, startPrinter } from '../../peers/imitated-printer.ts'

const zone = { timeZone: 'Asia/Yekaterinburg' }

async function readWith(faults: readonly PrinterFault[], thorough = true): Promise<PrinterReading> {
  await using printer = await startPrinter(shtrihEmulator, { faults, ...zone })
  return await readPrinter(shtrih(), printer.line, { thorough, budgetMs: 1_500, ...zone })
}

const names = ({ conditions }: PrinterReading): string[] => conditions.map(({ name }) => name)
const isBlocked = ({ conditions }: PrinterReading): boolean =>
  conditions.some(({ name }) => CONDITIONS[name] === 'blocked')

/** The emulator, whose bytes are changed on their way to the client. */
function altered(change: (bytes: Buffer) => Buffer): PrinterEmulator {
  return (socket, printer) => {
    const write = socket.write.bind(socket)
    socket.write = ((bytes: Buffer) => write(change(bytes))) as typeof socket.write
    shtrihEmulator(socket, printer)
  }
}

describe('A healthy Shtrih-M printer', () => {
  it('is read whole', async () => {
    const reading = await readWith([])
    expect(reading).toMatchObject({
      answered: 'yes',
      busy: false,
      ready: 'yes',
      conditions: [],
      identity: { vendor: 'Shtrih-M', firmware: 'C.1.48210', serial: '01234567' },
      counters: { documents: 81_340 },
      fiscal: { receipts_since_report: 28, unsent: { count: 0 }, shift: { state: 'open', number: 732 } },
      guards: {
        receipt_open: 'no',
        transaction_running: 'no',
        shift_open: 'yes',
        report_running: 'no',
        transmission_running: 'no',
      },
      more: { storage: '9999078900012345', registrations_left: 11 },
    })
    const { clock, last_receipt_at: last } = reading.fiscal ?? {}
    expect(Math.abs(Date.parse(clock ?? '') - Date.now())).toBeLessThan(3_000)
    expect(clock).toMatch(/\+05:00$/)
    expect((Date.now() - Date.parse(last ?? '')) / 60_000).toBeLessThan(5)
    // Free records of a memory that it does not have are no alarm.
    expect(reading.fiscal?.reports_left).toBeUndefined()
  })

  it('is asked in one conversation, and left with its answers acknowledged', async () => {
    await using printer = await startPrinter(shtrihEmulator)
    for (let visit = 1; visit <= 3; visit++) {
      const reading = await readPrinter(shtrih(), printer.line, { thorough: false })
      expect(reading).toMatchObject({ ready: 'yes', guards: { receipt_open: 'no', transmission_running: 'no' } })
      expect(printer.connections()).toBe(visit)
    }
  })
})

const SIGNS: Readonly<Partial<Record<PrinterFault, readonly string[]>>> = {
  'paper-out': ['paper-out'],
  'cover-open': ['cover-open'],
  'certificate-expired': ['storage-expiring', 'storage-locked'],
  'certificate-expiring': ['storage-expiring'],
  'documents-unsent': ['documents-unsent'],
  'fiscal-memory-low': ['fiscal-memory-low'],
  'day-not-closed': ['day-not-closed'],
  'clock-wrong': ['clock-skewed'],
}

describe('A fault of a Shtrih-M printer', () => {
  it.each(Object.entries(SIGNS))('%s reads as %j, and nothing else', async (fault, signs) => {
    const reading = await readWith([fault as PrinterFault])
    expect(names(reading)).toEqual(signs)
    expect(reading.ready).toBe(isBlocked(reading) ? 'no' : 'yes')
  })

  it('of a shift over 24 hours is an open shift that has expired', async () => {
    expect(await readWith(['day-not-closed'], false)).toMatchObject({
      ready: 'no',
      fiscal: { shift: { state: 'expired' } },
      guards: { shift_open: 'yes' },
    })
  })

  it('with documents that wait tells how many, and since when', async () => {
    const { unsent } = (await readWith(['documents-unsent'])).fiscal ?? {}
    expect(unsent?.count).toBe(57)
    expect((Date.now() - Date.parse(unsent?.oldest_at ?? '')) / 86_400_000).toBeCloseTo(4, 1)
  })

  it.each(['printer-silent', 'printer-garbage', 'printer-hung'] as const)('%s is no answer', async (fault) => {
    const reading = await readWith([fault], false)
    expect(reading).toMatchObject({ answered: 'no', busy: false, ready: 'unknown', conditions: [] })
    expect(Object.values(reading.guards ?? {})).toEqual(Array(5).fill('unknown'))
  })

  it('whose port is held is busy, and nothing is said of it', async () => {
    const reading = await readWith(['printer-busy'])
    expect(reading).toMatchObject({ answered: 'unknown', busy: true, ready: 'unknown', conditions: [] })
  })

  it('without receipts since yesterday tells the last one', async () => {
    const { fiscal, ...reading } = await readWith(['no-receipts'])
    expect(reading).toMatchObject({ ready: 'yes', conditions: [], guards: { shift_open: 'no' } })
    expect((Date.now() - Date.parse(fiscal?.last_receipt_at ?? '')) / 3_600_000).toBeCloseTo(20, 1)
  })

  it('with a wrong identity tells it', async () => {
    expect((await readWith(['wrong-identity'])).identity?.serial).toBe('99999999')
  })

  it('is covered by these tests, all of them', () => {
    const others = ['printer-busy', 'printer-silent', 'printer-garbage', 'printer-hung', 'receipt-open', 'no-receipts']
    expect([...Object.keys(SIGNS), ...others, 'wrong-identity'].sort()).toEqual([...SHTRIH_FAULTS].sort())
  })
})

describe('While it sells', () => {
  it('an open receipt is a guard, not a fault', async () => {
    expect(await readWith(['receipt-open'])).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      conditions: [],
      guards: { receipt_open: 'yes', transaction_running: 'yes', shift_open: 'yes' },
    })
  })
})

describe('The handshake', () => {
  it('takes an answer that waits for somebody else, and throws it away', async () => {
    await using printer = await startPrinter(shtrihEmulator, { faults: ['receipt-open'] })
    // A till that asked, and went without acknowledging.
    const asked = await printer.line.converse([
      { send: encodeQuestion('FF40', 30), until: { lengthAt: 2, more: 1 }, timeoutMs: 500 },
    ])
    expect(asked.ok && asked.value.replies[0]?.state).toBe('whole')
    const reading = await readPrinter(shtrih(), printer.line, { thorough: false })
    expect(reading).toMatchObject({ answered: 'yes', guards: { receipt_open: 'yes' } })
    expect(reading.evidence.map(({ asked: question }) => question)).toEqual(['10h', 'FF01h', 'FF39h'])
    expect(printer.connections()).toBe(3)
  })

  it('asks again for what was damaged', async () => {
    let damaged = 0
    const noisy = altered((bytes) => {
      if (bytes.length < 20 || damaged++ > 0) return bytes
      const changed = Buffer.from(bytes)
      changed[6] = (changed[6] ?? 0) ^ 0x10
      return changed
    })
    await using printer = await startPrinter(noisy, zone)
    const reading = await readPrinter(shtrih(), printer.line, zone)
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes', conditions: [] })
    expect(reading.evidence).toHaveLength(THOROUGH.length)
    expect(printer.connections()).toBe(2)
  })

  it('asks again where its own frame was damaged', async () => {
    let refused = 0
    const deaf = altered((bytes) => (bytes.length > 5 && refused++ === 0 ? Buffer.of(0x15) : bytes))
    await using printer = await startPrinter(deaf, zone)
    const reading = await readPrinter(shtrih(), printer.line, { ...zone, thorough: false })
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes', guards: { receipt_open: 'no' } })
  })

  it('gives up on one that refuses everything', async () => {
    await using printer = await startPrinter(altered((bytes) => (bytes.length > 1 ? Buffer.of(0x15) : bytes)))
    const reading = await readPrinter(shtrih(), printer.line)
    expect(reading).toMatchObject({ answered: 'no', ready: 'unknown' })
    expect(printer.connections()).toBeLessThanOrEqual(5)
  })

  it.each([1, 2, 40])('passes over %i bytes of FFh before each of its answers', async (many) => {
    const filled = altered((bytes) => {
      const before = Buffer.alloc(many, 0xff)
      const frame = bytes.indexOf(0x02, 1)
      // Before the acknowledgement, and before the frame behind it.
      return frame < 0
        ? Buffer.concat([before, bytes])
        : Buffer.concat([before, bytes.subarray(0, frame), before, bytes.subarray(frame)])
    })
    await using printer = await startPrinter(filled, zone)
    const reading = await readPrinter(shtrih(), printer.line, zone)
    expect(reading).toMatchObject({ protocol: 'shtrih', answered: 'yes', ready: 'yes', conditions: [] })
    expect(reading.evidence).toHaveLength(THOROUGH.length)
    expect(printer.connections()).toBe(1)
  })
})

describe('Protocol 2', () => {
  it.each([{}, { onlySecond: true }] as const)('is read whole, found out or named: %j', async (options) => {
    await using printer = await startPrinter(shtrih2Emulator, zone)
    for (let visit = 1; visit <= 2; visit++) {
      const reading = await readPrinter(shtrih(options), printer.line, { ...zone, budgetMs: 3_000 })
      expect(reading).toMatchObject({
        answered: 'yes',
        ready: 'yes',
        conditions: [],
        identity: { serial: '01234567' },
        guards: { receipt_open: 'no', transmission_running: 'no' },
        more: { protocol_version: 2 },
      })
      expect(reading.evidence).toHaveLength(THOROUGH.length)
    }
  })

  it.each(['paper-out', 'cover-open', 'day-not-closed', 'receipt-open'] as const)(
    'tells %s as protocol 1 does',
    async (fault) => {
      await using printer = await startPrinter(shtrih2Emulator, { faults: [fault], ...zone })
      const reading = await readPrinter(shtrih({ onlySecond: true }), printer.line, { ...zone, budgetMs: 3_000 })
      const { conditions, ready, guards } = await readWith([fault])
      expect(reading).toMatchObject({ answered: 'yes', conditions, ready, guards })
    },
  )

  it.each(['printer-silent', 'printer-garbage', 'printer-hung'] as const)('%s is no answer', async (fault) => {
    await using printer = await startPrinter(shtrih2Emulator, { faults: [fault], ...zone })
    const reading = await readPrinter(shtrih(), printer.line, { ...zone, budgetMs: 900 })
    expect(reading).toMatchObject({ answered: 'no', ready: 'unknown', conditions: [] })
  })

  it('asks once more by the number that the device has come to, when somebody else asked in between', async () => {
    let asked = 0
    const number = (): number => (asked > 1 ? 500 : 7)
    const other: PrinterEmulator = (socket) =>
      socket.on('data', (bytes: Buffer) => {
        if (bytes.equals(Buffer.from(SYNCHRONIZE))) {
          asked++
          socket.write(encodeFrame(number(), Buffer.alloc(0)))
        }
        for (const frame of framesIn(bytes)) {
          if (frame.number <= number()) continue
          const body = Buffer.from(bodyOf('10', 30))
          const state = Buffer.from('00 1E 90 00 02 00 00 33 25 00 00 00 FF FF FF 00'.replaceAll(' ', ''), 'hex')
          const data = frame.data.equals(body)
            ? Buffer.concat([Buffer.of(0x10), state])
            : Buffer.concat([frame.data.subarray(0, frame.data[0] === 0xff ? 2 : 1), Buffer.of(0x37)])
          socket.write(encodeFrame(frame.number, data))
        }
      })
    await using printer = await startPrinter(other, zone)
    const reading = await readPrinter(shtrih({ onlySecond: true }), printer.line, { ...zone, thorough: false })
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes', more: { mode: 2, protocol_version: 2 } })
  })

  it('sends nothing but the questions and the one for the number', async () => {
    await using printer = await startPrinter(shtrih2Emulator, zone)
    await readPrinter(shtrih(), printer.line, { ...zone, budgetMs: 3_000 })
    const bodies = THOROUGH.map((question) => Buffer.from(bodyOf(question, 30)).toString('hex'))
    const sent = printer.received()
    expect(sent.subarray(0, 6).toString('hex')).toBe('058f00000f1d')
    for (const { data } of framesIn(sent)) expect(bodies).toContain(data.toString('hex'))
  })
})

describe('Errors', () => {
  const failing = (error: number): PrinterEmulator =>
    altered((bytes) => {
      if (bytes.length < 8) return bytes
      const isLong = bytes[3] === 0xff
      const body = Buffer.concat([bytes.subarray(3, isLong ? 5 : 4), Buffer.of(error)])
      const counted = Buffer.concat([Buffer.of(body.length), body])
      return Buffer.concat([Buffer.of(6, 2), counted, Buffer.of(counted.reduce((sum, byte) => sum ^ byte, 0))])
    })

  it.each<[number, string[], boolean]>([
    [0x4e, ['day-not-closed'], false],
    [0x4f, ['other-warning'], false],
    [0x50, [], true],
    [0x58, ['waiting-for-user'], false],
    [0x6b, ['paper-out'], false],
    [0x37, [], false],
  ])('%i', async (error, conditions, busy) => {
    await using printer = await startPrinter(failing(error))
    const reading = await readPrinter(shtrih(), printer.line)
    expect({ names: names(reading), busy: reading.busy }).toEqual({ names: conditions, busy })
    expect(reading.guards?.receipt_open).toBe('unknown')
  })
})

describe('Whatever a printer says', () => {
  const allowed = THOROUGH.map((question) => Buffer.from(encodeQuestion(question, 4711)).toString('hex'))
  const controls = ['', '05', '06', '0605', '8f00000f1d']
  const framed = (hex: string): readonly string[] =>
    framesIn(Buffer.from(hex, 'hex')).map(({ number, data }) => (number >= 0 ? data.toString('hex') : ''))
  const bodies = THOROUGH.map((question) => Buffer.from(bodyOf(question, 4711)).toString('hex'))

  it('nothing but the questions ever leaves, and the password is in no evidence', async () => {
    const piece = fc.oneof(
      fc.constantFrom(Buffer.of(0x15), Buffer.of(0x06), Buffer.of(0x8f)),
      fc.uint8Array({ maxLength: 40 }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.boolean(), async (answers, thorough) => {
        const { line, sent } = scriptedLine((_turn, index) => answers[index] ?? new Uint8Array())
        const reading = await readPrinter(shtrih({ password: 4711 }), line, { thorough })
        expect(isBlocked(reading)).toBe(false)
        for (const bytes of sent) {
          const hex = Buffer.from(bytes).toString('hex')
          const [body] = framed(hex)
          if (body === undefined) expect([...controls, ...allowed]).toContain(hex)
          else expect(bodies).toContain(body)
        }
        expect(JSON.stringify(reading)).not.toMatch(/4711|67 12 00 00/)
      }),
    )
  })
})
