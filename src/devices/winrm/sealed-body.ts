import type { SealedMessage } from './ntlm-seal.ts'

/** MS-WSMV 2.2.9.1 */
export const SEALED_CONTENT_TYPE =
  'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'

const BOUNDARY = '--Encrypted Boundary'

/** A sealed message in the two parts that Windows wants. `length`: bytes of the plaintext. */
export function sealedBody({ signature, sealed }: SealedMessage, length: number): Buffer {
  const head =
    `${BOUNDARY}\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n` +
    `\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=${length}\r\n` +
    `${BOUNDARY}\r\n\tContent-Type: application/octet-stream\r\n`
  const size = Buffer.alloc(4)
  size.writeUInt32LE(signature.length)
  return Buffer.concat([
    Buffer.from(head, 'latin1'),
    size,
    signature,
    sealed,
    Buffer.from(`${BOUNDARY}--\r\n`, 'latin1'),
  ])
}

/**
 * Servers differ in what stands before a header (a tab, a space, nothing) and after the dashes of the boundary. The
 * binary part may hold anything, so it is found by its place, never by looking for its end.
 */
const HEAD =
  /^-- ?Encrypted Boundary\r\n[\t ]*Content-Type:[\t ]*application\/HTTP-(?:SPNEGO|Kerberos)-session-encrypted[\t ]*\r\n[\t ]*OriginalContent:[\t ]*type=application\/soap\+xml;[\t ]*charset=UTF-8;[\t ]*Length=(\d{1,9})[\t ]*\r\n-- ?Encrypted Boundary\r\n[\t ]*Content-Type:[\t ]*application\/octet-stream[\t ]*\r\n/i
const HEAD_BYTES = 1024
const TAILS = [
  '--Encrypted Boundary--\r\n',
  '--Encrypted Boundary--',
  '-- Encrypted Boundary--\r\n',
  '-- Encrypted Boundary--',
]

/** Takes a sealed body apart; undefined when it is none. `length` is what the plaintext must have in bytes. */
export function parseSealedBody(body: Buffer): (SealedMessage & { readonly length: number }) | undefined {
  const head = HEAD.exec(body.toString('latin1', 0, HEAD_BYTES))
  if (!head) return undefined
  const tail = TAILS.find(
    (text) => body.length >= text.length && body.toString('latin1', body.length - text.length) === text,
  )
  if (tail === undefined) return undefined
  const payload = body.subarray(head[0].length, body.length - tail.length)
  if (payload.length < 4) return undefined
  const signatureBytes = payload.readUInt32LE(0)
  if (4 + signatureBytes > payload.length) return undefined
  return {
    signature: payload.subarray(4, 4 + signatureBytes),
    sealed: payload.subarray(4 + signatureBytes),
    length: Number(head[1]),
  }
}

/** Whether the type of a reply says that it is sealed. */
export function isSealedType(contentType: string): boolean {
  return /^multipart\/encrypted\b/i.test(contentType.trim())
}
