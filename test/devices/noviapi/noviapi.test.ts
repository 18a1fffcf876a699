import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Sample } from '../../../src/core/sample.ts'
import { type NoviPlace, readNoviApi } from '../../../src/devices/noviapi/client.ts'
import { isAllowed, type NoviRequest, REQUESTS, STATUS_TYPES } from '../../../src/devices/noviapi/requests.ts'
import { TokenBook, tokensNoted } from '../../../src/devices/noviapi/token-book.ts'
import type { Asking } from '../../../src/devices/printer/protocol.ts'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { noviApiEmulator, storedRequests } from '../../../src/sandbox/printers/noviapi.ts'
import { selfSigned } from '../../../src/sandbox/printers/self-signed.ts'
import { asking, type ListeningPrinter, listen, NOON } from '../../peers/imitated-printers.ts'

let peer: ListeningPrinter
let tokens: TokenBook
beforeEach(async () => {
  peer = await listen(noviApiEmulator)
  tokens = new TokenBook()
})
afterEach(() => peer.stop())

async function read(place: Partial<NoviPlace> = {}, more: Partial<Asking> = {}): Promise<PrinterReading> {
  const to = { host: peer.host, port: peer.port, ...place }
  const reading = await readNoviApi(peer.dial, to, asking(more), tokens)
  if (!reading.ok) throw new Error(reading.failure.message)
  return reading.value
}

const names = (reading: PrinterReading): ConditionName[] => reading.conditions.map(({ name }) => name)
const sent = (): string[] => [...peer.received().matchAll(/([A-Z]+ \/api\S*) HTTP/g)].map(([, line]) => String(line))

describe('a printer that speaks NoviAPI', () => {
  it('is read whole, and nothing stays behind', async () => {
    expect(await read()).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      busy: false,
      conditions: [],
      identity: { vendor: 'Novitus', model: 'HD II Online', firmware: '3.50', unique_number: 'EAA2101234567' },
      queue: { depth: 0 },
      fiscal: {
        fiscal_mode: true,
        reports_left: 900,
        last_report_at: '2026-11-25T01:00:00+01:00',
        protected_memory: { free: 15_618 },
      },
    })
    expect(storedRequests(peer.printer)).toBe(0)
  })

  it('does not take the size of its memory for the unit of what is free', async () => {
    const { fiscal } = await read()
    expect(fiscal?.protected_memory).toEqual({ free: 15_618 })
  })

  it('is asked for its state alone where that is enough', async () => {
    await read({}, { thorough: false })
    expect(sent().filter((line) => line.startsWith('POST'))).toHaveLength(1)
  })

  it.each<[PrinterFault, Partial<PrinterReading>, ConditionName[]]>([
    ['paper-out', { ready: 'no' }, ['other-error']],
    ['cover-open', { ready: 'no' }, ['other-error']],
    ['fiscal-memory-full', { ready: 'yes' }, ['fiscal-memory-full']],
    ['fiscal-memory-low', { ready: 'yes' }, ['fiscal-memory-low']],
    ['protected-memory-full', { ready: 'yes' }, ['protected-memory-full']],
    ['printer-busy', { answered: 'yes', busy: true, ready: 'unknown', queue: { depth: 1 } }, []],
    ['receipt-open', { answered: 'yes', busy: true, ready: 'unknown' }, []],
    ['printer-silent', { answered: 'no', ready: 'unknown' }, []],
    ['printer-garbage', { answered: 'no', ready: 'unknown' }, []],
    ['printer-hung', { answered: 'no', ready: 'unknown' }, []],
  ])('with the fault %s is read rightly', async (fault, expected, conditions) => {
    peer.faults.add(fault)
    const reading = await read({}, { budgetMs: 600 })
    expect(reading).toMatchObject(expected)
    expect([...new Set(names(reading))]).toEqual(conditions)
    expect(storedRequests(peer.printer)).toBe(0)
  })

  it.each<[PrinterFault | undefined, ConditionName[]]>([
    ['certificate-expired', ['certificate-expired']],
    ['certificate-expiring', ['certificate-expiring']],
    [undefined, []],
  ])('over HTTPS, with %s, answers and shows its certificate', async (fault, conditions) => {
    if (fault) peer.faults.add(fault)
    const reading = await read({ tls: true })
    expect(reading).toMatchObject({ answered: 'yes', ready: 'yes' })
    expect(names(reading)).toEqual(conditions)
    expect(reading.fiscal?.certificates).toMatchObject([{ name: 'https' }])
  })

  it('says that a receipt is open, and that none is only where the queue is the till’s', async () => {
    expect((await read()).guards).toMatchObject({ receipt_open: 'unknown', transaction_running: 'unknown' })
    expect((await read({ ofTill: true })).guards).toMatchObject({ receipt_open: 'no', transaction_running: 'no' })
    peer.faults.add('receipt-open')
    expect((await read()).guards).toMatchObject({ receipt_open: 'yes', shift_open: 'unknown' })
  })
})

describe('tokens', () => {
  it('are asked for once, and kept', async () => {
    for (let n = 0; n < 4; n += 1) await read({}, { thorough: false })
    expect(sent().filter((line) => line === 'GET /api/v1/token')).toHaveLength(1)
  })

  it('stand in no reading', async () => {
    const text = JSON.stringify(await read())
    const token = /Bearer (\S+)/.exec(peer.received())?.[1] ?? ''
    expect(token).toMatch(/^eyJ/)
    expect(text).not.toContain(token)
    expect(text).toContain('***')
  })

  it('are refreshed shortly before they end, not asked for anew', async () => {
    let now = NOON.getTime()
    const clock = { now: () => new Date(now) }
    await peer.stop()
    peer = await listen(noviApiEmulator, clock)
    await read({}, clock)
    now += 19.5 * 60_000
    expect(await read({}, clock)).toMatchObject({ ready: 'yes' })
    expect(sent().filter((line) => line.endsWith('/token'))).toEqual(['GET /api/v1/token', 'PATCH /api/v1/token'])
  })

  it('that are used up are not asked for before the printer allows it', async () => {
    let now = NOON.getTime()
    const clock = { now: () => new Date(now) }
    await peer.stop()
    peer = await listen(noviApiEmulator, clock)
    // The till took all ten of this hour.
    for (let n = 0; n < 10; n += 1) await fetch(`http://127.0.0.1:${peer.port}/api/v1/token`)
    const refused = await read({}, clock)
    expect(refused).toMatchObject({
      answered: 'yes',
      ready: 'unknown',
      detail: expect.stringMatching(/2026-11-25T12:00/),
    })
    now += 30 * 60_000
    expect((await read({}, clock)).detail).toMatch(/gives no tokens before 2026-11-25T12:00/)
    expect(sent().filter((line) => line.endsWith('/token'))).toHaveLength(1)
    now += 31 * 60_000
    expect(await read({}, clock)).toMatchObject({ ready: 'yes' })
  })

  it('are never taken more than four times an hour, whatever becomes of them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10 * 60_000), { maxLength: 60 }), (pauses) => {
        const book = new TokenBook()
        const taken: number[] = []
        let now = 0
        for (const pause of pauses) {
          now += pause
          if (book.refusal('a', now, 0) !== undefined) continue
          book.asking('a', now)
          taken.push(now)
        }
        for (const time of taken) {
          expect(taken.filter((other) => other > time - 3_600_000 && other <= time).length).toBeLessThanOrEqual(4)
        }
      }),
    )
  })

  /** As monitoring does it: a process of its own for each look, which knows only what runs noted. */
  async function looks(count: number, everyMs: number, takenByTill = 1): Promise<readonly PrinterReading[]> {
    const samples: Sample[] = []
    const readings: PrinterReading[] = []
    let now = NOON.getTime()
    const clock = { now: () => new Date(now) }
    await peer.stop()
    peer = await listen(noviApiEmulator, clock)
    for (let n = 0; n < takenByTill; n += 1) await fetch(`http://127.0.0.1:${peer.port}/api/v1/token`)
    for (let look = 0; look < count; look += 1) {
      tokens = new TokenBook()
      const reading = await read({ tokensNoted: tokensNoted(samples, now) }, clock)
      readings.push(reading)
      const { tokens_taken: value } = reading
      if (value !== undefined) samples.push({ at: new Date(now).toISOString(), value })
      now += everyMs
    }
    return readings
  }

  it('are shared with earlier processes: of a look each two minutes for an hour, four take one', async () => {
    const readings = await looks(30, 2 * 60_000)
    expect(readings.map(({ ready }) => ready)).toEqual([...new Array(4).fill('yes'), ...new Array(26).fill('unknown')])
    for (const reading of readings) expect(reading).toMatchObject({ answered: 'yes', conditions: [] })
    expect(readings.at(-1)?.detail).toMatch(/we took 4 of its ten an hour/)
    expect(sent().filter((line) => line.endsWith('/token'))).toHaveLength(4)
  })

  it('are taken again an hour later', async () => {
    const readings = await looks(40, 2 * 60_000)
    expect(readings.filter(({ ready }) => ready === 'yes')).toHaveLength(8)
  })

  it('are left alone by every process once the printer said that there are too many', async () => {
    const readings = await looks(20, 2 * 60_000, 10)
    expect(readings.map(({ tokens_taken: taken }) => taken ?? 0)).toEqual([4, ...new Array(19).fill(0)])
  })
})

describe('what is sent', () => {
  it('is on the list, and nothing else is', () => {
    const id = 'a'.repeat(32)
    for (const type of STATUS_TYPES) expect(isAllowed(REQUESTS.post(type))).toBe(true)
    for (const request of [REQUESTS.test(), REQUESTS.token(), REQUESTS.refresh(), REQUESTS.queue()]) {
      expect(isAllowed(request)).toBe(true)
    }
    for (const request of [REQUESTS.confirm(id), REQUESTS.look(id, 500), REQUESTS.remove(id)]) {
      expect(isAllowed(request)).toBe(true)
    }
    const forbidden: NoviRequest[] = [
      { method: 'DELETE', path: '/api/v1/queue' },
      { method: 'POST', path: '/api/v1/receipt', body: '{}' },
      { method: 'POST', path: '/api/v1/daily_report', body: '{}' },
      { method: 'POST', path: '/api/v1/status', body: '{"status":{"type":"device"},"receipt":{}}' },
      { method: 'POST', path: '/api/v1/status' },
      { method: 'PUT', path: `/api/v1/receipt/${id}` },
      { method: 'PUT', path: `/api/v1/status/${id}/../../receipt/1` },
      { method: 'DELETE', path: '/api/v1/status/' },
      { method: 'GET', path: '/api/v1/queue', body: '{}' },
    ]
    for (const request of forbidden) expect(isAllowed(request), request.path).toBe(false)
  })

  it('is taken back when the run is stopped between storing and confirming', async () => {
    const stop = new AbortController()
    const dial: typeof peer.dial = async (to, timeoutMs) => {
      const dialled = await peer.dial(to, timeoutMs)
      if (!dialled.ok) return dialled
      const write = (data: Uint8Array): void => {
        dialled.value.write(data)
        if (Buffer.from(data).toString('latin1').startsWith('POST')) stop.abort()
      }
      return { ok: true, value: { ...dialled.value, write } }
    }
    const to = { host: peer.host, port: peer.port }
    const reading = await readNoviApi(dial, to, asking({ signal: stop.signal }), tokens)
    expect(reading).toMatchObject({
      ok: true,
      value: { ready: 'unknown', detail: expect.stringMatching(/taken back/) },
    })
    expect(sent().filter((line) => line.startsWith('DELETE'))).toHaveLength(1)
    expect(storedRequests(peer.printer)).toBe(0)
  })
})

it('certificates of the sandbox are what they say', () => {
  const until = new Date('2027-03-01T12:00:00Z')
  const certificate = new X509Certificate(selfSigned('PL-0001/printer1', NOON, until).cert)
  expect(certificate.subject).toBe('CN=PL-0001/printer1')
  expect(new Date(certificate.validTo)).toEqual(until)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
})
