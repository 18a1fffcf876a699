import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONDITIONS, type PrinterReading } from '../../../src/devices/printer/reading.ts'
import { shtrih } from '../../../src/devices/shtrih/client.ts'
import { encodeFrame, framesIn, SYNCHRONIZE } from '../../../src/devices/shtrih/frame-2.ts'
import { bodyOf, encodeQuestion, lrc, THOROUGH } from '../../../src/devices/shtrih/questions.ts'
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
  'storage-dead': ['unrecoverable-error'],
  'storage-critical': ['storage-locked'],
  'storage-closed': ['storage-locked'],
  'waiting-for-user': ['waiting-for-user'],
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
    // The report that closed the shift is no receipt, nor are the documents of the shift before receipts since it.
    expect(fiscal?.last_receipt_at).toBeUndefined()
    expect(fiscal?.receipts_since_report).toBeUndefined()
    expect((Date.now() - Date.parse(fiscal?.last_document_at ?? '')) / 3_600_000).toBeCloseTo(20, 1)
  })

  it('with a wrong identity tells it', async () => {
    expect((await readWith(['wrong-identity'])).identity?.serial).toBe('99999999')
  })

  it('is covered by these tests, all of them', () => {
    const others = ['printer-busy', 'printer-silent', 'printer-garbage', 'printer-hung', 'receipt-open', 'no-receipts']
    expect([...Object.keys(SIGNS), ...others, 'unknown-error', 'wrong-identity'].sort()).toEqual(
      [...SHTRIH_FAULTS].sort(),
    )
  })
})

/** The emulator, whose answer to a command is another one: its error, or its data. */
function answering(command: readonly number[], change: (answer: Buffer) => Buffer): PrinterEmulator {
  return altered((bytes) => {
    const at = bytes.indexOf(0x02)
    const body = at < 0 ? Buffer.alloc(0) : bytes.subarray(at + 2, -1)
    if (!command.every((byte, index) => body[index] === byte)) return bytes
    const changed = change(Buffer.from(body))
    const counted = Buffer.concat([Buffer.of(changed.length), changed])
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(0x02), counted, Buffer.of(lrc(counted))])
  })
}

async function readOf(emulator: PrinterEmulator): Promise<PrinterReading> {
  await using printer = await startPrinter(emulator, zone)
  return await readPrinter(shtrih(), printer.line, { thorough: false, ...zone })
}

const FF01 = [0xff, 0x01]
const ended = (command: readonly number[], error: number): PrinterEmulator =>
  answering(command, () => Buffer.from([...command, error]))
const withByte = (command: readonly number[], at: number, value: number): PrinterEmulator =>
  answering(command, (body) => {
    body[command.length + 1 + at] = value
    return body
  })

describe('What a Shtrih-M printer ends a question with', () => {
  it.each<[number, string]>([
    [0x02, 'storage-locked'],
    [0x03, 'unrecoverable-error'],
    [0x05, 'storage-locked'],
    [0x06, 'storage-locked'],
    [0x14, 'storage-locked'],
    [0x2f, 'unrecoverable-error'],
    [0x32, 'unrecoverable-error'],
    [0x7b, 'unrecoverable-error'],
  ])('FF01h with error %i is %s', async (error, name) => {
    const reading = await readOf(ended(FF01, error))
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready: 'no' })
  })

  it.each<[string, readonly number[], number]>([
    ['FF01', FF01, 0xee],
    ['FF39', [0xff, 0x39], 0xee],
    ['FF40', [0xff, 0x40], 0x2f],
  ])('%sh with an error that nothing names leaves open whether it sells', async (question, command, error) => {
    const reading = await readOf(ended(command, error))
    expect(reading).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [{ name: 'other-error' }] })
    expect(reading.conditions[0]?.evidence).toContain(`${question}h: error ${error.toString(16)}h`)
  })

  it('FF01h with a refused password is not known either', async () => {
    expect(await readOf(ended(FF01, 0x4f))).toMatchObject({ ready: 'unknown', conditions: [{ name: 'other-warning' }] })
  })

  it.each([
    ['FF39h: nothing to tell', [0xff, 0x39], 0x08],
    ['FF40h: a model that does not know it', [0xff, 0x40], 0x37],
  ])('%s says nothing bad', async (_name, command, error) => {
    expect(await readOf(ended(command as readonly number[], error as number))).toMatchObject({
      ready: 'yes',
      conditions: [],
    })
  })

  it.each([
    [8, 'fiscal memory'],
    [9, 'journal'],
  ])('byte %i of 10h is an error of the %s, where there is no storage', async (at, words) => {
    const both = answering([0x10], (body) => {
      body[2 + at] = 0x01
      return body
    })
    // A model with storage tells of it by FF01h.
    expect(await readOf(both)).toMatchObject({ ready: 'yes', conditions: [] })
    const old: PrinterEmulator = (socket, printer) => {
      const write = socket.write.bind(socket)
      socket.write = ((bytes: Buffer) => {
        const frame = bytes.indexOf(0x02)
        const isStorage = frame >= 0 && bytes[frame + 2] === 0xff && bytes[frame + 3] === 0x01
        if (!isStorage) return write(bytes)
        const counted = Buffer.of(3, ...FF01, 0x37)
        return write(Buffer.concat([bytes.subarray(0, frame), Buffer.of(2), counted, Buffer.of(lrc(counted))]))
      }) as typeof socket.write
      both(socket, printer)
    }
    // Its emulator has no room in a memory of the old kind.
    const { conditions } = await readOf(old)
    const known = conditions.filter(({ name }) => name !== 'fiscal-memory-full')
    expect(known).toEqual([{ name: 'other-error', evidence: expect.stringContaining(words) }])
  })
})

describe('The fiscal storage of a Shtrih-M printer', () => {
  it.each<[number, string, string]>([
    [0x01, 'storage-expiring', 'yes'],
    [0x02, 'storage-expiring', 'yes'],
    [0x04, 'fiscal-memory-low', 'yes'],
    [0x08, 'documents-unsent', 'yes'],
    [0x10, 'transmission-failing', 'yes'],
    [0x20, 'transmission-failing', 'yes'],
    [0x40, 'transmission-failing', 'yes'],
    [0x80, 'storage-locked', 'no'],
  ])('with the warning %i is %s', async (bits, name, ready) => {
    const reading = await readOf(withByte(FF01, 4, bits))
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready })
  })

  it.each<[number, string]>([
    [0, 'not-fiscal'],
    [1, 'not-fiscal'],
    [7, 'storage-locked'],
    [15, 'storage-locked'],
    [9, 'not-fiscal'],
  ])('in phase %i is %s, and its last document no receipt', async (phase, name) => {
    const reading = await readOf(withByte(FF01, 0, phase))
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready: 'no' })
    expect(reading.fiscal?.last_receipt_at).toBeUndefined()
    expect(reading.fiscal?.last_document_at).toBeDefined()
  })

  it('whose shift was opened and has sold nothing tells of no receipt', async () => {
    const { fiscal } = await readOf(withByte([0xff, 0x40], 3, 0))
    expect(fiscal?.last_receipt_at).toBeUndefined()
    expect(fiscal).toMatchObject({ receipts_since_report: 0, shift: { state: 'open' } })
  })
})

describe('The state of a Shtrih-M printer', () => {
  it('whose submode nothing names leaves open whether it sells', async () => {
    expect(await readOf(withByte([0x10], 4, 9))).toMatchObject({
      ready: 'unknown',
      conditions: [{ name: 'other-error' }],
    })
  })

  it('whose cover is up is doubtful, since some models have no such bit', async () => {
    expect((await readWith(['cover-open'], false)).conditions).toEqual([
      { name: 'cover-open', evidence: 'flags 0x0490: the cover is up', doubtful: true },
    ])
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
    expect(reading.evidence.map(({ asked: question }) => question)).toEqual(['10h', 'FF01h', 'FF39h', 'FF40h', '11h'])
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
