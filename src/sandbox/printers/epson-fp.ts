import { DAY_MS } from '../../core/duration.ts'
import { PATH } from '../../devices/epson-fp/codec.ts'
import { httpFace, type PrinterReply, type PrinterRequest } from './http-face.ts'
import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const EPSON_FP_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'cover-open',
  'receipt-open',
  'protected-memory-full',
  'certificate-expired',
  'documents-unsent',
  ...ANSWERING_FAULTS,
]

/** The web service of a fiscal printer of Epson, which is a telematic one. It knows one question. */
export const epsonFpEmulator: PrinterEmulator = (socket, printer) => {
  httpFace(socket, printer, (request) => answer(request, printer))
}

function answer({ method, path, body }: PrinterRequest, printer: ImitatedPrinter): PrinterReply {
  if (method !== 'POST' || path !== PATH) return { status: 404, type: 'text/html', body: '<html>404</html>' }
  const type = /<queryPrinterStatus operator="1" statusType="([01])" \/>/.exec(body.toString())?.[1]
  if (type === undefined) return said('success="false" code="PARSER_ERROR" status="0"', {})
  // The web service answers, and what prints does not: it is at work.
  if (printer.faults.has('printer-busy')) return said('success="false" code="FP_NO_ANSWER" status="0"', {})
  return said('success="true" code="" status="2"', { ...stateOf(printer), ...(type === '1' && recorderOf(printer)) })
}

function said(attributes: string, facts: Readonly<Record<string, string>>): PrinterReply {
  const list = `<elementList>${Object.keys(facts).join(',')}</elementList>`
  const elements = Object.entries(facts).map(([name, value]) => `<${name}>${value}</${name}>`)
  const info = elements.length === 0 ? '' : `<addInfo>${list}${elements.join('')}</addInfo>`
  const response = `<response ${attributes}>${info}</response>`
  return {
    status: 200,
    type: 'text/xml',
    body: `<?xml version="1.0" encoding="utf-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>${response}</soapenv:Body></soapenv:Envelope>`,
  }
}

function stateOf({ faults }: ImitatedPrinter): Record<string, string> {
  const isOffline = faults.has('paper-out') || faults.has('cover-open')
  const printer = isOffline ? '3' : faults.has('paper-low') ? '2' : '0'
  const journal = faults.has('protected-memory-full') ? '5' : '0'
  const document = faults.has('receipt-open') ? '0' : '1'
  return { cpuRel: '07.00', mfRel: '04.3', mfStatus: '0', fpStatus: `${printer}${journal}1${document}0` }
}

function recorderOf({ faults, now }: ImitatedPrinter): Record<string, string> {
  const day = (days: number): string =>
    new Date(now().getTime() + days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
  const old = faults.has('documents-unsent') ? '0002' : '0000'
  return {
    rtMainStatus: '02',
    rtDailyOpen: '1',
    rtNoWorkingPeriod: '0',
    rtFileToSend: old,
    rtOldFileToSend: old,
    rtFileRejected: '0000',
    rtExpiryCD: day(faults.has('certificate-expired') ? -1 : 365),
    rtExpiryCA: day(700),
  }
}
