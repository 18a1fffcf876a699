import type { Channel } from '../../core/escalation.ts'
import { type ChannelSender, failed, type Outgoing } from './outgoing.ts'

const CONNECT_MS = 10_000
const SILENCE_MS = 30_000

/**
 * E-mail. SMTP has no way to ask whether a message arrived: what is in doubt is sent again under the same Message-ID, by which mail
 * programs show it once.
 */
export function smtpSender(channel: Extract<Channel, { kind: 'smtp' }>, password: string | undefined): ChannelSender {
  return {
    async send({ message, incidents, to, subject, text, files = [] }: Outgoing) {
      const { createTransport } = await import('nodemailer')
      const { host, port, security, from, login } = channel
      const transport = createTransport({
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
        connectionTimeout: CONNECT_MS,
        greetingTimeout: CONNECT_MS,
        socketTimeout: SILENCE_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
        ...(login && { auth: { user: login.user, pass: password ?? '' } }),
      })
      const domain = /@([^>\s]+)/.exec(from)?.[1] ?? 'localhost'
      const headers = headersOf({ message, incidents })
      const attachments = files.map(attachmentOf)
      try {
        await transport.sendMail({ from, to, subject, text, headers, attachments, messageId: `<${message}@${domain}>` })
        return { ok: true, reference: null }
      } catch (error) {
        const refusal = error as SmtpError
        const isFinal = isForGood(refusal)
        const inDoubt = refusal.responseCode === undefined && !isBeforeMessage(refusal)
        return failed(`${host}: ${wordsOf(refusal)}.`, { isFinal, inDoubt })
      } finally {
        transport.close()
      }
    },
  }
}

/** Wants a login or TLS, or refuses the login (RFC 4954, 6; RFC 3207, 4): what may be mended on either side. */
const OF_LOGIN: ReadonlySet<number> = new Set([530, 534, 535, 538])

/** A refusal by a number from 500 on is for good, unless it is one of the login. */
function isForGood({ responseCode, code }: SmtpError): boolean {
  return responseCode !== undefined && responseCode >= 500 && !OF_LOGIN.has(responseCode) && code !== 'EAUTH'
}

const MOST_CHARACTERS = 200

/** What the server says, of a lost conversation what the system says, and to which command. */
function wordsOf({ responseCode, response = '', message = '', code, command }: SmtpError): string {
  const where = command && command !== 'CONN' ? ` to ${command}` : ''
  if (responseCode === undefined) return `${oneLine(message) || code || 'it failed'}${where}`
  const said = oneLine(response.replace(/^\d+[ -]?/, ''))
  return `it answers ${responseCode}${where}${said && `: ${said}`}`
}

function oneLine(text: string): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, ' ').trim()
  return line.slice(0, MOST_CHARACTERS).replace(/\.$/, '')
}

/** What nodemailer tells of a failure. */
interface SmtpError {
  readonly message?: string
  /** What the server answered, its number first. */
  readonly response?: string
  readonly responseCode?: number
  readonly code?: string
  /** CONN also where a conversation broke off, however far it had got. */
  readonly command?: string
  readonly syscall?: string
  readonly timeoutType?: string
}

/** TLS that does not come about is in front of all else; so Node.js and OpenSSL say it. */
const NO_TLS =
  /certificate|wrong version number|unsupported protocol|handshake failure|no shared cipher|protocol version/i

/** Whether it failed before there was anybody to take the message; where that is not told, it may have been taken. */
function isBeforeMessage({ code, command, syscall, timeoutType, message = '' }: SmtpError): boolean {
  if (NO_TLS.test(message)) return true
  if (code === 'EDNS' || syscall === 'connect') return true
  if (timeoutType !== undefined && timeoutType !== 'SOCKET_TIMEOUT') return true
  return command !== undefined && command !== 'CONN' && command !== 'DATA'
}

function headersOf({ message, incidents }: Pick<Outgoing, 'message' | 'incidents'>): Record<string, string | string[]> {
  const about = incidents.length === 0 ? {} : { 'X-Till-Incident': [...incidents] }
  return { 'Auto-Submitted': 'auto-generated', ...about, 'X-Till-Message': message }
}

function attachmentOf({ name, type, content }: NonNullable<Outgoing['files']>[number]) {
  return { filename: name, contentType: type, content, contentDisposition: 'attachment', encoding: 'base64' } as const
}
