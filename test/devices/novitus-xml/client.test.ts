import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { novitusXml } from '../../../src/devices/novitus-xml/client.ts'
import { checksumOf, encodeQuestion, THOROUGH } from '../../../src/devices/novitus-xml/questions.ts'
import { CONDITIONS, type PrinterReading } from '../../../src/devices/printer/reading.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { NOVITUS_XML_FAULTS, novitusXmlEmulator } from '../../../src/sandbox/printers/novitus-xml.ts'
import { readPrinter, scriptedLine, startPrinter } from '../../peers/imitated-printer.ts'

async function readWith(faults: readonly PrinterFault[], thorough = true): Promise<PrinterReading> {
  await using printer = await startPrinter(novitusXmlEmulator, { faults })
  return await readPrinter(novitusXml, printer.line, { thorough, budgetMs: 1_500 })
}

const names = ({ conditions }: PrinterReading): string[] => conditions.map(({ name }) => name)
const isBlocked = ({ conditions }: PrinterReading): boolean =>
  conditions.some(({ name }) => CONDITIONS[name] === 'blocked')

/** The emulator, whose packets are changed on their way to the client. */
function altered(change: (packet: string) => string): PrinterEmulator {
  return (socket, printer) => {
    const write = socket.write.bind(socket)
    socket.write = ((packet: string) => write(change(packet))) as typeof socket.write
    novitusXmlEmulator(socket, printer)
  }
}

describe('The card of the protected memory', () => {
  it.each(['removed', 'error'])('that is %s leaves open whether it sells', async (state) => {
    const packet = (text: string): string => text.replace(/(<info action="sdcard" state=")open/, `$1${state}`)
    const without = altered((text) =>
      packet(text).replace(
        /<packet crc="[0-9A-F]+">(.*?)<\/packet>/gs,
        (_whole, inner) => `<packet crc="${checksumOf(inner)}">${inner}</packet>`,
      ),
    )
    await using printer = await startPrinter(without)
    const reading = await readPrinter(novitusXml, printer.line, { thorough: true })
    expect(reading).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [{ name: 'other-error' }] })
  })
})

describe('A healthy Novitus printer', () => {
  it('is read whole', async () => {
    const reading = await readWith([])
    expect(reading).toMatchObject({
      answered: 'yes',
      busy: false,
      ready: 'yes',
      conditions: [],
      counters: { reports: 930, receipts: 81_340 },
      fiscal: {
        fiscal_mode: true,
        last_receipt_number: 81_340,
        reports_left: 900,
        ram_resets: 1,
        protected_memory: { free: 15_618 },
        unsent: { count: 0 },
        transmission: { last_result: 'ok' },
      },
      guards: {
        receipt_open: 'no',
        transaction_running: 'no',
        shift_open: 'unknown',
        report_running: 'no',
        transmission_running: 'no',
      },
    })
    expect((Date.now() - Date.parse(reading.fiscal?.last_receipt_at ?? '')) / 60_000).toBeLessThan(5)
    expect(reading.evidence).toHaveLength(THOROUGH.length)
  })

  it('is asked in one conversation', async () => {
    await using printer = await startPrinter(novitusXmlEmulator)
    await readPrinter(novitusXml, printer.line, { thorough: false })
    expect(printer.connections()).toBe(1)
  })
})

const SIGNS: Readonly<Partial<Record<PrinterFault, string>>> = {
  'paper-out': 'paper-out',
  'paper-low': 'paper-low',
  'cover-open': 'mechanism-error',
  'mechanism-error': 'mechanism-error',
  'documents-unsent': 'documents-unsent',
  'transmission-failing': 'transmission-failing',
  'fiscal-memory-full': 'fiscal-memory-full',
  'fiscal-memory-low': 'fiscal-memory-low',
  'protected-memory-full': 'protected-memory-full',
}

describe('A fault of a Novitus printer', () => {
  it.each(Object.entries(SIGNS))('%s reads as %s, and nothing else', async (fault, sign) => {
    const reading = await readWith([fault as PrinterFault])
    expect(names(reading)).toEqual([sign])
    expect(reading.ready).toBe(isBlocked(reading) ? 'no' : 'yes')
  })

  it.each(['printer-silent', 'printer-garbage', 'printer-hung'] as const)('%s is no answer', async (fault) => {
    const reading = await readWith([fault], false)
    expect(reading).toMatchObject({ answered: 'no', busy: false, ready: 'unknown', conditions: [] })
    expect(Object.values(reading.guards ?? {})).toEqual(Array(5).fill('unknown'))
  })

  it('whose port is held is busy, and nothing is said of it', async () => {
    expect(await readWith(['printer-busy'])).toMatchObject({ answered: 'unknown', busy: true, conditions: [] })
  })

  it('without receipts since yesterday tells the last one', async () => {
    const { fiscal, ...reading } = await readWith(['no-receipts'])
    expect(reading).toMatchObject({ ready: 'yes', conditions: [] })
    expect((Date.now() - Date.parse(fiscal?.last_receipt_at ?? '')) / 3_600_000).toBeCloseTo(20, 1)
  })

  it('is covered by these tests, all of them', () => {
    const others = ['printer-busy', 'printer-silent', 'printer-garbage', 'printer-hung', 'receipt-open', 'no-receipts']
    expect([...Object.keys(SIGNS), ...others].sort()).toEqual([...NOVITUS_XML_FAULTS].sort())
  })
})

describe('While it sells', () => {
  it('an open receipt is a guard, not a fault', async () => {
    expect(await readWith(['receipt-open'])).toMatchObject({
      ready: 'yes',
      conditions: [],
      guards: { receipt_open: 'yes', transaction_running: 'yes', report_running: 'unknown' },
    })
  })
})

describe('Answers', () => {
  it('that are damaged are asked for again', async () => {
    let damaged = 0
    const noisy = altered((packet) =>
      packet.includes('<enq') && damaged++ === 0 ? packet.replace('yes', 'no') : packet,
    )
    await using printer = await startPrinter(noisy)
    const reading = await readPrinter(novitusXml, printer.line, { thorough: false })
    expect(reading).toMatchObject({ ready: 'yes', conditions: [], fiscal: { fiscal_mode: true } })
    expect(printer.connections()).toBe(2)
  })

  it('that a model does not give leave the fact out, and cost one wait', async () => {
    const old = altered((packet) => (packet.includes('repository') || packet.includes('printoutinfo') ? '' : packet))
    await using printer = await startPrinter(old)
    const reading = await readPrinter(novitusXml, printer.line, { thorough: false, budgetMs: 800 })
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes', guards: { receipt_open: 'no' } })
    expect(reading.guards?.transmission_running).toBe('unknown')
    expect(reading.fiscal?.unsent).toBeUndefined()
    expect(printer.connections()).toBe(1)
  })
})

describe('Whatever a printer says', () => {
  const allowed = THOROUGH.map((question) => Buffer.from(encodeQuestion(question)).toString())

  it('nothing but the questions ever leaves', async () => {
    const element = fc
      .tuple(
        fc.constantFrom('dle', 'enq', 'info action="checkout"', 'receipt action="begin"', 'error'),
        fc.constantFrom('', ' online="no"', ' intransaction="maybe"', ' jpk_send_count="-1"'),
      )
      .map(([name, rest]) => Buffer.from(`<packet><${name}${rest}/></packet>`))
    const said = fc.oneof(fc.uint8Array({ maxLength: 60 }), element)
    await fc.assert(
      fc.asyncProperty(fc.array(said, { maxLength: 20 }), fc.boolean(), async (answers, thorough) => {
        const { line, sent } = scriptedLine((_turn, index) => answers[index] ?? new Uint8Array())
        const reading = await readPrinter(novitusXml, line, { thorough })
        expect(['yes', 'no']).toContain(reading.answered)
        const packets = Buffer.concat(sent)
          .toString()
          .split(/(?<=<\/packet>)/)
        for (const packet of packets.filter((text) => text !== '')) expect(allowed).toContain(packet)
      }),
    )
  })
})
