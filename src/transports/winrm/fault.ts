import { NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, find, fullText, type XmlElement } from '../../devices/winrm/xml-element.ts'
import { headOf } from '../../shell/tool-answer.ts'

const WSMAN_FAULT = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'

/** A fault of WS-Management. */
export interface WsmanFault {
  /** Of Windows; undefined when the device names none. */
  readonly code: number | undefined
  /** Local name of the SOAP subcode, or of the code: `TimedOut`, `AccessDenied`. */
  readonly subcode: string
  /** In the device's words, on one line. */
  readonly text: string
}

/** The fault in the body of an envelope; undefined when it holds none. */
export function parseFault(body: XmlElement): WsmanFault | undefined {
  const fault = child(body, NAMESPACES.s, 'Fault')
  if (!fault) return undefined
  const code = child(fault, NAMESPACES.s, 'Code')
  const subcode = child(code, NAMESPACES.s, 'Subcode', 'Value') ?? child(code, NAMESPACES.s, 'Value')
  const own = find(fault, ({ uri, name }) => uri === WSMAN_FAULT && name === 'WSManFault')
  // Newer Windows tells of its limits in this way.
  const cim = find(fault, ({ name }) => name === 'MSFT_WmiError')
  const number = own?.attributes.get('Code') ?? (cim && find(cim, ({ name }) => name === 'error_Code')?.text)
  const reason = child(fault, NAMESPACES.s, 'Reason', 'Text')
  const detail = own && child(own, WSMAN_FAULT, 'Message')
  return {
    code: numberOf(number),
    subcode: (subcode?.text.trim() ?? '').replace(/^.*:/, ''),
    text: oneLine(detail ? fullText(detail) : (reason?.text ?? '')),
  }
}

/** Codes come as unsigned or, from some providers, as signed decimals. */
function numberOf(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? ''
  return /^-?\d{1,10}$/.test(trimmed) ? Number(trimmed) >>> 0 : undefined
}

function oneLine(text: string): string {
  return headOf(text.replace(/\s+/g, ' ').trim(), 400)
}

/** What a fault means for what we do next. */
export type FaultKind =
  | 'timed-out'
  | 'gone'
  | 'aborted'
  | 'exists'
  | 'shells'
  | 'operations'
  | 'users'
  | 'load'
  | 'busy'
  | 'denied'
  | 'missing'
  | 'size'
  | 'other'

const KINDS: ReadonlyMap<number, FaultKind> = new Map([
  [2150858793, 'timed-out'],
  [2150858843, 'gone'],
  [995, 'aborted'],
  [2147943395, 'aborted'],
  [2147943418, 'gone'],
  [183, 'exists'],
  [2147942583, 'exists'],
  [2150859173, 'shells'],
  [2150859236, 'shells'],
  [2150859238, 'shells'],
  [2150859174, 'operations'],
  [2150859239, 'operations'],
  [2150859240, 'operations'],
  [2150859241, 'operations'],
  [2150859179, 'users'],
  [2150859237, 'users'],
  [2150859175, 'load'],
  [2150859176, 'load'],
  [170, 'busy'],
  [2147942570, 'busy'],
  [5, 'denied'],
  [2147942405, 'denied'],
  [2147942402, 'missing'],
  [2, 'missing'],
  // wsmerrors.h: the quota of a plug-in or a user, an instance that is there already, and an envelope that is too large.
  [2150858815, 'load'],
  [2150858803, 'exists'],
  [2150858790, 'size'],
  [2150858805, 'size'],
])

const SUBCODES: ReadonlyMap<string, FaultKind> = new Map([
  ['TimedOut', 'timed-out'],
  ['InvalidSelectors', 'gone'],
  ['AccessDenied', 'denied'],
  ['AlreadyExists', 'exists'],
  ['QuotaLimit', 'load'],
  ['EncodingLimit', 'size'],
])

/** By its code; where that says nothing to us, or there is none, by its SOAP subcode. */
export function kindOf({ code, subcode }: WsmanFault): FaultKind {
  return (code === undefined ? undefined : KINDS.get(code)) ?? SUBCODES.get(subcode) ?? 'other'
}
