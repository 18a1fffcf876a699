import { randomUUID } from 'node:crypto'
import { escapeXml, IDENTITY_NAMESPACE, NAMESPACES } from '../../devices/winrm/soap.ts'

const SHELL = NAMESPACES.rsp
const COMMAND_SHELL = `${SHELL}/cmd`
const ANONYMOUS = 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'

/** What every Windows takes since 2008 R2, in bytes. */
const MAX_ENVELOPE_BYTES = 153_600

const ACTIONS = {
  Create: `${NAMESPACES.x}/Create`,
  Delete: `${NAMESPACES.x}/Delete`,
  Command: `${SHELL}/Command`,
  Send: `${SHELL}/Send`,
  Receive: `${SHELL}/Receive`,
  Signal: `${SHELL}/Signal`,
} as const

export type Action = keyof typeof ACTIONS | 'Identify'

/** A message, ready to be sent and sent again. */
export interface Message {
  readonly action: Action
  /** Its reply names it; undefined where neither has an id. */
  readonly id: string | undefined
  readonly xml: Buffer
}

/** What all messages of one client have in common. */
export interface Sender {
  /** URL of the endpoint. */
  readonly to: string
  /** GUID of this client. */
  readonly session: string
  /** How long the device may hold a message before it says that there is nothing yet, in seconds. */
  readonly timeoutS: number
}

/** A GUID as Windows writes it. */
export function newId(): string {
  return randomUUID().toUpperCase()
}

interface Parts {
  readonly body: string
  readonly shell?: string
  readonly options?: Readonly<Record<string, string>>
  readonly timeoutS?: number
}

/** An envelope with the headers that every request has (MS-WSMV 2.2.4, DSP0226). */
function message(sender: Sender, action: keyof typeof ACTIONS, parts: Parts): Message {
  const id = `uuid:${newId()}`
  const must = 's:mustUnderstand="true"'
  const selectors =
    parts.shell === undefined
      ? ''
      : `<w:SelectorSet><w:Selector Name="ShellId">${escapeXml(parts.shell)}</w:Selector></w:SelectorSet>`
  const options = Object.entries(parts.options ?? {}).map(
    ([name, value]) => `<w:Option Name="${name}">${value}</w:Option>`,
  )
  const optionSet = options.length === 0 ? '' : `<w:OptionSet ${must}>${options.join('')}</w:OptionSet>`
  const namespaces = Object.entries(NAMESPACES).map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  const xml =
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope ${namespaces.join(' ')}><s:Header>` +
    `<a:To>${escapeXml(sender.to)}</a:To>` +
    `<a:ReplyTo><a:Address ${must}>${ANONYMOUS}</a:Address></a:ReplyTo>` +
    `<a:Action ${must}>${ACTIONS[action]}</a:Action>` +
    `<a:MessageID>${id}</a:MessageID>` +
    `<w:ResourceURI ${must}>${COMMAND_SHELL}</w:ResourceURI>` +
    `<w:MaxEnvelopeSize ${must}>${MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize>` +
    `<w:OperationTimeout>PT${parts.timeoutS ?? sender.timeoutS}S</w:OperationTimeout>` +
    '<w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/>' +
    `<p:SessionId s:mustUnderstand="false">uuid:${sender.session}</p:SessionId>` +
    `${selectors}${optionSet}</s:Header><s:Body>${parts.body}</s:Body></s:Envelope>`
  return { action, id, xml: Buffer.from(xml, 'utf8') }
}

/** After so long without a word from us, the device ends the shell by itself. */
const IDLE_TIMEOUT_S = 180

/** Opens a shell under an id of our choice. Everyone on the device can read the environment. */
export function createMessage(
  sender: Sender,
  shell: { readonly id: string; readonly environment: Readonly<Record<string, string>> },
): Message {
  const variables = Object.entries(shell.environment)
    .map(([name, value]) => `<rsp:Variable Name="${escapeXml(name)}">${escapeXml(value)}</rsp:Variable>`)
    .join('')
  const environment = variables === '' ? '' : `<rsp:Environment>${variables}</rsp:Environment>`
  const body =
    `<rsp:Shell ShellId="${shell.id}">${environment}<rsp:IdleTimeOut>PT${IDLE_TIMEOUT_S}S</rsp:IdleTimeOut>` +
    '<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>'
  // Without the profile HKCU and %USERPROFILE% are those of nobody; over SSH they are the account's.
  return message(sender, 'Create', { body, options: { WINRS_NOPROFILE: 'FALSE', WINRS_CODEPAGE: '65001' } })
}

/** Starts a command line in a shell, under an id of our choice. */
export function commandMessage(
  sender: Sender,
  command: { readonly shell: string; readonly id: string; readonly line: string },
): Message {
  const body = `<rsp:CommandLine CommandId="${command.id}"><rsp:Command>${escapeXml(command.line)}</rsp:Command></rsp:CommandLine>`
  const options = { WINRS_CONSOLEMODE_STDIN: 'FALSE', WINRS_SKIP_CMD_SHELL: 'FALSE' }
  return message(sender, 'Command', { shell: command.shell, body, options })
}

/** Which command of which shell. */
export interface CommandRef {
  readonly shell: string
  readonly command: string
}

/** Input for a command; `end` closes its stdin. */
export function sendMessage(
  sender: Sender,
  to: CommandRef,
  input: { readonly data: Uint8Array; readonly end: boolean },
): Message {
  const end = input.end ? ' End="true"' : ''
  const data = Buffer.from(input.data.buffer, input.data.byteOffset, input.data.length).toString('base64')
  const body = `<rsp:Send><rsp:Stream Name="stdin" CommandId="${to.command}"${end}>${data}</rsp:Stream></rsp:Send>`
  return message(sender, 'Send', { shell: to.shell, body })
}

/** Asks for output; the device answers when there is some, when the command has ended, or after `timeoutS`. */
export function receiveMessage(sender: Sender, from: CommandRef, timeoutS: number = sender.timeoutS): Message {
  const body = `<rsp:Receive><rsp:DesiredStream CommandId="${from.command}">stdout stderr</rsp:DesiredStream></rsp:Receive>`
  return message(sender, 'Receive', { shell: from.shell, body, timeoutS })
}

/** Ends a command, with all that it started (MS-WSMV 2.2.4.38). */
export function terminateMessage(sender: Sender, to: CommandRef): Message {
  const body = `<rsp:Signal CommandId="${to.command}"><rsp:Code>${SHELL}/signal/terminate</rsp:Code></rsp:Signal>`
  return message(sender, 'Signal', { shell: to.shell, body })
}

/** Ends a shell and everything that runs in it. */
export function deleteMessage(sender: Sender, shell: string): Message {
  return message(sender, 'Delete', { shell, body: '' })
}

/** Asks the service what it is. Has no headers: whoever does not know yet what is there may ask (DSP0226, 11). */
export function identifyMessage(): Message {
  const xml =
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="${NAMESPACES.s}" xmlns:i="${IDENTITY_NAMESPACE}">` +
    '<s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
  return { action: 'Identify', id: undefined, xml: Buffer.from(xml, 'utf8') }
}
