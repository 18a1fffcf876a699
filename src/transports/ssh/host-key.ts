import { createHash } from 'node:crypto'
import type { Failure } from '../../core/failure.ts'
import type { Target } from '../../core/transport.ts'
import { endpoint } from './ssh-failure.ts'

/** Algorithms that prove the possession of a host key of a type; cheapest and strongest first. RFC 8332 for RSA. */
const ALGORITHMS_OF: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
}

/** Types of host keys, in the order in which a device is asked for them. */
export const HOST_KEY_TYPES = Object.keys(ALGORITHMS_OF)

/** What to ask a device for, so that of several keys it presents one of these types; undefined: whatever it has. */
export function hostKeyAlgorithms(types: readonly string[]): string[] | undefined {
  const wanted = HOST_KEY_TYPES.filter((type) => types.includes(type)).flatMap((type) => ALGORITHMS_OF[type] ?? [])
  return wanted.length > 0 ? wanted : undefined
}

/** `type base64` of a host key in its wire form (RFC 4253, 6.6). */
export function hostKeyText(blob: Buffer): string {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0
  return `${blob.toString('latin1', 4, 4 + Math.min(length, 64))} ${blob.toString('base64')}`
}

/** `SHA256:…` of a key written as `type base64`, as OpenSSH prints it. */
export function fingerprint(hostKey: string): string {
  const blob = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

export function typeOf(hostKey: string): string {
  return hostKey.split(' ')[0] ?? ''
}

/** Undefined when the key that a device presents is one of those recorded for it. */
export function judgeHostKey(target: Target, blob: Buffer): Failure | undefined {
  const base64 = blob.toString('base64')
  const isRevoked = target.revokedHostKeys?.some((revoked) => revoked.split(' ')[1] === base64) ?? false
  if (!isRevoked && target.hostKeys.some((recorded) => recorded.split(' ')[1] === base64)) return undefined
  const presented = hostKeyText(blob)
  const shown = `${typeOf(presented)} ${fingerprint(presented)}`
  const evidence = { host_key_type: typeOf(presented), fingerprint: fingerprint(presented) }
  if (isRevoked) {
    const message = `"${endpoint(target)}" presents the host key ${shown}, which known_hosts has revoked (@revoked).`
    return { code: 'HOST_KEY_MISMATCH', phase: 'identify', message, evidence }
  }
  if (target.hostKeys.length === 0) {
    const message = `No host key is recorded for "${endpoint(target)}"; it presents ${shown}.${authorityNote(target)}`
    return { code: 'HOST_KEY_UNKNOWN', phase: 'identify', message, evidence }
  }
  const recorded = recordedKeys(target)
  const message = `"${endpoint(target)}" presents the host key ${shown}; recorded is ${recorded}.`
  return { code: 'HOST_KEY_MISMATCH', phase: 'identify', message, evidence: { ...evidence, recorded } }
}

function authorityNote(target: Target): string {
  if (!target.hasHostAuthority) return ''
  return ' known_hosts has a @cert-authority for it: host certificates are not supported, so its own key has to be recorded.'
}

/** A device that has no key of the types that are recorded is not the one that they were recorded of. */
export function noRecordedType(target: Target): Failure {
  const message = `"${endpoint(target)}" has no host key of the recorded type; recorded is ${recordedKeys(target)}.`
  return { code: 'HOST_KEY_MISMATCH', phase: 'identify', message, evidence: { recorded: recordedKeys(target) } }
}

function recordedKeys(target: Target): string {
  return target.hostKeys.map((key) => `${typeOf(key)} ${fingerprint(key)}`).join(', ')
}
