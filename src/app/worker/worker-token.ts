import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto'
import type { WorkerFacts, WorkerRight } from '../../core/handed-work.ts'
import { canBeRead, narrowed } from '../../core/served.ts'

/**
 * A token is the seed of an Ed25519 key (RFC 8032, 5.1.5). The repository has the public one, from which the token cannot be had, and
 * controllers check what a worker has signed by it: the token itself goes nowhere.
 */
const TOKEN = /^till-worker-([A-Za-z0-9_-]{43})$/
const KEY = /^ed25519:([A-Za-z0-9_-]{43})$/
/** What stands before 32 bytes of a key in DER (RFC 8410, 7 and 4). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

type Who = Pick<WorkerFacts, 'name' | 'session' | 'serve'>

export function newToken(): string {
  return `till-worker-${randomBytes(32).toString('base64url')}`
}

/** What tillwright.yaml has of a token; undefined: it is none. */
export function publicKeyOf(token: string): string | undefined {
  const secret = secretKeyOf(token)
  if (!secret) return undefined
  const der = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return `ed25519:${der.subarray(PUBLIC_HEAD.length).toString('base64url')}`
}

/** Says by a token who it is and what it serves. */
export function proofOf(token: string, who: Who): string {
  const secret = secretKeyOf(token)
  if (!secret) throw new Error('the token is none')
  return sign(null, signedText(who), secret).toString('base64url')
}

/** Why no run counts on a worker where `rights` name those that may work; undefined: it may. Nobody named: everybody may. */
export function whyNotCounted(
  rights: readonly WorkerRight[],
  worker: Who & Pick<WorkerFacts, 'proof'>,
): string | undefined {
  if (rights.length === 0) return undefined
  const right = rights.find(({ name }) => name === worker.name)
  if (!right) return 'tillwright.yaml names no worker of this name'
  if (worker.proof === undefined) return 'it was started without its token'
  if (!isProven(right.key, worker, worker.proof)) return 'its token is not that of its name'
  if (!canBeRead(worker.serve)) return `this version does not know what it serves, "${worker.serve}"`
  const { outside, serve } = narrowed(right.serve, worker.serve)
  if (outside.length > 0) return `it may not serve ${outside.join(', ')}`
  return serve === worker.serve ? undefined : `it serves more than ${right.serve}`
}

function isProven(key: string, who: Who, proof: string): boolean {
  const [, bytes = ''] = KEY.exec(key) ?? []
  const der = Buffer.concat([PUBLIC_HEAD, Buffer.from(bytes, 'base64url')])
  try {
    const known = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, signedText(who), known, Buffer.from(proof, 'base64url'))
  } catch {
    return false
  }
}

function secretKeyOf(token: string): KeyObject | undefined {
  const [, seed] = TOKEN.exec(token) ?? []
  if (seed === undefined) return undefined
  const der = Buffer.concat([PRIVATE_HEAD, Buffer.from(seed, 'base64url')])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}

function signedText({ name, session, serve }: Who): Buffer {
  return Buffer.from(JSON.stringify(['tillwright worker, form 1', name, session, serve]))
}
