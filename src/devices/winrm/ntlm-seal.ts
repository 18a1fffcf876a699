import { timingSafeEqual } from 'node:crypto'
import { type Direction, directionKeys, hmacMd5 } from './ntlm-keys.ts'
import { Rc4 } from './rc4.ts'

/** A message under its seal: 16 bytes of signature, and as many sealed ones as the plaintext has. */
export interface SealedMessage {
  readonly signature: Buffer
  readonly sealed: Buffer
}

/** One way of a session: its keys, one stream and one counter through all messages (MS-NLMP 3.4). */
class SealedWay {
  readonly #signKey: Buffer
  readonly #stream: Rc4
  #sequence = 0

  constructor(exportedSessionKey: Uint8Array, direction: Direction) {
    const { sign, seal } = directionKeys(exportedSessionKey, direction)
    this.#signKey = sign
    this.#stream = new Rc4(seal)
  }

  process(data: Uint8Array): Buffer {
    return this.#stream.process(data)
  }

  /** The stream goes on from the message into its checksum. */
  signature(plaintext: Uint8Array): Buffer {
    const sequence = Buffer.alloc(4)
    sequence.writeUInt32LE(this.#sequence)
    this.#sequence += 1
    const checksum = hmacMd5(this.#signKey, sequence, plaintext).subarray(0, 8)
    return Buffer.concat([Buffer.from([1, 0, 0, 0]), this.#stream.process(checksum), sequence])
  }
}

/** Both ways of a session as one side of it sees them. Messages must pass in order; one that is wrong ends it. */
export class NtlmSeal {
  readonly #out: SealedWay
  readonly #in: SealedWay

  constructor(exportedSessionKey: Uint8Array, self: Direction = 'client') {
    this.#out = new SealedWay(exportedSessionKey, self)
    this.#in = new SealedWay(exportedSessionKey, self === 'client' ? 'server' : 'client')
  }

  seal(plaintext: Uint8Array): SealedMessage {
    const sealed = this.#out.process(plaintext)
    return { sealed, signature: this.#out.signature(plaintext) }
  }

  /** The plaintext; undefined when the seal is broken. */
  open({ signature, sealed }: SealedMessage): Buffer | undefined {
    const plaintext = this.#in.process(sealed)
    const expected = this.#in.signature(plaintext)
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined
    return plaintext
  }
}
