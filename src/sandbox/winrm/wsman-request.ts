import { IDENTITY_NAMESPACE, NAMESPACES } from '../../devices/winrm/soap.ts'
import { child, find, parseXml, type XmlElement } from '../../devices/winrm/xml-element.ts'

export const COMMAND_SHELL = `${NAMESPACES.rsp}/cmd`

/** The part of an Action that names what is asked. */
const ACTIONS: ReadonlyMap<string, RequestAction> = new Map([
  [`${NAMESPACES.x}/Create`, 'Create'],
  [`${NAMESPACES.x}/Delete`, 'Delete'],
  ...(['Command', 'Send', 'Receive', 'Signal'] as const).map((action): [string, RequestAction] => [
    `${NAMESPACES.rsp}/${action}`,
    action,
  ]),
])

export type RequestAction = 'Create' | 'Delete' | 'Command' | 'Send' | 'Receive' | 'Signal'

/** A request of WS-Management to a text shell. */
export interface WsmanRequest {
  readonly action: RequestAction
  readonly messageId: string
  readonly body: XmlElement
  /** Upper case; of the selector, undefined for what has none. */
  readonly shell: string | undefined
  readonly options: ReadonlyMap<string, string>
  /** How long it may be held, in milliseconds: within what Windows allows. */
  readonly timeoutMs: number
  /** Bytes of a reply at most. */
  readonly maxEnvelope: number
}

/** What of a request is not as it must be; `identify` is asked without a shell. */
export type ParsedRequest =
  | { readonly request: WsmanRequest }
  | { readonly identify: true }
  | { readonly invalid: string; readonly messageId?: string }

/** MaxTimeoutms of an untouched Windows, and what it raises shorter waits to. */
const LONGEST_MS = 60_000
const SHORTEST_MS = 500
const MAX_ENVELOPE = 512_000

/** Takes an envelope apart (DSP0226 5, MS-WSMV 2.2.4); undefined when it is no SOAP 1.2. */
export function parseRequest(xml: string): ParsedRequest | undefined {
  const root = parseXml(xml)
  const body = child(root, NAMESPACES.s, 'Body')
  if (!root || root.uri !== NAMESPACES.s || root.name !== 'Envelope' || !body) return undefined
  if (child(body, IDENTITY_NAMESPACE, 'Identify')) return { identify: true }
  const header = child(root, NAMESPACES.s, 'Header')
  const messageId = textOf(header, NAMESPACES.a, 'MessageID')
  if (!header || messageId === undefined) return { invalid: 'a:MessageID' }
  const action = ACTIONS.get(textOf(header, NAMESPACES.a, 'Action') ?? '')
  if (!action) return { invalid: 'a:Action', messageId }
  if (textOf(header, NAMESPACES.a, 'To') === undefined) return { invalid: 'a:To', messageId }
  if (textOf(header, NAMESPACES.w, 'ResourceURI') !== COMMAND_SHELL) return { invalid: 'w:ResourceURI', messageId }
  const timeoutMs = durationMs(textOf(header, NAMESPACES.w, 'OperationTimeout'))
  if (timeoutMs === undefined) return { invalid: 'w:OperationTimeout', messageId }
  const size = textOf(header, NAMESPACES.w, 'MaxEnvelopeSize') ?? String(MAX_ENVELOPE)
  if (!/^\d{4,9}$/.test(size)) return { invalid: 'w:MaxEnvelopeSize', messageId }
  return {
    request: {
      action,
      messageId,
      body,
      shell: shellOf(header),
      options: optionsOf(header),
      timeoutMs,
      maxEnvelope: Math.min(Number(size), MAX_ENVELOPE),
    },
  }
}

function textOf(header: XmlElement | undefined, uri: string, name: string): string | undefined {
  return child(header, uri, name)?.text.trim()
}

function shellOf(header: XmlElement): string | undefined {
  const selector = find(
    header,
    ({ uri, name, attributes }) => uri === NAMESPACES.w && name === 'Selector' && attributes.get('Name') === 'ShellId',
  )
  return selector?.text.trim().toUpperCase()
}

function optionsOf(header: XmlElement): ReadonlyMap<string, string> {
  const options = child(header, NAMESPACES.w, 'OptionSet')?.children ?? []
  return new Map(options.map(({ attributes, text }) => [attributes.get('Name') ?? '', text.trim()]))
}

/** An xs:duration of hours, minutes and seconds, within the limits of Windows; 60 s when there is none. */
function durationMs(text: string | undefined): number | undefined {
  if (text === undefined) return LONGEST_MS
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(text) ?? []
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return ms > 0 ? Math.min(LONGEST_MS, Math.max(SHORTEST_MS, ms)) : undefined
}
