/** The stream of RC4, which NTLM seals with and OpenSSL 3 no longer has. It goes on where the last call stopped. */
export class Rc4 {
  readonly #table = new Uint8Array(256)
  #i = 0
  #j = 0

  constructor(key: Uint8Array) {
    const table = this.#table
    for (let n = 0; n < 256; n += 1) table[n] = n
    let j = 0
    for (let n = 0; n < 256; n += 1) {
      const there = table[n] as number
      j = (j + there + (key[n % key.length] as number)) & 255
      table[n] = table[j] as number
      table[j] = there
    }
  }

  /** Ciphertext for plaintext, and the other way round. */
  process(data: Uint8Array): Buffer {
    const table = this.#table
    const out = Buffer.allocUnsafe(data.length)
    let i = this.#i
    let j = this.#j
    for (let n = 0; n < data.length; n += 1) {
      i = (i + 1) & 255
      const a = table[i] as number
      j = (j + a) & 255
      const b = table[j] as number
      table[i] = b
      table[j] = a
      out[n] = (data[n] as number) ^ (table[(a + b) & 255] as number)
    }
    this.#i = i
    this.#j = j
    return out
  }
}
