import { afterEach, beforeEach, expect, it } from 'vitest'
import { readIpp } from '../../../src/devices/ipp/client.ts'
import { decodeMessage } from '../../../src/devices/ipp/codec.ts'
import type { PrinterReading } from '../../../src/devices/printer/reading.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { ippEmulator } from '../../../src/sandbox/printers/ipp.ts'
import { asking, type ListeningPrinter, listen } from '../../peers/imitated-printers.ts'

let peer: ListeningPrinter
beforeEach(async () => {
  peer = await listen(ippEmulator)
})
afterEach(() => peer.stop())

async function read(path?: string): Promise<PrinterReading> {
  const place = { host: peer.host, port: peer.port, ...(path !== undefined && { path }) }
  const reading = await readIpp(peer.dial, place, asking({ budgetMs: 400 }))
  if (!reading.ok) throw new Error(reading.failure.message)
  return reading.value
}

it('reads a printer that is well', async () => {
  expect(await read()).toMatchObject({
    answered: 'yes',
    ready: 'yes',
    line: 'open',
    conditions: [],
    identity: { vendor: 'Novitus', model: 'Novitus HD II Online', serial: 'SN0001' },
    queue: { depth: 0 },
    supplies: [
      { name: 'Black Toner', percent: 62, state: 'ok' },
      { name: 'Waste Toner', percent: 20 },
    ],
  })
})

it.each<[PrinterFault, Partial<PrinterReading>, string[]]>([
  ['paper-out', { answered: 'yes', ready: 'no' }, ['paper-out']],
  ['paper-low', { answered: 'yes', ready: 'yes' }, ['paper-low']],
  ['cover-open', { answered: 'yes', ready: 'no' }, ['cover-open']],
  ['cutter-error', { answered: 'yes', ready: 'no' }, ['cutter-error']],
  ['mechanism-error', { answered: 'yes', ready: 'no' }, ['mechanism-error']],
  ['printer-busy', { answered: 'unknown', ready: 'unknown' }, []],
  ['printer-silent', { answered: 'no', ready: 'unknown', line: 'open' }, []],
  ['printer-garbage', { answered: 'no', ready: 'unknown', line: 'open' }, []],
  ['printer-hung', { answered: 'no', ready: 'unknown', line: 'open' }, []],
  ['no-receipts', { answered: 'yes', ready: 'yes' }, []],
])('reads the fault %s', async (fault, expected, conditions) => {
  peer.faults.add(fault)
  const reading = await read()
  expect(reading).toMatchObject(expected)
  expect(reading.conditions.map(({ name }) => name)).toEqual(conditions)
  if (reading.answered !== 'yes') expect(reading.detail).toMatch(/\.$/)
})

it('says that there is no printer at a path, and does not call it sick', async () => {
  expect(await read('/nowhere')).toMatchObject({
    answered: 'unknown',
    detail: expect.stringMatching(/no such printer/),
  })
})

it('sends nothing but Get-Printer-Attributes', async () => {
  await read()
  const bodies = peer.received().split('\r\n\r\n').slice(1)
  expect(bodies).toHaveLength(1)
  expect(decodeMessage(Buffer.from(bodies[0] ?? '', 'latin1'))?.code).toBe(0x000b)
})

it('says how a port was found that nobody listens on', async () => {
  await peer.stop()
  expect(await read()).toMatchObject({ answered: 'unknown', line: 'refused', ready: 'unknown' })
})
