import { describe, expect, it } from 'vitest'
import type { Line } from '../../../src/devices/line/line.ts'
import { novitusXml } from '../../../src/devices/novitus-xml/client.ts'
import { posnet } from '../../../src/devices/posnet/client.ts'
import type { LineProtocol } from '../../../src/devices/printer/protocol.ts'
import { shtrih } from '../../../src/devices/shtrih/client.ts'
import type { PrinterEmulator } from '../../../src/sandbox/printers/imitated-printer.ts'
import { novitusXmlEmulator } from '../../../src/sandbox/printers/novitus-xml.ts'
import { posnetEmulator } from '../../../src/sandbox/printers/posnet.ts'
import { shtrihEmulator } from '../../../src/sandbox/printers/shtrih.ts'
import { readPrinter, startPrinter } from '../../peers/imitated-printer.ts'

interface Pair {
  readonly name: string
  readonly protocol: LineProtocol
  readonly emulator: PrinterEmulator
  /** How often a visit waits for the other side: quick, thorough. */
  readonly roundTrips: readonly [number, number]
}

const PAIRS: readonly Pair[] = [
  { name: 'posnet', protocol: posnet, emulator: posnetEmulator, roundTrips: [2, 4] },
  { name: 'shtrih', protocol: shtrih(), emulator: shtrihEmulator, roundTrips: [10, 14] },
  { name: 'novitus-xml', protocol: novitusXml, emulator: novitusXmlEmulator, roundTrips: [1, 2] },
]

describe.each(PAIRS)('The $name client', ({ protocol, emulator, roundTrips }) => {
  it('waits for the line no more often than it has to', async () => {
    await using printer = await startPrinter(emulator)
    for (const [index, thorough] of [false, true].entries()) {
      let waits = 0
      const counted: Line = {
        name: 'counted',
        converse: (turns) => {
          waits += turns.filter(({ send, until }) => send.length > 0 && !('bytes' in until && until.bytes === 0)).length
          return printer.line.converse(turns)
        },
      }
      expect(await readPrinter(protocol, counted, { thorough })).toMatchObject({ answered: 'yes', ready: 'yes' })
      expect(waits).toBe(roundTrips[index])
    }
  })

  // Every clock of it is right; some tell local time without an offset.
  it.each([
    ['Europe/Warsaw', Date.UTC(2026, 9, 25, 1)],
    ['Europe/Warsaw', Date.UTC(2026, 2, 29, 1)],
    ['America/New_York', Date.UTC(2026, 10, 1, 6)],
  ])('is not alarmed when the clocks of %s change', async (timeZone, change) => {
    for (let minutes = -26 * 60; minutes <= 26 * 60; minutes += 97) {
      const now = (): Date => new Date(change + minutes * 60_000)
      await using printer = await startPrinter(emulator, { now, timeZone })
      const { conditions, ready } = await readPrinter(protocol, printer.line, { now, timeZone })
      expect({ at: now().toISOString(), conditions, ready }).toEqual({
        at: now().toISOString(),
        conditions: [],
        ready: 'yes',
      })
    }
  })

  it('takes its own questions for no answers', async () => {
    const echo: PrinterEmulator = (socket) => socket.on('data', (chunk) => socket.write(chunk))
    await using printer = await startPrinter(echo)
    expect(await readPrinter(protocol, printer.line, { budgetMs: 600 })).toMatchObject({
      answered: 'no',
      ready: 'unknown',
      conditions: [],
    })
  })

  it('tells a receipt from one of the till, however many ask at once', async () => {
    await using printer = await startPrinter(emulator, { faults: ['receipt-open'] })
    const readings = await Promise.all([1, 2, 3].map(() => readPrinter(protocol, printer.line)))
    for (const reading of readings) {
      if (reading.answered !== 'yes') continue
      expect(reading).toMatchObject({ conditions: [], guards: { receipt_open: 'yes' } })
    }
  })
})
