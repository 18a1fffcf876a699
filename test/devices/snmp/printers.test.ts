import { createSocket, type Socket } from 'node:dgram'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/core/secret.ts'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { readSnmp } from '../../../src/devices/snmp/client.ts'
import { decodeQuestion, decodeResponse, encodeResponse } from '../../../src/devices/snmp/codec.ts'
import type { ImitatedPrinter, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { snmpEmulator } from '../../../src/sandbox/printers/snmp.ts'
import { asking, NOON } from '../../peers/imitated-printers.ts'
import { hasSnmpSimulator, type PrintServer, startSnmpSimulator } from '../../peers/print-servers.ts'
import { type RecordedPrinter, recordingOf } from '../../peers/snmp-recordings.ts'

const names = (reading: PrinterReading): ConditionName[] => reading.conditions.map(({ name }) => name)
const read = (port: number, community = 'public', budgetMs = 3000): Promise<PrinterReading> =>
  readSnmp({ host: '127.0.0.1', port, community: new Secret(community) }, asking({ budgetMs }))

const toner = ['Black Toner', 3, 3, 2000, 1500] as const
const WELL: RecordedPrinter = { status: 3, device: 2, bits: '0000', supplies: [toner, ['Waste', 4, 4, -2, -2]] }

const RECORDED: Readonly<
  Record<string, RecordedPrinter & { readonly says: readonly [PrinterReading['ready'], readonly ConditionName[]] }>
> = {
  ok: { ...WELL, says: ['yes', []] },
  jam: {
    ...WELL,
    status: 1,
    device: 5,
    bits: '0600',
    alerts: [[3, 8, 'Paper jam in tray 1']],
    says: ['no', ['paper-jam', 'offline']],
  },
  nopaper: {
    ...WELL,
    status: 1,
    device: 5,
    bits: '4004',
    trays: [0],
    alerts: [[3, 808, 'Tray 1 empty']],
    says: ['no', ['paper-out', 'paper-low']],
  },
  onebyte: { ...WELL, status: 1, device: 5, bits: '08', cover: 3, says: ['no', ['cover-open']] },
  empty: { ...WELL, status: 1, device: 3, bits: '', trays: [-2], says: ['unknown', []] },
  emptytrays: { ...WELL, status: 1, device: 5, bits: '', trays: [0, 0], says: ['no', ['paper-out']] },
  seventh: { ...WELL, index: 7, says: ['yes', []] },
  // RFC 3805, 2.2.13.2: Standby is running, other, without an error.
  asleep: { ...WELL, status: 1, says: ['yes', []] },
  asleepwords: { ...WELL, status: 1, bits: '00', alerts: [[4, 23, 'Sleep mode on']], says: ['yes', []] },
  nosleep: { ...WELL, status: 1, alerts: [[3, 30_002, 'Call service']], says: ['unknown', ['other-error']] },
  nosleepbits: { ...WELL, status: 1, bits: '10', says: ['no', ['toner-empty']] },
  // Supplies that are not fitted, as printers of Brother tell them.
  unfitted: {
    ...WELL,
    supplies: [toner, ['Drum Unit', 3, 9, -2, 0], ['Cyan Toner', 3, 3, -2, 0], ['Belt', 3, 1, 0, 0]],
    says: ['yes', []],
  },
  // The trays of a Brother MFC-L2710DW (tests/snmpsim/brother.snmprec of LibreNMS), of which the last is empty.
  brother: {
    ...WELL,
    status: 1,
    device: 5,
    bits: '40',
    trays: [
      ['AUTO', 250, -3],
      ['MANUAL TRAY', 1, -3],
      ['TRAY1', 250, 0],
    ],
    says: ['no', ['paper-out']],
  },
  brotherjam: {
    ...WELL,
    status: 3,
    device: 3,
    bits: '44',
    trays: [
      ['AUTO', 250, -3],
      ['MANUAL TRAY', 1, -3],
      ['TRAY1', 250, 0],
    ],
    says: ['no', ['paper-out', 'paper-jam']],
  },
  // A slot for single sheets that has one, and a cassette that has none.
  manual: {
    ...WELL,
    status: 1,
    device: 5,
    bits: '40',
    trays: [
      ['Manual', 50, 10, 5],
      ['Cassette', 250, 0, 3],
    ],
    says: ['no', ['paper-out']],
  },
  doubtandjam: { ...WELL, status: 1, device: 5, bits: '44', trays: [100], says: ['no', ['other-error', 'paper-jam']] },
  onetray: { ...WELL, device: 3, trays: [0, 200], alerts: [[4, 808, 'Tray 1 empty']], says: ['yes', ['paper-low']] },
  downidle: { ...WELL, device: 5, says: ['unknown', ['other-error']] },
  low: {
    ...WELL,
    device: 3,
    bits: '80',
    supplies: [['Black Toner', 3, 3, 2000, 80]],
    says: ['yes', ['paper-low', 'toner-low']],
  },
  full: { ...WELL, supplies: [toner, ['Waste', 4, 4, 100, 100]], says: ['yes', []] },
  remaining: {
    ...WELL,
    supplies: [
      ['Black Toner', 3, 3, -2, -3],
      ['Drum', 3, 9, 100, -1],
    ],
    says: ['yes', []],
  },
  oldalerts: { ...WELL, alerts: [[3, 8, 'Jam of last week']], says: ['yes', []] },
  unreliable: { ...WELL, bits: '03', says: ['yes', []] },
  reversed: { ...WELL, status: 1, device: 5, bits: '40', trays: [100], says: ['no', ['other-error']] },
  strange: { ...WELL, bits: '04', says: ['yes', ['other-warning']] },
  service: { ...WELL, status: 1, device: 3, bits: '01', says: ['unknown', ['service-requested']] },
  odd: {
    ...WELL,
    status: 1,
    device: 5,
    bits: '0000',
    alerts: [[3, 30_001, 'Vendor thing']],
    says: ['no', ['other-error']],
  },
}

describe.runIf(hasSnmpSimulator)('printers behind a real agent', { timeout: 40_000 }, () => {
  let agent: PrintServer
  beforeAll(async () => {
    const recordings = Object.entries(RECORDED).map(([name, printer]) => [name, recordingOf(printer)])
    const noDevices = (name: string): string[] =>
      recordingOf(RECORDED[name] ?? WELL).filter((line) => !line.startsWith('1.3.6.1.2.1.25.'))
    agent = await startSnmpSimulator({
      ...Object.fromEntries(recordings),
      server: ['1.3.6.1.2.1.1.1.0|4|Linux'],
      nodevices: noDevices('ok'),
      nodevicesopen: noDevices('onebyte'),
    })
  }, 40_000)
  afterAll(() => agent?.stop())

  it.each(Object.keys(RECORDED))('"%s" is read rightly', async (name) => {
    const reading = await read(agent.port, name)
    const [ready, conditions] = RECORDED[name]?.says ?? []
    expect(reading).toMatchObject({ answered: 'yes', line: 'open', ready })
    expect(names(reading)).toEqual(conditions)
    expect(reading.identity).toEqual({ model: 'HP LaserJet Pro M404dn', serial: 'PHBHJ02345' })
    expect(reading.counters).toEqual({ pages: 123_456 })
  })

  it('names what bits mean when they are counted from the other end', async () => {
    const reading = await read(agent.port, 'reversed')
    expect(reading.conditions[0]?.evidence).toMatch(
      /noPaper, but there is paper in a tray; counted from the other end: offline/,
    )
  })

  it('levels below nothing are no percentages', async () => {
    const { supplies } = await read(agent.port, 'remaining')
    expect(supplies).toEqual([{ name: 'Black Toner', state: 'ok' }, { name: 'Drum' }])
  })

  it('a wrong community is silence, and silence is unknown', async () => {
    const reading = await read(agent.port, 'nobody-knows', 500)
    expect(reading).toMatchObject({ answered: 'unknown', ready: 'unknown', line: 'timed-out', conditions: [] })
    expect(reading.detail).toMatch(/another community/)
    expect(JSON.stringify(reading)).not.toContain('nobody-knows')
  })

  it('a printer that stands in no table of devices answers, and does not say whether it prints', async () => {
    const well = await read(agent.port, 'nodevices')
    expect(well).toMatchObject({ answered: 'yes', ready: 'unknown', conditions: [], counters: { pages: 123_456 } })
    const open = await read(agent.port, 'nodevicesopen')
    expect(open).toMatchObject({ answered: 'yes', ready: 'no', conditions: [{ name: 'cover-open' }] })
  })

  it('an agent without a printer proves nothing of one', async () => {
    expect(await read(agent.port, 'server')).toMatchObject({
      answered: 'unknown',
      line: 'open',
      ready: 'unknown',
      detail: expect.stringMatching(/no printer/),
    })
  })
})

describe('printers of the sandbox', () => {
  let socket: Socket
  let datagrams: Buffer[]
  let faults: Set<PrinterFault>
  /** What an old agent does not understand it does not answer. */
  let isOld: boolean
  let atMost: number
  let drop: number
  beforeEach(async () => {
    datagrams = []
    faults = new Set()
    isOld = false
    atMost = Number.POSITIVE_INFINITY
    drop = 0
    const printer: ImitatedPrinter = {
      name: 'PL-0001/office',
      vendor: 'HP',
      model: 'LaserJet Pro M404dn',
      serial: 'PHB1',
      uniqueNumber: '',
      faults,
      now: () => NOON,
      timeZone: 'Europe/Warsaw',
    }
    socket = createSocket('udp4', (datagram, from) => {
      datagrams.push(datagram)
      if (isOld && decodeQuestion(datagram)?.version !== 'v1') return
      if (drop > 0) {
        drop -= 1
        return
      }
      const answer = snmpEmulator(datagram, printer)
      if (answer) socket.send(cutOff(answer), from.port, from.address)
    })
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  })
  const cutOff = (answer: Uint8Array): Uint8Array => {
    const response = decodeResponse(answer)
    return response ? encodeResponse({ ...response, variables: response.variables.slice(0, atMost) }) : answer
  }
  afterEach(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  const port = (): number => socket.address().port

  it.each<[PrinterFault, Partial<PrinterReading>, ConditionName[]]>([
    ['no-receipts', { answered: 'yes', ready: 'yes' }, []],
    ['paper-out', { answered: 'yes', ready: 'no' }, ['paper-out']],
    ['paper-low', { answered: 'yes', ready: 'yes' }, ['paper-low']],
    ['cover-open', { answered: 'yes', ready: 'no' }, ['cover-open']],
    ['mechanism-error', { answered: 'yes', ready: 'no' }, ['paper-jam']],
    ['printer-silent', { answered: 'unknown', ready: 'unknown' }, []],
    ['printer-garbage', { answered: 'unknown', ready: 'unknown' }, []],
  ])('with %s are read rightly', async (fault, expected, conditions) => {
    faults.add(fault)
    const reading = await read(port(), 'public', 700)
    expect(reading).toMatchObject(expected)
    expect(names(reading)).toEqual(conditions)
  })

  it('that speak only v1 are read as well, and as soon', async () => {
    isOld = true
    const began = performance.now()
    expect(await read(port())).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      identity: { serial: 'PHB1' },
      counters: { pages: 12_345 },
    })
    expect(performance.now() - began).toBeLessThan(1500)
  })

  it('are asked again for what was lost on the way', async () => {
    drop = 3
    expect(await read(port())).toMatchObject({ answered: 'yes', ready: 'yes' })
  })

  // RFC 3416, 4.2.3: an answer may have fewer variables than were asked for; npm's net-snmp counts each as a repetition.
  it.each([1, 2, 4, 7])('that answer %i variables at most are read to the end', async (most) => {
    atMost = most
    faults.add('mechanism-error')
    const reading = await read(port())
    expect(names(reading)).toEqual(['paper-jam'])
    expect(reading).toMatchObject({ ready: 'no', counters: { pages: 12_345 }, supplies: [{ name: 'Black Toner' }] })
    expect(reading.detail).toBeUndefined()
  })

  it('are sent nothing but questions', async () => {
    await read(port())
    const operations = datagrams.map((datagram) => decodeQuestion(datagram)?.operation)
    expect(new Set(operations)).toEqual(new Set(['get', 'get-bulk']))
  })

  it('that are not there cost the deadline once, and at once where the machine says so', async () => {
    faults.add('printer-silent')
    const began = performance.now()
    const readings = await Promise.all(Array.from({ length: 50 }, () => read(port(), 'public', 500)))
    // Fifty, one after the other, take 25 s; one deadline on a machine without time to spare takes 2 s.
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(readings.every(({ line }) => line === 'timed-out')).toBe(true)
    const free = createSocket('udp4')
    await new Promise<void>((resolve) => free.bind(0, '127.0.0.1', resolve))
    const { port: closed } = free.address()
    await new Promise<void>((resolve) => free.close(resolve))
    expect(await read(closed, 'public', 5000)).toMatchObject({ answered: 'unknown', line: 'refused' })
  })
})
