import { randomUUID } from 'node:crypto'
import { escapeXml, IDENTITY_NAMESPACE, NAMESPACES } from '../../devices/winrm/soap.ts'
import { COMMAND_SHELL } from './wsman-request.ts'

/** What goes back: the status of HTTP and an envelope. */
export interface WsmanReply {
  readonly status: 200 | 500
  readonly xml: string
}

const FAULT = 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault'
const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
const DECLARED = Object.entries(NAMESPACES)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(' ')

/** Faults by the codes of Windows, with the SOAP subcode and the words that go with them. */
export const FAULTS_OF_WINRM = {
  timedOut: [
    2150858793,
    'w:TimedOut',
    'The WS-Management service cannot complete the operation within the time specified in OperationTimeout.',
  ],
  gone: [
    2150858843,
    'w:InvalidSelectors',
    'The request for the Windows Remote Shell with ShellId failed because the shell was not found on the server.',
  ],
  shells: [
    2150859173,
    'w:QuotaLimit',
    'The WS-Management service cannot process the request. The maximum number of concurrent shells for this user has been exceeded.',
  ],
  processes: [
    2150859241,
    'w:QuotaLimit',
    'The WS-Management service cannot process the request. The maximum number of commands in this shell has been exceeded.',
  ],
  denied: [5, 'w:AccessDenied', 'Access is denied.'],
  exists: [183, 'w:AlreadyExists', 'Cannot create a file when that file already exists.'],
  aborted: [
    995,
    'w:InternalError',
    'The I/O operation has been aborted because of either a thread exit or an application request.',
  ],
  parameter: [87, 'w:InvalidParameter', 'The parameter is incorrect.'],
  closing: [232, 'w:InternalError', 'The pipe is being closed.'],
  header: [
    2150858767,
    'w:SchemaValidationError',
    'The WS-Management service cannot process a request that has an invalid header: ',
  ],
} as const

export type WinRmFault = keyof typeof FAULTS_OF_WINRM

/** A reply to a message; `body` is XML with the prefixes of `NAMESPACES`. */
export function reply(action: string, messageId: string, body: string): WsmanReply {
  return { status: 200, xml: envelope({ action, messageId }, body) }
}

/** A fault as Windows words it (MS-WSMV 2.2.4.43). */
export function fault(name: WinRmFault, messageId: string | undefined, more = ''): WsmanReply {
  const [code, subcode, text] = FAULTS_OF_WINRM[name]
  const words = escapeXml(text + more)
  const body =
    `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code>` +
    `<s:Reason><s:Text xml:lang="en-US">${words}</s:Text></s:Reason>` +
    `<s:Detail><f:WSManFault xmlns:f="${FAULT}" Code="${code}" Machine="localhost"><f:Message>${words}</f:Message></f:WSManFault></s:Detail></s:Fault>`
  return { status: 500, xml: envelope({ action: `${NAMESPACES.w.replace('/wsman.xsd', '')}/fault`, messageId }, body) }
}

/** What the service says of itself (DSP0226 11). Its version is for those who have logged in. */
export function identity(isLoggedIn: boolean): WsmanReply {
  const release = isLoggedIn ? '10.0.19044' : '0.0.0'
  const body =
    `<i:IdentifyResponse xmlns:i="${IDENTITY_NAMESPACE}"><i:ProtocolVersion>${NAMESPACES.w}</i:ProtocolVersion>` +
    '<i:ProductVendor>Tillwright sandbox, in place of Microsoft Corporation</i:ProductVendor>' +
    `<i:ProductVersion>OS: ${release} SP: 0.0 Stack: 3.0</i:ProductVersion></i:IdentifyResponse>`
  return { status: 200, xml: `<s:Envelope xmlns:s="${NAMESPACES.s}"><s:Header/><s:Body>${body}</s:Body></s:Envelope>` }
}

/** The body of a reply to Create. */
export function shellCreated(shell: { readonly id: string; readonly owner: string; readonly idleMs: number }): string {
  return (
    `<x:ResourceCreated><a:Address>http://localhost/wsman</a:Address><a:ReferenceParameters>` +
    `<w:ResourceURI>${COMMAND_SHELL}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${shell.id}</w:Selector></w:SelectorSet>` +
    `</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>${shell.id}</rsp:ShellId>` +
    `<rsp:ResourceUri>${COMMAND_SHELL}</rsp:ResourceUri><rsp:Owner>${escapeXml(shell.owner)}</rsp:Owner>` +
    `<rsp:IdleTimeOut>PT${(shell.idleMs / 1000).toFixed(3)}S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>` +
    '<rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>'
  )
}

/** The body of a reply to Receive: pieces of output, and the exit code once all of it was given. */
export function outputBody(
  command: string,
  output: {
    readonly pieces: readonly { readonly stream: string; readonly bytes: Buffer }[]
    readonly exitCode?: number
  },
): string {
  const { pieces, exitCode } = output
  const streams = pieces.map(
    ({ stream, bytes }) =>
      `<rsp:Stream Name="${stream}" CommandId="${command}">${bytes.toString('base64')}</rsp:Stream>`,
  )
  const state = exitCode === undefined ? 'Running' : 'Done'
  const ends = exitCode === undefined ? [] : ['stdout', 'stderr']
  const ended = ends.map((stream) => `<rsp:Stream Name="${stream}" CommandId="${command}" End="true"></rsp:Stream>`)
  const code = exitCode === undefined ? '' : `<rsp:ExitCode>${exitCode >>> 0}</rsp:ExitCode>`
  return (
    `<rsp:ReceiveResponse>${streams.join('')}${ended.join('')}` +
    `<rsp:CommandState CommandId="${command}" State="${NAMESPACES.rsp}/CommandState/${state}">${code}</rsp:CommandState></rsp:ReceiveResponse>`
  )
}

function envelope(head: { readonly action: string; readonly messageId: string | undefined }, body: string): string {
  const relates = head.messageId === undefined ? '' : `<a:RelatesTo>${escapeXml(head.messageId)}</a:RelatesTo>`
  return (
    `<s:Envelope xml:lang="en-US" ${DECLARED}><s:Header><a:Action>${head.action}</a:Action>` +
    `<a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID><a:To>${ANONYMOUS}</a:To>${relates}</s:Header>` +
    `<s:Body>${body}</s:Body></s:Envelope>`
  )
}
