import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  avPairs,
  fileTime,
  NTLM_AV,
  NTLM_FLAG,
  NTLM_SEALED,
  NTLM_SIGNATURE,
  NTLM_VERSION,
  ntlmField,
  parseAvPairs,
} from '../../devices/winrm/ntlm-fields.ts'
import { encryptedSessionKey, hmacMd5, passwordKey, utf16 } from '../../devices/winrm/ntlm-keys.ts'
import { NtlmSeal } from '../../devices/winrm/ntlm-seal.ts'

/** The machine that is logged in to, and its one account. */
export interface NtlmMachine {
  /** As NetBIOS has it: at most 15 letters. */
  readonly computer: string
  readonly user: string
  readonly password: string
}

/** What a message of a login leads to. */
export type NtlmStep = { readonly challenge: Buffer } | { readonly seal: NtlmSeal } | 'refused'

/** MS-NLMP 2.2.2.1: names of the machine and of its domain, which a machine without one has itself for. */
const NAME = { netbiosComputer: 1, netbiosDomain: 2, dnsComputer: 3, dnsDomain: 4 } as const

/** Names in the alphabet of the machine: old clients have no other. */
const OEM = 0x0000_0002

const OFFERED = NTLM_SEALED | OEM

/** The name in the challenge is that of a machine, not of a domain. */
const TARGET_IS_SERVER = 0x0002_0000

const CHALLENGE_HEAD = 56
const MIC_AT = 72
const MIC_BYTES = 16
const AUTHENTICATE_HEAD = MIC_AT + MIC_BYTES

/** The server's side of NTLMv2 (MS-NLMP 3.2.5), for one connection: a challenge, then the proof of the password. */
export class NtlmAcceptor {
  readonly #machine: NtlmMachine
  #negotiate: Buffer | undefined
  #challenge = { message: Buffer.alloc(0), nonce: Buffer.alloc(0) }

  constructor(machine: NtlmMachine) {
    this.#machine = machine
  }

  step(message: Buffer): NtlmStep {
    if (message.length < 32 || !message.subarray(0, 8).equals(NTLM_SIGNATURE)) return 'refused'
    const type = message.readUInt32LE(8)
    if (type === 1) return { challenge: this.#challengeFor(message) }
    if (type !== 3 || !this.#negotiate || message.length < AUTHENTICATE_HEAD) return 'refused'
    const key = this.#sessionKey(this.#negotiate, message)
    // One challenge serves one login.
    this.#negotiate = undefined
    return key ? { seal: new NtlmSeal(key, 'server') } : 'refused'
  }

  #challengeFor(negotiate: Buffer): Buffer {
    const { computer } = this.#machine
    const nonce = randomBytes(8)
    const target = utf16(computer)
    const info = avPairs(
      new Map([
        [NAME.netbiosDomain, target],
        [NAME.netbiosComputer, target],
        [NAME.dnsDomain, utf16(computer.toLowerCase())],
        [NAME.dnsComputer, utf16(computer.toLowerCase())],
        [NTLM_AV.timestamp, fileTime(new Date())],
      ]),
    )
    const flags = (negotiate.readInt32LE(12) & OFFERED) | NTLM_FLAG.targetInfo | TARGET_IS_SERVER
    const head = Buffer.alloc(CHALLENGE_HEAD)
    NTLM_SIGNATURE.copy(head)
    head.writeUInt32LE(2, 8)
    writePointer(head, 12, { length: target.length, offset: CHALLENGE_HEAD })
    head.writeInt32LE(flags, 20)
    nonce.copy(head, 24)
    writePointer(head, 40, { length: info.length, offset: CHALLENGE_HEAD + target.length })
    NTLM_VERSION.copy(head, 48)
    const message = Buffer.concat([head, target, info])
    this.#negotiate = Buffer.from(negotiate)
    this.#challenge = { message, nonce }
    return message
  }

  /** The key that messages are sealed from; undefined when the password, the account or the MIC is wrong. */
  #sessionKey(negotiate: Buffer, message: Buffer): Buffer | undefined {
    const [response, domain, user, encryptedKey] = [20, 28, 36, 52].map((at) => ntlmField(message, at))
    if (!response || !domain || !user || !encryptedKey || response.length < 48 || encryptedKey.length !== 16) return
    const alphabet = (message.readUInt32LE(60) & NTLM_FLAG.unicode) === 0 ? 'latin1' : 'utf16le'
    const account = { user: user.toString(alphabet), domain: domain.toString(alphabet) }
    if (!this.#isKnown(account)) return
    const key = passwordKey(account, this.#machine.password)
    const [proof, blob] = [response.subarray(0, 16), response.subarray(16)]
    if (!timingSafeEqual(proof, hmacMd5(key, this.#challenge.nonce, blob))) return
    const sessionKey = encryptedSessionKey(hmacMd5(key, proof), encryptedKey)
    return this.#hasMic(blob) && !this.#micHolds(sessionKey, negotiate, message) ? undefined : sessionKey
  }

  /** An account of the machine goes by no domain, or by the name of the machine. */
  #isKnown({ user, domain }: { readonly user: string; readonly domain: string }): boolean {
    const { computer, user: known } = this.#machine
    return user.toLowerCase() === known.toLowerCase() && ['', computer.toLowerCase()].includes(domain.toLowerCase())
  }

  #hasMic(blob: Buffer): boolean {
    const flags = parseAvPairs(blob.subarray(28))?.get(NTLM_AV.flags)
    return flags !== undefined && flags.length === 4 && (flags.readUInt32LE(0) & 2) !== 0
  }

  #micHolds(sessionKey: Buffer, negotiate: Buffer, message: Buffer): boolean {
    const bare = Buffer.from(message)
    bare.fill(0, MIC_AT, AUTHENTICATE_HEAD)
    const mic = hmacMd5(sessionKey, negotiate, this.#challenge.message, bare)
    return timingSafeEqual(mic, message.subarray(MIC_AT, AUTHENTICATE_HEAD))
  }
}

function writePointer(head: Buffer, at: number, to: { readonly length: number; readonly offset: number }): void {
  head.writeUInt16LE(to.length, at)
  head.writeUInt16LE(to.length, at + 2)
  head.writeUInt32LE(to.offset, at + 4)
}
