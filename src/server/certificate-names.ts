import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { dnsNames } from './dns-names.ts'

/** Names in a client certificate that an authority of ours has signed; it is of the handshake, and may have ended since then. */
export function certificateNames(socket: Socket, now: number): readonly string[] {
  const { authorized, getPeerCertificate } = socket as Partial<TLSSocket>
  if (authorized !== true || !getPeerCertificate) return []
  const { subject, subjectaltname, valid_to: end } = getPeerCertificate.call(socket)
  if (!(Date.parse(end) > now)) return []
  return [subject?.CN, dnsNames(subjectaltname ?? '')].flat().filter((name) => typeof name === 'string')
}
