import { decodeMessage, encodeMessage, GROUP, type IppAttribute, type IppValue, TAG } from '../../devices/ipp/codec.ts'
import { httpFace, type PrinterReply, type PrinterRequest } from './http-face.ts'
import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
} from './imitated-printer.ts'

/** The faults that a printer of this protocol can show. */
export const IPP_FAULTS: readonly PrinterFault[] = [
  ...MECHANISM_FAULTS,
  'paper-low',
  'wrong-identity',
  ...ANSWERING_FAULTS,
]

const GET_PRINTER_ATTRIBUTES = 0x000b
const STATUS = { ok: 0, notFound: 0x0406, operationNotSupported: 0x0501, badRequest: 0x0400, busy: 0x0507 } as const

/** An office printer that speaks IPP at /ipp/print. */
export const ippEmulator: PrinterEmulator = (socket, printer) => {
  httpFace(socket, printer, (request) => answer(request, printer))
}

function answer(request: PrinterRequest, printer: ImitatedPrinter): PrinterReply {
  if (request.method !== 'POST') return { status: 405, type: 'text/plain', body: 'POST only' }
  const asked = decodeMessage(request.body)
  const [code, attributes] = asked
    ? outcome(asked.code, request.path, printer)
    : ([STATUS.badRequest, []] as [number, IppAttribute[]])
  const preamble = [
    attribute('attributes-charset', TAG.charset, 'utf-8'),
    attribute('attributes-natural-language', TAG.language, 'en'),
  ]
  const groups = [
    { tag: GROUP.operation, attributes: preamble },
    ...(attributes.length > 0 ? [{ tag: GROUP.printer, attributes }] : []),
  ]
  const version = asked?.version ?? ([2, 0] as const)
  const body = encodeMessage({ version, code, requestId: asked?.requestId ?? 0, groups })
  return { status: 200, type: 'application/ipp', body }
}

function outcome(operation: number, path: string, printer: ImitatedPrinter): [number, IppAttribute[]] {
  if (printer.faults.has('printer-busy')) return [STATUS.busy, []]
  if (path !== '/ipp/print') return [STATUS.notFound, []]
  if (operation !== GET_PRINTER_ATTRIBUTES) return [STATUS.operationNotSupported, []]
  return [STATUS.ok, described(printer)]
}

const REASONS: Partial<Readonly<Record<PrinterFault, string>>> = {
  'paper-out': 'media-empty-error',
  'paper-low': 'media-low-warning',
  'cover-open': 'cover-open-error',
  'cutter-error': 'trimmer-jam-error',
  'mechanism-error': 'fuser-under-temp-error',
}

function described(printer: ImitatedPrinter): IppAttribute[] {
  const reasons = [...printer.faults].map((fault) => REASONS[fault]).filter((reason) => reason !== undefined)
  const isStopped = reasons.some((reason) => reason.endsWith('-error'))
  const paper = printer.faults.has('paper-out') ? 0 : printer.faults.has('paper-low') ? 15 : 180
  const serial = printer.faults.has('wrong-identity') ? `${printer.serial}X` : printer.serial
  const id = `MFG:${printer.vendor};MDL:${printer.model};SN:${serial};CLS:PRINTER;`
  return [
    attribute('printer-state', TAG.enum, isStopped ? 5 : 3),
    attribute('printer-state-reasons', TAG.keyword, ...(reasons.length > 0 ? reasons : ['none'])),
    attribute('printer-is-accepting-jobs', TAG.boolean, true),
    attribute('queued-job-count', TAG.integer, 0),
    attribute('printer-up-time', TAG.integer, 86_400),
    attribute('printer-make-and-model', TAG.text, `${printer.vendor} ${printer.model}`),
    attribute('printer-device-id', TAG.text, id),
    attribute('printer-supply-description', TAG.text, 'Black Toner', 'Waste Toner'),
    attribute(
      'printer-supply',
      TAG.octets,
      octets('index=1;class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=62;colorantname=black;'),
      octets('index=2;class=receptacleThatIsFilled;type=wasteToner;unit=percent;maxcapacity=100;level=20;'),
    ),
    attribute(
      'printer-input-tray',
      TAG.octets,
      octets(
        `type=sheetFeedAutoRemovableTray;mediafeed=0;mediaxfeed=0;maxcapacity=250;level=${paper};status=0;name=main`,
      ),
    ),
  ]
}

function attribute(name: string, tag: number, ...values: readonly IppValue['value'][]): IppAttribute {
  return { name, values: values.map((value) => ({ tag, value })) }
}

function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}
