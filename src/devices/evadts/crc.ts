/**
 * CRC-16 with polynomial 8005h reflected, from 0: what G85 holds, what ends a DEX block and a DDCMP message (EVA DTS 6.1,
 * chapters 2 and 4).
 */
export function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return crc
}
