import { createHash } from 'node:crypto'

/** Signature algorithms by their object identifiers in DER, with the hash that each is made over. */
const SIGNATURE_HASHES: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
])

const RSASSA_PSS = '2a864886f70d01010a'

const HASHES: ReadonlyMap<string, string> = new Map([
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
  ['608648016503040204', 'sha224'],
])

/** What a certificate's hash is made with when its own is MD5, SHA-1 or unknown (RFC 5929, 4.1). */
const FALLBACK = 'sha256'

/** MD5 over the channel's bindings as NTLM carries it: `tls-server-end-point` of the device's certificate (in DER). */
export function channelBinding(certificate: Uint8Array): Buffer {
  return endPointBinding(createHash(signatureHash(certificate)).update(certificate).digest())
}

/** The same by the hash of the certificate (gss_channel_bindings_struct of RFC 2744, 3.11, without addresses). */
export function endPointBinding(hash: Uint8Array): Buffer {
  const data = Buffer.concat([Buffer.from('tls-server-end-point:', 'latin1'), hash])
  const head = Buffer.alloc(20)
  head.writeUInt32LE(data.length, 16)
  return createHash('md5').update(head).update(data).digest()
}

/** The hash that the signature of a certificate is made over; Node tells no one. */
export function signatureHash(certificate: Uint8Array): string {
  const [outer] = elements(certificate)
  const [, algorithm] = outer ? elements(outer.content) : []
  const [identifier, parameters] = algorithm ? elements(algorithm.content) : []
  const oid = identifier ? hex(identifier.content) : ''
  if (oid !== RSASSA_PSS) return SIGNATURE_HASHES.get(oid) ?? FALLBACK
  // RSASSA-PSS-params: [0] hashAlgorithm (RFC 4055, 3.1); without it, SHA-1.
  const tagged = parameters && elements(parameters.content).find(({ tag }) => tag === 0xa0)
  const [pssAlgorithm] = tagged ? elements(tagged.content) : []
  const [pssHash] = pssAlgorithm ? elements(pssAlgorithm.content) : []
  return HASHES.get(pssHash ? hex(pssHash.content) : '') ?? FALLBACK
}

interface Element {
  readonly tag: number
  readonly content: Uint8Array
}

/** The elements of DER that stand one after another, up to the first that is cut. */
function elements(data: Uint8Array): Element[] {
  const found: Element[] = []
  let at = 0
  while (at + 2 <= data.length) {
    const tag = data[at] as number
    let length = data[at + 1] as number
    at += 2
    if (length >= 0x80) {
      const bytes = length - 0x80
      if (bytes === 0 || bytes > 4 || at + bytes > data.length) break
      length = data.subarray(at, at + bytes).reduce((sum, byte) => sum * 256 + byte, 0)
      at += bytes
    }
    if (at + length > data.length) break
    found.push({ tag, content: data.subarray(at, at + length) })
    at += length
  }
  return found
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
