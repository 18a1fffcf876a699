/** The order in which the three rounds of a block read its words (RFC 1320, 3.4). */
const ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const

const SHIFTS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const

const CONSTANTS = [0, 0x5a827999, 0x6ed9eba1] as const

/** MD4 (RFC 1320), which NTLM needs for the hash of a password and OpenSSL 3 no longer has. Returns 16 bytes. */
export function md4(message: Uint8Array): Buffer {
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476])
  const data = padded(message)
  for (let at = 0; at < data.length; at += 64) digestBlock(state, data.subarray(at, at + 64))
  const digest = Buffer.alloc(16)
  for (const [n, word] of state.entries()) digest.writeInt32LE(word, n * 4)
  return digest
}

/** A one bit, zeros, and the length in bits, to a multiple of 64 bytes. */
function padded(message: Uint8Array): Buffer {
  const data = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64)
  data.set(message)
  data[message.length] = 0x80
  data.writeBigUInt64LE(BigInt(message.length) * 8n, data.length - 8)
  return data
}

function digestBlock(state: Int32Array, block: Buffer): void {
  let [a = 0, b = 0, c = 0, d = 0] = state
  for (let round = 0; round < 3; round += 1) {
    const constant = CONSTANTS[round] as number
    for (let step = 0; step < 16; step += 1) {
      const word = block.readInt32LE((ORDER[round]?.[step] as number) * 4)
      const shift = SHIFTS[round]?.[step % 4] as number
      const sum = (a + mix(round, { b, c, d }) + word + constant) | 0
      ;[a, d, c, b] = [d, c, b, (sum << shift) | (sum >>> (32 - shift))]
    }
  }
  for (const [n, word] of [a, b, c, d].entries()) state[n] = ((state[n] as number) + word) | 0
}

function mix(round: number, { b, c, d }: { readonly b: number; readonly c: number; readonly d: number }): number {
  if (round === 0) return (b & c) | (~b & d)
  if (round === 1) return (b & c) | (b & d) | (c & d)
  return b ^ c ^ d
}
