import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { readEpsonFp } from '../../../src/devices/epson-fp/client.ts'
import { answerIn, encodeQuestion } from '../../../src/devices/epson-fp/codec.ts'
import { stateOf } from '../../../src/devices/epson-fp/state.ts'
import type { ConditionName, PrinterReading } from '../../../src/devices/printer/reading.ts'
import { EPSON_FP_FAULTS, epsonFpEmulator } from '../../../src/sandbox/printers/epson-fp.ts'
import { httpFace, type PrinterReply } from '../../../src/sandbox/printers/http-face.ts'
import type { PrinterEmulator, PrinterFault } from '../../../src/sandbox/printers/imitated-printer.ts'
import { asking, type ListeningPrinter, listen } from '../../peers/imitated-printers.ts'

const envelope = (response: string): string => `<?xml version="1.0" encoding="utf-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>${response}</soapenv:Body></soapenv:Envelope>`
const info = (facts: string): string =>
  `<response success="true" code="" status="2"><addInfo>${facts}</addInfo></response>`

// The examples of the guide, as drivers of others have them in their tests (lyancoder/fiscal-printer; a driver of .NET).
const STATUS = envelope(
  info(
    '<elementList>cpuRel,mfRel,mfStatus,fpStatus</elementList><cpuRel>07.00</cpuRel><mfRel>04.3</mfRel><mfStatus>0</mfStatus><fpStatus>00110</fpStatus>',
  ),
)
const REFUSED = envelope(
  '<response success="false" code="PRINTER ERROR" status="21"><addInfo><elementList>lastCommand,printerStatus</elementList><lastCommand>80</lastCommand><printerStatus>00100</printerStatus></addInfo></response>',
)
const EMPTY = '<response success="false" code="EPTR_REC_EMPTY" status="0" />'

const said = (text: string) => {
  const answer = answerIn(Buffer.from(text))
  return answer && stateOf(answer)
}
const withStatus = (status: string) => said(envelope(info(`<fpStatus>${status}</fpStatus>`)))

describe('the XML of Epson', () => {
  it('asks for the status, and for nothing else', () => {
    expect(encodeQuestion(0)).toBe(`<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><printerCommand><queryPrinterStatus operator="1" statusType="0" /></printerCommand></s:Body></s:Envelope>`)
  })

  it('is read as in the examples of the guide', () => {
    expect(answerIn(Buffer.from(STATUS))?.facts.get('cpuRel')).toBe('07.00')
    expect(said(STATUS)).toMatchObject({ conditions: [], isSure: true, guards: { receipt_open: 'no' } })
    expect(said(REFUSED)).toMatchObject({
      conditions: [{ name: 'other-error', evidence: 'it refuses the question: PRINTER ERROR 21' }],
      isSure: false,
      guards: { receipt_open: 'yes' },
    })
    expect(said(EMPTY)).toMatchObject({ conditions: [{ name: 'paper-out' }], guards: { receipt_open: 'unknown' } })
  })

  it('that is cut, or of somebody else, is none', () => {
    for (let cut = 0; cut < STATUS.length; cut++) expect(answerIn(Buffer.from(STATUS.slice(0, cut)))).toBeUndefined()
    for (const other of ['<html><body>404</body></html>', '<a><b></a>', '{"a":1}', `<!DOCTYPE response>${EMPTY}`])
      expect(answerIn(Buffer.from(other))).toBeUndefined()
    fc.assert(fc.property(fc.string(), (any) => void answerIn(Buffer.from(any))))
  })
})

describe('the five digits', () => {
  it.each<[string, ConditionName[], boolean]>([
    ['20110', ['paper-low'], true],
    ['30110', ['paper-out'], true],
    ['01110', ['protected-memory-low'], true],
    ['05110', ['protected-memory-full'], true],
    ['02110', ['other-error'], false],
    ['04110', ['other-error'], false],
    ['00111', ['other-warning'], false],
    ['00113', ['other-warning'], false],
    ['10110', ['other-warning'], false],
    ['23110', ['paper-low', 'other-error'], false],
    ['00010', [], true],
    ['0011', [], false],
    ['', [], false],
  ])('%s: %j', (status, conditions, isSure) => {
    const state = withStatus(status)
    expect({ names: state?.conditions.map(({ name }) => name), isSure: state?.isSure }).toEqual({
      names: conditions,
      isSure,
    })
  })

  it('say whether a document is open', () => {
    const open = Object.fromEntries([...'0123456789AB'].map((d) => [d, withStatus(`001${d}0`)?.guards.receipt_open]))
    const [yes, no, unknown] = ['yes', 'no', 'unknown']
    expect(open).toEqual({
      ...{ 0: yes, 1: no, 2: yes, 3: yes, 4: no, 5: yes, 6: yes, 7: yes, 8: yes, 9: unknown, A: yes, B: no },
    })
  })
})

describe('a fiscal printer of Epson', () => {
  let peer: ListeningPrinter | undefined
  afterEach(() => peer?.stop())
  const read = async (thorough: boolean, emulator: PrinterEmulator, ...faults: PrinterFault[]) => {
    peer = await listen(emulator, { faults: new Set(faults) })
    const reading = await readEpsonFp(peer.dial, peer, { ...asking({ budgetMs: 1_500 }), thorough })
    if (!reading.ok) throw new Error(reading.failure.message)
    return reading.value
  }
  const replying = (reply: PrinterReply): PrinterEmulator => {
    return (socket, printer) => httpFace(socket, printer, () => reply)
  }

  it('is read by one question, thoroughly as a recorder', async () => {
    expect(await read(false, epsonFpEmulator)).toMatchObject({
      answered: 'yes',
      ready: 'yes',
      conditions: [],
      identity: { vendor: 'Epson', firmware: '07.00' },
      guards: { receipt_open: 'no', report_running: 'unknown' },
    })
    expect(peer?.received().match(/^POST \/cgi-bin\/fpmate\.cgi\?devid=local_printer&timeout=\d+ /gm)).toHaveLength(1)
    await peer?.stop()
    expect(await read(true, epsonFpEmulator)).toMatchObject({
      ready: 'yes',
      fiscal: { fiscal_mode: true, certificates: [{ name: 'device' }, { name: 'tax office' }] },
    })
  })

  it('that is no recorder is asked by the question that it knows', async () => {
    const old: PrinterEmulator = (socket, printer) =>
      httpFace(socket, printer, ({ body }) => ({
        status: 200,
        body: body.includes('statusType="1"')
          ? envelope('<response success="false" code="PRINTER ERROR" status="16" />')
          : STATUS,
      }))
    expect(await read(true, old)).toMatchObject({ ready: 'yes', conditions: [], fiscal: {} })
  })

  it.each<[PrinterFault, ConditionName[], string]>([
    ['paper-out', ['paper-out'], 'no'],
    ['paper-low', ['paper-low'], 'yes'],
    ['cover-open', ['paper-out'], 'no'],
    ['receipt-open', [], 'yes'],
    ['protected-memory-full', ['protected-memory-full'], 'no'],
    ['certificate-expired', ['certificate-expired'], 'no'],
    ['documents-unsent', ['documents-unsent'], 'yes'],
    ['printer-busy', ['other-error'], 'unknown'],
  ])('%s shows', async (fault, conditions, ready) => {
    const found: PrinterReading = await read(true, epsonFpEmulator, fault)
    expect({ names: found.conditions.map(({ name }) => name), ready: found.ready }).toEqual({
      names: conditions,
      ready,
    })
    expect(EPSON_FP_FAULTS).toContain(fault)
  })

  it.each<[PrinterFault, string]>([
    ['printer-silent', 'no'],
    ['printer-garbage', 'no'],
    ['printer-hung', 'no'],
  ])('%s: answered %s', async (fault, answered) => {
    expect(await read(false, epsonFpEmulator, fault)).toMatchObject({ answered, ready: 'unknown', conditions: [] })
  })

  it('is told from another web server, and from one that wants a login', async () => {
    expect(await read(false, replying({ status: 404, body: '<html/>' }))).toMatchObject({ answered: 'no' })
    await peer?.stop()
    expect(await read(false, replying({ status: 200, body: '<html/>' }))).toMatchObject({ answered: 'no' })
    await peer?.stop()
    expect(await read(false, replying({ status: 401, body: '' }))).toMatchObject({ answered: 'unknown' })
  })
})
