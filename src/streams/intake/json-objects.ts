import type { RawEvent } from './map-event.ts'

/** JSON objects that come one behind the other, whatever stands between them. Cut anywhere, none is lost; one that is too long is passed over. */
export class JsonObjects {
  readonly #most: number
  #held: Buffer[] = []
  #size = 0
  #depth = 0
  #isText = false
  #isEscaped = false
  #isTooLong = false

  /** @param most bytes of an object */
  constructor(most: number) {
    this.#most = most
  }

  /** Nothing of an object has come that has no end yet. */
  get isWhole(): boolean {
    return this.#depth === 0
  }

  push(chunk: Buffer): readonly RawEvent[] {
    const events: RawEvent[] = []
    let begin = this.#depth > 0 ? 0 : -1
    for (let at = 0; at < chunk.length; at += 1) {
      const before = this.#depth
      this.#take(chunk[at])
      if (before === 0 && this.#depth === 1) begin = at
      if (before !== 1 || this.#depth !== 0) continue
      this.#hold(chunk.subarray(begin, at + 1))
      events.push(this.#end())
      begin = -1
    }
    if (begin >= 0) this.#hold(chunk.subarray(begin))
    return events
  }

  #take(byte: number | undefined): void {
    if (this.#isText) this.#inText(byte)
    else if (byte === 0x22) this.#isText = this.#depth > 0
    else if (byte === 0x7b) this.#depth += 1
    else if (byte === 0x7d && this.#depth > 0) this.#depth -= 1
  }

  #inText(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === 0x5c) this.#isEscaped = true
    else if (byte === 0x22) this.#isText = false
  }

  #hold(piece: Buffer): void {
    this.#size += piece.length
    if (this.#size > this.#most) {
      this.#isTooLong = true
      this.#held = []
    } else if (!this.#isTooLong) this.#held.push(Buffer.from(piece))
  }

  #end(): RawEvent {
    const event = this.#isTooLong
      ? { text: '', topic: '', isTooLong: true }
      : { text: Buffer.concat(this.#held).toString('utf8'), topic: '' }
    this.#held = []
    this.#size = 0
    this.#isTooLong = false
    return event
  }
}
