import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { md4 } from '../../src/devices/winrm/md4.ts'
import {
  accountOf,
  directionKeys,
  encryptedSessionKey,
  ntlmV2Response,
  passwordKey,
  utf16,
} from '../../src/devices/winrm/ntlm-keys.ts'
import { NtlmSeal } from '../../src/devices/winrm/ntlm-seal.ts'
import { Rc4 } from '../../src/devices/winrm/rc4.ts'
import {
  authenticateMessage,
  missingForSeal,
  negotiateMessage,
  parseChallenge,
} from '../../src/transports/winrm/ntlm-messages.ts'

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8'))
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

describe('MD4 and RC4', () => {
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('MD4 of %j is that of RFC 1320', (text, digest) => {
    expect(md4(Buffer.from(text)).toString('hex')).toBe(digest)
  })

  test('RC4 gives the stream of RFC 6229', () => {
    const stream = new Rc4(hex('0102030405060708090a0b0c0d0e0f10')).process(Buffer.alloc(32))
    expect(stream.toString('hex')).toBe('9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c')
  })

  test('RC4 goes on where it stopped, however the data is cut', () => {
    const key = randomBytes(16)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (data, at) => {
        const cut = new Rc4(key)
        const parts = Buffer.concat([cut.process(data.subarray(0, at)), cut.process(data.subarray(at))])
        expect(parts.equals(new Rc4(key).process(data))).toBe(true)
      }),
    )
  })
})

describe('the values of MS-NLMP 4.2.4', () => {
  const v = vectors.ntlmv2_msnlmp_4_2_4
  const account = { user: v.user, domain: v.domain }

  test('keys and responses', () => {
    const key = passwordKey(account, v.password)
    expect(md4(utf16(v.password)).toString('hex')).toBe(v.nt_hash)
    expect(key.toString('hex')).toBe(v.ntowfv2)
    const { response, sessionBaseKey } = ntlmV2Response(key, {
      serverChallenge: hex(v.server_challenge),
      clientChallenge: hex(v.client_challenge),
      time: hex(v.time),
      targetInfo: hex(v.target_info),
    })
    expect(response.toString('hex')).toBe(v.nt_proof_str + v.temp)
    expect(sessionBaseKey.toString('hex')).toBe(v.session_base_key)
    const exported = hex(v.exported_session_key)
    expect(encryptedSessionKey(sessionBaseKey, exported).toString('hex')).toBe(v.encrypted_session_key)
  })

  test('sealing', () => {
    const s = vectors.ntlmv2_seal_msnlmp_4_2_4_4
    const exported = hex(v.exported_session_key)
    const client = directionKeys(exported, 'client')
    const server = directionKeys(exported, 'server')
    expect([client.sign, client.seal, server.sign, server.seal].map((key) => key.toString('hex'))).toEqual([
      s.client_sign_key,
      s.client_seal_key,
      s.server_sign_key,
      s.server_seal_key,
    ])
    const { sealed, signature } = new NtlmSeal(exported).seal(hex(s.plaintext))
    expect(sealed.toString('hex')).toBe(s.sealed)
    expect(signature.toString('hex')).toBe(s.signature)
  })

  test('the stream and the counter go through all messages', () => {
    const seal = new NtlmSeal(hex(v.exported_session_key))
    for (const { plaintext, sealed, signature } of vectors.ntlm_seal_sequence_client_to_server) {
      const message = seal.seal(Buffer.from(plaintext))
      expect(message.sealed.toString('hex')).toBe(sealed)
      expect(message.signature.toString('hex')).toBe(signature)
    }
  })
})

describe('seals', () => {
  test('what one side seals, the other opens, in order and both ways', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 200 }))), (messages) => {
        const key = randomBytes(16)
        const client = new NtlmSeal(key)
        const server = new NtlmSeal(key, 'server')
        for (const [up, data] of messages) {
          const [from, to] = up ? [client, server] : [server, client]
          expect(to.open(from.seal(data))?.equals(data)).toBe(true)
        }
      }),
    )
  })

  test('any bit that is changed breaks the seal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(), fc.nat(7), (data, at, bit) => {
        const key = randomBytes(16)
        const { sealed, signature } = new NtlmSeal(key, 'server').seal(data)
        const message = Buffer.concat([signature, sealed])
        message[at % message.length] = (message[at % message.length] as number) ^ (1 << bit)
        const changed = { signature: message.subarray(0, 16), sealed: message.subarray(16) }
        expect(new NtlmSeal(key).open(changed)).toBeUndefined()
      }),
    )
  })

  test('a message that is replayed or left out breaks it', () => {
    const key = randomBytes(16)
    const server = new NtlmSeal(key, 'server')
    const first = server.seal(Buffer.from('one'))
    const second = server.seal(Buffer.from('two'))
    const replayed = new NtlmSeal(key)
    expect(replayed.open(first)?.toString()).toBe('one')
    expect(replayed.open(first)).toBeUndefined()
    expect(new NtlmSeal(key).open(second)).toBeUndefined()
  })
})

describe('messages', () => {
  test.each([
    ['SHOP\\till', { user: 'till', domain: 'SHOP' }],
    ['.\\till', { user: 'till', domain: '' }],
    ['till', { user: 'till', domain: '' }],
    ['till@shop.example', { user: 'till@shop.example', domain: '' }],
  ])('%s is the account of %j', (name, account) => expect(accountOf(name)).toEqual(account))

  test('names are raised to upper case as Windows does it, letter by letter', () => {
    const key = (user: string): string => passwordKey({ user, domain: '' }, 'x').toString('hex')
    expect(key('żółw')).toBe(key('ŻÓŁW'))
    expect(key('straße')).not.toBe(key('STRASSE'))
    expect(key('σίγμας')).toBe(key('ΣΊΓΜΑΣ'))
    for (const [own, other] of ['ıI', 'ſS', '\u00b5\u039c', 'ǅǄ'].map((pair) => pair.split(''))) {
      expect(key(own as string), own).not.toBe(key(other as string))
    }
    // Beyond the first plane there is no case.
    expect(key('\u{10428}')).not.toBe(key('\u{10400}'))
  })

  const FLAGS = 0xe2898235 | 0

  function challengeMessage(pairs: readonly (readonly [number, Buffer])[], flags = FLAGS): Buffer {
    const info = Buffer.concat([
      ...pairs.flatMap(([id, value]) => [Buffer.from([id, 0, value.length, 0]), value]),
      Buffer.alloc(4),
    ])
    const head = Buffer.alloc(56)
    head.write('NTLMSSP\0', 'latin1')
    head.writeUInt32LE(2, 8)
    head.writeInt32LE(flags, 20)
    hex('0123456789abcdef').copy(head, 24)
    head.writeUInt16LE(info.length, 40)
    head.writeUInt16LE(info.length, 42)
    head.writeUInt32LE(56, 44)
    return Buffer.concat([head, info])
  }

  const time = hex('8003a5d0e1a2d901')

  test('the answer to a challenge has the time of the device, flags, target name, channel binding and the MIC', () => {
    const challenge = parseChallenge(
      challengeMessage([
        [2, utf16('SHOP')],
        [7, time],
      ]),
    )
    if (!challenge) throw new Error('the challenge was refused')
    const negotiate = negotiateMessage()
    const { message, exportedSessionKey } = authenticateMessage(challenge, {
      account: { user: 'till', domain: 'SHOP' },
      password: 'pw',
      host: 'pos1',
      channelBinding: hex('850208e5c744d9fbf54faa391dd20202'),
      negotiate,
    })
    const field = (at: number): Buffer =>
      message.subarray(message.readUInt32LE(at + 4), message.readUInt32LE(at + 4) + message.readUInt16LE(at))
    expect(field(12).equals(Buffer.alloc(24))).toBe(true)
    expect(field(28).toString('utf16le')).toBe('SHOP')
    expect(field(36).toString('utf16le')).toBe('till')
    const response = field(20)
    expect(response.subarray(24, 32).equals(time)).toBe(true)
    const info = response.subarray(44).toString('hex')
    expect(info).toContain('0600040002000000')
    expect(info).toContain(`09001200${utf16('HTTP/pos1').toString('hex')}`)
    expect(info).toContain('0a001000850208e5c744d9fbf54faa391dd20202')
    const withoutMic = Buffer.from(message)
    withoutMic.fill(0, 72, 88)
    const mic = createHmac('md5', exportedSessionKey)
      .update(negotiate)
      .update(challenge.raw)
      .update(withoutMic)
      .digest()
    expect(message.subarray(72, 88).equals(mic)).toBe(true)
  })

  test('a device without a time of its own gets LMv2 too, and one that exchanges no key none', () => {
    const negotiate = negotiateMessage()
    const challenge = parseChallenge(challengeMessage([[2, utf16('SHOP')]], FLAGS & ~0x4000_0000))
    if (!challenge) throw new Error('the challenge was refused')
    const account = { user: 'till', domain: 'SHOP' }
    const { message, exportedSessionKey } = authenticateMessage(challenge, {
      account,
      password: 'pw',
      host: 'pos1',
      negotiate,
      clientChallenge: hex('aaaaaaaaaaaaaaaa'),
    })
    const field = (at: number): Buffer =>
      message.subarray(message.readUInt32LE(at + 4), message.readUInt32LE(at + 4) + message.readUInt16LE(at))
    const key = passwordKey(account, 'pw')
    const hmac = (...parts: Buffer[]): Buffer => {
      const made = createHmac('md5', key)
      for (const part of parts) made.update(part)
      return made.digest()
    }
    const proof = hmac(challenge.serverChallenge, hex('aaaaaaaaaaaaaaaa'))
    expect(field(12).toString('hex')).toBe(`${proof.toString('hex')}aaaaaaaaaaaaaaaa`)
    expect(field(52).length).toBe(0)
    expect(message.readUInt32LE(60) & 0x4000_0000).toBe(0)
    // KXKEY of NTLMv2 is the session base key (MS-NLMP 3.4.5.1).
    expect(exportedSessionKey.equals(hmac(field(20).subarray(0, 16)))).toBe(true)
  })

  test('a challenge without sealing is seen to lack it', () => {
    const challenge = parseChallenge(challengeMessage([[7, time]], FLAGS & ~0x20 & ~0x2000_0000))
    expect(challenge && missingForSeal(challenge)).toEqual(['128', 'seal'])
  })

  test('no bytes whatever make the parser throw', () => {
    const good = challengeMessage([
      [2, utf16('SHOP')],
      [7, time],
    ])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(good.length), (noise, at) => {
        parseChallenge(Buffer.from(noise))
        parseChallenge(Buffer.concat([good.subarray(0, at), noise]))
      }),
    )
  })
})
