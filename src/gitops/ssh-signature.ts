import { createHash } from 'node:crypto'

/** What an SSH signature says of itself, before anybody has verified it. */
export interface SshSignature {
  readonly namespace: string
  /** As people write it: `SHA256:…`; of a certificate, the fingerprint of its key. */
  readonly fingerprint: string
  /** The public key, or the certificate, as it stands in files. */
  readonly key: string
}

const MAGIC = 'SSHSIG'

/**
 * Reads the envelope of an SSH signature (PROTOCOL.sshsig of OpenSSH); undefined where it is none. It serves to put
 * equal keys together and to tell people whose key it is; whether it is good, ssh-keygen says.
 */
export function readSshSignature(armored: string): SshSignature | undefined {
  const body = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?$/.exec(armored)?.[1]
  if (body === undefined) return undefined
  const bytes = Buffer.from(body, 'base64')
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
  const key = stringAt(bytes, MAGIC.length + 4)
  const namespace = key && stringAt(bytes, key.next)
  if (!key || !namespace) return undefined
  return {
    namespace: namespace.value.toString(),
    fingerprint: fingerprintOf(key.value),
    key: key.value.toString('base64'),
  }
}

function stringAt(bytes: Buffer, at: number): { readonly value: Buffer; readonly next: number } | undefined {
  if (at + 4 > bytes.length) return undefined
  const next = at + 4 + bytes.readUInt32BE(at)
  return next > bytes.length ? undefined : { value: bytes.subarray(at + 4, next), next }
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}
