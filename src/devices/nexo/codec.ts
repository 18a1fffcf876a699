import type { JsonObject, JsonValue } from '../../core/json.ts'
import { jsonIn, numberIn, objectIn, textIn } from '../printer/json-answer.ts'
import type { TerminalCondition } from '../terminal/reading.ts'

/*
 * Diagnosis of nexo's Sale to POI protocol 3.0 in JSON, as Adyen's Terminal API has it ("Make a diagnosis request"); values by its
 * schema: GlobalStatus Busy, Maintenance, OK, Unreachable; PrinterStatus NoPaper, OK, OutOfOrder, PaperJam, PaperLow.
 */

export const REQUEST = 'SaleToPOIRequest'
export const RESPONSE = 'SaleToPOIResponse'
const LOW_BATTERY_PERCENT = 15

/**
 * The diagnosis, the only request that is ever sent; the terminal also looks whether its hosts can be reached.
 * @param ids `service`: up to ten characters that were not used for 48 hours
 */
export function diagnosisRequest(ids: {
  readonly service: string
  readonly sale: string
  readonly terminal: string
}): JsonObject {
  return {
    MessageHeader: {
      ProtocolVersion: '3.0',
      MessageClass: 'Service',
      MessageCategory: 'Diagnosis',
      MessageType: 'Request',
      ServiceID: ids.service,
      SaleID: ids.sale,
      POIID: ids.terminal,
    },
    DiagnosisRequest: { HostDiagnosisFlag: true },
  }
}

/** What a diagnosis says of a terminal. */
export interface Diagnosis {
  readonly conditions: readonly TerminalCondition[]
  readonly busy: boolean
  /** It says that it is well as a whole. */
  readonly isWell: boolean
  readonly terminal?: string
  readonly firmware?: string
  readonly batteryPercent?: number
  /** Why it makes no diagnosis: nexo's ErrorCondition. */
  readonly refusal?: string
}

/** Undefined where it is no answer to a diagnosis with this identifier. */
export function diagnosisIn(response: JsonObject | undefined, service: string): Diagnosis | undefined {
  const header = objectIn(response, 'MessageHeader')
  const answer = objectIn(response, 'DiagnosisResponse')
  if (textIn(header, 'MessageCategory') !== 'Diagnosis' || textIn(header, 'ServiceID') !== service || !answer)
    return undefined
  const result = objectIn(answer, 'Response')
  const more = additionalIn(textIn(result, 'AdditionalResponse'))
  const status = objectIn(answer, 'POIStatus')
  const global = textIn(status, 'GlobalStatus')
  const refusal = textIn(result, 'Result') === 'Success' ? undefined : (textIn(result, 'ErrorCondition') ?? 'no reason')
  const battery = /^(\d{1,3})\s*%?$/.exec(more['batteryLevel'] ?? '')?.[1]
  const batteryPercent = battery === undefined ? undefined : Number(battery)
  const terminal = textIn(header, 'POIID')
  return {
    conditions: [
      ...ofStatus(status),
      ...ofHosts(answer['HostStatus']),
      ...ofMore(numberIn(more, 'unconfirmedBatchCount'), batteryPercent),
    ],
    busy: global === 'Busy' || global === 'Maintenance' || refusal === 'Busy' || refusal === 'InProgress',
    isWell: refusal === undefined && global === 'OK',
    ...(terminal !== undefined && { terminal }),
    ...(more['firmwareVersion'] !== undefined && { firmware: more['firmwareVersion'] }),
    ...(batteryPercent !== undefined && { batteryPercent }),
    ...(refusal !== undefined && { refusal }),
  }
}

/** `a=1&b=2`, or the same as JSON in base64, by how the terminal is set. */
function additionalIn(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {}
  const json = text.includes('&') ? undefined : jsonIn(Buffer.from(text, 'base64'))
  const pairs = json ? Object.entries(json) : [...new URLSearchParams(text)]
  return Object.fromEntries(pairs.flatMap(([name, value]) => (isPlain(value) ? [[name, String(value)]] : [])))
}

function isPlain(value: JsonValue | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function ofStatus(status: JsonObject | undefined): TerminalCondition[] {
  const found: TerminalCondition[] = []
  const [global, printer] = [textIn(status, 'GlobalStatus'), textIn(status, 'PrinterStatus')]
  if (global === 'Unreachable')
    found.push({ name: 'other-error', evidence: 'GlobalStatus Unreachable: a part of it does not answer' })
  if (status?.['CommunicationOKFlag'] === false) {
    found.push({ name: 'host-unreachable', evidence: 'CommunicationOKFlag false: its communication does not work' })
  }
  if (printer !== undefined && printer !== 'OK')
    found.push({ name: 'printer-not-ready', evidence: `PrinterStatus ${printer}` })
  return found
}

function ofHosts(hosts: JsonValue | undefined): TerminalCondition[] {
  const list = Array.isArray(hosts) ? (hosts as readonly JsonValue[]) : []
  const away = list.map((host) => objectIn(host)).filter((host) => host?.['IsReachableFlag'] === false)
  if (away.length === 0) return []
  const names = away.map((host) => textIn(host, 'AcquirerID') ?? '?').join(', ')
  return [{ name: 'host-unreachable', evidence: `IsReachableFlag false: host of acquirer ${names}` }]
}

function ofMore(unsent: number | undefined, battery: number | undefined): TerminalCondition[] {
  const found: TerminalCondition[] = []
  if (unsent !== undefined && unsent > 0) {
    found.push({
      name: 'payments-unsent',
      evidence: `unconfirmedBatchCount ${unsent}: payments that its host does not have yet`,
    })
  }
  if (battery !== undefined && battery <= LOW_BATTERY_PERCENT) {
    found.push({ name: 'battery-low', evidence: `batteryLevel ${battery} %` })
  }
  return found
}
