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
        const { responseCode, code, command } = error as SmtpError
        const why = `${host}: ${responseCode === undefined ? (code ?? 'it failed') : `it answers ${responseCode}`}`
        // A refusal by a number from 500 on is for good, unless it is one of the login, which may be mended.
        const isFinal = responseCode !== undefined && responseCode >= 500 && code !== 'EAUTH'
        const inDoubt = responseCode === undefined && !isBeforeMessage(error as SmtpError)
        return failed(`${why}${command ? ` to ${command}` : ''}.`, { isFinal, inDoubt })
      } finally {
        transport.close()
      }
    },
  }
}

/** What nodemailer tells of a failure. */
interface SmtpError {
  readonly responseCode?: number
  readonly code?: string
  /** CONN also where a conversation broke off, however far it had got. */
  readonly command?: string
  readonly syscall?: string
  readonly timeoutType?: string
}

/** Whether it failed before there was anybody to take the message; where that is not told, it may have been taken. */
function isBeforeMessage({ code, command, syscall, timeoutType }: SmtpError): boolean {
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
