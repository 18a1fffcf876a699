import { DAY_MS } from '../../core/duration.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import { httpFace, type PrinterReply, type PrinterRequest } from './http-face.ts'
import {
  ANSWERING_FAULTS,
  type ImitatedPrinter,
  MECHANISM_FAULTS,
  type PrinterEmulator,
  type PrinterFault,
} from './imitated-printer.ts'
import { dayOf, localTimeWithOffset } from './printer-clock.ts'

/** The faults that a printer of this protocol can show. */
export const ATOL_FAULTS: readonly PrinterFault[] = [
  ...MECHANISM_FAULTS,
  'day-not-closed',
  'clock-wrong',
  'documents-unsent',
  'transmission-failing',
  'fiscal-memory-full',
  'fiscal-memory-low',
  'licence-expired',
  'storage-critical',
  'storage-closed',
  'wrong-identity',
  ...ANSWERING_FAULTS,
]

/** The requests that the driver has taken, by their number. */
const taken = new WeakMap<ImitatedPrinter, Map<string, readonly string[]>>()
/** The tasks that printed, cancelled or changed something, in order: none of ours may. */
const acted = new WeakMap<ImitatedPrinter, string[]>()

export function tasksThatAct(printer: ImitatedPrinter): readonly string[] {
  return acted.get(printer) ?? []
}

/** The web server of an ATOL driver with a device behind it. */
export const atolEmulator: PrinterEmulator = (socket, printer) => {
  httpFace(socket, printer, (request) => answer(request, printer))
}

function answer({ method, path, body }: PrinterRequest, printer: ImitatedPrinter): PrinterReply {
  const requests = taken.get(printer) ?? new Map<string, readonly string[]>()
  taken.set(printer, requests)
  if (method === 'POST' && path === '/api/v2/requests') return take(body, requests, printer)
  const uuid = /^\/api\/v2\/requests\/([0-9a-f-]{36})$/.exec(path)?.[1] ?? ''
  const tasks = method === 'GET' ? requests.get(uuid) : undefined
  if (!tasks) return json(404, { error: { code: -1, description: 'Not found' } })
  return json(200, { results: tasks.map((task) => result(task, printer)) })
}

function take(body: Buffer, requests: Map<string, readonly string[]>, printer: ImitatedPrinter): PrinterReply {
  const { uuid, request } = JSON.parse(body.toString()) as { uuid: string; request: { type: string }[] }
  if (requests.has(uuid)) return json(409, { error: { code: 2, description: 'uuid is not unique' } })
  const types = request.map(({ type }) => type)
  const acting = types.filter((type) => !/^(get|ofdExchangeStatus$)/.test(type))
  if (acting.length > 0) acted.set(printer, [...tasksThatAct(printer), ...acting])
  requests.set(uuid, types)
  return json(201, { number: requests.size, uuid, isBlocked: false, blockedUUID: '' })
}

function json(status: number, body: JsonValue): PrinterReply {
  return { status, body: JSON.stringify(body) }
}

function result(task: string, printer: ImitatedPrinter): JsonObject {
  if (printer.faults.has('printer-busy'))
    return { status: 'inProgress', error: { code: 0, description: '' }, result: null }
  const read = READERS[task]
  if (!read) return { status: 'error', error: { code: 107, description: `Unknown task ${task}` }, result: null }
  return { status: 'ready', error: { code: 0, description: '' }, result: read(printer) }
}

const at = (instant: number, { timeZone }: ImitatedPrinter): string => localTimeWithOffset(instant, timeZone)

const READERS: Readonly<Record<string, (printer: ImitatedPrinter) => JsonObject>> = {
  getDeviceInfo: ({ faults, serial, model }) => ({
    deviceInfo: {
      serial: faults.has('wrong-identity') ? '00000000' : serial,
      modelName: model,
      firmwareVersion: '5.8.100',
      ffdVersion: '1.2',
    },
  }),
  getDeviceStatus: (printer) => ({
    deviceStatus: {
      blocked: printer.faults.has('mechanism-error') || printer.faults.has('cutter-error'),
      cashDrawerOpened: false,
      coverOpened: printer.faults.has('cover-open'),
      currentDateTime: at(dayOf(printer).clock, printer),
      fiscal: true,
      fnFiscal: !printer.faults.has('storage-closed'),
      fnPresent: true,
      paperPresent: !printer.faults.has('paper-out'),
      shift: printer.faults.has('day-not-closed') ? 'expired' : 'opened',
    },
  }),
  getShiftStatus: (printer) => ({
    shiftStatus: {
      state: printer.faults.has('day-not-closed') ? 'expired' : 'opened',
      number: 412,
      expiredTime: at(dayOf(printer).lastReport + DAY_MS, printer),
      documentsCount: 37,
    },
  }),
  ofdExchangeStatus: (printer) => {
    const { now } = dayOf(printer)
    const isUnsent = printer.faults.has('documents-unsent') || printer.faults.has('transmission-failing')
    const failure = { code: 3, description: 'No connection with the OFD' }
    const fine = { code: 0, description: '' }
    return {
      status: {
        notSentCount: isUnsent ? 51 : 0,
        notSentFirstDocNumber: isUnsent ? 10_211 : 0,
        notSentFirstDocDateTime: isUnsent ? at(now - 4 * DAY_MS, printer) : '1970-01-01T00:00:00+03:00',
      },
      errors: {
        network: isUnsent ? failure : fine,
        ofd: fine,
        fn: fine,
        documentNumber: 0,
        fnCommandCode: 0,
        lastSuccessConnectionDateTime: at(isUnsent ? now - 4 * DAY_MS : now - 600_000, printer),
      },
    }
  },
  getFnStatus: () => ({ fnStatus: { fiscalDocumentNumber: 10_262, fiscalReceiptNumber: 37, warnings: {} } }),
  getFnInfo: (printer) => ({
    fnInfo: {
      serial: '9960440300000001',
      livePhase: printer.faults.has('storage-closed') ? 'postFiscalMode' : 'fiscalMode',
      validityDate: at(dayOf(printer).now + (printer.faults.has('licence-expired') ? -1 : 300) * DAY_MS, printer),
      warnings: {
        criticalError: printer.faults.has('storage-critical'),
        memoryOverflow: printer.faults.has('fiscal-memory-low') || printer.faults.has('fiscal-memory-full'),
        needReplacement: false,
        ofdTimeout: printer.faults.has('transmission-failing'),
        resourceExhausted: false,
      },
    },
  }),
  getRegistrationInfo: ({ uniqueNumber }) => ({ device: { registrationNumber: uniqueNumber } }),
}
