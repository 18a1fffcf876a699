import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mpint, pointOf, product } from '../../src/transports/ssh/key-exchange.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/** RFC 7748, 6.1. */
const ALICE = {
  own: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
}
const BOB = {
  own: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  public: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
}
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'

/** PKCS #8 around the 32 bytes of a key of X25519 (RFC 8410, 7), as a file would hold it. */
function privateKeyOf(seed: Buffer): KeyObject {
  const key = Buffer.concat([hex('302e020100300506032b656e04220420'), seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

test('two sides come to the secret of RFC 7748', () => {
  const [alice, bob] = [privateKeyOf(hex(ALICE.own)), privateKeyOf(hex(BOB.own))]
  expect(pointOf(createPublicKey(alice))).toEqual(hex(ALICE.public))
  expect(pointOf(createPublicKey(bob))).toEqual(hex(BOB.public))
  expect(product(alice, hex(BOB.public))).toEqual(hex(SHARED))
  expect(product(bob, hex(ALICE.public))).toEqual(hex(SHARED))
})

test('a key made the usual way comes to the same secret', () => {
  const [own, theirs] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')]
  const spki = Buffer.concat([hex('302a300506032b656e032100'), pointOf(own.publicKey)])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  const point = theirs.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  expect(product(own.privateKey, point)).toEqual(diffieHellman({ privateKey: theirs.privateKey, publicKey }))
})

test('a point of small order is refused: its secret would be known to all', () => {
  const { privateKey: own } = generateKeyPairSync('x25519')
  expect(() => product(own, Buffer.alloc(32))).toThrow()
  expect(() => product(own, Buffer.concat([Buffer.of(1), Buffer.alloc(31)]))).toThrow()
})

test('an mpint is the same number, never negative, as short as can be', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 }).filter((array) => array.some((byte) => byte !== 0))
  fc.assert(
    fc.property(bytes, (array) => {
      const written = mpint(Buffer.from(array))
      expect(BigInt(`0x${written.toString('hex')}`)).toBe(BigInt(`0x${Buffer.from(array).toString('hex')}`))
      const [first = 0, second = 0] = written
      expect(first < 0x80 && (first > 0 || second >= 0x80)).toBe(true)
    }),
  )
})
