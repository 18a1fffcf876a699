import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import { type AtolPlace, readAtol } from '../../../src/devices/atol/client.ts'
import { encodeTasks, READ_TASKS, type ReadTask, STATE_TASKS } from '../../../src/devices/atol/tasks.ts'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { atolEmulator, tasksThatAct } from '../../../src/sandbox/printers/atol.ts'
import type { PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { dialHere } from '../../peers/dial.ts'
import { asking, type ListeningPrinter, listen } from '../../peers/imitated-printers.ts'

const names = (reading: PrinterReading): ConditionName[] => reading.conditions.map(({ name }) => name)

async function readAt(to: AtolPlace, budgetMs = 2000, dial = dialHere): Promise<PrinterReading> {
  const reading = await readAtol(dial, to, asking({ budgetMs, timeZone: 'Europe/Moscow' }))
  if (!reading.ok) throw new Error(reading.failure.message)
  return reading.value
}

describe('an ATOL driver', () => {
  let peer: ListeningPrinter
  beforeEach(async () => {
    peer = await listen(atolEmulator, { vendor: 'ATOL', model: 'ATOL 30F', timeZone: 'Europe/Moscow' })
  })
  afterEach(() => peer.stop())
  const read = (budgetMs?: number): Promise<PrinterReading> => readAt(peer, budgetMs, peer.dial)

  it('is read whole by one request', async () => {
    expect(await read()).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      busy: false,
      conditions: [],
      identity: { vendor: 'ATOL', model: 'ATOL 30F', serial: 'SN0001', unique_number: 'EAA2101234567' },
      fiscal: {
        fiscal_mode: true,
        clock: '2026-11-25T14:00:00+03:00',
        shift: { state: 'open', number: 412 },
        unsent: { count: 0 },
        transmission: { last_ok_at: '2026-11-25T13:50:00+03:00' },
      },
      guards: { shift_open: 'yes', receipt_open: 'unknown' },
    })
    expect(peer.received().match(/^POST /gm)).toHaveLength(1)
    expect(tasksThatAct(peer.printer)).toEqual([])
  })

  it('has no oldest document where none waits, whatever date it says', async () => {
    expect((await read()).fiscal?.unsent).toEqual({ count: 0 })
  })

  it.each<[PrinterFault, Partial<PrinterReading>, ConditionName[]]>([
    ['paper-out', { ready: 'no' }, ['paper-out']],
    ['cover-open', { ready: 'no' }, ['cover-open']],
    ['mechanism-error', { ready: 'no' }, ['device-blocked']],
    ['day-not-closed', { ready: 'no' }, ['day-not-closed']],
    ['documents-unsent', { ready: 'yes' }, ['documents-unsent']],
    ['transmission-failing', { ready: 'yes' }, ['transmission-failing', 'documents-unsent']],
    ['fiscal-memory-low', { ready: 'yes' }, ['fiscal-memory-low']],
    ['licence-expired', { ready: 'no' }, ['storage-locked']],
    ['clock-wrong', { ready: 'yes' }, ['clock-skewed']],
    ['storage-critical', { ready: 'no' }, ['storage-locked']],
    ['storage-closed', { ready: 'no' }, ['storage-locked', 'not-fiscal']],
    ['printer-busy', { answered: 'yes', ready: 'unknown', busy: true }, []],
    ['printer-silent', { answered: 'no', ready: 'unknown' }, []],
    ['printer-garbage', { answered: 'no', ready: 'unknown' }, []],
    ['printer-hung', { answered: 'no', ready: 'unknown' }, []],
  ])('with the fault %s is read rightly', async (fault, expected, conditions) => {
    peer.faults.add(fault)
    const reading = await read(600)
    expect(reading).toMatchObject(expected)
    expect(names(reading)).toEqual(conditions)
    expect(tasksThatAct(peer.printer)).toEqual([])
  })
})

describe('a storage or device that a driver tells of', () => {
  let server: Server
  let told: { status: object; info: object }
  beforeEach(async () => {
    server = createServer((message, response) => {
      message.resume()
      const results = STATE_TASKS.map((task) => ({
        status: 'ready',
        result:
          { getDeviceStatus: { deviceStatus: told.status }, getFnInfo: { fnInfo: told.info } }[task as string] ?? {},
      }))
      const body = message.method === 'POST' ? { isBlocked: false } : { results }
      response.writeHead(message.method === 'POST' ? 201 : 200).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  const readTold = async (status: object, info: object): Promise<PrinterReading> => {
    told = { status, info }
    const { port } = server.address() as { port: number }
    const at = { host: '127.0.0.1', port }
    const reading = await readAtol(dialHere, at, asking({ budgetMs: 2000, timeZone: 'Europe/Moscow', thorough: false }))
    if (!reading.ok) throw new Error(reading.failure.message)
    return reading.value
  }
  const well = { blocked: false, fiscal: true, fnFiscal: true, fnPresent: true, paperPresent: true, shift: 'closed' }

  it.each<[string, ConditionName[], string]>([
    ['fiscalMode', [], 'yes'],
    ['init', ['not-fiscal'], 'no'],
    ['configured', ['not-fiscal'], 'no'],
    ['postFiscalMode', ['storage-locked'], 'no'],
    ['accessArchive', ['storage-locked'], 'no'],
    ['unknown', ['other-error'], 'unknown'],
  ])('in the phase %s, without all that a thorough visit asks', async (livePhase, expected, ready) => {
    const reading = await readTold(well, { livePhase })
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: expected, ready })
  })

  it.each<[string, boolean, ConditionName, string]>([
    ['fnFiscal', false, 'not-fiscal', 'no'],
    ['invalidFn', true, 'storage-locked', 'no'],
    ['cutError', true, 'cutter-error', 'no'],
    ['printerError', true, 'mechanism-error', 'no'],
    ['printerOverheat', true, 'overheated', 'no'],
    ['printerConnectionLost', true, 'mechanism-error', 'no'],
    ['paperNearEnd', true, 'paper-low', 'yes'],
  ])('with %s: %s', async (flag, value, name, ready) => {
    const reading = await readTold({ ...well, [flag]: value }, {})
    expect({ names: names(reading), ready: reading.ready }).toEqual({ names: [name], ready })
  })
})

describe('what is asked of a driver', () => {
  const uuid = '0c5d4f2e-0000-4000-8000-000000000001'
  it('are tasks that only read', () => {
    expect(Object.isFrozen(READ_TASKS)).toBe(true)
    expect(READ_TASKS.filter((task) => !/^(get[A-Z]|ofdExchangeStatus$)/.test(task))).toEqual([])
    const acting = ['reportOfdExchangeStatus', 'closeShift', 'reportX', 'sell', 'cashIn', 'openShift', 'nonFiscal']
    for (const task of acting) expect(() => encodeTasks(uuid, [task as ReadTask]), task).toThrow(/not on the list/)
    expect(() => encodeTasks(uuid, ['getDeviceStatus', 'reportOfdExchangeStatus' as ReadTask])).toThrow()
    expect(JSON.parse(encodeTasks(uuid, ['getDeviceStatus']))).toEqual({ uuid, request: [{ type: 'getDeviceStatus' }] })
  })
})

describe('other drivers', () => {
  let server: Server
  let answer: (message: IncomingMessage, response: ServerResponse) => void
  beforeEach(async () => {
    server = createServer((message, response) => {
      message.resume()
      answer(message, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  const place = (): AtolPlace => ({ host: '127.0.0.1', port: (server.address() as { port: number }).port })
  const say = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  it('that are older have the first path, and errors with other names', async () => {
    answer = ({ url = '', method }, response) => {
      if (url.startsWith('/api/v2')) return say(response, 404, {})
      if (method === 'POST') return say(response, 201, { uuid: 'x' })
      const failed = { status: 'error', errorCode: 2, errorDescription: 'Нет связи' }
      return say(response, 200, { results: READ_TASKS.map(() => failed) })
    }
    const reading = await readAt(place())
    expect(reading).toMatchObject({ answered: 'yes', ready: 'no' })
    expect(reading.conditions).toEqual([{ name: 'other-error', evidence: 'getDeviceInfo: 2 Нет связи' }])
  })

  it('whose queue is blocked are blocked, although they answer 200', async () => {
    answer = ({ method }, response) => {
      if (method === 'POST') return say(response, 201, { number: 2, uuid: 'x', isBlocked: true, blockedUUID: 'b-1' })
      return say(response, 200, { results: READ_TASKS.map(() => ({ status: 'wait' })) })
    }
    const reading = await readAt(place())
    expect(reading).toMatchObject({ answered: 'yes', ready: 'no', busy: false })
    expect(reading.conditions).toEqual([{ name: 'device-blocked', evidence: "the driver's queue is blocked by b-1" }])
  })

  it('that say 200 with a task that is blocked are blocked', async () => {
    answer = ({ method }, response) => {
      if (method === 'POST') return say(response, 201, { isBlocked: false })
      return say(response, 200, { results: READ_TASKS.map(() => ({ status: 'blocked', error: { code: 1 } })) })
    }
    expect(names(await readAt(place()))).toContain('device-blocked')
  })

  it('that want a login are not sick, and the password is nowhere in what was read', async () => {
    answer = ({ headers, method }, response) => {
      const expected = `Basic ${Buffer.from('till:geheim').toString('base64')}`
      if (headers.authorization !== expected) return say(response, 401, {})
      if (method === 'POST') return say(response, 201, { isBlocked: false })
      return say(response, 200, { results: [] })
    }
    expect(await readAt(place(), 300)).toMatchObject({ answered: 'unknown', detail: expect.stringMatching(/login/) })
    const login = { user: 'till', password: new Secret('geheim') }
    const reading = await readAt({ ...place(), login }, 300)
    expect(reading).toMatchObject({ answered: 'yes', ready: 'unknown' })
    expect(JSON.stringify(reading)).not.toMatch(/geheim|Basic/)
  })

  it('whose answers have no sense at all are read without a fall', async () => {
    const senseless = [null, 1, 'x', [], { results: 3 }, { results: [null, 7, { status: 4, result: [] }] }]
    for (const body of senseless) {
      answer = ({ method }, response) => say(response, method === 'POST' ? 201 : 200, body as object)
      expect((await readAt(place(), 200)).ready).not.toBe('yes')
    }
  })
})
