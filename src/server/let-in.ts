import { createHmac } from 'node:crypto'
import type { KnownSender } from '../app/hooks/open-senders.ts'
import type { Sender, SenderProof } from '../core/server-settings.ts'
import { isSameText } from './same-text.ts'
import { UsedSignatures } from './used-signatures.ts'

/** What a request brings to be let in by. */
export interface Credentials {
  readonly authorization: string | undefined
  readonly header: (name: string) => string | undefined
  /** Names in a client certificate that an authority of ours has signed. */
  readonly certificateNames: readonly string[]
}

export type LetIn =
  | { readonly ok: true; readonly sender: Sender; readonly signature?: string }
  | { readonly ok: false; readonly status: 401 | 409 | 429; readonly why: string }

/** `signed`: it has a signature, and the body is needed to judge it. */
export type FirstLook = LetIn | 'signed'

type Hmac = Extract<SenderProof, { kind: 'hmac' }>

const refused = (why: string): LetIn => ({ ok: false, status: 401, why })

/**
 * Knows who may send. Secrets are compared as digests, in constant time, and with all of them, so that how long it takes
 * says nothing.
 */
export class Doorkeeper {
  readonly #known: readonly KnownSender[]
  readonly #used: UsedSignatures

  constructor(known: readonly KnownSender[], used: UsedSignatures = new UsedSignatures()) {
    this.#known = known
    this.#used = used
  }

  /** For the next revision: what was used once stays so. */
  with(known: readonly KnownSender[]): Doorkeeper {
    return new Doorkeeper(known, this.#used)
  }

  /** Judges what can be judged without the body. What is presented has to be right, whatever else is. */
  atTheDoor({ authorization, header, certificateNames }: Credentials): FirstLook {
    if (authorization !== undefined) return this.#byAuthorization(authorization)
    if (this.#signers(header).length > 0) return 'signed'
    if (certificateNames.length === 0) return refused('It proves in no way who it is.')
    const sender = this.#known.find(({ sender: { proof } }) => {
      return proof.kind === 'certificate' && certificateNames.includes(proof.name)
    })
    return sender
      ? { ok: true, sender: sender.sender }
      : refused('The name in its certificate is not that of a sender.')
  }

  /** Judges a signature over a body. One that is right counts as used from then on. */
  bySignature({ header }: Pick<Credentials, 'header'>, body: Uint8Array, now: number): LetIn {
    let found: { readonly sender: Sender; readonly proof: Hmac; readonly signature: string } | undefined
    for (const { sender, secret, proof } of this.#signers(header)) {
      const signature = (header(proof.header) ?? '')
        .trim()
        .replace(/^sha256=/, '')
        .toLowerCase()
      const mac = createHmac('sha256', secret)
        .update(`${header(proof.timeHeader) ?? ''}:`)
        .update(body)
        .digest('hex')
      if (isSameText(mac, signature)) found ??= { sender, proof, signature }
    }
    if (!found) return refused('Its signature is not right.')
    const { sender, proof, signature } = found
    const seconds = header(proof.timeHeader) ?? ''
    const at = /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1000 : Number.NaN
    if (!(Math.abs(now - at) <= proof.withinMs)) {
      const limit = `${Math.round(proof.withinMs / 1000)} s`
      return refused(`The time that it is signed with is not within ${limit} of the clock of this machine.`)
    }
    const taken = this.#used.take(signature, { now, until: at + proof.withinMs })
    if (taken === 'full') return { ok: false, status: 429, why: 'Too many signatures came within their time.' }
    if (taken === 'used') return { ok: false, status: 409, why: 'Its signature was used before: it is a replay.' }
    return { ok: true, sender, signature }
  }

  /** What came with a signature was not taken in: it may come again. */
  giveBack(signature: string): void {
    this.#used.giveBack(signature)
  }

  #byAuthorization(authorization: string): LetIn {
    const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
    const kind = scheme.toLowerCase() === 'basic' ? 'basic' : 'token'
    const presented = kind === 'basic' ? Buffer.from(value, 'base64').toString() : value
    let found: Sender | undefined
    for (const { sender, secret } of this.#known) {
      const { proof } = sender
      if (proof.kind !== kind) continue
      const expected = proof.kind === 'basic' ? `${proof.user}:${secret?.reveal() ?? ''}` : (secret?.reveal() ?? '')
      if (isSameText(expected, presented)) found ??= sender
    }
    if (scheme === '') return refused('Its Authorization is neither Bearer nor Basic.')
    const what = kind === 'basic' ? 'Its user or password' : 'Its token'
    return found ? { ok: true, sender: found } : refused(`${what} is not right.`)
  }

  #signers(
    header: Credentials['header'],
  ): readonly { readonly sender: Sender; readonly secret: string; readonly proof: Hmac }[] {
    return this.#known.flatMap(({ sender, secret }) => {
      const { proof } = sender
      if (proof.kind !== 'hmac' || !secret || header(proof.header) === undefined) return []
      return [{ sender, secret: secret.reveal(), proof }]
    })
  }
}
