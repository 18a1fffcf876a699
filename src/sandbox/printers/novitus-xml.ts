import { DAY_MS, HOUR_MS } from '../../core/duration.ts'
import { type NovitusElement, packetsIn, textOf } from '../../devices/novitus-xml/codec.ts'
import { checksumOf } from '../../devices/novitus-xml/questions.ts'
import type { ImitatedPrinter, PrinterEmulator, PrinterFault, PrinterSocket } from './imitated-printer.ts'
import { dayOf, localTime } from './printer-clock.ts'

/** The faults that a printer of this protocol can show. */
export const NOVITUS_XML_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'paper-low',
  'cover-open',
  'mechanism-error',
  'printer-busy',
  'printer-silent',
  'printer-garbage',
  'printer-hung',
  'receipt-open',
  'no-receipts',
  'documents-unsent',
  'transmission-failing',
  'fiscal-memory-full',
  'fiscal-memory-low',
  'protected-memory-full',
]

const END = '</packet>'
const MAX_REPORTS = 1830

/** A Novitus printer with the XML protocol: answers questions, and to everything else says nothing, as the real one. */
export const novitusXmlEmulator: PrinterEmulator = (socket, printer) => {
  if (printer.faults.has('printer-busy')) {
    socket.destroy()
    return
  }
  let held = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk])
    for (let end = held.indexOf(END); end >= 0; end = held.indexOf(END)) {
      const [asked] = packetsIn(held.subarray(0, end + END.length)).elements
      held = held.subarray(end + END.length)
      const answer = asked && !printer.faults.has('printer-silent') ? answerTo(asked, printer) : undefined
      if (answer !== undefined) say(socket, printer, answer)
    }
  })
}

function say(socket: PrinterSocket, { faults }: ImitatedPrinter, element: string): void {
  if (faults.has('printer-garbage')) {
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    return
  }
  const inner = `\r\n  ${element}\r\n`
  const packet = `<packet crc="${checksumOf(inner)}">${inner}${END}`
  if (!faults.has('printer-hung')) socket.write(packet)
  else if (socket.bytesWritten === 0) socket.write(packet.slice(0, packet.length >> 1))
}

type Attributes = Readonly<Record<string, string | number | boolean>>

function answerTo(asked: NovitusElement, printer: ImitatedPrinter): string | undefined {
  const action = textOf(asked, 'action')
  const attributes = ANSWERS[action === undefined ? asked.name : `${asked.name} ${action}`]?.(printer)
  if (!attributes) return undefined
  const all = Object.entries({ ...(action === undefined ? {} : { action }), ...attributes })
  const written = all.map(([name, value]) => `${name}="${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}"`)
  return `<${asked.name} ${written.join(' ')}/>`
}

function time(instant: number, { timeZone }: ImitatedPrinter): string {
  return localTime(instant, timeZone).replace('T', ' ')
}

function memory({ faults }: ImitatedPrinter): Attributes {
  const left = faults.has('fiscal-memory-full') ? 0 : faults.has('fiscal-memory-low') ? 30 : 900
  return {
    recordscount: 12,
    maxrecordscount: 200,
    reportscount: MAX_REPORTS - left,
    maxreportscount: MAX_REPORTS,
    resetcount: 1,
  }
}

function repository(printer: ImitatedPrinter): Attributes {
  const { faults } = printer
  const now = printer.now().getTime()
  const isBehind = faults.has('documents-unsent')
  const isFailing = faults.has('transmission-failing')
  const lastOk = now - (isBehind ? 4 * DAY_MS : isFailing ? 2 * DAY_MS : HOUR_MS)
  return {
    date_send: time(isFailing ? now - HOUR_MS : lastOk, printer),
    date_send_correct: time(lastOk, printer),
    jpk_send_count: isBehind ? 57 : 0,
    jpk_actual_send_no: 0,
  }
}

const isOpen = ({ faults }: ImitatedPrinter): boolean => faults.has('receipt-open')

const ANSWERS: Readonly<Record<string, (printer: ImitatedPrinter) => Attributes>> = {
  dle: ({ faults }) => ({
    online: true,
    papererror: faults.has('paper-out'),
    printererror: faults.has('mechanism-error') || faults.has('cover-open'),
  }),
  enq: (printer) => ({
    fiscal: true,
    lastcommanderror: false,
    intransaction: isOpen(printer),
    lasttransactioncorrect: true,
  }),
  'info checkout': (printer) => ({
    type: 'receipt',
    isfiscal: true,
    receiptopen: isOpen(printer),
    lastreceipt: 81_340,
    lasterror: 0,
    date: time(dayOf(printer).clock, printer),
  }),
  'info lasttransaction': (printer) => ({
    state: isOpen(printer) ? 'open' : 'close',
    date: time(dayOf(printer).lastSale, printer),
    number: 81_340,
  }),
  'info repository': repository,
  'info fiscalmemory': memory,
  'info sdcard': ({ faults }) => ({
    state: 'open',
    free: faults.has('protected-memory-full') ? 0 : 15_618,
    lastreport: 1432,
  }),
  'deviceinfo printoutinfo': ({ faults }) => ({ papercount: faults.has('paper-low') ? 0 : 1 }),
  'error get': () => ({ value: 0 }),
}
