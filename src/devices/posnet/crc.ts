/** CRC-16 with polynomial 1021h, from 0, nothing reflected: what stands between STX and `#` (POT-I-DEV-37, "Suma kontrolna"). */
export function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}
