/*
 * Messages between STX and ETX, with a check sum behind them (LRC): the exclusive or of a seed and of all bytes behind STX, ETX among
 * them. Protocol 17 begins with 7F, ECR-EFT with 00.
 */

const STX = 0x02
export const ETX = 0x03
export const ACK = 0x06

/** A message of bytes (Latin-1) as it is sent. */
export function lrcFrame(message: string, seed: number): Uint8Array {
  const body = Uint8Array.of(...Buffer.from(message, 'latin1'), ETX)
  return Uint8Array.of(STX, ...body, lrcOf(body, seed))
}

/** The messages in what came whose check sum fits, in order. */
export function* lrcMessages(bytes: Uint8Array, seed: number): Generator<string> {
  for (let at = bytes.indexOf(STX); at >= 0; at = bytes.indexOf(STX, at + 1)) {
    const end = bytes.indexOf(ETX, at)
    if (end < 0 || bytes[end + 1] !== lrcOf(bytes.subarray(at + 1, end + 1), seed)) continue
    yield Buffer.from(bytes.subarray(at + 1, end)).toString('latin1')
    // A check sum may have the value of STX, too.
    at = end + 1
  }
}

function lrcOf(body: Uint8Array, seed: number): number {
  return body.reduce((lrc, byte) => lrc ^ byte, seed)
}
