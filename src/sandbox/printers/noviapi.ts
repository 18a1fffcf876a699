import { randomBytes } from 'node:crypto'
import { DAY_MS, HOUR_MS } from '../../core/duration.ts'
import type { JsonObject } from '../../core/json.ts'
import { httpFace, type PrinterReply, type PrinterRequest } from './http-face.ts'
import { ANSWERING_FAULTS, type ImitatedPrinter, type PrinterEmulator, type PrinterFault } from './imitated-printer.ts'
import { dayOf, localTime } from './printer-clock.ts'

/** The faults that a printer of this protocol can show. */
export const NOVIAPI_FAULTS: readonly PrinterFault[] = [
  'paper-out',
  'cover-open',
  'mechanism-error',
  'receipt-open',
  'fiscal-memory-full',
  'fiscal-memory-low',
  'protected-memory-full',
  'certificate-expired',
  'certificate-expiring',
  'wrong-identity',
  ...ANSWERING_FAULTS,
]

const TOKEN_MS = 20 * 60_000
const TOKENS_PER_HOUR = 10
const MAX_REPORTS = 1830

/** What a printer remembers between requests; with its server it lasts as long as the printer does. */
interface Memory {
  token: string | undefined
  tokenUntil: number
  given: number[]
  readonly requests: Map<string, { type: string; status: 'STORED' | 'DONE' }>
}

const memories = new WeakMap<ImitatedPrinter, Memory>()

function memoryOf(printer: ImitatedPrinter): Memory {
  const made = memories.get(printer) ?? { token: undefined, tokenUntil: 0, given: [], requests: new Map() }
  memories.set(printer, made)
  return made
}

/** The status requests that were stored and neither confirmed nor removed: with one of them no daily report is made. */
export function storedRequests(printer: ImitatedPrinter): number {
  return [...memoryOf(printer).requests.values()].filter(({ status }) => status === 'STORED').length
}

/** A Novitus printer that speaks NoviAPI 1.0.4, over HTTP and HTTPS on one port. */
export const noviApiEmulator: PrinterEmulator = (socket, printer) => {
  httpFace(socket, printer, (request) => answer(request, printer))
}

function answer(request: PrinterRequest, printer: ImitatedPrinter): PrinterReply {
  const memory = memoryOf(printer)
  const now = printer.now().getTime()
  const { method, path } = request
  if (path === '/api/v1' && method === 'GET') return reply(200, { status: 'OK' })
  if (path === '/api/v1/token' && method === 'GET') return newToken(memory, now)
  const isKnown = memory.token !== undefined && request.headers.authorization === `Bearer ${memory.token}`
  if (!isKnown || memory.tokenUntil < now) return exception(401, 1, 'Unauthorized')
  if (path === '/api/v1/token' && method === 'PATCH') return granted(memory, now)
  if (path === '/api/v1/queue' && method === 'GET') {
    const isBusy = printer.faults.has('printer-busy') || printer.faults.has('receipt-open')
    return reply(200, { requests_in_queue: isBusy ? 1 : 0 })
  }
  return status(request, memory, printer)
}

function reply(code: number, body: JsonObject): PrinterReply {
  return { status: code, body: JSON.stringify(body) }
}

function exception(code: number, number: number, description: string, more: JsonObject = {}): PrinterReply {
  return reply(code, { exception: { code: number, description, ...more } })
}

/** One more than ten in an hour, and the token that was valid is gone as well. */
function newToken(memory: Memory, now: number): PrinterReply {
  memory.given = memory.given.filter((time) => time > now - HOUR_MS)
  if (memory.given.length >= TOKENS_PER_HOUR) {
    memory.token = undefined
    const allowed = new Date((memory.given[0] ?? now) + HOUR_MS).toISOString()
    return exception(429, 2, 'Too many tokens', { allowed_refresh_date: allowed })
  }
  memory.given.push(now)
  return granted(memory, now)
}

function granted(memory: Memory, now: number): PrinterReply {
  memory.token = `eyJ${randomBytes(24).toString('base64url')}`
  memory.tokenUntil = now + TOKEN_MS
  return reply(200, { token: memory.token, expiration_date: new Date(memory.tokenUntil).toISOString() })
}

function status({ method, path, body }: PrinterRequest, memory: Memory, printer: ImitatedPrinter): PrinterReply {
  if (method === 'POST' && path === '/api/v1/status') {
    const type = (JSON.parse(body.toString()) as { status?: { type?: string } }).status?.type ?? ''
    const id = randomBytes(16).toString('hex')
    memory.requests.set(id, { type, status: 'STORED' })
    return reply(201, { request: { status: 'STORED', id } })
  }
  const id = /^\/api\/v1\/status\/([0-9a-f]{32})$/.exec(path)?.[1] ?? ''
  const request = memory.requests.get(id)
  if (!request) return exception(404, 4, 'Not found')
  if (method === 'DELETE') {
    memory.requests.delete(id)
    return reply(200, { request: { status: 'DELETED', id } })
  }
  if (method === 'PUT') {
    request.status = 'DONE'
    return reply(200, { request: { status: 'QUEUED', id } })
  }
  const response = { status: { [request.type]: described(request.type, printer) } }
  const isDone = request.status === 'DONE'
  return reply(200, {
    device: deviceStatus(printer),
    request: { id, status: request.status, ...(isDone && { response }) },
  })
}

function deviceStatus({ faults }: ImitatedPrinter): JsonObject {
  if (faults.has('paper-out')) return { status: { code: 110, description: 'Brak papieru' } }
  if (faults.has('cover-open')) return { status: { code: 111, description: 'Otwarta pokrywa' } }
  if (faults.has('mechanism-error')) return { status: { code: 112, description: 'Blad mechanizmu' } }
  return { status: 'OK' }
}

function described(type: string, printer: ImitatedPrinter): JsonObject {
  const { faults, timeZone } = printer
  const at = (instant: number): string => localTime(instant, timeZone).replace('T', ' ')
  const day = dayOf(printer)
  if (type === 'device') return { name: printer.model, version: '3.50', characters_per_line: 40 }
  if (type === 'fiscal_memory') {
    const left = faults.has('fiscal-memory-full') ? 0 : faults.has('fiscal-memory-low') ? 30 : 900
    return {
      unique_number: faults.has('wrong-identity') ? 'ZZZ9999999999' : printer.uniqueNumber,
      size: 8,
      max_daily_reports: MAX_REPORTS,
      daily_reports_count: MAX_REPORTS - left,
      last_daily_report_date: at(day.lastReport),
      start_fiscal_date: at(day.now - 400 * DAY_MS),
    }
  }
  const free = faults.has('protected-memory-full') ? 0 : 15_618
  return { number: 1, label: 'PM1', last_jpkid: 212, size: 1024, free }
}
