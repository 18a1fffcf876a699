import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Ways } from '../../../src/devices/printer/approach.ts'
import { askPrinter } from '../../../src/devices/printer/ask-printer.ts'
import { machineLoad } from '../../../src/load/machine-load.ts'
import { escposEmulator } from '../../../src/sandbox/printers/escpos.ts'
import { dialPort } from '../../peers/dial.ts'
import { Bench, printerWith } from '../printers/bench.ts'

const bench = new Bench()
// A silent printer is not called so while this machine is overloaded, which is not what these are about.
beforeEach(() => void vi.spyOn(machineLoad, 'hopelessMs', 'get').mockReturnValue(0))
afterEach(() => {
  vi.restoreAllMocks()
  return bench.close()
})

/** What a step has, of which only the way matters here. */
function waysTo(port: number): Ways {
  const device = {
    name: 'PL-0001/receipt1',
    address: '127.0.0.1',
    kind: 'receipt-printer',
    transport: { type: 'none' },
  }
  const dial = dialPort(port)
  return {
    device,
    store: { time_zone: 'Europe/Warsaw' },
    dial: (_to: unknown, timeoutMs: number) => dial(timeoutMs),
    now: () => new Date(),
    signal: new AbortController().signal,
  } as unknown as Ways
}

const where = { protocol: 'escpos', timeout_ms: 600 }

it('a printer that says nothing is looked at once more, and counts by that', async () => {
  let connections = 0
  const port = await bench.start((socket) => {
    connections++
    if (connections > 1) escposEmulator(socket, printerWith())
  })
  const seen = await askPrinter(where, waysTo(port), { thorough: false })
  expect(seen).toMatchObject({ ok: true, value: { reading: { answered: 'yes', ready: 'yes' } } })
  expect(connections).toBe(2)
})

it('one that says nothing twice is silent; one that talks nonsense is asked once', async () => {
  let connections = 0
  const port = await bench.start((socket) => {
    connections++
    socket.resume()
  })
  const silent = await askPrinter(where, waysTo(port), { thorough: false })
  expect(silent).toMatchObject({
    ok: true,
    value: { reading: { answered: 'no', line: 'open', detail: expect.stringMatching(/It was asked twice\.$/) } },
  })
  expect(connections).toBe(2)
  const talker = await bench.start((socket) => {
    connections++
    socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  const foreign = await askPrinter(where, waysTo(talker), { thorough: false })
  expect(foreign).toMatchObject({ ok: true, value: { reading: { answered: 'no' } } })
  expect(connections).toBe(3)
})
