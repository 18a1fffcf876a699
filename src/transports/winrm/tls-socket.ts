import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { type Failure, fail, type Result, success } from '../../core/failure.ts'
import type { Target, WinRmTarget } from '../../core/transport.ts'
import { deadline } from '../../load/deadline.ts'
import { systemCas } from './system-cas.ts'
import { endpoint } from './winrm-failure.ts'

/** An encrypted stream to a device whose certificate was found to be right. */
export interface TlsEnd {
  readonly socket: TLSSocket
  /** Of the device, in DER. */
  readonly certificate: Buffer
}

type TlsTarget = Target & { readonly winrm: WinRmTarget }

/** TLS over an open stream, and who is at its other end, within the deadline of the phase `identify`. */
export function openTls(stream: Duplex, target: TlsTarget, signal: AbortSignal): Promise<Result<TlsEnd>> {
  return new Promise((resolve) => {
    let socket: TLSSocket | undefined
    const end = (result: Result<TlsEnd>): void => {
      callOff()
      signal.removeEventListener('abort', cancel)
      if (!result.ok) (socket ?? stream).destroy()
      resolve(result)
    }
    const identify = (failure: Omit<Failure, 'phase'>): void => end(fail({ ...failure, phase: 'identify' }))
    const cancel = (): void => identify({ code: 'RUN_CANCELLED', message: 'The run was stopped.' })
    const callOff = deadline(target.deadlines.identify, () => identify(expiry(target)))
    signal.addEventListener('abort', cancel, { once: true })
    try {
      socket = connect(tlsOptions(stream, target))
    } catch (error) {
      return identify(unusableKey(error as Error))
    }
    const opened = socket
    // Stays for good: a socket may report errors long after anyone cares.
    opened.on('error', (error: NodeJS.ErrnoException) => identify(handshakeFailure(target, error)))
    opened.once('close', () => identify(handshakeFailure(target, undefined)))
    opened.once('secureConnect', () => {
      const certificate = opened.getPeerX509Certificate()?.raw
      const verdict = certificate ? judge(opened, certificate, target) : handshakeFailure(target, undefined)
      if (verdict) identify(verdict)
      else end(success({ socket: opened, certificate: certificate as Buffer }))
    })
    if (signal.aborted) cancel()
  })
}

function tlsOptions(stream: Duplex, target: TlsTarget): ConnectionOptions {
  const { ca, client, serverName, auth } = target.winrm
  const name = serverName ?? target.address
  return {
    socket: stream,
    host: name,
    ...(isIP(name) === 0 && { servername: name }),
    ca: ca ? ca.content : [...systemCas()],
    minVersion: 'TLSv1.2',
    // Windows asks for the certificate of a client in the middle of a session, which TLS 1.3 does in a way of its own.
    ...(auth === 'certificate' && { maxVersion: 'TLSv1.2' as const }),
    ...(client && {
      cert: client.certificate,
      key: client.key.reveal(),
      ...(client.passphrase && { passphrase: client.passphrase.reveal() }),
    }),
    // It is judged below, before anything is sent.
    rejectUnauthorized: false,
  }
}

/** What is wrong with the certificate that was shown; undefined when nothing is. */
function judge(socket: TLSSocket, certificate: Buffer, target: TlsTarget): Omit<Failure, 'phase'> | undefined {
  const fingerprint = createHash('sha256').update(certificate).digest('hex')
  const { fingerprints } = target.winrm
  const where = `"${endpoint(target)}"`
  const evidence = { fingerprint: `sha256:${fingerprint}` }
  if (fingerprints.length > 0) {
    if (fingerprints.includes(fingerprint)) return undefined
    const message = `${where} showed the certificate sha256:${fingerprint}, which is not one of those recorded for it.`
    return { code: 'CERTIFICATE_MISMATCH', message, evidence }
  }
  if (socket.authorized) return undefined
  const reason = String(
    (socket.authorizationError as unknown as Error & { code?: string })?.code ?? socket.authorizationError,
  )
  const common = { evidence: { ...evidence, error: reason } }
  if (reason === 'CERT_HAS_EXPIRED' || reason === 'CERT_NOT_YET_VALID') {
    const what = reason === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'
    return {
      ...common,
      code: 'CERTIFICATE_INVALID',
      message: `The certificate of ${where} ${what}; are the clocks right?`,
    }
  }
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const name = target.winrm.serverName ?? target.address
    return {
      ...common,
      code: 'CERTIFICATE_INVALID',
      message: `The certificate of ${where} is not made out to "${name}".`,
    }
  }
  const by = target.winrm.ca ? `no authority in "${target.winrm.ca.origin}"` : 'no authority that this machine trusts'
  const message = `The certificate of ${where}, sha256:${fingerprint}, is signed by ${by} (${reason}).`
  return { ...common, code: 'CERTIFICATE_UNTRUSTED', message }
}

function expiry(target: Target): Omit<Failure, 'phase'> {
  const message = `"${endpoint(target)}" did not finish the TLS handshake within ${target.deadlines.identify / 1000} s.`
  return { code: 'IDENTIFY_TIMEOUT', message }
}

function unusableKey(error: Error): Omit<Failure, 'phase'> {
  const message = `The client certificate, its key or the \`ca\` cannot be used: ${error.message.slice(0, 200)}.`
  return { code: 'AUTHENTICATE_KEY_INVALID', message }
}

function handshakeFailure(target: Target, error: NodeJS.ErrnoException | undefined): Omit<Failure, 'phase'> {
  const where = `"${endpoint(target)}"`
  const code = error?.code ?? ''
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return { code: 'IDENTIFY_PROTOCOL_INVALID', message: `What answers at ${where} does not speak TLS.` }
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE|NO_CIPHERS|NO_SHARED/.test(code)) {
    const message = `${where} and this program have no version or cipher of TLS in common (${code}); TLS 1.2 is the least.`
    return { code: 'IDENTIFY_ALGORITHM_NONE', message }
  }
  const said = error ? `: ${code || error.message.slice(0, 200)}` : ''
  return { code: 'CONNECT_RESET', message: `${where} broke off the TLS handshake${said}.` }
}
