/** How many pieces are kept, and how much of each: enough to say what it was. */
const KEPT = { pieces: 64, bytes: 1024 } as const

/** What a device puts out beside the protocol: banners, start-up files, programs that write where they should not. */
export class Noise {
  #kept: Buffer[] = []
  #size = 0

  /** Bytes of all of it, also of what was not kept. */
  get size(): number {
    return this.#size
  }

  /** The beginning of it. */
  get text(): string {
    return Buffer.concat(this.#kept).toString('utf8')
  }

  keep(bytes: Buffer): void {
    this.count(bytes)
    if (this.#kept.length < KEPT.pieces) this.#kept.push(Buffer.from(bytes.subarray(0, KEPT.bytes)))
  }

  /** What nobody will read. */
  count(bytes: Buffer): void {
    this.#size += bytes.length
  }

  /** What has come so far explains nothing any more. Its size counts on. */
  forget(): void {
    this.#kept = []
  }
}
