import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { deadline } from '../../load/deadline.ts'
import { slowAddresses } from '../line/look-up.ts'

/** What matters of a certificate. */
export interface Certificate {
  readonly subject: string
  readonly issuer: string
  /** ISO 8601, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** SHA-256 in lower-case hexadecimal. */
  readonly fingerprint: string
}

/** All labels that OpenSSL takes for one: of its own trust settings and of old programs, too (openssl-format-options(1), RFC 7468, 5.3). */
const PEM = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----[\s\S]+?-----END \1-----/g

/** The certificates of a file: PEM, of which there may be several, or one in DER. Throws for anything else. */
export function readCertificates(bytes: Uint8Array): Certificate[] {
  const blocks = Buffer.from(bytes).toString('latin1').match(PEM)
  return (blocks ?? [Buffer.from(bytes)]).map((block) => described(new X509Certificate(block)))
}

function described(certificate: X509Certificate): Certificate {
  const { subject, issuer, validFrom, validTo, fingerprint256 } = certificate
  return {
    subject: subject.split('\n').join(', '),
    issuer: issuer.split('\n').join(', '),
    notBefore: new Date(validFrom).toISOString(),
    notAfter: new Date(validTo).toISOString(),
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** The certificate that a TLS server shows to the controller. Whether it is trusted is not asked: only what it says. */
export function shownCertificate(
  to: { readonly host: string; readonly port: number; readonly serverName?: string },
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: to.host,
      port: to.port,
      ...slowAddresses(limits),
      ...(to.serverName !== undefined && { servername: to.serverName }),
      rejectUnauthorized: false,
    })
    const late = (): void => end(new Error(`It did not answer within ${limits.timeoutMs} ms.`))
    const callOff = deadline(limits.timeoutMs, late)
    const stop = (): void => end(new Error('The run was stopped.'))
    const end = (outcome: Certificate | Error): void => {
      callOff()
      limits.signal.removeEventListener('abort', stop)
      socket.destroy()
      if (outcome instanceof Error) reject(outcome)
      else resolve(outcome)
    }
    limits.signal.addEventListener('abort', stop, { once: true })
    socket.once('error', end)
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()
      end(shown ? described(shown) : new Error('It showed no certificate.'))
    })
  })
}
