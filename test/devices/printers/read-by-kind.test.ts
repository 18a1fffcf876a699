import { afterEach, describe, expect, it } from 'vitest'
import { success } from '../../../src/core/failure.ts'
import type { DeviceKind } from '../../../src/core/fleet.ts'
import { readIpp } from '../../../src/devices/ipp/client.ts'
import { tcpLine } from '../../../src/devices/line/tcp-line.ts'
import { readByKind } from '../../../src/devices/printer/read-by-kind.ts'
import type { PrinterReading } from '../../../src/devices/printer/reading.ts'
import { readSnmp } from '../../../src/devices/snmp/client.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import type { PrinterEmulator } from '../../../src/sandbox/printers/imitated-printer.ts'
import { ippEmulator } from '../../../src/sandbox/printers/ipp.ts'
import { pjlEmulator } from '../../../src/sandbox/printers/pjl.ts'
import { posnetEmulator } from '../../../src/sandbox/printers/posnet.ts'
import { zebraEmulator } from '../../../src/sandbox/printers/zebra.ts'
import { asking, type ListeningPrinter, listen } from '../../peers/imitated-printers.ts'

const peers: ListeningPrinter[] = []
afterEach(() => Promise.all(peers.splice(0).map((peer) => peer.stop())))

/** A machine with something on the port of IPP, if anything, and on the raw one. */
async function read(kind: DeviceKind, on: { readonly ipp?: PrinterEmulator; readonly raw: PrinterEmulator }) {
  const raw = await listen(on.raw)
  const closed = await listen(on.raw)
  const ipp = on.ipp ? await listen(on.ipp) : closed
  peers.push(raw, closed, ipp)
  if (!on.ipp) await closed.stop()
  const how = asking({ budgetMs: 1_200, thorough: false })
  const result = await readByKind(
    kind,
    {
      ipp: () => readIpp(ipp.dial, { host: ipp.host, port: ipp.port, tls: false }, how),
      snmp: async () => success(await readSnmp({ host: '127.0.0.1', port: closed.port }, { ...how, budgetMs: 300 })),
      line: () =>
        tcpLine({ name: 'raw', budgetMs: 600, dial: (ms) => raw.dial({ host: raw.host, port: raw.port }, ms) }),
    },
    how,
  )
  if (!result.ok) throw new Error(result.failure.message)
  return { reading: result.value as PrinterReading, raw: raw.received() }
}

describe('what a printer speaks is found out by its kind', () => {
  it.each<[DeviceKind, { ipp?: PrinterEmulator; raw: PrinterEmulator }, string]>([
    ['office-printer', { ipp: ippEmulator, raw: pjlEmulator }, 'ipp'],
    ['office-printer', { raw: pjlEmulator }, 'pjl'],
    ['receipt-printer', { raw: escposEmulator }, 'escpos'],
    ['label-printer', { raw: zebraEmulator }, 'zebra'],
    ['till', { raw: escposEmulator }, 'escpos'],
  ])('%s %#', async (kind, on, protocol) => {
    expect((await read(kind, on)).reading).toMatchObject({ protocol, answered: 'yes' })
  })

  it('an office printer that answers IPP is sent nothing on its raw port', async () => {
    expect((await read('office-printer', { ipp: ippEmulator, raw: pjlEmulator })).raw).toBe('')
  })

  it('a fiscal device is sent nothing at all', async () => {
    const { reading, raw } = await read('fiscal-printer', { raw: posnetEmulator })
    expect(raw).toBe('')
    expect(reading).toMatchObject({ protocol: 'unknown', answered: 'unknown', detail: expect.stringContaining('name') })
  })

  it('is unknown where nothing that is safe to ask is answered', async () => {
    const { reading } = await read('receipt-printer', { raw: zebraEmulator })
    expect(reading).toMatchObject({ protocol: 'unknown', detail: expect.stringContaining('name its protocol') })
  })
})
